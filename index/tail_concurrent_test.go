// Readers beside the writer: they see what is visible and nothing else, and wait for nobody.

package index

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/event"
)

// The events of the tests here: ordinal i is of entity i%entities, of scope i%7, and has tag i%5 and, every third, a key.
const concurrentEntities = 700

func concurrentEntry(e *Entry, i uint32) {
	d := event.Draft{
		Coordinate: event.MustAt(fmt.Sprintf("entity-%d", i%concurrentEntities), fmt.Sprintf("scope-%d", i%7)),
		Kind:       event.Kind(0x1000 + i%3), Tags: []string{fmt.Sprintf("tag-%d", i%5)},
	}
	if i%3 == 0 {
		d.Key = fmt.Sprintf("key-%d", i)
	}
	e.Fill(&d, 0)
}

// checkEvery fails unless a name's events below limit are those that leave a rest.
func checkEvery(tail *Tail, typ Type, name string, rest, step, limit uint32) error {
	got := eventsOf(tail, typ, name, limit)
	for i, ordinal := range got {
		if ordinal != rest+uint32(i)*step {
			return fmt.Errorf("%v %q below %d: %v", typ, name, limit, got)
		}
	}
	if want := (limit + step - 1 - rest) / step; uint32(len(got)) != want {
		return fmt.Errorf("%v %q below %d: %d events, want %d", typ, name, limit, len(got), want)
	}
	return nil
}

// checkVisible asks everything once.
func checkVisible(tail *Tail, i, limit uint32) error {
	if limit == 0 {
		return nil
	}
	i %= limit
	entity := fmt.Sprintf("entity-%d", i%concurrentEntities)
	if err := checkEvery(tail, Entity, entity, i%concurrentEntities, concurrentEntities, limit); err != nil {
		return err
	}
	if err := checkEvery(tail, Scope, fmt.Sprintf("scope-%d", i%7), i%7, 7, limit); err != nil {
		return err
	}
	if err := checkEvery(tail, Tag, fmt.Sprintf("tag-%d", i%5), i%5, 5, limit); err != nil {
		return err
	}
	slot := tail.find(Key, Hash(Key, fmt.Sprintf("key-%d", i)), "")
	if i%3 == 0 {
		if ordinal, ok := tail.newest(slot, limit); slot == 0 || !ok || ordinal != i {
			return fmt.Errorf("key of %d: slot %d, %d %v", i, slot, ordinal, ok)
		}
	} else if slot != 0 {
		return fmt.Errorf("a key that nobody has: slot %d", slot)
	}
	var names []string
	tail.slots(Entity, limit, func(_ uint32, name []byte) bool { names = append(names, string(name)); return true })
	slices.Sort(names)
	if names = slices.Compact(names); uint32(len(names)) != min(limit, concurrentEntities) {
		return fmt.Errorf("%d entities below %d", len(names), limit)
	}
	next := uint32(0)
	tail.scan(0, limit, func(ordinal uint32, r *record) bool {
		if ordinal == next && r.kind == event.Kind(0x1000+ordinal%3) {
			next++
		}
		return true
	})
	if next != limit {
		return fmt.Errorf("scanned %d of %d", next, limit)
	}
	if z := limit / zoneEvents; z > 0 {
		if got, first := tail.zone(z-1), (z-1)*zoneEvents; got != (zone{uint64(first), 0, int64(first), int64(first + zoneEvents - 1)}) {
			return fmt.Errorf("zone %d: %+v", z-1, got)
		}
	}
	return nil
}

func TestReadersSeeEverythingThatIsVisibleBesideTheWriter(t *testing.T) {
	const events = 20_000
	tail := NewTail(1 << 20)
	var visible atomic.Uint32
	var readers sync.WaitGroup
	for reader := range uint32(3) {
		readers.Go(func() {
			var e Entry
			for round := reader; ; round += 1_000_003 {
				limit := visible.Load()
				if err := checkVisible(tail, round, limit); err != nil {
					t.Error(err)
					return
				}
				concurrentEntry(&e, round%events)
				if there := tail.Resolve(&e); !there && round%events < limit {
					t.Errorf("the entity of %d is not there", round%events)
					return
				}
				if limit == events {
					return
				}
			}
		})
	}
	for i := range uint32(events) {
		var e Entry
		concurrentEntry(&e, i)
		tail.Resolve(&e)
		tail.Enter(&e).Clock++
		tail.Add(&e, Place{Ordinal: i, Wall: uint64(i), Timestamp: int64(i)})
		if i%3 != 0 { // batches of two become visible together
			visible.Store(i + 1)
		}
	}
	visible.Store(events)
	readers.Wait()
}

func TestWritersThatTakeTurnsResolveBesideEachOther(t *testing.T) {
	const writers, events = 4, 3000
	tail := NewTail(1 << 20)
	var section sync.Mutex
	var next uint32
	var group sync.WaitGroup
	for w := range uint32(writers) {
		group.Go(func() {
			var e Entry
			for i := range uint32(events) {
				concurrentEntry(&e, (i+w)%events)
				tail.Resolve(&e)
				section.Lock()
				tail.Enter(&e).Clock++
				tail.Add(&e, Place{Ordinal: next})
				next++
				section.Unlock()
			}
		})
	}
	group.Wait()
	total := 0
	for i := range uint32(concurrentEntities) {
		name := fmt.Sprintf("entity-%d", i)
		head, ok := tail.HeadOf(Hash(Entity, name), name)
		count := len(eventsOf(tail, Entity, name, next))
		if !ok || head.Clock != uint64(count) {
			t.Fatalf("%q: clock %d, %d events", name, head.Clock, count)
		}
		total += count
	}
	if total != writers*events {
		t.Errorf("%d events", total)
	}
}
