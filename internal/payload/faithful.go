// This file holds which Go types come back from MessagePack as they were.

package payload

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Faithful returns nil where every value of the type that can be encoded is equal to what its encoding is decoded into, and
// else an [EncodeError] that names the part of the type that is lost or changed, as an unexported field is. Equal
// means to who works with it: a time keeps its instant, and neither its location nor its monotonic reading, empty slices that
// "omitempty" leaves out become nil, what a slice has behind its length is gone, and what two pointers shared is two values
// afterwards, which [Sharing] finds. A type with methods of its own for both directions is taken at its word.
func Faithful(t reflect.Type) error {
	f := &faith{seen: make(map[reflect.Type]bool)}
	if problem := f.of(t); problem != "" {
		slices.Reverse(f.trail)
		return &EncodeError{Path: strings.Join(f.trail, ""), Type: t.String(), Problem: problem}
	}
	return nil
}

// faith is one look at a type.
type faith struct {
	seen  map[reflect.Type]bool // found, or being found, to be faithful
	trail []string              // to the problem, its end first
}

// in adds a step to the trail where there is a problem.
func (f *faith) in(step, problem string) string {
	if problem != "" {
		f.trail = append(f.trail, step)
	}
	return problem
}

// of returns what is wrong with a type; "": nothing.
func (f *faith) of(t reflect.Type) string {
	if f.seen[t] {
		return ""
	}
	f.seen[t] = true
	if t == timeType || t == extensionType {
		return ""
	}
	if own, problem := ownMethods(t); own || problem != "" {
		return problem
	}
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return "values of kind " + t.Kind().String() + " have no encoding"
	case reflect.Interface:
		return "what is in an interface comes back as another type"
	case reflect.Pointer:
		switch t.Elem().Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
			return "a pointer to a nil comes back as a nil pointer"
		}
		return f.of(t.Elem())
	case reflect.Slice, reflect.Array:
		return f.in("[]", f.of(t.Elem()))
	case reflect.Map:
		if problem := faithfulKey(t.Key()); problem != "" {
			return f.in(mapElement, problem)
		}
		return f.in("[]", f.of(t.Elem()))
	case reflect.Struct:
		return f.ofStruct(t)
	}
	return ""
}

// ofStruct wants every field to have a place in the encoding.
func (f *faith) ofStruct(t reflect.Type) string {
	names := make(map[string]bool)
	for _, field := range fieldsOf(t, make(map[reflect.Type]*plan)) {
		names[t.FieldByIndex(field.index).Name+fmt.Sprint(field.index)] = true
		typ := t.FieldByIndex(field.index).Type
		switch _, method := typ.MethodByName("IsZero"); {
		case field.omitEmpty && typ.Kind() == reflect.Map:
			return f.in(fieldElement(field.name), `an empty map is left out by "omitempty" and comes back as nil`)
		case field.omitZero && method && typ != timeType:
			return f.in(fieldElement(field.name), `what its method IsZero takes for zero is left out by "omitzero"`)
		}
		if problem := f.in(fieldElement(field.name), f.of(typ)); problem != "" {
			return problem
		}
	}
	return f.places(t, nil, names)
}

// places returns which field of a struct, or of one that is embedded in it, is not among those that are encoded.
func (f *faith) places(t reflect.Type, index []int, encoded map[string]bool) string {
	for i := range t.NumField() {
		field := t.Field(i)
		path := append(slices.Clip(index), i)
		switch {
		case encoded[field.Name+fmt.Sprint(path)]:
			continue
		case field.Name == "_":
			continue
		case field.Anonymous && field.Type.Kind() == reflect.Struct:
			if problem := f.in(fieldElement(field.Name), f.places(field.Type, path, encoded)); problem != "" {
				return problem
			}
			continue
		case field.Anonymous && field.Type.Kind() == reflect.Pointer:
			return f.in(fieldElement(field.Name), "an embedded pointer without a name of its own")
		case !field.IsExported():
			return f.in(fieldElement(field.Name), "the field is not exported")
		}
		return f.in(fieldElement(field.Name), "the field is left out by its tag, or by another one of its name")
	}
	return ""
}

// faithfulKey returns what is wrong with the type of a map's keys.
func faithfulKey(t reflect.Type) string {
	switch own, problem := ownMethods(t); {
	case t == timeType:
		return "keys of type " + t.String() + " encode as extensions, and those have no encoding as keys"
	case problem != "":
		return problem
	case own && marshalsValue(t):
		return "keys that encode themselves as any value"
	case own:
		return ""
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return ""
	case reflect.Array:
		if isByte(t.Elem()) {
			return ""
		}
	}
	return "keys of kind " + t.Kind().String() + " have no encoding, or come back as another type"
}

// marshalsValue reports whether a type writes MessagePack values itself.
func marshalsValue(t reflect.Type) bool {
	pointer := reflect.PointerTo(t)
	return pointer.Implements(reflect.TypeFor[appender]()) || pointer.Implements(reflect.TypeFor[marshaler]())
}

// directions are the ways in which a type may encode itself, in the order in which they are looked for.
var directions = []struct{ encode, decode reflect.Type }{
	{reflect.TypeFor[appender](), reflect.TypeFor[reader]()},
	{reflect.TypeFor[marshaler](), reflect.TypeFor[unmarshaler]()},
	{reflect.TypeFor[encoding.BinaryAppender](), reflect.TypeFor[encoding.BinaryUnmarshaler]()},
	{reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.BinaryUnmarshaler]()},
	{reflect.TypeFor[encoding.TextAppender](), reflect.TypeFor[encoding.TextUnmarshaler]()},
	{reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()},
}

// ownMethods reports whether a type encodes and decodes itself, or what is wrong with how it does.
func ownMethods(t reflect.Type) (own bool, problem string) {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer {
		return false, ""
	}
	pointer := reflect.PointerTo(t)
	first := slices.IndexFunc(directions, func(d struct{ encode, decode reflect.Type }) bool { return pointer.Implements(d.encode) })
	if first < 0 {
		if unmarshalerOf(t) != nil {
			return false, "it has a method of its own to decode it, and none to encode it"
		}
		return false, ""
	}
	way := directions[first]
	if !pointer.Implements(way.decode) || first > 0 && pointer.Implements(directions[0].decode) || first > 1 && pointer.Implements(directions[1].decode) {
		return false, "its methods to encode and to decode it are of different ways"
	}
	if t.Kind() == reflect.Struct && t.NumField() > 1 {
		for i := range t.NumField() {
			embedded := t.Field(i)
			if embedded.Anonymous && (embedded.Type.Implements(way.encode) || reflect.PointerTo(embedded.Type).Implements(way.encode)) {
				return false, "it has, or may have, the methods of what is embedded in it, which encode that alone"
			}
		}
	}
	return true, ""
}
