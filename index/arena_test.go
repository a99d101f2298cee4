// Arenas: chunks stay where they are, and the next one is made ahead.

package index

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestChunksStayWhereTheyAreWhileAnArenaGrows(t *testing.T) {
	var a arena[[4]uint32]
	var short atomic.Bool
	var at []*[4]uint32
	for i := range uint32(10 * firstSpine) {
		a.reserve(i, &short)
		at = append(at, a.chunk(i))
		a.chunk(i)[3] = i
		for k, c := range at {
			if a.chunk(uint32(k)) != c || c[3] != uint32(k) {
				t.Fatalf("chunk %d moved when there were %d", k, i+1)
			}
		}
	}
}

func TestReservingChunksAheadAddsThoseBetween(t *testing.T) {
	var a arena[[4]uint32]
	var short atomic.Bool
	a.reserve(2*firstSpine, &short)
	for i := range uint32(2*firstSpine + 1) {
		a.chunk(i)[0] = i
	}
	if a.chunks != 2*firstSpine+1 || !short.Load() {
		t.Errorf("%d chunks", a.chunks)
	}
}

func TestTheSpareChunkIsTakenNext(t *testing.T) {
	var a arena[[4]uint32]
	var short atomic.Bool
	touched := 0
	touch := func(c *[4]uint32) { clear(c[:]); touched++ }
	if a.prepare(touch); a.spare.Load() != nil {
		t.Error("an arena that nobody uses has a spare chunk")
	}
	a.reserve(0, &short)
	a.prepare(touch)
	spare := a.spare.Load()
	if a.prepare(touch); spare == nil || a.spare.Load() != spare || touched != 1 {
		t.Error("not one spare chunk")
	}
	if a.reserve(1, &short); a.chunk(1) != spare || a.spare.Load() != nil {
		t.Error("it was not taken")
	}
}

func TestResolvingMakesTheSpareChunksThatWereTaken(t *testing.T) {
	tail := NewTail(0)
	entries := entriesOf(2*chunkLen, 2*chunkLen, true)
	grew := false // a first chunk was full; a small segment never gets there
	for i := range entries {
		tail.Resolve(&entries[i])
		spare := tail.recordChunks.spare.Load() != nil && tail.slotChunks.spare.Load() != nil && tail.headChunks.spare.Load() != nil
		if tail.short.Load() || spare != grew {
			t.Fatalf("spare chunks before event %d: %v, want %v", i, spare, grew)
		}
		tail.Enter(&entries[i])
		tail.Add(&entries[i], Place{Ordinal: uint32(i)})
		grew = grew || tail.short.Load()
	}
	if !grew {
		t.Error("no chunk was full")
	}
}

func TestChunksArePreparedBesideTheWriter(t *testing.T) {
	var a arena[[64]uint32]
	var short atomic.Bool
	var count atomic.Uint32
	a.reserve(0, &short)
	count.Store(1)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for n := count.Load(); n < 2000; n = count.Load() {
				a.prepare(func(c *[64]uint32) { clear(c[:]) })
				if got := a.chunk(n - 1)[63]; got != 0 && got != n-1 {
					t.Errorf("chunk %d holds %d", n-1, got)
					return
				}
			}
		})
	}
	for i := uint32(1); i < 2000; i++ {
		a.reserve(i, &short)
		a.chunk(i)[63] = i
		count.Store(i + 1)
	}
	group.Wait()
}
