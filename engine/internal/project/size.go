// This file holds the estimate of what a state takes in memory: all of it is walked through, if it has not too many parts, and else
// a sample too.

package project

import "reflect"

// Parts are elements of slices, arrays and maps, and what pointers and interfaces lead to.
const (
	mostParts    = 1 << 16 // are walked through
	sampleParts  = 1 << 14 // are looked at of a value that has more
	sampleSpread = 64      // of them, the elements of one slice, array or map that lead further
	mostNested   = 1000    // one within the other, before a walk goes on at the beginning of its stack
)

// Size returns about how many bytes a value takes, with all that it refers to. It takes a time that has a bound. What several
// pointers or maps are of is counted once; where there are more than mostParts, as often as a sample says.
func Size(v reflect.Value) int64 {
	s := shapeOf(v.Type())
	if !s.refers {
		return s.size
	}
	whole := walk{left: mostParts}
	seen := whole.all(v)
	if !whole.short {
		return s.size + seen
	}
	var part sample
	return s.size + max(seen, int64(min(part.of(v, sampleParts, 0), 1<<62)))
}

// walk goes through a value until nothing is left of its parts.
type walk struct {
	left  int
	short bool            // it had more
	later []reflect.Value // what is too deeply nested
	met   met
}

// all returns what a value refers to.
func (w *walk) all(v reflect.Value) int64 {
	sum := w.of(v, 0)
	for len(w.later) > 0 && !w.short {
		last := len(w.later) - 1
		v, w.later = w.later[last], w.later[:last]
		sum += w.of(v, 0)
	}
	return sum
}

// part reports whether another part may be looked at.
func (w *walk) part() bool {
	if w.left == 0 {
		w.short = true
		return false
	}
	w.left--
	return true
}

// of returns what a value refers to, without itself.
func (w *walk) of(v reflect.Value, nested int) int64 {
	s := shapeOf(v.Type())
	switch {
	case !s.refers:
		return 0
	case s.kind == reflect.String:
		return int64(v.Len())
	case s.kind == reflect.Struct:
		var sum int64
		for _, i := range s.fields {
			sum += w.of(v.Field(i), nested)
		}
		return sum
	case s.kind == reflect.Array:
		return w.elements(v, s, nested)
	case s.isNil(v):
		return 0
	case nested >= mostNested && s.kind != reflect.Interface:
		w.later = append(w.later, v)
		return 0
	}
	switch s.kind {
	case reflect.Slice:
		return int64(v.Cap())*int64(v.Type().Elem().Size()) + w.elements(v, s, nested+1)
	case reflect.Map:
		return w.pairs(v, s, nested+1)
	}
	target := v.Elem()
	if !w.part() || s.kind == reflect.Pointer && !w.met.first(v) {
		return 0
	}
	return int64(target.Type().Size()) + w.of(target, nested+1)
}

// elements returns what the elements of a slice or an array refer to.
func (w *walk) elements(v reflect.Value, s *shape, nested int) (sum int64) {
	if !s.deep {
		return 0
	}
	for i := range v.Len() {
		if !w.part() {
			break
		}
		sum += w.of(v.Index(i), nested)
	}
	return sum
}

// pairs returns what a map takes.
func (w *walk) pairs(v reflect.Value, s *shape, nested int) int64 {
	if !w.met.first(v) {
		return 0
	}
	sum := s.table(v.Len())
	if !s.deep {
		return sum
	}
	for pairs := pairsOf(v, s, nested >= mostNested); pairs.next(); {
		if !w.part() {
			break
		}
		sum += w.of(pairs.key, nested) + w.of(pairs.value, nested)
	}
	return sum
}

// sample looks at some of a value's parts and takes the others for alike.
type sample struct {
	met met
}

// of returns what a value refers to, of which it looks at no more than so many parts.
func (p *sample) of(v reflect.Value, parts, nested int) float64 {
	s := shapeOf(v.Type())
	switch {
	case !s.refers || nested > mostNested:
		return 0
	case s.kind == reflect.String:
		return float64(v.Len())
	case s.kind == reflect.Struct:
		var sum float64
		for _, i := range s.fields {
			sum += p.of(v.Field(i), parts/len(s.fields), nested)
		}
		return sum
	case s.kind == reflect.Array:
		return p.elements(v, s, parts, nested)
	case s.isNil(v):
		return 0
	case s.kind == reflect.Slice:
		return float64(v.Cap())*float64(v.Type().Elem().Size()) + p.elements(v, s, parts, nested+1)
	case s.kind == reflect.Map:
		return p.pairs(v, s, parts, nested+1)
	}
	target := v.Elem()
	if s.kind == reflect.Pointer && !p.met.first(v) {
		return 0
	}
	sum := float64(target.Type().Size())
	if parts > 0 {
		sum += p.of(target, parts-1, nested+1)
	}
	return sum
}

// spread returns how many of some elements are looked at, and how many parts of each, which are no more than parts together.
func (s *shape) spread(elements, parts int) (looked, each int) {
	looked = min(elements, parts)
	if s.deeper {
		looked = min(looked, sampleSpread)
	}
	return looked, parts/looked - 1
}

// elements returns what the elements of a slice or an array refer to, by the first and the last and some evenly between them.
func (p *sample) elements(v reflect.Value, s *shape, parts, nested int) (sum float64) {
	length := v.Len()
	if !s.deep || length == 0 || parts <= 0 {
		return 0
	}
	looked, each := s.spread(length, parts)
	for i := range looked {
		sum += p.of(v.Index(i*(length-1)/max(looked-1, 1)), each, nested)
	}
	return sum * float64(length) / float64(looked)
}

// pairs returns what a map takes.
func (p *sample) pairs(v reflect.Value, s *shape, parts, nested int) (sum float64) {
	if !p.met.first(v) {
		return 0
	}
	length := v.Len()
	table := float64(s.table(length))
	if !s.deep || length == 0 || parts <= 0 {
		return table
	}
	looked, each := s.spread(length, parts)
	pairs := pairsOf(v, s, false)
	for range looked {
		if pairs.next() {
			sum += p.of(pairs.key, 0, nested) + p.of(pairs.value, each, nested)
		}
	}
	return table + sum*float64(length)/float64(looked)
}
