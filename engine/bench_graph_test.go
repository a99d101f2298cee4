// Benchmarks of the causal graph: what a thousand effects, or the thousand events of a conversation, cost in stores of
// two sizes.

package engine_test

import (
	"fmt"
	"iter"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// grownStore returns a store of so many events. Spread over it are the effects of its first event: 100 that have it as
// their cause, and nine effects of each of these; all of them are one conversation.
func grownStore(t testing.TB, s *engine.Store, events, effects int) (root engine.Receipt) {
	t.Helper()
	root, err := s.AppendBytes(here, event.Data, event.CodecRaw, nil)
	if err != nil {
		t.Fatal(err)
	}
	other := make([]event.Coordinate, 1000)
	for i := range other {
		other[i] = event.MustAt(fmt.Sprint("entity-", i), "scope")
	}
	payload, parent := make([]byte, 64), root.ID
	for i := 1; i < events; i++ {
		at, o := other[i*7919%len(other)], engine.AppendOptions{}
		effect := i%(events/effects) == 0
		if effect {
			o.Cause, o.Correlation = parent, root.ID
			if i/(events/effects)%10 == 1 {
				o.Cause = root.ID
			}
		}
		r, err := s.AppendBytesWith(at, event.Data, event.CodecRaw, payload, o)
		if err != nil {
			t.Fatal(err)
		}
		if effect && o.Cause == root.ID {
			parent = r.ID
		}
	}
	settle(s)
	engine.WaitForMerges(s)
	return root
}

func BenchmarkCausalGraph(b *testing.B) {
	for _, events := range []int{10_000, 1_000_000} {
		s := benchStore(b, engine.Options{Sync: engine.SyncManual(), SegmentSize: 4 << 20})
		root := grownStore(b, s, events, 1000)
		for _, c := range []struct {
			what string
			loop func() iter.Seq2[event.Event, error]
		}{
			{"effects", func() iter.Seq2[event.Event, error] { return s.Effects(root.ID, engine.GraphOptions{}) }},
			{"conversation", func() iter.Seq2[event.Event, error] { return s.Correlated(root.ID, engine.ReadOptions{}) }},
			{"newest 10 of a conversation", func() iter.Seq2[event.Event, error] {
				return s.Correlated(root.ID, engine.ReadOptions{Direction: engine.Backward, Limit: 10})
			}},
		} {
			b.Run(fmt.Sprintf("%s of %d events", c.what, events), func(b *testing.B) {
				b.ReportAllocs()
				found := 0
				for b.Loop() {
					for _, err := range c.loop() {
						if err != nil {
							b.Fatal(err)
						}
						found++
					}
				}
				b.ReportMetric(float64(found)/float64(b.N), "events/op")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(found), "ns/event")
			})
		}
	}
}
