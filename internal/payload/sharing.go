// This file holds which values lead to the same memory in several ways. Their encoding has that memory as often as it is met, and
// what is decoded from it has come apart: a change by one way is no longer seen by the others.

package payload

import (
	"cmp"
	"reflect"
	"slices"
)

// Sharing finds memory of a value that is reached in several ways: by two pointers, maps or slices (slices up to their capacity), or
// by one that leads into another part of the value. What is inside of types with methods of their own is not looked at. It may
// be used concurrently.
type Sharing struct {
	root *way
}

// SharingOf returns what finds it in values of a type for which [Faithful] returns nil; nil: there can be none, as with one
// map of numbers or one slice of strings. It is found out once for a type.
func SharingOf(t reflect.Type) *Sharing {
	s := &ways{made: make(map[reflect.Type]*way), times: make(map[*way]int)}
	root := s.of(t)
	if root == nil {
		return nil
	}
	s.count(root, 1)
	if !s.mayMeet(t) {
		return nil
	}
	return &Sharing{root}
}

// In returns an [EncodeError] that names the type of what is reached in several ways, or nil. v can be addressed, since something in it
// may lead to itself, and was encoded without an error: it holds no cycle then.
func (s *Sharing) In(v reflect.Value) error {
	spans := s.root.walk([]span{{from: v.UnsafeAddr(), to: v.UnsafeAddr() + v.Type().Size(), way: s.root}}, v)
	if !slices.IsSortedFunc(spans, bySpan) {
		slices.SortFunc(spans, bySpan)
	}
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return &EncodeError{Type: spans[i].way.typ.String(), Problem: "it is one of several parts of the value that lead to the same memory, which would come apart"}
		}
		spans[i].to = max(spans[i].to, spans[i-1].to)
	}
	return nil
}

// span is the memory that one part of a value leads to.
type span struct {
	from, to uintptr
	way      *way
}

func bySpan(a, b span) int { return cmp.Compare(a.from, b.from) }

// way is a type whose values lead to memory.
type way struct {
	typ    reflect.Type
	kind   reflect.Kind
	size   uintptr // of the element
	elem   *way    // nil: it leads no further
	fields []wayField
}

type wayField struct {
	index int
	way   *way
}

// walk appends what a value leads to.
func (w *way) walk(spans []span, v reflect.Value) []span {
	switch w.kind {
	case reflect.Pointer:
		if v.IsNil() {
			return spans
		}
		spans = w.add(spans, v.Pointer(), w.size)
		if w.elem != nil {
			spans = w.elem.walk(spans, v.Elem())
		}
	case reflect.Slice, reflect.Array:
		if w.kind == reflect.Slice {
			spans = w.add(spans, v.Pointer(), uintptr(v.Cap())*w.size)
		}
		if w.elem != nil {
			for i := range v.Len() {
				spans = w.elem.walk(spans, v.Index(i))
			}
		}
	case reflect.Map:
		if v.IsNil() {
			return spans
		}
		spans = w.add(spans, v.Pointer(), 1) // which no other kind of thing lies in
		if w.elem != nil {
			value := reflect.New(w.elem.typ).Elem()
			for pairs := v.MapRange(); pairs.Next(); {
				value.SetIterValue(pairs)
				spans = w.elem.walk(spans, value)
			}
		}
	case reflect.Struct:
		for _, field := range w.fields {
			spans = field.way.walk(spans, v.Field(field.index))
		}
	}
	return spans
}

func (w *way) add(spans []span, from, size uintptr) []span {
	if size == 0 {
		return spans
	}
	return append(spans, span{from, from + size, w})
}

// ways are those of one type, with how often each is gone in a value.
type ways struct {
	made  map[reflect.Type]*way
	times map[*way]int // 2: any number
}

// of returns the way of a type, nil if its values lead nowhere.
func (s *ways) of(t reflect.Type) *way {
	if w, ok := s.made[t]; ok {
		return w
	}
	w := &way{typ: t, kind: t.Kind()}
	s.made[t] = w
	own, _ := ownMethods(t)
	switch {
	case t == timeType:
		s.made[t] = nil
	case w.kind == reflect.Map:
		if !own {
			w.elem = s.of(t.Elem())
		}
	case w.kind == reflect.Slice, w.kind == reflect.Pointer:
		if w.size = t.Elem().Size(); !own {
			w.elem = s.of(t.Elem())
		}
	case own:
		s.made[t] = nil
	case w.kind == reflect.Array && t.Len() > 0:
		if w.elem = s.of(t.Elem()); w.elem == nil {
			s.made[t] = nil
		}
	case w.kind == reflect.Struct:
		for i := range t.NumField() {
			if field := s.of(t.Field(i).Type); field != nil && t.Field(i).Name != "_" {
				w.fields = append(w.fields, wayField{i, field})
			}
		}
		if len(w.fields) == 0 {
			s.made[t] = nil
		}
	default:
		s.made[t] = nil
	}
	return s.made[t]
}

// count adds how often a way is gone.
func (s *ways) count(w *way, times int) {
	before := s.times[w]
	if before >= 2 {
		return
	}
	s.times[w] = min(before+times, 2)
	if w.kind == reflect.Slice || w.kind == reflect.Map || w.kind == reflect.Array && w.typ.Len() > 1 {
		times = 2
	}
	if w.elem != nil {
		s.count(w.elem, times)
	}
	for _, field := range w.fields {
		s.count(field.way, times)
	}
}

// mayMeet reports whether two ways of a value, or one that is gone several times, may lead to the same memory; or one to the
// value of type root itself.
func (s *ways) mayMeet(root reflect.Type) bool {
	var all []*way
	for w, times := range s.times {
		if !w.leads() {
			continue
		}
		if times > 1 || w.kind != reflect.Map && w.mayLeadInto(root, false) {
			return true
		}
		all = append(all, w)
	}
	for i, w := range all {
		for _, other := range all[:i] {
			if w.mayMeet(other) {
				return true
			}
		}
	}
	return false
}

// leads reports whether there is memory behind the way.
func (w *way) leads() bool {
	return w.kind == reflect.Map || (w.kind == reflect.Pointer || w.kind == reflect.Slice) && w.size > 0
}

// mayMeet reports whether two ways may lead to the same memory.
func (w *way) mayMeet(other *way) bool {
	if w.kind == reflect.Map || other.kind == reflect.Map {
		return w.kind == other.kind && w.typ.ConvertibleTo(other.typ)
	}
	return w.mayLeadInto(other.typ.Elem(), other.kind == reflect.Slice) || other.mayLeadInto(w.typ.Elem(), w.kind == reflect.Slice)
}

// mayLeadInto reports whether a pointer may point at something in memory of a type, or a slice be one of an array in it; array
// says that the memory is one of elements of the type.
func (w *way) mayLeadInto(memory reflect.Type, array bool) bool {
	part := w.typ.Elem()
	if w.kind == reflect.Slice {
		return array && alike(memory, part) || holds(memory, part, true)
	}
	for part.Kind() == reflect.Array { // a slice may be converted to a pointer to an array
		part = part.Elem()
	}
	return holds(memory, part, false)
}

// holds reports whether a value of a type has one of another type in it, or, inArrays, an array of that.
func holds(t, part reflect.Type, inArrays bool) bool {
	if !inArrays && alike(t, part) {
		return true
	}
	switch t.Kind() {
	case reflect.Array:
		return t.Len() > 0 && (inArrays && alike(t.Elem(), part) || holds(t.Elem(), part, inArrays))
	case reflect.Struct:
		for i := range t.NumField() {
			if holds(t.Field(i).Type, part, inArrays) {
				return true
			}
		}
	}
	return false
}

// alike reports whether a pointer to the one type can be made one to the other.
func alike(a, b reflect.Type) bool {
	return a == b || reflect.PointerTo(a).ConvertibleTo(reflect.PointerTo(b))
}
