// Tests of projections: what is read, what is kept, and how new a state is.

package engine_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// manual syncs nothing by itself.
var manual = engine.Options{Sync: engine.SyncManual()}

func TestOnlyEventsThatCameSinceAreFolded(t *testing.T) {
	t.Parallel()
	s, f := quickStore(t, manual), newFolds()
	region := event.Entity("a")
	if got := f.mustFold(t, s, region, engine.Consistent()); got.last != 0 || got.Events != 0 {
		t.Errorf("of an empty store: %+v", got)
	}
	storeTurns(t, s, 20)
	if got := f.mustFold(t, s, region, engine.Consistent()); got.cached || got.sequence != 20 || got.last != 19 {
		t.Errorf("after 20 events: %+v", got)
	}
	f.mustApply(t, "the first time", 3*10)
	if got := f.mustFold(t, s, region, engine.Consistent()); !got.cached || got.sequence != 20 {
		t.Errorf("again: %+v", got)
	}
	f.mustApply(t, "nothing new", 0)
	storeTurns(t, s, 4)
	f.mustFold(t, s, region, engine.Consistent())
	f.mustApply(t, "two new events", 3*2)
}

func TestEventsOfOthersLeaveAStateAsNewAsTheyAre(t *testing.T) {
	t.Parallel()
	s, f := quickStore(t, manual), newFolds()
	storeTurns(t, s, 20)
	f.mustFold(t, s, event.Entity("a"), engine.Consistent())
	f.applied.Store(0)
	for i := range 100 { // also more than a state lags behind before it is put again
		last := mustAppendTo(t, s, "b", i%7)
		if got := f.mustFold(t, s, event.Entity("a"), engine.Consistent()); !got.cached || got.sequence != last {
			t.Fatalf("behind events of others up to %d: %+v", last, got)
		}
	}
	f.mustApply(t, "events of others", 0)
}

// mustAppendTo appends events of an entity, at least one.
func mustAppendTo(t failer, s *engine.Store, entity string, more int) (last uint64) {
	t.Helper()
	for range more + 1 {
		r, err := s.AppendBytes(event.MustAt(entity, "scope"), event.Data, event.CodecRaw, nil)
		if err != nil {
			t.Fatalf("append: %v", err)
		}
		last = r.Sequence
	}
	return last
}

func TestKindsOfAFoldNarrowWhatItReads(t *testing.T) {
	t.Parallel()
	s := quickStore(t, manual)
	storeTurns(t, s, 30)
	some, all := newFolds(event.MustKind(1, 2), event.MustKind(1, 0), event.MustKind(1, 2)), newFolds()
	if got := all.mustFold(t, s, event.Everything(), engine.Consistent()); got.Events != 30 {
		t.Errorf("all kinds: %+v", got)
	}
	got := some.must(t, s, event.Everything(), engine.Consistent())
	if got.Events != 20 || got.Kinds["0x1001"] != 0 || got.Kinds["0x1000"] != 10 || got.Kinds["0x1002"] != 10 {
		t.Errorf("of two kinds: %+v", got)
	}
	some.mustApply(t, "of two kinds", 3*20)
}

func TestAnotherVersionBeginsAnewAndLeavesTheOldOneItsState(t *testing.T) {
	t.Parallel()
	s := quickStore(t, manual)
	storeTurns(t, s, 10)
	applied := 0
	version := func(n uint32, step uint64) *engine.Projection[uint64] {
		return engine.MustProjection(engine.Fold[uint64]{Name: "n", Version: n, Apply: func(s *uint64, _ event.Event) error {
			applied++
			*s += step
			return nil
		}})
	}
	for _, want := range []struct {
		p       *engine.Projection[uint64]
		value   uint64
		applied int
	}{{version(0, 1), 10, 10}, {version(1, 2), 20, 10}, {version(0, 3), 10, 0}, {version(1, 3), 20, 0}} {
		applied = 0
		state, err := engine.Project(t.Context(), s, want.p, event.Everything(), engine.Consistent())
		if err != nil || state.Value != want.value || applied != want.applied {
			t.Errorf("got %+v, %v, with %d events, want %d, with %d", state, err, applied, want.value, want.applied)
		}
	}
}

func TestNothingIsKeptWhereTheCacheIsOff(t *testing.T) {
	t.Parallel()
	o := manual
	o.Cache.Off = true
	s, f := quickStore(t, o), newFolds()
	storeTurns(t, s, 10)
	for range 3 {
		if got := f.mustFold(t, s, event.Entity("b"), engine.MayBeStale(time.Hour)); got.cached {
			t.Errorf("cached: %+v", got)
		}
		f.mustApply(t, "each time", 3*5)
	}
}

func TestAStateMayBeAsOldAsIsAllowed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mustOpenDir(t, newDevice(nothing()), manual)
		defer mustClose(t, s)
		f := newFolds()
		storeTurns(t, s, 10)
		f.mustFold(t, s, event.Entity("a"), engine.Consistent())
		storeTurns(t, s, 10)
		<-time.After(time.Second)
		for age, want := range map[time.Duration]uint64{time.Second: 10, time.Hour: 10, math.MaxInt64: 10} {
			if got := f.mustFold(t, s, event.Entity("a"), engine.MayBeStale(age)); got.sequence != want || !got.cached {
				t.Errorf("at most %v old: %+v, want sequence %d", age, got, want)
			}
		}
		f.applied.Store(0)
		if got := f.mustFold(t, s, event.Entity("a"), engine.MayBeStale(time.Second-1)); got.sequence != 20 {
			t.Errorf("a state older than that: %+v", got)
		}
		f.mustApply(t, "what came since", 3*5)
		if got := f.mustFold(t, s, event.Entity("never"), engine.MayBeStale(time.Hour)); got.sequence != 20 || got.Events != 0 {
			t.Errorf("where none is kept: %+v", got)
		}
	})
}

func TestAtLeastTakesWhatIsAsNewAndWaitsForWhatIsNotVisible(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, disk := slowStore(t, engine.Options{})
		f := newFolds()
		for range 3 {
			mustAppendTo(t, s, "a", 0)
		}
		f.mustFold(t, s, event.Entity("a"), engine.Consistent())
		f.applied.Store(0)
		disk.hold()
		r, err := s.AppendWith(event.MustAt("a", "scope"), event.Data, "x", engine.AppendOptions{Wait: engine.WaitStaged})
		if err != nil {
			t.Fatal(err)
		}
		for _, sequence := range []uint64{0, 1, 3} {
			if got := f.mustFold(t, s, event.Entity("a"), engine.AtLeast(sequence)); !got.cached || got.sequence != 3 {
				t.Errorf("at least %d: %+v", sequence, got)
			}
		}
		var got said
		done := call(func() (err error) {
			got, err = f.ask(t.Context(), "tally", s, event.Entity("a"), engine.AtLeast(r.Sequence))
			return err
		})
		synctest.Wait()
		mustNotBeDone(t, "a state of what is staged", done)
		disk.release(nil)
		if err := <-done; err != nil || got.sequence != 4 || got.Events != 4 {
			t.Errorf("got %+v, %v", got, err)
		}
		f.mustApply(t, "the one that was waited for", 1)
	})
}

func TestWaitingForASequenceEndsWithTheContextAndWithTheStore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mustOpenDir(t, newDevice(nothing()), manual)
		f := newFolds()
		storeTurns(t, s, 2)
		ctx, cancel := context.WithCancel(t.Context())
		var calls []<-chan error
		for _, c := range []context.Context{ctx, t.Context()} {
			calls = append(calls, call(func() error {
				_, err := f.ask(c, "flat", s, event.Everything(), engine.AtLeast(math.MaxUint64))
				return err
			}))
		}
		synctest.Wait()
		for _, done := range calls {
			mustNotBeDone(t, "a state of the last sequence of all", done)
		}
		cancel()
		if err := <-calls[0]; !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		mustClose(t, s)
		if err := <-calls[1]; !errors.Is(err, engine.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

func TestAReadOnlyStoreProjectsAndDoesNotWait(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, manual)
	storeTurns(t, s, 10)
	mustClose(t, s)
	s = mustOpen(t, path, engine.Options{ReadOnly: true})
	defer mustClose(t, s)
	f := newFolds()
	f.mustFold(t, s, event.Entity("a"), engine.Consistent())
	f.mustFold(t, s, event.Everything(), engine.AtLeast(10))
	if _, err := f.ask(t.Context(), "flat", s, event.Everything(), engine.AtLeast(11)); !errors.Is(err, engine.ErrReadOnly) {
		t.Errorf("what will never be there: %v", err)
	}
}

func TestASequenceThatWasLostIsToldWithTheState(t *testing.T) {
	t.Parallel()
	d := newDevice(nothing())
	s := mustOpenDir(t, d, manual)
	storeTurns(t, s, 10)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	lost := storeTurns(t, s, 10)
	left := d.cut(nil)
	_ = s.Close() // what it writes goes to a device that is gone
	s = openFor(t, left.mount(), manual)
	f := newFolds()
	for _, way := range ways {
		got, err := f.ask(t.Context(), way, s, event.Entity("a"), engine.AtLeast(lost))
		loss, ok := errors.AsType[*engine.LossError](err)
		if !ok || !errors.Is(err, engine.ErrLost) || loss.Position != lost || lost < loss.First || lost > loss.Last {
			t.Fatalf("%s: %v", way, err)
		}
		if got.Events != 5 || got.last != 9 || got.sequence < loss.Last {
			t.Errorf("%s: %+v beside %v", way, got, err)
		}
	}
	next := storeTurns(t, s, 2)
	if got := f.mustFold(t, s, event.Entity("a"), engine.AtLeast(next)); got.Events != 6 {
		t.Errorf("after the loss: %+v", got)
	}
}
