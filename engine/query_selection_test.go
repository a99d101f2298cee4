// selection: a region together with what it selects, written down a second time, so
// that a linear scan over a plain slice can be compared with what a store answers.

package engine_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// selection is a region and a predicate that owes nothing to it.
type selection struct {
	region  event.Region
	selects func(*event.Event) bool
}

func everything() selection {
	return selection{event.Everything(), func(*event.Event) bool { return true }}
}

// and narrows to region, which the method of the same word made.
func (s selection) and(region event.Region, also func(*event.Event) bool) selection {
	return selection{region, func(e *event.Event) bool { return s.selects(e) && also(e) }}
}

func (s selection) entity(name string) selection {
	return s.and(s.region.Entity(name), func(e *event.Event) bool { return e.Entity() == name })
}

func (s selection) prefix(prefix string) selection {
	return s.and(s.region.EntityPrefix(prefix), func(e *event.Event) bool { return strings.HasPrefix(e.Entity(), prefix) })
}

func (s selection) scope(name string) selection {
	return s.and(s.region.Scope(name), func(e *event.Event) bool { return e.Scope() == name })
}

func (s selection) kinds(kinds ...event.Kind) selection {
	return s.and(s.region.Kind(kinds...), func(e *event.Event) bool { return slices.Contains(kinds, e.Kind) })
}

func (s selection) category(category uint16) selection {
	return s.and(s.region.Category(category), func(e *event.Event) bool { return uint16(e.Kind)/0x1000 == category })
}

func (s selection) tags(tags ...string) selection {
	return s.and(s.region.Tags(tags...), func(e *event.Event) bool {
		for _, tag := range tags {
			if !slices.Contains(e.Tags, tag) {
				return false
			}
		}
		return true
	})
}

func (s selection) clocks(from, to uint64) selection {
	return s.and(s.region.Clocks(from, to), func(e *event.Event) bool { return within(e.Position.Clock, from, to) })
}

func (s selection) sequences(from, to uint64) selection {
	return s.and(s.region.Sequences(from, to), func(e *event.Event) bool { return within(e.Sequence, from, to) })
}

func (s selection) between(from, to time.Time) selection {
	return s.and(s.region.Between(from, to), func(e *event.Event) bool {
		at := e.Time()
		return (from.IsZero() || !at.Before(from)) && (to.IsZero() || !at.After(to))
	})
}

func (s selection) gate(outcome event.GateOutcome) selection {
	return s.and(s.region.FromGate(outcome), func(e *event.Event) bool { return e.Gate != nil && e.Gate.Outcome == outcome })
}

// within reports whether from <= v <= to, a zero end being open.
func within(v, from, to uint64) bool { return v >= from && (to == 0 || v <= to) }

// union selects what any of the parts selects.
func union(parts ...selection) selection {
	regions := make([]event.Region, len(parts))
	for i, part := range parts {
		regions[i] = part.region
	}
	return selection{event.Union(regions...), func(e *event.Event) bool {
		return slices.ContainsFunc(parts, func(part selection) bool { return part.selects(e) })
	}}
}

// selected is the linear scan: the events that are selected, in the direction that is
// asked for, up to the limit.
func (h history) selected(s selection, o engine.ReadOptions) history {
	var events history
	for i := range h {
		if o.Direction == engine.Backward {
			i = len(h) - 1 - i
		}
		if !s.selects(&h[i]) {
			continue
		}
		if events = append(events, h[i]); len(events) == o.Limit {
			break
		}
	}
	return events
}

// sameEvent reports whether two events are equal in everything.
func sameEvent(a, b *event.Event) bool {
	return a.Header == b.Header && a.Coordinate == b.Coordinate && a.Key == b.Key && slices.Equal(a.Tags, b.Tags) &&
		bytes.Equal(a.Metadata, b.Metadata) && bytes.Equal(a.Payload, b.Payload) && reflect.DeepEqual(a.Gate, b.Gate)
}

// mustAnswer fails the test unless the store answers a query with exactly these
// events, in this order.
func mustAnswer(t failer, s *engine.Store, q selection, o engine.ReadOptions, want history) {
	t.Helper()
	n := 0
	for ev, err := range s.Query(q.region, o) {
		switch {
		case err != nil:
			t.Fatalf("query %s %+v: step %d: %v", q.region, o, n+1, err)
		case n == len(want):
			t.Fatalf("query %s %+v: an event too much behind %d: %s", q.region, o, n, ev)
		case !sameEvent(&ev, &want[n]):
			t.Fatalf("query %s %+v: event %d of %d: %s", q.region, o, n+1, len(want), difference(ev, want[n]))
		}
		n++
	}
	if n != len(want) {
		t.Fatalf("query %s %+v: %d events, want %d; missing is %s", q.region, o, n, len(want), want[n])
	}
}

// query returns copies of the answer; the test fails at an error.
func query(t failer, s *engine.Store, region event.Region, o engine.ReadOptions) history {
	t.Helper()
	var events history
	for ev, err := range s.Query(region, o) {
		if err != nil {
			t.Fatalf("query %s %+v: %v", region, o, err)
		}
		events = append(events, ev.Clone())
	}
	return events
}

// entities returns the names of the entities that begin with prefix, as a slice has
// them.
func (h history) entities(prefix string) []string {
	return h.names(func(e *event.Event) string { return e.Entity() }, prefix)
}

func (h history) scopes() []string {
	return h.names(func(e *event.Event) string { return e.Scope() }, "")
}

func (h history) names(of func(*event.Event) string, prefix string) []string {
	seen := make(map[string]bool)
	var names []string
	for i := range h {
		if name := of(&h[i]); !seen[name] && strings.HasPrefix(name, prefix) {
			seen[name] = true
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// clock returns the clock of an entity's newest event, 0 without one.
func (h history) clock(entity string) uint64 {
	for i := len(h) - 1; i >= 0; i-- {
		if h[i].Entity() == entity {
			return h[i].Position.Clock
		}
	}
	return 0
}

// collect returns the names of a listing; the test fails at an error.
func collect(t failer, what string, names func(func(string, error) bool)) []string {
	t.Helper()
	var list []string
	for name, err := range names {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		list = append(list, name)
	}
	return list
}

// mustListNames fails the test unless entities, scopes and clocks are those of the
// history.
func mustListNames(t failer, s *engine.Store, h history, prefixes ...string) {
	t.Helper()
	for _, prefix := range prefixes {
		if got, want := collect(t, "entities", s.Entities(prefix)), h.entities(prefix); !slices.Equal(got, want) {
			t.Fatalf("entities with prefix %q: got %.200q, want %.200q", prefix, got, want)
		}
	}
	if got, want := collect(t, "scopes", s.Scopes()), h.scopes(); !slices.Equal(got, want) {
		t.Fatalf("scopes %q, want %q", got, want)
	}
}

// mustTellClocks fails the test unless the clocks of these entities are right.
func mustTellClocks(t failer, s *engine.Store, h history, entities ...string) {
	t.Helper()
	for _, entity := range entities {
		if got, err := s.Clock(entity); err != nil || got != h.clock(entity) {
			t.Fatalf("clock of %.60q: %d, %v, want %d", entity, got, err, h.clock(entity))
		}
	}
}

// mustGet fails the test unless every event is found by its id.
func mustGet(t failer, s *engine.Store, events history) {
	t.Helper()
	var into event.Event
	for i := range events {
		if err := s.GetIDInto(events[i].ID, &into); err != nil || !sameEvent(&into, &events[i]) {
			t.Fatalf("id %s of sequence %d: %s, %v", events[i].ID, events[i].Sequence, into, err)
		}
	}
}
