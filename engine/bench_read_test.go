// Benchmarks of reading: single events by sequence, replay, and opening.

package engine_test

import (
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

const benchEvents = 100_000

// filledStore returns a store with events of 256 bytes.
func filledStore(b *testing.B) *engine.Store {
	b.Helper()
	s := benchStore(b, engine.Options{Sync: engine.SyncManual()})
	fillStore(b, s)
	return s
}

func fillStore(b *testing.B, s *engine.Store) {
	b.Helper()
	coordinates, payload := benchCoordinates(), randomBytes(1, 256)
	for i := range benchEvents {
		if _, err := s.AppendBytes(coordinates[i%len(coordinates)], event.Data, event.CodecRaw, payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetInto(b *testing.B) {
	s := filledStore(b)
	var into event.Event
	b.SetBytes(256)
	b.ReportAllocs()
	sequence := uint64(0)
	for b.Loop() {
		sequence = (sequence+7919)%benchEvents + 1
		if err := s.GetInto(sequence, &into); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReplay(b *testing.B) {
	s := filledStore(b)
	for _, bench := range []struct {
		name    string
		options engine.ReadOptions
	}{
		{"checked", engine.ReadOptions{}},
		{"unchecked", engine.ReadOptions{SkipChecks: true}},
		{"backward", engine.ReadOptions{Direction: engine.Backward}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(benchEvents * 256)
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range s.Events(0, 0, bench.options) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.N)*benchEvents/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkOpen opens and closes a store that was closed in order.
func BenchmarkOpen(b *testing.B) {
	path := b.TempDir()
	s := mustOpen(b, path, engine.Options{Sync: engine.SyncManual()})
	fillStore(b, s)
	mustClose(b, s)
	for b.Loop() {
		mustClose(b, mustOpen(b, path, engine.Options{}))
	}
	b.ReportMetric(float64(b.N)*benchEvents/b.Elapsed().Seconds(), "events/s")
}
