// This file holds regions: the one predicate by which events are selected.

package event

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Region selects events. It is an immutable value: every method returns a new one that selects a
// part of what the receiver selects, so "events of this entity and of that kind" is
//
//	event.Entity("player:alice").Kind(moved)
//
// and "events of this entity, or of that kind" is
//
//	event.Union(event.Entity("player:alice"), event.OfKind(moved))
//
// The zero value selects everything. Narrowing a union narrows each of its parts. What can match no
// event, an empty name or a range that ends before it starts, selects nothing rather than
// everything. How many events are wanted and in which direction is not part of a region.
type Region struct {
	terms    []Term // the union's parts; never written to after it was made
	narrowed bool   // false: everything, whatever terms says
}

// Everything returns the region of all events, the zero Region.
func Everything() Region { return Region{} }

// IsEverything reports whether the region selects every event, whatever it is.
func (r Region) IsEverything() bool { return !r.narrowed }

// Nothing returns the region of no event.
func Nothing() Region { return Region{narrowed: true} }

// Union returns the region of the events that any of the given regions selects. The union of none
// selects nothing.
func Union(regions ...Region) Region {
	union := Nothing()
	for _, region := range regions {
		if !region.narrowed {
			return Everything()
		}
		union.terms = append(union.terms, region.terms...)
	}
	return union
}

// Entity returns the region of one entity's events, in whatever scope.
func Entity(name string) Region { return Everything().Entity(name) }

// EntityPrefix returns the region of the entities whose name begins with prefix, bytewise.
func EntityPrefix(prefix string) Region { return Everything().EntityPrefix(prefix) }

// Scope returns the region of one scope's events. It does not select an entity's other scopes.
func Scope(name string) Region { return Everything().Scope(name) }

// OfKind returns the region of events of any of the kinds; of none, if none are given.
func OfKind(kinds ...Kind) Region { return Everything().Kind(kinds...) }

// InCategory returns the region of events whose kind is of the category, 0x0 to 0xF.
func InCategory(category uint16) Region { return Everything().Category(category) }

// Tagged returns the region of events that have all of the tags.
func Tagged(tags ...string) Region { return Everything().Tags(tags...) }

// Entity narrows to one entity. An empty name selects nothing.
func (r Region) Entity(name string) Region {
	return r.narrow(name != "", func(t *Term) bool {
		if t.entity != "" && t.entity != name || !strings.HasPrefix(name, t.prefix) {
			return false
		}
		t.entity, t.prefix = name, ""
		return true
	})
}

// EntityPrefix narrows to entities whose name begins with prefix, bytewise. An empty prefix changes
// nothing.
func (r Region) EntityPrefix(prefix string) Region {
	return r.narrow(true, func(t *Term) bool {
		switch {
		case t.entity != "":
			return strings.HasPrefix(t.entity, prefix)
		case strings.HasPrefix(prefix, t.prefix):
			t.prefix = prefix
			return true
		}
		return strings.HasPrefix(t.prefix, prefix)
	})
}

// Scope narrows to one scope. An empty name selects nothing.
func (r Region) Scope(name string) Region {
	return r.narrow(name != "", func(t *Term) bool {
		if t.scope != "" && t.scope != name {
			return false
		}
		t.scope = name
		return true
	})
}

// Kind narrows to events of any of the kinds. Without kinds it selects nothing.
func (r Region) Kind(kinds ...Kind) Region {
	wanted := slices.Clone(kinds)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	return r.narrow(len(wanted) != 0, func(t *Term) bool {
		t.kinds = keep(wanted, func(k Kind) bool {
			if t.category != 0 {
				return k.Category() == uint16(t.category)-1
			}
			return t.kinds == nil || slices.Contains(t.kinds, k)
		})
		t.category = 0
		return len(t.kinds) != 0
	})
}

// Category narrows to events whose kind is of the category. One above 0xF selects nothing.
func (r Region) Category(category uint16) Region {
	return r.narrow(category <= MaxCategory, func(t *Term) bool {
		if t.kinds != nil {
			t.kinds = keep(t.kinds, func(k Kind) bool { return k.Category() == category })
			return len(t.kinds) != 0
		}
		wanted := uint8(category) + 1
		if t.category != 0 && t.category != wanted {
			return false
		}
		t.category = wanted
		return true
	})
}

// Tags narrows to events that have all of the tags. Without tags it changes nothing.
func (r Region) Tags(tags ...string) Region {
	if slices.Contains(tags, "") {
		return Nothing() // no event has an empty tag
	}
	return r.narrow(true, func(t *Term) bool {
		all := append(slices.Clone(t.tags), tags...)
		slices.Sort(all)
		t.tags = slices.Compact(all)
		return true
	})
}

// Clocks narrows to a range of clocks, both ends included; a zero end is open.
func (r Region) Clocks(from, to uint64) Region {
	return r.narrow(true, func(t *Term) (ok bool) {
		t.clocks, ok = t.clocks.and(span{from, to})
		return ok
	})
}

// Sequences narrows to a range of sequences, both ends included; a zero end is open.
func (r Region) Sequences(from, to uint64) Region {
	return r.narrow(true, func(t *Term) (ok bool) {
		t.sequences, ok = t.sequences.and(span{from, to})
		return ok
	})
}

// Between narrows to a range of timestamps, both ends included; a zero time is open. Timestamps
// count whole microseconds, and the range is exact: no event outside it is selected.
func (r Region) Between(from, to time.Time) Region {
	var times timeSpan
	if !from.IsZero() {
		times.from, times.hasFrom = ceilMicro(from), true
	}
	if !to.IsZero() {
		times.to, times.hasTo = floorMicro(to), true
	}
	return r.narrow(true, func(t *Term) (ok bool) {
		t.times, ok = t.times.and(times)
		return ok
	})
}

// FromGate narrows to events whose gate record has the outcome, bypasses for instance. An unknown
// outcome selects nothing.
func (r Region) FromGate(outcome GateOutcome) Region {
	return r.narrow(outcome == GatePassed || outcome == GateBypassed, func(t *Term) bool {
		if t.gate != 0 && t.gate != outcome {
			return false
		}
		t.gate = outcome
		return true
	})
}

// narrow applies one narrowing to a copy of every term and leaves out the terms that it
// contradicts. apply must not write to a term's slices, which the copy shares.
func (r Region) narrow(possible bool, apply func(*Term) bool) Region {
	narrowed := Nothing()
	if !possible {
		return narrowed
	}
	for _, term := range r.Terms() {
		if !apply(&term) {
			continue
		}
		if term.unrestricted() {
			return Everything()
		}
		narrowed.terms = append(narrowed.terms, term)
	}
	return narrowed
}

// Terms returns the terms that the region is the union of, in a slice of the caller's own: one that
// matches every event for everything, none for nothing.
func (r Region) Terms() []Term {
	if !r.narrowed {
		return []Term{{}}
	}
	return slices.Clone(r.terms)
}

// Matches reports whether the region selects the event. It does not allocate.
func (r Region) Matches(e *Event) bool {
	if !r.narrowed {
		return true
	}
	for i := range r.terms {
		if r.terms[i].Matches(e) {
			return true
		}
	}
	return false
}

// keep returns the elements that are wanted, in a slice of its own.
func keep(kinds []Kind, wanted func(Kind) bool) []Kind {
	var kept []Kind
	for _, k := range kinds {
		if wanted(k) {
			kept = append(kept, k)
		}
	}
	return kept
}

// Seconds since the Unix epoch beyond which microseconds don't fit into an int64.
const (
	maxMicroSecond = math.MaxInt64/1_000_000 - 1
	minMicroSecond = math.MinInt64/1_000_000 + 1
)

// floorMicro returns the last whole microsecond that is not after t.
func floorMicro(t time.Time) int64 {
	switch second := t.Unix(); {
	case second > maxMicroSecond:
		return math.MaxInt64
	case second < minMicroSecond:
		return math.MinInt64
	}
	return t.UnixMicro() // seconds and nanoseconds are split downwards, so this rounds down
}

// ceilMicro returns the first whole microsecond that is not before t.
func ceilMicro(t time.Time) int64 {
	micro := floorMicro(t)
	if micro != math.MaxInt64 && micro != math.MinInt64 && t.Nanosecond()%1000 != 0 {
		micro++
	}
	return micro
}
