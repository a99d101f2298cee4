// What a delivery costs.

package engine_test

import (
	"fmt"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// BenchmarkPoll is an append and its delivery to who keeps up, beside the append alone; and one event of a backlog.
func BenchmarkPoll(b *testing.B) {
	regions := map[string]event.Region{"everything": event.Everything(), "one entity": event.Entity("entity"), "another entity": event.Entity("other")}
	payload := make([]byte, 256)
	open := func(b *testing.B) *engine.Store {
		s, err := engine.Open(b.TempDir(), engine.Options{Sync: engine.SyncManual()})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := s.Close(); err != nil {
				b.Error(err)
			}
		})
		return s
	}
	store := func(b *testing.B, s *engine.Store) {
		if _, err := s.AppendBytes(here, event.Data, event.CodecRaw, payload); err != nil {
			b.Fatal(err)
		}
	}
	for name, region := range regions {
		b.Run("append and poll/"+name, func(b *testing.B) {
			s := open(b)
			sub := mustSubscribe(b, s, region, engine.SubscribeOptions{})
			b.ReportAllocs()
			for b.Loop() {
				store(b, s)
				if _, _, err := sub.Poll(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("append alone", func(b *testing.B) {
		s := open(b)
		for b.Loop() {
			store(b, s)
		}
	})
	for _, late := range []int{2000, 200_000} {
		for name, region := range regions {
			b.Run(fmt.Sprintf("drop of %d/%s", late, name), func(b *testing.B) {
				s := open(b)
				sub := mustSubscribe(b, s, region, engine.SubscribeOptions{})
				dropped := uint64(0)
				for b.Loop() {
					b.StopTimer()
					for range late {
						store(b, s)
					}
					b.StartTimer()
					if _, _, err := sub.Poll(); err != nil {
						b.Fatal(err)
					}
				}
				dropped = sub.Dropped()
				if dropped > 0 {
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(dropped), "ns/dropped")
				}
			})
		}
	}
}
