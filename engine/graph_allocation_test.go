//go:build !race

// Walking the causal graph allocates for the walk, not for every event, and no more in a larger store. The race detector
// allocates by itself.

package engine_test

import (
	"iter"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// Not parallel: what others allocate would be counted.

func TestWalkingTheCausalGraphAllocatesNothingForAnEvent(t *testing.T) {
	const effects, most = 500, 150
	for _, events := range []int{2000, 30_000} {
		s := quickStore(t, engine.Options{Sync: engine.SyncManual(), SegmentSize: 256 << 10})
		root := grownStore(t, s, events, effects)
		for what, loop := range map[string]func() iter.Seq2[event.Event, error]{
			"effects":      func() iter.Seq2[event.Event, error] { return s.Effects(root.ID, engine.GraphOptions{}) },
			"conversation": func() iter.Seq2[event.Event, error] { return s.Correlated(root.ID, engine.ReadOptions{}) },
		} {
			found := 0
			got := testing.AllocsPerRun(10, func() {
				found = 0
				for _, err := range loop() {
					if err != nil {
						t.Fatal(err)
					}
					found++
				}
			})
			if got > most || found < effects-1 {
				t.Errorf("%s of %d events: %d found, %.0f allocations", what, events, found, got)
			}
		}
	}
}

func TestCausesAllocateNothingForAnEvent(t *testing.T) {
	s := quickStore(t, small(engine.SyncManual()))
	var last event.ID
	for range 1000 {
		r, err := caused(s, last)
		if err != nil {
			t.Fatal(err)
		}
		last = r.ID
	}
	got := testing.AllocsPerRun(10, func() {
		found := 0
		for _, err := range s.Causes(last, engine.GraphOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			found++
		}
		if found != 999 {
			t.Fatalf("%d causes", found)
		}
	})
	if got > 10 {
		t.Errorf("%.0f allocations", got)
	}
}

// TestALongChainOfEffectsAllocatesNothingForAnEvent: every event is a level.
func TestALongChainOfEffectsAllocatesNothingForAnEvent(t *testing.T) {
	s := quickStore(t, small(engine.SyncManual()))
	first, err := caused(s, event.ID{})
	if err != nil {
		t.Fatal(err)
	}
	last := first.ID
	for range 1000 {
		r, err := caused(s, last)
		if err != nil {
			t.Fatal(err)
		}
		last = r.ID
	}
	got := testing.AllocsPerRun(10, func() {
		found := 0
		for _, err := range s.Effects(first.ID, engine.GraphOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			found++
		}
		if found != 1000 {
			t.Fatalf("%d effects", found)
		}
	})
	if got > 100 {
		t.Errorf("%.0f allocations", got)
	}
}
