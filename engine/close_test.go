// Closing: once, twice, from several goroutines, beside appends and readers; and what
// calls say afterwards.

package engine_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestAClosedStoreAnswersEveryCallWithErrClosed(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		path := quickDir(t)
		s := mustOpen(t, path, small(policy))
		events := mustAppend(t, s, 100)
		mustClose(t, s)
		mustClose(t, s)
		var into event.Event
		calls := map[string]error{"Sync": s.Sync(), "GetInto": s.GetInto(1, &into)}
		_, calls["At"] = s.At(1)
		_, calls["Append"] = s.Append(here, event.Data, "x")
		_, calls["AppendWith"] = s.AppendWith(here, event.Data, "x", engine.AppendOptions{Tags: []string{"a"}})
		_, calls["AppendBytes"] = s.AppendBytes(here, event.Data, event.CodecRaw, nil)
		_, calls["AppendBytesWith a cause"] = s.AppendBytesWith(here, event.Data, event.CodecRaw, nil, engine.AppendOptions{Cause: events[0].ID})
		for _, direction := range []engine.Direction{engine.Forward, engine.Backward} {
			steps := 0
			for _, err := range s.Events(0, 0, engine.ReadOptions{Direction: direction}) {
				calls["Events"] = err
				steps++
			}
			if steps != 1 {
				t.Errorf("%s: events in direction %d: %d steps, want one error", policy, direction, steps)
			}
		}
		for call, err := range calls {
			if !errors.Is(err, engine.ErrClosed) {
				t.Errorf("%s: %s: got %v, want ErrClosed", policy, call, err)
			}
		}
		if got := s.Stats(); got.Staged != 100 || got.Durable != 100 {
			t.Errorf("%s: stats after closing: %+v", policy, got)
		}
	}
}

func TestAnIteratorEndsWithErrClosedWhenTheStoreCloses(t *testing.T) {
	t.Parallel()
	for _, direction := range []engine.Direction{engine.Forward, engine.Backward} {
		s := mustOpen(t, quickDir(t), small(engine.SyncManual()))
		mustAppend(t, s, 300)
		seen := 0
		var last error
		for ev, err := range s.Events(0, 0, engine.ReadOptions{Direction: direction}) {
			if last = err; err != nil {
				continue
			}
			if seen++; seen == 150 {
				mustClose(t, s)
				if len(ev.Payload) == 0 {
					t.Error("the event at hand is gone")
				}
			}
		}
		if seen != 150 || !errors.Is(last, engine.ErrClosed) {
			t.Errorf("direction %d: %d events, then %v, want 150 and ErrClosed", direction, seen, last)
		}
	}
}

func TestCloseBesideAppendLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		rounds := 20
		if raceBuild {
			rounds = 10
		}
		for round := range rounds {
			path := quickDir(t)
			s := mustOpen(t, path, small(policy))
			acked := make([]history, 4)
			var appending, closing sync.WaitGroup
			for writer := range acked {
				appending.Go(func() { acked[writer] = appendUntilClosed(t, s, writer) })
			}
			until(func() bool { return s.Stats().Staged > uint64(10*round) })
			for range 3 {
				closing.Go(func() {
					if err := s.Close(); err != nil {
						t.Errorf("%s: close: %v", policy, err)
					}
				})
			}
			closing.Wait()
			appending.Wait()
			s = mustOpen(t, path, small(policy))
			if !s.Report().Clean {
				t.Errorf("%s: not closed in order: %s", policy, s.Report())
			}
			events := all(t, s, 0, 0, engine.ReadOptions{})
			mustBeSound(t, events, true)
			for _, list := range acked {
				for _, ev := range list {
					if d := difference(events[ev.Sequence-1], ev); d != "" {
						t.Fatalf("%s: an acknowledged event: %s", policy, d)
					}
				}
			}
			mustClose(t, s)
		}
	}
}

// appendUntilClosed appends until the store is closed and returns what was
// acknowledged.
func appendUntilClosed(t *testing.T, s *engine.Store, writer int) history {
	var acked history
	for n := uint64(0); ; n++ {
		d := event.Draft{Coordinate: here, Kind: event.Data, Payload: randomBytes(n, 500), Lane: uint32(writer)}
		r, err := s.AppendBytesWith(d.Coordinate, d.Kind, d.Codec, d.Payload, engine.AppendOptions{Lane: d.Lane})
		if err != nil {
			if !errors.Is(err, engine.ErrClosed) {
				t.Errorf("append beside close: got %v, want ErrClosed", err)
			}
			return acked
		}
		acked = append(acked, expected(&d, nil, r))
	}
}
