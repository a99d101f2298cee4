// What an event costs a tail, outside the commit section and inside, and what readers pay.

package index

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/batpak/batpak/event"
)

const benchSegment = 64 << 20

// benchEntries returns filled entries of as many entities, in ten scopes, in random order. With keys each has a key of
// its own and a tag.
func benchEntries(entities, n int, keys bool) []Entry {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]Entry, n)
	for i := range list {
		d := event.Draft{Coordinate: event.MustAt(fmt.Sprintf("entity-%012d", r.IntN(entities)), fmt.Sprintf("scope-%014d", r.IntN(10))), Kind: 0x1000}
		if keys {
			d.Key = fmt.Sprintf("request-%012d", i)
			d.Tags = []string{fmt.Sprintf("tag-%d", r.IntN(100))}
		}
		list[i].Fill(&d, 0)
	}
	return list
}

// benchTail returns a tail with the events of entries.
func benchTail(entries []Entry) *Tail {
	t := NewTail(benchSegment)
	for i := range entries {
		t.Resolve(&entries[i])
		t.Enter(&entries[i]).Clock++
		t.Add(&entries[i], Place{Ordinal: uint32(i), Wall: uint64(i), Timestamp: int64(i)})
	}
	return t
}

func benchSizes(b *testing.B, run func(b *testing.B, entities int, keys bool)) {
	for _, entities := range []int{1000, 150_000} {
		b.Run(fmt.Sprintf("entities=%d", entities), func(b *testing.B) { run(b, entities, false) })
	}
	b.Run("entities=1000/keys", func(b *testing.B) { run(b, 1000, true) })
}

// segmentEvents is how many events a segment of 64 MiB holds, about.
const segmentEvents = 150_000

func BenchmarkTailResolve(b *testing.B) {
	benchSizes(b, func(b *testing.B, entities int, keys bool) {
		entries := benchEntries(entities, segmentEvents, keys)
		t := benchTail(entries)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			t.Resolve(&entries[i%1000])
		}
	})
}

// BenchmarkTailEnterAdd measures what happens in the commit section: entries are resolved in blocks, whose time is not
// counted. A tail is replaced when it has a segment's events.
func BenchmarkTailEnterAdd(b *testing.B) {
	benchSizes(b, func(b *testing.B, entities int, keys bool) {
		const block = 128
		entries := benchEntries(entities, segmentEvents/block*block, keys)
		var t *Tail
		var inside time.Duration
		b.ReportAllocs()
		for i := 0; i < b.N; i += block {
			n := i % len(entries)
			if n == 0 {
				t = NewTail(benchSegment)
			}
			for k := n; k < n+block; k++ {
				t.Resolve(&entries[k])
			}
			start := time.Now()
			for k := n; k < n+block; k++ {
				t.Enter(&entries[k]).Clock++
				t.Add(&entries[k], Place{Ordinal: uint32(k), Wall: uint64(k), Timestamp: int64(k)})
			}
			inside += time.Since(start)
		}
		b.ReportMetric(float64(inside.Nanoseconds())/float64((b.N+block-1)/block*block), "inside-ns/event")
	})
}

// BenchmarkTailStream measures an event of an entity's stream.
func BenchmarkTailStream(b *testing.B) {
	entries := benchEntries(1000, segmentEvents, false)
	t := benchTail(entries)
	var dst []uint32
	n := 0
	for i := 0; b.Loop(); i++ {
		e := &entries[i%len(entries)]
		dst = t.ordinals(dst[:0], t.find(Entity, e.EntityHash(), e.Entity()), segmentEvents)
		n += len(dst)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
}

// BenchmarkTailScan measures a record in a scan of all.
func BenchmarkTailScan(b *testing.B) {
	t := benchTail(benchEntries(1000, segmentEvents, false))
	matches := 0
	for b.Loop() {
		t.scan(0, segmentEvents, func(_ uint32, r *record) bool {
			if r.kind == 0x1001 {
				matches++
			}
			return true
		})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/segmentEvents, "ns/record")
}
