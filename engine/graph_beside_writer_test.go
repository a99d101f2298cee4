// The causal graph beside a writer, with all locks held, and kept over Close.

package engine_test

import (
	"errors"
	"iter"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// graphLoops are the ways to walk from an event.
func graphLoops(id event.ID) map[string]func(s *engine.Store) iter.Seq2[event.Event, error] {
	return map[string]func(s *engine.Store) iter.Seq2[event.Event, error]{
		"causes":       func(s *engine.Store) iter.Seq2[event.Event, error] { return s.Causes(id, engine.GraphOptions{}) },
		"effects":      func(s *engine.Store) iter.Seq2[event.Event, error] { return s.Effects(id, engine.GraphOptions{}) },
		"conversation": func(s *engine.Store) iter.Seq2[event.Event, error] { return s.Correlated(id, engine.ReadOptions{}) },
		"conversation, backwards": func(s *engine.Store) iter.Seq2[event.Event, error] {
			return s.Correlated(id, engine.ReadOptions{Direction: engine.Backward})
		},
	}
}

// TestReadersSeeWholeBatchesInTheCausalGraph: every batch is a chain of three that the root caused.
func TestReadersSeeWholeBatchesInTheCausalGraph(t *testing.T) {
	t.Parallel()
	const batches = 300
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		root, err := s.Append(here, event.Data, "root")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				for last := 0; ; {
					select {
					case <-done:
						return
					default:
					}
					var levels [3]int
					for ev, err := range s.Effects(root.ID, engine.GraphOptions{}) {
						if err != nil {
							t.Error(err)
							return
						}
						levels[ev.Position.Depth-1]++
					}
					talk := 0
					for _, err := range s.Correlated(root.ID, engine.ReadOptions{}) {
						if err != nil {
							t.Error(err)
							return
						}
						talk++
					}
					if levels[0] < last || levels[1] != levels[0] || levels[2] != levels[0] || talk < 3*levels[0]+1 || talk%3 != 1 {
						t.Errorf("%s: effects %v, %d in the conversation, before %d", policy, levels, talk, last)
						return
					}
					last = levels[0]
				}
			})
		}
		var batch engine.Batch
		for range batches {
			batch.Reset()
			batch.ReactTo(root.ID)
			first := batch.AddBytes(here, event.Data, event.CodecRaw, make([]byte, 100))
			o := engine.AppendOptions{Correlation: root.ID}
			second := batch.AddBytes(here, event.Data, event.CodecRaw, make([]byte, 100)).With(o).CausedBy(first)
			batch.AddBytes(here, event.Data, event.CodecRaw, make([]byte, 100)).With(o).CausedBy(second)
			if _, err := s.AppendBatch(&batch); err != nil {
				t.Fatal(err)
			}
		}
		close(done)
		readers.Wait()
		if known := all(t, s, 0, 0, engine.ReadOptions{}); len(known) != 3*batches+1 {
			t.Errorf("%s: %d events", policy, len(known))
		}
	}
}

func TestTheCausalGraphIsWalkedWhileAllLocksAreHeld(t *testing.T) {
	t.Parallel()
	w := newWeaver(40)
	s := quickStore(t, small(engine.SyncManual()))
	ids := w.weave(t, s, nil, 800)
	settle(s)
	engine.WaitForMerges(s)
	known := all(t, s, 0, 0, engine.ReadOptions{})
	release, held := engine.HoldLocks(s)
	defer release()
	if held == 0 {
		t.Fatal("no lock is held")
	}
	w.mustBeWoven(t, s, known, 20)
	if _, err := s.Graph(ids[10], engine.GraphOptions{}); err != nil {
		t.Error(err)
	}
}

func TestAWalkThatIsKeptOverCloseEndsWithErrClosed(t *testing.T) {
	t.Parallel()
	for _, steps := range []int{0, 1, 3} {
		s := mustOpen(t, quickDir(t), small(engine.SyncManual()))
		var last event.ID
		var middle engine.Receipt
		for i := range 11 {
			r, err := s.AppendBytesWith(here, event.Data, event.CodecRaw, nil, engine.AppendOptions{Cause: last, Correlation: event.MakeID(9, 9, 9)})
			if err != nil {
				t.Fatal(err)
			}
			if last = r.ID; i == 5 {
				middle = r
			}
		}
		kept := map[string]func() (event.Event, error, bool){}
		for what, loop := range graphLoops(middle.ID) {
			next, stop := iter.Pull2(loop(s))
			defer stop()
			for range steps {
				if _, err, ok := next(); err != nil || !ok {
					t.Fatalf("%s: %v, %v", what, err, ok)
				}
			}
			kept[what] = next
		}
		mustClose(t, s)
		for what, next := range kept {
			if _, err, ok := next(); !ok || !errors.Is(err, engine.ErrClosed) {
				t.Errorf("%s: after %d steps and Close: %v, %v, want ErrClosed", what, steps, err, ok)
			}
			if _, err, ok := next(); ok {
				t.Errorf("%s: goes on behind ErrClosed with %v", what, err)
			}
		}
	}
}

// TestAPanicInAWalkLeavesNothingHeld: the store can be asked and closed afterwards.
func TestAPanicInAWalkLeavesNothingHeld(t *testing.T) {
	t.Parallel()
	w := newWeaver(41)
	s := quickStore(t, small(engine.SyncManual()))
	w.weave(t, s, nil, 400)
	known := all(t, s, 0, 0, engine.ReadOptions{})
	for _, of := range known[:40] {
		for _, loop := range graphLoops(of.ID) {
			func() {
				defer func() { _ = recover() }()
				for range loop(s) {
					panic("body")
				}
			}()
		}
	}
	w.mustBeWoven(t, s, known, 20)
}
