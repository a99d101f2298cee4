// Tests of watching a projection.

package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// sight is one step of a watch.
type sight struct {
	state engine.State[reckoning]
	err   error
	at    time.Time
}

// watch runs a watch in a goroutine, which a step waits for to be taken; the channel is closed when it ends.
func (f *folds) watch(ctx context.Context, s *engine.Store, region event.Region, o engine.WatchOptions) <-chan sight {
	steps := make(chan sight)
	go func() {
		defer close(steps)
		for state, err := range engine.WatchProjection(ctx, s, f.tally, region, o) {
			steps <- sight{state, err, time.Now()}
		}
	}()
	return steps
}

// mustSee fails the test unless the next step is a state of so many events.
func mustSee(t *testing.T, steps <-chan sight, events uint64) sight {
	t.Helper()
	step := <-steps
	if step.err != nil || step.state.Value.Events != events {
		t.Fatalf("got %+v, %v, want %d events", step.state, step.err, events)
	}
	return step
}

// mustBeSilent fails the test if there is a step.
func mustBeSilent(t *testing.T, steps <-chan sight) {
	t.Helper()
	synctest.Wait()
	select {
	case step := <-steps:
		t.Fatalf("got %+v, %v", step.state, step.err)
	default:
	}
}

func TestAWatchYieldsTheStateAtOnceAndAfterEventsOfItsRegion(t *testing.T) {
	bubble(t, func(t *testing.T) { mustWatch(t, manual) })
}

func TestAWatchNeedsNoCache(t *testing.T) {
	o := manual
	o.Cache.Off = true
	bubble(t, func(t *testing.T) { mustWatch(t, o) })
}

func mustWatch(t *testing.T, o engine.Options) {
	t.Helper()
	s := mustOpenDir(t, newDevice(nothing()), o)
	f := newFolds()
	steps := f.watch(t.Context(), s, event.Entity("a"), engine.WatchOptions{})
	mustSee(t, steps, 0)
	mustAppendTo(t, s, "b", 3)
	mustBeSilent(t, steps)
	mustAppendTo(t, s, "a", 0)
	mustSee(t, steps, 1)
	f.mustApply(t, "one event", 1)
	mustAppendTo(t, s, "a", 0)
	synctest.Wait() // it holds the state of two events by now
	mustAppendTo(t, s, "a", 4)
	mustAppendTo(t, s, "b", 4)
	mustSee(t, steps, 2)
	mustSee(t, steps, 7)
	mustBeSilent(t, steps)
	f.mustApply(t, "each event once, cached or not", 6)
	mustClose(t, s)
	if step := <-steps; !errors.Is(step.err, engine.ErrClosed) {
		t.Errorf("closed: %v", step.err)
	}
	if _, more := <-steps; more {
		t.Error("it goes on after its error")
	}
}

func TestAWatchRestsBetweenTwoStatesAndEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mustOpenDir(t, newDevice(nothing()), manual)
		defer mustClose(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		steps := newFolds().watch(ctx, s, event.Entity("a"), engine.WatchOptions{Every: time.Minute})
		last := mustSee(t, steps, 0)
		for n := range uint64(3) {
			mustAppendTo(t, s, "a", 1)
			mustBeSilent(t, steps)
			mustAppendTo(t, s, "a", 1) // while it rests
			step := mustSee(t, steps, 4*(n+1))
			if rested := step.at.Sub(last.at); rested != time.Minute {
				t.Errorf("it rested %v", rested)
			}
			last = step
		}
		mustAppendTo(t, s, "a", 0)
		mustBeSilent(t, steps) // it rests
		cancel()
		if step := <-steps; !errors.Is(step.err, context.Canceled) {
			t.Errorf("cancelled: %v", step.err)
		}
	})
}

func TestAWatchEndsWithItsFirstError(t *testing.T) {
	t.Parallel()
	s := quickStore(t, manual)
	storeTurns(t, s, 10)
	states := 0
	for state, err := range engine.WatchProjection(t.Context(), s, troubled(11, func() error { panic("on purpose") }), event.Entity("a"), engine.WatchOptions{}) {
		if states++; states == 1 {
			if err != nil || state.Value != 5 {
				t.Fatalf("got %+v, %v", state, err)
			}
			storeTurns(t, s, 2)
			continue
		}
		mustBeFoldError(t, err, 11)
	}
	if states != 2 {
		t.Errorf("%d steps, want a state and an error", states)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range engine.WatchProjection(ctx, s, troubled(0, nil), event.Entity("a"), engine.WatchOptions{}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: %v", err)
		}
	}
}

func TestAWatchOfAStoreThatDoesNotGrowEndsAfterTheFirstState(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, manual)
	storeTurns(t, s, 10)
	mustClose(t, s)
	s = mustOpen(t, path, engine.Options{ReadOnly: true})
	defer mustClose(t, s)
	var errs []error
	for state, err := range engine.WatchProjection(t.Context(), s, newFolds().flat, event.Entity("a"), engine.WatchOptions{}) {
		if errs = append(errs, err); err == nil && state.Value.Events != 5 {
			t.Errorf("got %+v", state)
		}
	}
	if len(errs) != 2 || errs[0] != nil || !errors.Is(errs[1], engine.ErrReadOnly) {
		t.Errorf("got %v", errs)
	}
}

func TestAWatchConvergesBesideAWriterAndMayBeLeft(t *testing.T) {
	t.Parallel()
	events := 4000
	if raceBuild {
		events = 400
	}
	s := quickStore(t, engine.Options{Sync: engine.SyncEvery(100, 0), SegmentSize: engine.MinSegmentSize})
	f := newFolds()
	written := call(func() error {
		for i := range events {
			at := event.MustAt([]string{"a", "b", "c"}[i%3], "scope")
			if _, err := s.AppendBytes(at, event.Data, event.CodecRaw, nil); err != nil {
				return err
			}
		}
		return nil
	})
	region := event.Union(event.Entity("a"), event.Entity("c"))
	var last engine.State[reckoning]
	for state, err := range engine.WatchProjection(t.Context(), s, f.tally, region, engine.WatchOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if last.Sequence != 0 && (state.Value.Events <= last.Value.Events || state.Sequence <= last.Sequence) {
			t.Fatalf("%+v after %+v", state, last)
		}
		if last = state; state.Last >= uint64(events)-1 { // the last one, or the one before, is the region's
			break
		}
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if want := naive(t, s, region, last.Sequence); want.Order != last.Value.Order {
		t.Errorf("got %+v, want %+v", last.Value, want)
	}
	f.mustApply(t, "each event once", int64(last.Value.Events))
}
