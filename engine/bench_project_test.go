// Benchmarks of projections: cold, kept, and kept with a few events behind.

package engine_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// sums is a state without pointers, tallies one that a Clone copies, counts one that is encoded.
type (
	sums    struct{ Events, Bytes, Last uint64 }
	tallies struct{ byKind map[event.Kind]int }
	counts  map[string]int
)

var (
	summing = engine.MustProjection(engine.Fold[sums]{Name: "sums", Apply: func(s *sums, ev event.Event) error {
		s.Events++
		s.Bytes += uint64(len(ev.Payload))
		s.Last = ev.Sequence
		return nil
	}})
	tallying = engine.MustProjection(engine.Fold[tallies]{
		Name:    "tallies",
		Initial: func() tallies { return tallies{map[event.Kind]int{}} },
		Apply:   func(t *tallies, ev event.Event) error { t.byKind[ev.Kind]++; return nil },
		Clone: func(t tallies) tallies {
			copied := tallies{make(map[event.Kind]int, len(t.byKind))}
			for kind, n := range t.byKind {
				copied.byKind[kind] = n
			}
			return copied
		},
	})
	counting = engine.MustProjection(engine.Fold[counts]{
		Name:    "counts",
		Initial: func() counts { return counts{} },
		Apply:   func(c *counts, ev event.Event) error { (*c)[fmt.Sprint("place-", ev.Position.Clock%100)]++; return nil },
	})
)

// projectedStore returns a store with events of one entity among those of nine others.
func projectedStore(b *testing.B, events int, o engine.CacheOptions) *engine.Store {
	b.Helper()
	s, err := engine.Open(b.TempDir(), engine.Options{Sync: engine.SyncManual(), Cache: o})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	payload := make([]byte, 256)
	for range events {
		for e := range 10 {
			if _, err := s.AppendBytes(event.MustAt(fmt.Sprint("entity-", e), "scope"), event.Data, event.CodecRaw, payload); err != nil {
				b.Fatal(err)
			}
		}
	}
	return s
}

func benchProject[S any](b *testing.B, s *engine.Store, p *engine.Projection[S], before func()) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if before != nil {
			before()
		}
		if _, err := engine.Project(context.Background(), s, p, event.Entity("entity-1"), engine.Consistent()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkProjectCold(b *testing.B) {
	s := projectedStore(b, 1000, engine.CacheOptions{Off: true})
	b.Run("value", func(b *testing.B) { benchProject(b, s, summing, nil) })
}

func BenchmarkProjectKept(b *testing.B) {
	s := projectedStore(b, 1000, engine.CacheOptions{})
	b.Run("value", func(b *testing.B) { benchProject(b, s, summing, nil) })
	b.Run("clone", func(b *testing.B) { benchProject(b, s, tallying, nil) })
	b.Run("encoded", func(b *testing.B) { benchProject(b, s, counting, nil) })
}

func BenchmarkProjectFiveNewEvents(b *testing.B) {
	for _, events := range []int{1000, 20_000} {
		s := projectedStore(b, events, engine.CacheOptions{})
		b.Run(fmt.Sprint(events), func(b *testing.B) {
			benchProject(b, s, summing, func() {
				b.StopTimer()
				for range 5 {
					if _, err := s.AppendBytes(event.MustAt("entity-1", "scope"), event.Data, event.CodecRaw, nil); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
			})
		})
	}
}
