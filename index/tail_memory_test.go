// What a tail takes of the heap, and how seldom it asks for it.

package index

import (
	"fmt"
	"reflect"
	"runtime"
	"testing"

	"github.com/batpak/batpak/event"
)

// grown returns by how many bytes, and in how many allocations, the heap grows by what fn makes and returns.
func grown(fn func() any) (size, allocations float64) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	kept := fn()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(kept)
	return float64(after.HeapAlloc) - float64(before.HeapAlloc), float64(after.Mallocs - before.Mallocs)
}

// entriesOf returns entries of as many entities, in turn; keyed ones have a key each.
func entriesOf(entities, n int, keyed bool) []Entry {
	entries := make([]Entry, n)
	for i := range entries {
		d := event.Draft{Coordinate: event.MustAt(fmt.Sprintf("entity-%013d", i%entities), "scope"), Kind: 0x1000}
		if keyed {
			d.Key = fmt.Sprint(i)
		}
		entries[i].Fill(&d, 0)
	}
	return entries
}

// fill adds entries to a new tail, round and round.
func fill(entries []Entry, n uint32) *Tail {
	tail := NewTail(benchSegment)
	for i := range n {
		e := &entries[i%uint32(len(entries))]
		tail.Resolve(e)
		tail.Enter(e).Clock++
		tail.Add(e, Place{Ordinal: i, Wall: uint64(i), Timestamp: int64(i)})
	}
	return tail
}

func TestAnEventTakesAtMost64BytesAndAnEntityAtMost128AndItsName(t *testing.T) {
	const n, name = 100_000, 20
	directory := 4 * float64(len(NewTail(benchSegment).roots))
	for _, c := range []struct {
		what    string
		entries []Entry
		most    float64 // bytes an event, without the directory
	}{
		{"an event of one of 1,000 entities", entriesOf(1000, 1000, false), 64},
		{"an event of one of 1,000 entities, with a key of its own", entriesOf(1000, n, true), 64},
		{"an event of an entity of its own", entriesOf(n, n, false), 64 + 128 + name},
	} {
		size, _ := grown(func() any { return fill(c.entries, n) })
		each := (size - directory) / n
		t.Logf("%s: %.1f bytes", c.what, each)
		if each > c.most {
			t.Errorf("%s takes %.1f bytes, at most %.0f are agreed", c.what, each, c.most)
		}
	}
}

func TestChunksAreOfSizesThatGoAllocatesWithoutRounding(t *testing.T) {
	for _, c := range []struct {
		of   reflect.Type
		want uintptr
	}{
		{reflect.TypeFor[slot](), 40}, {reflect.TypeFor[record](), 20}, {reflect.TypeFor[Head](), 40},
		{reflect.TypeFor[node](), 8}, {reflect.TypeFor[zone](), 32}, {reflect.TypeFor[hole](), 8},
	} {
		if c.of.Size() != c.want || c.of.Size()*chunkLen > 32<<10 {
			t.Errorf("%v takes %d bytes, want %d", c.of, c.of.Size(), c.want)
		}
	}
}

func TestTheHeapIsAskedForChunksOnly(t *testing.T) {
	const n = 100 * chunkLen
	for _, entries := range [][]Entry{entriesOf(1000, 1000, true), entriesOf(n, n, true)} {
		_, allocations := grown(func() any { return fill(entries, n) })
		// At most a chunk each of slots (of two), names, heads, records, nodes and zones, beside spines and spares.
		if most := 6*n/chunkLen + 100.0; allocations > most {
			t.Errorf("%d entries: %.0f allocations for %d events, want at most %.0f", len(entries), allocations, n, most)
		}
	}
}

func TestAskingATailAllocatesNothing(t *testing.T) {
	entries := entriesOf(100, 10_000, true)
	tail := fill(entries, 10_000)
	dst := make([]uint32, 0, 10_000)
	i := 0
	if n := testing.AllocsPerRun(100, func() {
		e := &entries[i]
		i++
		tail.Resolve(e)
		slot := tail.find(Entity, e.EntityHash(), e.Entity())
		dst = tail.ordinals(dst[:0], slot, 10_000)
		tail.newest(slot, 5000)
		tail.slots(Entity, 10_000, func(slot uint32, name []byte) bool { dst[0] += slot; return len(name) > 0 })
		tail.scan(0, 10_000, func(ordinal uint32, _ *record) bool { dst[0] += ordinal; return true })
		tail.holesBelow(10_000)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
