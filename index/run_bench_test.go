// What a lookup in a run and a merge cost. Every lookup goes through the pin and the guard, as readers do it.

package index

import (
	"math/rand/v2"
	"testing"

	"github.com/batpak/batpak/internal/checked"
)

// benchmarkParts returns sealed parts with one entry of the type for each event.
func benchmarkParts(b *testing.B, t Type, parts, events int) []RunInput {
	source := rand.New(rand.NewPCG(8, 8))
	var inputs []RunInput
	for n := range parts {
		var entries [lists][]link
		for i := range events {
			entries[listOf(t)] = append(entries[listOf(t)], link{source.Uint64(), uint32(i)})
		}
		table := &Table{events: uint32(events), linked: checked.Of(encodeLists(&entries))}
		part := NewSealedPart(Identity{Number: uint64(n + 1)}, uint64(n*events+1), table, func(fn func()) error { fn(); return nil })
		inputs = append(inputs, RunInput{Parts: []*Part{part}})
	}
	return inputs
}

func BenchmarkRunLookup(b *testing.B) {
	const parts, events = 8, 250_000
	run, err := OpenRun(writeRun(b, benchmarkParts(b, Key, parts, events)...), runOrigin, nil, func() error { return nil })
	if err != nil {
		b.Fatal(err)
	}
	held, count := &run.body.lists[listOf(Key)], uint64(parts*events)
	source := rand.New(rand.NewPCG(9, 9))
	var hits []uint64
	for range 1 << 16 {
		hash, err := run.body.hash(held, source.Uint64N(count))
		if err != nil {
			b.Fatal(err)
		}
		hits = append(hits, hash)
	}
	dst := make([]uint64, 0, 4)
	ask := func(b *testing.B, hash uint64, want int) {
		var found []uint64
		var failed error
		if err := run.read(func() { found, failed = run.lookup(dst, Key, hash) }); err != nil || failed != nil || len(found) != want {
			b.Fatal(err, failed, len(found))
		}
	}
	b.Run("hit", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			ask(b, hits[i%len(hits)], 1)
		}
		b.ReportMetric(float64(run.info.Size)/float64(run.info.Entries), "B/entry")
	})
	b.Run("miss", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			ask(b, source.Uint64(), 0)
		}
	})
}

func BenchmarkRunMerge(b *testing.B) {
	const parts, events = 8, 50_000
	inputs := benchmarkParts(b, Key, parts, events)
	for range b.N {
		w, err := NewRunWriter(runOrigin, inputs)
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Write(discard{}, func() error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*parts*events), "ns/entry")
}

// discard is an io.WriterAt that keeps nothing.
type discard struct{}

func (discard) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

func BenchmarkLinksEncode(b *testing.B) {
	const events = 150_000
	source := rand.New(rand.NewPCG(8, 9))
	var all []link
	for i := range events {
		all = append(all, link{source.Uint64(), uint32(i)})
	}
	for range b.N {
		entries := [lists][]link{all}
		encodeLists(&entries)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/entry")
}
