// What a lookup in a sealed segment costs, and making the sections of one.

package index

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/checked"
)

// benchEvents are 150,000 events of so many entities.
func benchEvents(entities int) []indexed {
	source := rand.New(rand.NewPCG(17, 18))
	events := make([]indexed, 150_000)
	for i := range events {
		events[i] = indexed{
			entity: fmt.Sprintf("customer:%011d", source.IntN(entities)), scope: fmt.Sprint("scope", source.IntN(4)),
			kind: event.Kind(0x1000 + source.IntN(4)), place: Place{Ordinal: uint32(i), Wall: uint64(i), Timestamp: int64(i)},
		}
	}
	return events
}

func BenchmarkTable(b *testing.B) {
	for _, entities := range []int{1000, 150_000} {
		b.Run(fmt.Sprintf("entities=%d", entities), func(b *testing.B) {
			events := benchEvents(entities)
			tail := tailOf(b, events)
			f := footerOf(b, tail)
			table := f.open(b, uint32(len(events)), f.bytes, checked.AppendSums(nil, f.bytes))
			dst := make([]uint32, 0, len(events))
			b.Run("find", func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i = (i + 7919) % len(events) {
					if _, ok, err := table.find(Entity, events[i].entity); !ok || err != nil {
						b.Fatal(ok, err)
					}
				}
			})
			b.Run("miss", func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i = (i + 7919) % len(events) {
					if _, ok, err := table.find(Entity, events[i].scope); ok || err != nil {
						b.Fatal(ok, err)
					}
				}
			})
			b.Run("ordinals", func(b *testing.B) {
				b.ReportAllocs()
				n := 0
				for i := 0; b.Loop(); i = (i + 7919) % len(events) {
					p, _, err := table.find(Entity, events[i].entity)
					if err == nil {
						dst, err = p.appendTo(dst[:0])
					}
					if err != nil {
						b.Fatal(err)
					}
					n += len(dst)
				}
				b.ReportMetric(float64(b.Elapsed())/float64(n), "ns/ordinal")
			})
			b.Run("bitmap", func(b *testing.B) {
				p, _, err := table.find(Scope, "scope1")
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					if _, err := p.bitmap(); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("mark", func(b *testing.B) {
				p, _, err := table.find(Scope, "scope1")
				if err != nil {
					b.Fatal(err)
				}
				words := make([]uint64, (len(events)+63)/64)
				for b.Loop() {
					if err := p.mark(words, uint32(len(events))); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(p.count), "ns/ordinal")
			})
			b.Run("encode", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := tail.Encode(func(uint32, uint32, []byte) {}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(f.size())/float64(len(events)), "B/event")
			})
		})
	}
}
