// Tests of regions. A model, a plain function beside each region, says what must match.

package event_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
)

// modelled is a region and the function that it must agree with.
type modelled struct {
	region event.Region
	wants  func(e *event.Event) bool
}

// Names and numbers are few, so that regions often match and often contradict themselves.
var (
	someNames = []string{"", "a", "ab", "abc", "b", "bc"}
	someKinds = []event.Kind{0x1000, 0x1001, 0x2000, 0xF001, 0x0001}
	someTags  = []string{"x", "y", "z"}
)

func drawEvent(t *rapid.T) event.Event {
	e := event.Event{
		Header: event.Header{
			Sequence: rapid.Uint64Range(1, 5).Draw(t, "sequence"), Timestamp: rapid.Int64Range(-4, 4).Draw(t, "timestamp"),
			Kind: rapid.SampledFrom(someKinds).Draw(t, "kind"), Position: event.Position{Clock: rapid.Uint64Range(1, 5).Draw(t, "clock")},
		},
		Coordinate: event.MustAt(rapid.SampledFrom(someNames[1:]).Draw(t, "entity"), rapid.SampledFrom(someNames[1:]).Draw(t, "scope")),
		Tags:       rapid.SliceOfN(rapid.SampledFrom(someTags), 0, 3).Draw(t, "tags"),
	}
	if outcome := rapid.SampledFrom([]event.GateOutcome{0, event.GatePassed, event.GateBypassed}).Draw(t, "outcome"); outcome != 0 {
		e.Gate = &event.GateRecord{Outcome: outcome}
	}
	return e
}

func drawRegion(t *rapid.T, depth int) modelled {
	m := modelled{event.Everything(), func(*event.Event) bool { return true }}
	if depth > 0 && rapid.Bool().Draw(t, "union") {
		m = modelled{event.Union(), func(*event.Event) bool { return false }}
		for range rapid.IntRange(0, 3).Draw(t, "parts") {
			a, b := m, drawRegion(t, depth-1)
			m = modelled{event.Union(a.region, b.region), func(e *event.Event) bool { return a.wants(e) || b.wants(e) }}
		}
	}
	for range rapid.IntRange(0, 4).Draw(t, "narrowings") {
		m = drawNarrowing(t, m)
	}
	return m
}

func drawNarrowing(t *rapid.T, m modelled) modelled {
	and := func(region event.Region, wants func(*event.Event) bool) modelled {
		return modelled{region, func(e *event.Event) bool { return m.wants(e) && wants(e) }}
	}
	between := func(from, to uint64) func(uint64) bool {
		return func(v uint64) bool { return v >= from && (to == 0 || v <= to) }
	}
	name := rapid.SampledFrom(someNames).Draw(t, "name")
	from, to := rapid.Uint64Max(6).Draw(t, "from"), rapid.Uint64Max(6).Draw(t, "to")
	switch rapid.IntRange(0, 9).Draw(t, "narrowing") {
	case 0:
		return and(m.region.Entity(name), func(e *event.Event) bool { return e.Entity() == name })
	case 1:
		return and(m.region.EntityPrefix(name), func(e *event.Event) bool { return strings.HasPrefix(e.Entity(), name) })
	case 2:
		return and(m.region.Scope(name), func(e *event.Event) bool { return e.Scope() == name })
	case 3:
		kinds := rapid.SliceOfN(rapid.SampledFrom(someKinds), 0, 4).Draw(t, "kinds")
		return and(m.region.Kind(kinds...), func(e *event.Event) bool { return slices.Contains(kinds, e.Kind) })
	case 4:
		category := rapid.SampledFrom([]uint16{0, 1, 2, 0xF, 0x10}).Draw(t, "category")
		return and(m.region.Category(category), func(e *event.Event) bool { return e.Kind.Category() == category })
	case 5:
		tags := rapid.SliceOfN(rapid.SampledFrom(append(someTags, "")), 0, 2).Draw(t, "tags")
		return and(m.region.Tags(tags...), func(e *event.Event) bool { return e.HasTags(tags...) })
	case 6:
		inside := between(from, to)
		return and(m.region.Clocks(from, to), func(e *event.Event) bool { return inside(e.Position.Clock) })
	case 7:
		inside := between(from, to)
		return and(m.region.Sequences(from, to), func(e *event.Event) bool { return inside(e.Sequence) })
	case 8:
		since := drawTime(t, "since")
		until := drawTime(t, "until")
		return and(m.region.Between(since, until), func(e *event.Event) bool {
			return (since.IsZero() || !e.Time().Before(since)) && (until.IsZero() || !e.Time().After(until))
		})
	}
	outcome := rapid.SampledFrom([]event.GateOutcome{0, event.GatePassed, event.GateBypassed, 3}).Draw(t, "outcome")
	return and(m.region.FromGate(outcome), func(e *event.Event) bool { return e.Gate != nil && e.Gate.Outcome == outcome })
}

func drawTime(t *rapid.T, name string) time.Time {
	if rapid.IntRange(0, 3).Draw(t, name+" open") == 0 {
		return time.Time{}
	}
	return time.Unix(0, rapid.Int64Range(-5000, 5000).Draw(t, name))
}

func TestARegionMatchesWhatItsWordsSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawRegion(t, 2)
		for range 20 {
			e := drawEvent(t)
			want := m.wants(&e)
			if got := m.region.Matches(&e); got != want {
				t.Fatalf("%s matches %+v: %v, want %v", m.region, e, got, want)
			}
			terms := m.region.Terms()
			byTerms := slices.ContainsFunc(terms, func(term event.Term) bool { return term.Matches(&e) })
			byParts := slices.ContainsFunc(terms, func(term event.Term) bool { return matchesParts(&term, &e) })
			if byTerms != want || byParts != want {
				t.Fatalf("%s: terms say %v, their parts %v, want %v", m.region, byTerms, byParts, want)
			}
		}
	})
}

// matchesParts judges an event by what an index sees of a term.
func matchesParts(t *event.Term, e *event.Event) bool {
	if name, ok := t.Entity(); ok && e.Entity() != name {
		return false
	}
	if prefix, ok := t.EntityPrefix(); ok && !strings.HasPrefix(e.Entity(), prefix) {
		return false
	}
	if name, ok := t.Scope(); ok && e.Scope() != name {
		return false
	}
	if kinds := t.Kinds(); kinds != nil && !slices.Contains(kinds, e.Kind) {
		return false
	}
	if category, ok := t.Category(); ok && e.Kind.Category() != category {
		return false
	}
	if outcome, ok := t.Gate(); ok && (e.Gate == nil || e.Gate.Outcome != outcome) {
		return false
	}
	clockFrom, clockTo := t.Clocks()
	sequenceFrom, sequenceTo := t.Sequences()
	timeFrom, timeTo := t.Times()
	return e.Position.Clock >= clockFrom && e.Position.Clock <= clockTo && e.Sequence >= sequenceFrom && e.Sequence <= sequenceTo &&
		e.Timestamp >= timeFrom && e.Timestamp <= timeTo && e.HasTags(t.Tags()...)
}

func TestNarrowingARegionLeavesItAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawRegion(t, 2)
		before := m.region.String()
		var events []event.Event
		for range 10 {
			events = append(events, drawEvent(t))
		}
		for range 5 {
			drawNarrowing(t, m)
			_ = event.Union(m.region, event.Entity("other"))
			for _, term := range m.region.Terms() { // whatever the caller does with them
				if kinds := term.Kinds(); kinds != nil {
					kinds[0] = 0
				}
				if tags := term.Tags(); tags != nil {
					tags[0] = "changed"
				}
			}
		}
		if m.region.String() != before {
			t.Fatalf("%s became %s", before, m.region)
		}
		for i := range events {
			if m.region.Matches(&events[i]) != m.wants(&events[i]) {
				t.Fatalf("%s matches differently", m.region)
			}
		}
	})
}

func TestRegionsInWords(t *testing.T) {
	alice := event.Entity("player:alice").Kind(0xF001)
	for _, c := range []struct {
		region event.Region
		want   string
	}{
		{event.Region{}, "everything"},
		{event.Everything(), "everything"},
		{event.Nothing(), "nothing"},
		{event.Union(), "nothing"},
		{event.Union(alice, event.Everything()), "everything"},
		{event.Union(alice, event.EntityPrefix("")), "everything"},
		{event.Union(event.Nothing(), alice), `entity "player:alice" and kind 0xF001`},
		{event.Union(alice, event.Union(event.Scope("s"), event.Tagged("x"))), `entity "player:alice" and kind 0xF001 or scope "s" or tag "x"`},
		{event.Union(alice, event.Scope("s")).Sequences(7, 0), `entity "player:alice" and kind 0xF001 and sequence 7.. or scope "s" and sequence 7..`},
		{event.EntityPrefix("a").EntityPrefix("ab").EntityPrefix("a"), `entity "ab"...`},
		{event.EntityPrefix("a").Entity("ab"), `entity "ab"`},
		{event.InCategory(0xF).Kind(0x1000, 0xF002, 0xF001, 0xF001), "kind 0xF001|0xF002"},
		{event.OfKind(0x1000, 0xF001).Category(1), "kind 0x1000"},
		{event.InCategory(0), "category 0x0"},
		{event.Tagged("b", "a", "b").Tags("c"), `tag "a" and tag "b" and tag "c"`},
		{event.Everything().Clocks(0, 9).Clocks(3, 0), "clock 3..9"},
		{event.Everything().Between(time.UnixMicro(1), time.Time{}), "time 1970-01-01T00:00:00.000001Z.."},
		{event.Everything().Between(time.Time{}, time.Unix(0, 0)), "time ..1970-01-01T00:00:00Z"},
		{event.Everything().FromGate(event.GateBypassed), "gate bypassed"},
		{event.Entity(""), "nothing"},
		{event.Scope(""), "nothing"},
		{event.OfKind(), "nothing"},
		{event.Tagged(""), "nothing"},
		{event.Tagged(), "everything"},
		{event.InCategory(16), "nothing"},
		{event.Entity("a").Entity("b"), "nothing"},
		{event.Everything().Sequences(5, 4), "nothing"},
		{event.Everything().Sequences(1, 4).Sequences(5, 0), "nothing"},
		{event.Everything().Between(time.Unix(0, 1), time.Unix(0, 999)), "nothing"},
		{event.Everything().FromGate(0), "nothing"},
	} {
		if got := c.region.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	terms := event.Everything().Terms()
	if len(terms) != 1 || terms[0].String() != "everything" || len(event.Nothing().Terms()) != 0 {
		t.Errorf("everything has the terms %v, nothing %v", terms, event.Nothing().Terms())
	}
}

func TestTimesFarAwayAreOpenEnds(t *testing.T) {
	far := time.Unix(math.MaxInt64>>10, 999_999_999)
	long := time.Unix(math.MinInt64>>10, 1)
	for _, timestamp := range []int64{math.MinInt64, -1, 0, math.MaxInt64} {
		e := event.Event{Header: event.Header{Timestamp: timestamp}}
		if !event.Everything().Between(long, far).Matches(&e) {
			t.Errorf("%d is not between %v and %v", timestamp, long, far)
		}
	}
	e := event.Event{Header: event.Header{Timestamp: 5}}
	if event.Everything().Between(far, time.Time{}).Matches(&e) || event.Everything().Between(time.Time{}, long).Matches(&e) {
		t.Error("a time far away selects what is here")
	}
}
