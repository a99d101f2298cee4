// What a tail does at its edges: names, chunks, holes, and calls that are mistakes.

package index

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
)

// put adds an event of an entity and a scope.
func put(t *Tail, ordinal uint32, entity, scope string, tags ...string) {
	var e Entry
	e.Fill(&event.Draft{Coordinate: event.MustAt(entity, scope), Kind: 0x1000, Tags: tags}, 0)
	t.Enter(&e).Clock++
	t.Add(&e, Place{Ordinal: ordinal, Wall: 10 * uint64(ordinal), Counter: ordinal, Timestamp: int64(ordinal)})
}

// eventsOf returns the ordinals below limit of a name.
func eventsOf(t *Tail, typ Type, name string, limit uint32) []uint32 {
	if slot := t.find(typ, Hash(typ, name), name); slot != 0 {
		return t.ordinals(nil, slot, limit)
	}
	return nil
}

func TestTheDirectoryIsAsLargeAsTheSegmentAsksFor(t *testing.T) {
	for size, want := range map[int64]int{0: 64, 1: 64, 1 << 18: 64, 300_000: 128, 1 << 20: 256, 64 << 20: 16384, 4 << 30: 1 << 20} {
		if got := len(NewTail(size).roots); got != want {
			t.Errorf("%d bytes: %d entries, want %d", size, got, want)
		}
	}
}

func TestAnEmptyTailHasNothing(t *testing.T) {
	tail := NewTail(0)
	var e Entry
	e.Fill(&event.Draft{Coordinate: event.MustAt("a", "b"), Kind: 0x1000}, 0)
	if tail.Resolve(&e) || e.resolvedAgainst() != tail || tail.Events() != 0 || tail.holesBelow(math.MaxUint32) != nil {
		t.Error("something is there")
	}
	if _, ok := tail.HeadOf(e.EntityHash(), "a"); ok {
		t.Error("there is a head")
	}
	tail.scan(0, 0, func(uint32, *record) bool { t.Error("there is a record"); return true })
	tail.slots(Entity, math.MaxUint32, func(uint32, []byte) bool { t.Error("there is an entity"); return true })
	if _, ok := tail.newest(0, math.MaxUint32); ok || len(tail.ordinals(nil, 0, math.MaxUint32)) != 0 {
		t.Error("what was not found has events")
	}
}

func TestOneNameOfSeveralTypesIsSeveralThings(t *testing.T) {
	tail := NewTail(0)
	put(tail, 0, "same", "same")
	put(tail, 1, "same", "other", "same")
	for typ, want := range map[Type][]uint32{Entity: {0, 1}, Scope: {0}, Tag: {1}} {
		if got := eventsOf(tail, typ, "same", 2); !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", typ, got, want)
		}
	}
}

func TestNamesOfEveryLengthAreFoundAcrossChunks(t *testing.T) {
	tail := NewTail(0)
	name := func(n uint32) string {
		return strings.Repeat("x", int(n%event.MaxName)+1) + string(rune('a'+n/event.MaxName))
	}
	const n = 2*event.MaxName - 100
	for i := range uint32(n) {
		put(tail, i, name(i)[1:], "s")
	}
	if tail.nameEnd < 10*nameUnits {
		t.Fatal("the names take too few chunks for the test")
	}
	for i := range uint32(n) {
		entity := name(i)[1:]
		if got := eventsOf(tail, Entity, entity, n); !slices.Equal(got, []uint32{i}) {
			t.Fatalf("entity %d: %v", i, got)
		}
		if got := string(tail.name(tail.find(Entity, Hash(Entity, entity), entity))); got != entity {
			t.Fatalf("name of entity %d has %d bytes", i, len(got))
		}
	}
	if eventsOf(tail, Entity, strings.Repeat("x", 500), n) != nil {
		t.Error("a name that nobody has is found")
	}
}

func TestAnEntryOfAnotherTailIsLookedUpAnew(t *testing.T) {
	first, second := NewTail(0), NewTail(0)
	put(first, 0, "a", "s", "t")
	put(second, 0, "b", "r")
	var e Entry
	e.Fill(&event.Draft{Coordinate: event.MustAt("a", "s"), Kind: 0x1000, Tags: []string{"t"}}, 0)
	if !first.Resolve(&e) {
		t.Fatal("not found")
	}
	e.Head = Head{Clock: 41}
	if head := second.Enter(&e); head.Clock != 41 {
		t.Errorf("clock %d", head.Clock)
	}
	second.Add(&e, Place{Ordinal: 1})
	for typ, name := range map[Type]string{Entity: "a", Scope: "s", Tag: "t"} {
		if got := eventsOf(second, typ, name, 2); !slices.Equal(got, []uint32{1}) {
			t.Errorf("%v: %v", typ, got)
		}
	}
}

func TestEntriesResolvedBeforeTheFirstWasAddedShareItsSlots(t *testing.T) {
	tail := NewTail(0)
	entries := make([]Entry, 3)
	for i := range entries {
		d := event.Draft{Coordinate: event.MustAt("a", "s"), Kind: 0x1000, Tags: []string{"t"}, Key: "k"}
		entries[i].Fill(&d, 0)
		if tail.Resolve(&entries[i]) {
			t.Fatal("found before it is there")
		}
		entries[i].Head.Clock = 5
	}
	for i := range entries {
		head := tail.Enter(&entries[i])
		if head.Clock != 5+uint64(i) {
			t.Errorf("clock %d before event %d", head.Clock, i)
		}
		head.Clock++
		tail.Add(&entries[i], Place{Ordinal: uint32(i)})
	}
	for _, typ := range []Type{Entity, Scope, Tag, Key} {
		name := map[Type]string{Entity: "a", Scope: "s", Tag: "t", Key: "k"}[typ]
		count := 0
		tail.slots(typ, 3, func(slot uint32, _ []byte) bool {
			count++
			if got := tail.ordinals(nil, slot, 3); !slices.Equal(got, []uint32{0, 1, 2}) || tail.typeOf(slot) != typ {
				t.Errorf("%v %q: %v", typ, name, got)
			}
			return true
		})
		if count != 1 {
			t.Errorf("%d of type %v", count, typ)
		}
	}
}

func TestAnEntityWithoutAnEventIsNotListed(t *testing.T) {
	tail := NewTail(0)
	var e Entry
	e.Fill(&event.Draft{Coordinate: event.MustAt("a", "s"), Kind: 0x1000}, 0)
	e.Head.Clock = 3
	tail.Enter(&e)
	tail.slots(Entity, math.MaxUint32, func(uint32, []byte) bool { t.Error("it is listed"); return true })
	if head, ok := tail.HeadOf(e.EntityHash(), "a"); !ok || head.Clock != 3 {
		t.Errorf("its head is %v %v", head, ok)
	}
	if got := eventsOf(tail, Entity, "a", math.MaxUint32); len(got) != 0 {
		t.Errorf("it has %v", got)
	}
}

func TestListingAndScanningEndWhenTold(t *testing.T) {
	tail := NewTail(0)
	for i := range uint32(2 * chunkLen) {
		put(tail, i, string(rune('a'+i%20)), "s")
	}
	calls := 0
	tail.slots(Entity, 2*chunkLen, func(uint32, []byte) bool { calls++; return calls < 3 })
	tail.scan(0, 2*chunkLen, func(uint32, *record) bool { calls++; return calls < 3+chunkLen+1 })
	if calls != 3+chunkLen+1 {
		t.Errorf("%d calls", calls)
	}
}

func TestAScanBeginsAndEndsAnywhere(t *testing.T) {
	tail := NewTail(0)
	const n = 3*chunkLen + 5
	for i := range uint32(n) {
		put(tail, i, "a", "s")
	}
	for _, from := range []uint32{0, 1, chunkLen - 1, chunkLen, 2*chunkLen + 7, n - 1, n} {
		for _, limit := range []uint32{0, 1, chunkLen, chunkLen + 1, 2*chunkLen + 8, n} {
			next := from
			tail.scan(from, limit, func(ordinal uint32, r *record) bool {
				if ordinal != next || r.entityPrevious != ordinal {
					t.Errorf("from %d: ordinal %d, want %d", from, ordinal, next)
				}
				next++
				return true
			})
			if next != max(from, limit) {
				t.Errorf("%d up to %d ended at %d", from, limit, next)
			}
		}
	}
}

func TestMistakesOfTheWriterPanic(t *testing.T) {
	panics := func(name string, fn func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("%s: no panic", name)
			}
		}()
		fn()
	}
	tail := NewTail(0)
	put(tail, 0, "a", "s")
	var e Entry
	e.Fill(&event.Draft{Coordinate: event.MustAt("b", "s"), Kind: 0x1000}, 0)
	panics("not resolved", func() { tail.Add(&e, Place{Ordinal: 1}) })
	tail.Resolve(&e)
	panics("not entered", func() { tail.Add(&e, Place{Ordinal: 1}) })
	panics("an ordinal twice", func() { put(tail, 0, "a", "s") })
	panics("a hole over an event", func() { tail.Hole(0, 3) })
	panics("an inverted hole", func() { tail.Hole(5, 4) })
}
