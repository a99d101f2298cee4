// Benchmarks of the hash chain: verifying everything and one entity, walking, heads and proofs.

package engine_test

import (
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func BenchmarkVerifyChain(b *testing.B) {
	s := filledStore(b)
	for _, bench := range []struct {
		name   string
		region event.Region
		o      engine.VerifyOptions
	}{
		{"everything", event.Everything(), engine.VerifyOptions{}},
		{"everything/one worker", event.Everything(), engine.VerifyOptions{Workers: 1}},
		{"region of everything", event.EntityPrefix("entity-"), engine.VerifyOptions{}},
		{"one entity", event.Entity(benchCoordinates()[0].Entity()), engine.VerifyOptions{}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			events := uint64(0)
			for b.Loop() {
				report, err := s.VerifyChain(b.Context(), bench.region, bench.o)
				if err != nil {
					b.Fatal(err)
				}
				events += report.Events
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkWalkChain(b *testing.B) {
	s := filledStore(b)
	newest, err := s.At(benchEvents)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		events := 0
		for _, err := range s.WalkChain(newest.ID, 100) {
			if err != nil {
				b.Fatal(err)
			}
			events++
		}
		if events != 100 {
			b.Fatalf("%d events", events)
		}
	}
}

func BenchmarkHead(b *testing.B) {
	s := filledStore(b)
	if err := s.Sync(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Head(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkProve(b *testing.B) {
	s := filledStore(b)
	if err := s.Sync(); err != nil {
		b.Fatal(err)
	}
	head, err := s.Head()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for n := uint64(0); b.Loop(); n++ {
		ev, err := s.At(1 + n*7919%benchEvents)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Prove(ev.ID, head); err != nil {
			b.Fatal(err)
		}
	}
}
