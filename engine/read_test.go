// Reading: what an iteration covers, and what stays valid.

package engine_test

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestAnIterationCoversWhatIsVisibleWhenItsLoopBegins(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	events := s.Events(0, 0, engine.ReadOptions{})
	for round := range 3 {
		mustAppend(t, s, 10)
		seen := 0
		for _, err := range events {
			if err != nil {
				t.Fatal(err)
			}
			if seen++; seen == 5 {
				mustAppend(t, s, 10)
			}
		}
		if want := 20*round + 10; seen != want {
			t.Errorf("loop %d over the same iterator: %d events, want %d", round, seen, want)
		}
	}
}

func TestAnIteratorCanBeUsedByTwoGoroutinesAtOnce(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	want := mustAppend(t, s, 200)
	events := s.Events(0, 0, engine.ReadOptions{})
	results := make(chan int)
	for range 2 {
		go func() {
			seen := 0
			for ev, err := range events {
				if err == nil && difference(ev, want[seen]) == "" {
					seen++
				}
			}
			results <- seen
		}()
	}
	for range 2 {
		if seen := <-results; seen != len(want) {
			t.Errorf("%d events, want %d", seen, len(want))
		}
	}
}

func TestLeavingALoopEarlyReleasesEverything(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, quickDir(t), small(engine.SyncManual()))
	mustAppend(t, s, 300)
	for range 100 {
		for range s.Events(0, 0, engine.ReadOptions{}) {
			break
		}
		for range s.Events(0, 0, engine.ReadOptions{Direction: engine.Backward}) {
			break
		}
	}
	mustClose(t, s) // waits for readers
}

func TestAnEventReadByAtIsTheCallers(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	want := mustAppend(t, s, 2)
	got, err := s.At(1)
	if err != nil {
		t.Fatal(err)
	}
	clear(got.Payload)
	if _, err := s.At(2); err != nil {
		t.Fatal(err)
	}
	again, err := s.At(1)
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(again, want[0]); d != "" {
		t.Errorf("after its copy was changed: %s", d)
	}
}

func TestGetIntoReplacesEverythingThatTheEventHeld(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	o := engine.AppendOptions{Tags: []string{"a"}, Metadata: []byte("m"), Version: 3, Lane: 4, Flags: event.RequiresAck}
	if _, err := s.AppendBytesWith(here, event.Data, event.CodecRaw, []byte("long payload"), o); err != nil {
		t.Fatal(err)
	}
	bare, err := s.AppendBytes(event.MustAt("other", "scope"), event.Data, event.CodecJSON, nil)
	if err != nil {
		t.Fatal(err)
	}
	var into event.Event
	for _, sequence := range []uint64{1, bare.Sequence} {
		if err := s.GetInto(sequence, &into); err != nil {
			t.Fatal(err)
		}
	}
	d := event.Draft{Coordinate: event.MustAt("other", "scope"), Kind: event.Data, Codec: event.CodecJSON}
	if d := difference(into, expected(&d, nil, bare)); d != "" {
		t.Error(d)
	}
	if err := s.GetInto(99, &into); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}
