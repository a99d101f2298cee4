// What there is not: ids, entities, clocks, sequences, times; empty stores; options out
// of range; and prefixes that match very many.

package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// nobodysIDs are ids that no event has and that come close to those of some.
func nobodysIDs(known history) []event.ID {
	ids := []event.ID{{}, {15: 1}, event.ID(bytes.Repeat([]byte{0xff}, 16)), event.MakeID(1, 0, 0), event.MakeID(1<<48-1, 1<<32-1, 1<<42-1)}
	taken := make(map[event.ID]bool)
	for i := range known {
		taken[known[i].ID] = true
	}
	for i := 0; i < len(known); i += 1 + len(known)/40 {
		wall, counter := known[i].Position.Wall, known[i].Position.Counter
		ids = append(ids,
			event.MakeID(wall, counter, 0), event.MakeID(wall, counter, 1<<42-1), event.MakeID(wall, counter+1, 5),
			event.MakeID(wall, 1<<32-1, 5), event.MakeID(wall-1, counter, 5), event.MakeID(wall+1, 0, 5), event.MakeID(wall, 0, 5))
		if counter > 0 {
			ids = append(ids, event.MakeID(wall, counter-1, 5))
		}
		for _, at := range []int{0, 6, 8, 10, 15} {
			near := known[i].ID
			near[at] ^= 0x81
			ids = append(ids, near)
		}
	}
	for i, id := range ids {
		if taken[id] { // by chance
			ids[i] = event.ID{}
		}
	}
	return ids
}

// mustNotFind fails the test unless none of the ids is found.
func mustNotFind(t failer, s *engine.Store, ids []event.ID) {
	t.Helper()
	var into event.Event
	for _, id := range ids {
		ev, err := s.Get(id)
		if e := s.GetIDInto(id, &into); !errors.Is(err, engine.ErrNotFound) || !errors.Is(e, engine.ErrNotFound) {
			t.Fatalf("id %s: %s, %v, %v", id, ev, err, e)
		}
	}
}

func TestIDsThatNoEventHasAreNotFound(t *testing.T) {
	t.Parallel()
	for _, still := range []bool{true, false} { // all in one millisecond, and not
		w := newSower(31)
		path := quickDir(t)
		o := w.options(engine.SyncManual())
		if still {
			o.Clock = func() time.Time { return time.UnixMilli(1_790_000_000_000) }
		}
		s := mustOpen(t, path, o)
		mustNotFind(t, s, nobodysIDs(nil))
		known := w.sow(t, s, nil, 600)
		mustNotFind(t, s, nobodysIDs(known))
		mustGet(t, s, known)
		mustClose(t, s)
		s = mustOpen(t, path, engine.Options{ReadOnly: true})
		mustNotFind(t, s, nobodysIDs(known))
		mustGet(t, s, known)
		mustClose(t, s)
	}
}

func TestAnEmptyStoreAnswersEveryQuestionWithNothing(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	for range 3 {
		s := mustOpen(t, path, small(engine.SyncEveryAppend()))
		answersOf(nil).mustBeGivenBy(t, s)
		mustNotFind(t, s, nobodysIDs(nil))
		mustClose(t, s)
	}
	s := mustOpen(t, path, engine.Options{ReadOnly: true, Rebuild: true})
	answersOf(nil).mustBeGivenBy(t, s)
	mustClose(t, s)
}

func TestWhatContradictsItselfOrCanNotBeSelectsNothing(t *testing.T) {
	t.Parallel()
	w := newSower(32)
	s := quickStore(t, w.options(engine.SyncManual()))
	known := w.sow(t, s, nil, 600)
	middle := known[300]
	for what, region := range map[string]event.Region{
		"nothing":                   event.Nothing(),
		"union of none":             event.Union(),
		"inverted clocks":           event.Entity("a").Clocks(5, 4),
		"clocks that don't meet":    event.Entity("a").Clocks(1, 4).Clocks(5, 9),
		"a clock that is not there": event.Entity("a").Clocks(1<<63, 0),
		"the largest clock":         event.Entity("a").Clocks(1<<64-1, 1<<64-1),
		"inverted sequences":        event.Everything().Sequences(9, 3),
		"sequences behind the end":  event.Everything().Sequences(1<<63, 0),
		"the largest sequence":      event.Everything().Sequences(1<<64-1, 1<<64-1),
		"one behind the end":        event.Everything().Sequences(middle.Sequence+300, 0),
		"inverted times":            event.Everything().Between(middle.Time(), middle.Time().Add(-time.Microsecond)),
		"the time before all":       event.Everything().Between(time.Unix(-1<<50, 0), time.Unix(0, 0)),
		"the end of time":           event.Everything().Between(time.Unix(1<<50, 0), time.Time{}),
		"another entity's scope":    event.Entity("a").Scope("nowhere"),
		"a very long name":          event.Entity(strings.Repeat("x", 1<<20)),
		"a very long prefix":        event.EntityPrefix(strings.Repeat("x", 1<<20)),
		"a name that is not UTF-8":  event.Entity("\xff"),
		"a tag that is not there":   event.Tagged("red", "purple"),
		"too many tags":             event.Tagged(numbered("tag-", 100)...),
		"a reserved kind":           event.OfKind(event.SystemInit),
		"a category that is not":    event.InCategory(16),
		"passed gates":              event.Everything().FromGate(event.GatePassed),
		"unions of nothing":         event.Union(event.Entity("nobody"), event.Nothing(), event.Tagged("purple")),
	} {
		for _, direction := range []engine.Direction{engine.Forward, engine.Backward} {
			for ev, err := range s.Query(region, engine.ReadOptions{Direction: direction}) {
				t.Errorf("%s, direction %d: %s, %v", what, direction, ev, err)
			}
		}
	}
	for _, entity := range []string{"", "nobody", "user:", "A", "aaa", "\xff", strings.Repeat("x", 1<<20)} {
		for range s.Stream(entity, engine.ReadOptions{}) {
			if known.clock(entity) == 0 {
				t.Errorf("a stream of %.20q", entity)
			}
		}
		if clock, err := s.Clock(entity); err != nil || clock != known.clock(entity) {
			t.Errorf("clock of %.20q: %d, %v", entity, clock, err)
		}
	}
	for _, prefix := range []string{"nobody", "\xff", strings.Repeat("x", 1<<20), strings.Repeat("x", event.MaxName) + "x"} {
		if got := collect(t, "entities", s.Entities(prefix)); len(got) != 0 {
			t.Errorf("entities with prefix %.20q: %q", prefix, got)
		}
	}
}

func TestARegionOverEverythingReadsWhatEventsReads(t *testing.T) {
	t.Parallel()
	w := newSower(33)
	s := quickStore(t, w.options(engine.SyncManual()))
	known := w.sow(t, s, nil, 800)
	for what, region := range map[string]event.Region{
		"everything": event.Everything(), "the zero region": {}, "the empty prefix": event.EntityPrefix(""), "open ranges": event.Everything().Clocks(0, 0).Sequences(0, 0),
		"union with everything": event.Union(event.Entity("a"), event.Everything()), "from clock 1": event.Everything().Clocks(1, 0),
		"all categories": event.Union(event.InCategory(0x1), event.InCategory(0x7), event.InCategory(0xC), event.InCategory(0xE), event.InCategory(0xF)),
		"all scopes":     event.Union(event.Scope(sownScopes[0]), event.Scope(sownScopes[1]), event.Scope(sownScopes[2]), event.Scope(sownScopes[3]), event.Scope(sownScopes[4])),
		"all times":      event.Everything().Between(time.Unix(0, 0), time.Unix(1<<40, 0)),
	} {
		for _, o := range []engine.ReadOptions{{}, {Direction: engine.Backward}, {Limit: 7}, {Direction: engine.Backward, Limit: 7}, {Limit: 1 << 62}, {SkipChecks: true}} {
			mustAnswer(t, s, selection{region: region}, o, all(t, s, 0, 0, o))
		}
		if got := len(query(t, s, region, engine.ReadOptions{})); got != len(known) {
			t.Errorf("%s: %d events", what, got)
		}
	}
}

func TestReadOptionsOutOfRangeAreRefusedByNameWhereverTheyAreGiven(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	mustAppend(t, s, 5)
	for field, o := range map[string]engine.ReadOptions{"Direction": {Direction: 2}, "Limit": {Limit: -1}} {
		for what, loop := range map[string]func(func(event.Event, error) bool){
			"Query": s.Query(event.Everything(), o), "Query of nothing": s.Query(event.Nothing(), o), "Stream": s.Stream("entity-1", o),
		} {
			steps := 0
			for ev, err := range loop {
				var option *engine.OptionError
				if !errors.As(err, &option) || !errors.Is(err, engine.ErrInvalid) || option.Field != field || !ev.IsZero() {
					t.Errorf("%s with %s out of range: %s, %v", what, field, ev, err)
				}
				steps++
			}
			if steps != 1 {
				t.Errorf("%s with %s out of range: %d steps", what, field, steps)
			}
		}
	}
}

func TestAPrefixMayMatchVeryManyEntities(t *testing.T) {
	t.Parallel()
	many := 20_000
	if raceBuild {
		many = 4000
	}
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncManual()))
	name := func(i int) string { return fmt.Sprintf("customer:%08d", i*7919%many) }
	for i := range many {
		if _, err := s.AppendBytes(event.MustAt(name(i), "shop"), event.Data, event.CodecRaw, nil); err != nil {
			t.Fatal(err)
		}
	}
	settle(s)
	for range 2 {
		mustFindMany(t, s, many, name)
		mustClose(t, s)
		s = mustOpen(t, path, small(engine.SyncManual()))
	}
	mustClose(t, s)
}

// mustFindMany looks for many entities of one event each at once.
func mustFindMany(t *testing.T, s *engine.Store, many int, name func(i int) string) {
	t.Helper()
	last := ""
	n := 0
	for entity, err := range s.Entities("customer:") {
		if err != nil || entity <= last {
			t.Fatalf("%q behind %q, %v", entity, last, err)
		}
		last = entity
		n++
	}
	if n != many {
		t.Errorf("%d entities, want %d", n, many)
	}
	for entity, err := range s.Entities("customer:") { // the first only
		if err != nil || entity != "customer:00000000" {
			t.Errorf("first entity %q, %v", entity, err)
		}
		break
	}
	for _, direction := range []engine.Direction{engine.Forward, engine.Backward} {
		for _, limit := range []int{0, 1, 10} {
			i := 0
			for ev, err := range s.Query(event.EntityPrefix("customer:"), engine.ReadOptions{Direction: direction, Limit: limit}) {
				at := i
				if direction == engine.Backward {
					at = many - 1 - i
				}
				if err != nil || ev.Entity() != name(at) || ev.Sequence != uint64(at)+1 {
					t.Fatalf("direction %d, step %d: %s, %v", direction, i, ev, err)
				}
				i++
			}
			if want := limit; i != want && (limit != 0 || i != many) {
				t.Errorf("direction %d, limit %d: %d events", direction, limit, i)
			}
		}
	}
	if got := len(query(t, s, event.EntityPrefix("customer:000001"), engine.ReadOptions{})); got != 100 {
		t.Errorf("%d events of a hundred customers", got)
	}
}
