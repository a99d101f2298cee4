// This file holds terms, the conjunctions that a region is a union of.

package event

import (
	"math"
	"slices"
	"strings"
)

// Term is one conjunction: an event matches it if it matches every part. A [Region] is a union of
// terms, and [Region.Terms] is how an index sees it. Terms are immutable; the zero Term matches
// every event. No term contradicts itself in a way that its parts show: those are left out when
// regions are made.
type Term struct {
	entity    string // "": any
	prefix    string // "": any
	scope     string // "": any
	kinds     []Kind // sorted, without repetition; nil: any
	tags      []string
	clocks    span
	sequences span
	times     timeSpan
	category  uint8 // category + 1; 0: any
	gate      GateOutcome
}

// span is a range of uint64, both ends included; a zero end is open.
type span struct{ from, to uint64 }

func (s span) has(v uint64) bool { return v >= s.from && (s.to == 0 || v <= s.to) }

func (s span) and(o span) (span, bool) {
	s.from = max(s.from, o.from)
	if s.to == 0 || o.to != 0 && o.to < s.to {
		s.to = o.to
	}
	return s, s.to == 0 || s.from <= s.to
}

// bounds returns the range with open ends made explicit.
func (s span) bounds() (from, to uint64) {
	if s.to == 0 {
		return s.from, math.MaxUint64
	}
	return s.from, s.to
}

// timeSpan is a range of microseconds since the Unix epoch, both ends included. Zero is a time like
// any other, so each end says whether it is there.
type timeSpan struct {
	from, to       int64
	hasFrom, hasTo bool
}

func (s timeSpan) has(v int64) bool {
	return (!s.hasFrom || v >= s.from) && (!s.hasTo || v <= s.to)
}

func (s timeSpan) and(o timeSpan) (timeSpan, bool) {
	if o.hasFrom && (!s.hasFrom || o.from > s.from) {
		s.from, s.hasFrom = o.from, true
	}
	if o.hasTo && (!s.hasTo || o.to < s.to) {
		s.to, s.hasTo = o.to, true
	}
	return s, !s.hasFrom || !s.hasTo || s.from <= s.to
}

// Entity returns the exact entity and true, or false if any will do.
func (t *Term) Entity() (name string, ok bool) { return t.entity, t.entity != "" }

// EntityPrefix returns the prefix of the entity and true, or false if any will do. A term with an
// exact entity has no prefix.
func (t *Term) EntityPrefix() (prefix string, ok bool) { return t.prefix, t.prefix != "" }

// Scope returns the exact scope and true, or false if any will do.
func (t *Term) Scope() (name string, ok bool) { return t.scope, t.scope != "" }

// Kinds returns a copy of the kinds of which the event must have one, sorted; nil if any will do.
func (t *Term) Kinds() []Kind { return slices.Clone(t.kinds) }

// Category returns the category of the kind and true, or false if any will do. A term with kinds
// has no category.
func (t *Term) Category() (category uint16, ok bool) {
	if t.category == 0 {
		return 0, false
	}
	return uint16(t.category) - 1, true
}

// Tags returns a copy of the tags of which the event must have all, sorted; nil if none are asked.
func (t *Term) Tags() []string { return slices.Clone(t.tags) }

// Clocks returns the range of clocks, both ends included; 0 and the largest uint64 if any will do.
func (t *Term) Clocks() (from, to uint64) { return t.clocks.bounds() }

// Sequences returns the range of sequences, both ends included; 0 and the largest uint64 if any
// will do.
func (t *Term) Sequences() (from, to uint64) { return t.sequences.bounds() }

// Times returns the range of timestamps in microseconds since the Unix epoch, both ends included;
// the smallest and the largest int64 if any will do.
func (t *Term) Times() (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	if t.times.hasFrom {
		from = t.times.from
	}
	if t.times.hasTo {
		to = t.times.to
	}
	return from, to
}

// Gate returns the outcome that the event's gate record must have and true, or false if any will
// do, even none.
func (t *Term) Gate() (outcome GateOutcome, ok bool) { return t.gate, t.gate != 0 }

// unrestricted reports whether the term is the zero Term.
func (t *Term) unrestricted() bool {
	return t.entity == "" && t.prefix == "" && t.scope == "" && t.kinds == nil && len(t.tags) == 0 &&
		t.clocks == span{} && t.sequences == span{} && t.times == timeSpan{} &&
		t.category == 0 && t.gate == 0
}

// Matches reports whether the event matches every part of the term. It does not allocate.
func (t *Term) Matches(e *Event) bool {
	// Cheap comparisons first: most events that fail, fail there.
	if !t.sequences.has(e.Sequence) || !t.clocks.has(e.Position.Clock) || !t.times.has(e.Timestamp) {
		return false
	}
	if t.category != 0 && e.Kind.Category() != uint16(t.category)-1 {
		return false
	}
	if t.kinds != nil {
		if _, found := slices.BinarySearch(t.kinds, e.Kind); !found {
			return false
		}
	}
	if t.entity != "" && e.Coordinate.entity != t.entity {
		return false
	}
	if t.scope != "" && e.Coordinate.scope != t.scope {
		return false
	}
	if !strings.HasPrefix(e.Coordinate.entity, t.prefix) {
		return false
	}
	if t.gate != 0 && (e.Gate == nil || e.Gate.Outcome != t.gate) {
		return false
	}
	return e.HasTags(t.tags...)
}
