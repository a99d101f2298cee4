// This file holds what sizes depend on in Go types, and the ways through values of them.

package project

import (
	"reflect"
	"sync"
)

// shape is what is known of a type.
type shape struct {
	kind   reflect.Kind
	size   int64 // of a value itself
	refers bool  // there may be more than that
	fields []int // those that refer to something, of a struct
	slot   int64 // of a map's pair

	deep       bool // elements, keys or values refer to something
	deeper     bool // which may have elements, or refer to something, itself
	key, value bool // which of them do, of a map
}

// shapes has the shape of each type that was seen. Types are finite, and so is it.
var shapes sync.Map // reflect.Type -> *shape

// shapeOf returns the shape of a type.
func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s := &shape{kind: t.Kind(), size: int64(t.Size()), refers: refers(t)}
	switch s.kind {
	case reflect.Slice, reflect.Array:
		s.deep, s.deeper = refers(t.Elem()), nests(t.Elem())
	case reflect.Map:
		s.key, s.value = refers(t.Key()), refers(t.Elem())
		s.deep, s.deeper = s.key || s.value, nests(t.Key()) || nests(t.Elem())
		s.slot = int64(t.Key().Size()) + int64(t.Elem().Size()) + 1
	case reflect.Struct:
		for i := range t.NumField() {
			if t != timeType && refers(t.Field(i).Type) {
				s.fields = append(s.fields, i)
			}
		}
	}
	shapes.Store(t, s)
	return s
}

// refers reports whether values of a type may take more than their own size.
func refers(t reflect.Type) bool {
	if t == timeType {
		return false
	}
	switch t.Kind() {
	case reflect.String, reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		return true
	case reflect.Array:
		return t.Len() > 0 && refers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if refers(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// nests reports whether values of a type refer to what may refer to something itself.
func nests(t reflect.Type) bool {
	if t == timeType {
		return false
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return refers(t.Elem())
	case reflect.Interface:
		return true
	case reflect.Map:
		return refers(t.Key()) || refers(t.Elem())
	case reflect.Array:
		return t.Len() > 0 && refers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if nests(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// isNil reports whether a value of a kind that may be nil is it.
func (s *shape) isNil(v reflect.Value) bool {
	switch s.kind {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		return v.IsNil()
	}
	return false
}

// table returns what the table of a map takes. Tables are at least 7/16 full, with a byte for each place.
func (s *shape) table(pairs int) int64 {
	const head = 48
	return head + 2*s.slot*int64(pairs)
}

// met are pointers and maps that were met.
type met map[reference]struct{}

// reference is memory, which may begin with other memory.
type reference struct{ address, size uintptr }

// first reports whether a pointer or a map is met for the first time.
func (m *met) first(v reflect.Value) bool {
	r := reference{address: v.Pointer()}
	if v.Kind() == reflect.Pointer {
		r.size = v.Type().Elem().Size()
	}
	if _, again := (*m)[r]; again {
		return false
	}
	if *m == nil {
		*m = make(met)
	}
	(*m)[r] = struct{}{}
	return true
}

// pairs goes through a map. Its key and value are numbers where they refer to nothing.
type pairs struct {
	key, value reflect.Value
	shape      *shape
	iter       *reflect.MapIter
	over       bool // they are written over by the next ones
}

var nothing = reflect.ValueOf(0)

// pairsOf returns the way through a map; copies: what it yields is valid for longer than until the next pair.
func pairsOf(v reflect.Value, s *shape, copies bool) *pairs {
	p := &pairs{key: nothing, value: nothing, shape: s, iter: v.MapRange(), over: v.CanInterface() && !copies}
	if p.over && s.key {
		p.key = reflect.New(v.Type().Key()).Elem()
	}
	if p.over && s.value {
		p.value = reflect.New(v.Type().Elem()).Elem()
	}
	return p
}

func (p *pairs) next() bool {
	if !p.iter.Next() {
		return false
	}
	switch {
	case p.shape.key && p.over:
		p.key.SetIterKey(p.iter)
	case p.shape.key:
		p.key = p.iter.Key()
	}
	switch {
	case p.shape.value && p.over:
		p.value.SetIterValue(p.iter)
	case p.shape.value:
		p.value = p.iter.Value()
	}
	return true
}
