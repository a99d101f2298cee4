// What looking up costs, with everything in memory.

package query

import (
	"testing"

	"github.com/batpak/batpak/event"
)

// benchArchive has so many events in sealed segments, a tenth each, and a tail.
func benchArchive(b *testing.B, events int) *archive {
	a := newArchive(b, 60, 11, events/11, all)
	b.ReportAllocs()
	b.ResetTimer()
	return a
}

func BenchmarkByID(b *testing.B) {
	a := benchArchive(b, 200_000)
	var into event.Event
	for n := 0; b.Loop(); n++ {
		if err := a.reader.ByIDInto(a.events[n*7919%len(a.events)].ID, &into); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStream reads the 20 to 10,000 events of one entity.
func BenchmarkStream(b *testing.B) {
	a := benchArchive(b, 200_000)
	for _, entity := range []string{"a:90", "a:50", "a:0"} {
		b.Run(entity, func(b *testing.B) {
			events := 0
			for b.Loop() {
				for _, err := range a.reader.Query(event.Entity(entity), Options{Check: true}) {
					if err != nil {
						b.Fatal(err)
					}
					events++
				}
			}
			b.ReportMetric(float64(events)/float64(b.N), "events/op")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
		})
	}
}

func BenchmarkNewestOfAnEntity(b *testing.B) {
	a := benchArchive(b, 200_000)
	for b.Loop() {
		if _, err := a.reader.Clock("a:0"); err != nil {
			b.Fatal(err)
		}
	}
}
