// This file holds what Go types say about states: whether copying one shares nothing, and whether a type is still the one that
// was kept.

package project

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/zeebo/blake3"
)

var timeType = reflect.TypeFor[time.Time]()

// Plain reports whether a copy of a value of the type shares nothing with it that can be changed: it holds no pointers, slices,
// maps, interfaces, functions and channels. Strings, and times, whose locations nobody changes, are fine.
func Plain(t reflect.Type) bool {
	if t == timeType {
		return true
	}
	switch t.Kind() {
	case reflect.Array:
		return t.Len() == 0 || Plain(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !Plain(t.Field(i).Type) {
				return false
			}
		}
		return true
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return false
	}
	return true
}

// Fingerprint returns a text that differs between types of different names, packages or structure.
func Fingerprint(t reflect.Type) string {
	var text strings.Builder
	describe(&text, t, make(map[reflect.Type]int))
	sum := blake3.Sum256([]byte(text.String()))
	return t.String() + "#" + hex.EncodeToString(sum[:16])
}

// describe writes all that the encoding of a type depends on. A type that was begun already is its number.
func describe(text *strings.Builder, t reflect.Type, begun map[reflect.Type]int) {
	if n, ok := begun[t]; ok {
		fmt.Fprintf(text, "^%d", n)
		return
	}
	begun[t] = len(begun)
	fmt.Fprintf(text, "%q.%q %s", t.PkgPath(), t.Name(), t.Kind())
	switch t.Kind() {
	case reflect.Array:
		fmt.Fprintf(text, "[%d]", t.Len())
		describe(text, t.Elem(), begun)
	case reflect.Pointer, reflect.Slice, reflect.Chan:
		describe(text, t.Elem(), begun)
	case reflect.Map:
		describe(text, t.Key(), begun)
		describe(text, t.Elem(), begun)
	case reflect.Struct:
		text.WriteByte('{')
		for i := range t.NumField() {
			field := t.Field(i)
			fmt.Fprintf(text, "%q %q ", field.Name, field.Tag)
			describe(text, field.Type, begun)
			text.WriteByte(';')
		}
		text.WriteByte('}')
	case reflect.Func, reflect.Interface:
		text.WriteString(t.String())
	}
}
