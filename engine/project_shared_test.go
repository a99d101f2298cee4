// Tests of what callers share: nothing of a state, and the work of making it.

package engine_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// spoil changes all of a state that a caller got.
func spoil(t *reckoning) {
	t.Events, t.Order = 999, 999
	for kind := range t.Kinds {
		t.Kinds[kind] = 999
	}
}

func TestWhatACallerDoesToAStateIsSeenByNobodyElse(t *testing.T) {
	t.Parallel()
	s, f := quickStore(t, manual), newFolds()
	storeTurns(t, s, 12)
	want := naive(t, s, event.Entity("a"), 12)
	for round := range 4 {
		one, err := engine.Project(t.Context(), s, f.hidden, event.Entity("a"), engine.Consistent())
		if err != nil || !reflect.DeepEqual(*one.Value.t, want) {
			t.Fatalf("round %d, cloned: %+v, %v", round, one.Value.t, err)
		}
		spoil(one.Value.t)
		two, err := engine.Project(t.Context(), s, f.tally, event.Entity("a"), engine.Consistent())
		if err != nil || !reflect.DeepEqual(two.Value, want) {
			t.Fatalf("round %d, encoded: %+v, %v", round, two.Value, err)
		}
		spoil(&two.Value)
		clones, err := engine.ProjectEach(t.Context(), s, f.hidden, event.Everything(), engine.Consistent())
		if err != nil || !reflect.DeepEqual(*clones["a"].Value.t, want) {
			t.Fatalf("round %d, cloned, of each: %+v, %v", round, clones["a"].Value.t, err)
		}
		spoil(clones["a"].Value.t)
		each, err := engine.ProjectEach(t.Context(), s, f.tally, event.Everything(), engine.Consistent())
		if err != nil || !reflect.DeepEqual(each["a"].Value, want) {
			t.Fatalf("round %d, encoded, of each: %+v, %v", round, each["a"].Value, err)
		}
		state := each["a"].Value
		spoil(&state)
		if round == 1 { // and from now on as a delta of what is kept
			storeTurns(t, s, 2)
			want = naive(t, s, event.Entity("a"), 14)
		}
	}
}

func TestAStateIsNotChangedByTheFoldThatGoesOnFromIt(t *testing.T) {
	t.Parallel()
	s, f := quickStore(t, manual), newFolds()
	storeTurns(t, s, 6)
	before, err := engine.Project(t.Context(), s, f.hidden, event.Entity("a"), engine.Consistent())
	if err != nil {
		t.Fatal(err)
	}
	storeTurns(t, s, 6)
	failing := engine.MustProjection(engine.Fold[hidden]{
		Name: "hidden", Clone: func(s hidden) hidden { return hidden{s.t.clone()} },
		Apply: func(s *hidden, ev event.Event) error {
			s.t.take(&ev)
			if ev.Sequence == 11 {
				return errors.New("behind two events")
			}
			return nil
		},
	})
	_, err = engine.Project(t.Context(), s, failing, event.Entity("a"), engine.Consistent())
	mustBeFoldError(t, err, 11)
	stale, err := engine.Project(t.Context(), s, f.hidden, event.Entity("a"), engine.AtLeast(6))
	if err != nil || !stale.Cached || !reflect.DeepEqual(stale.Value.t, before.Value.t) {
		t.Errorf("got %+v, %v, want %+v", stale.Value.t, err, before.Value.t)
	}
}

func TestManyWhoAskAtOnceHaveItFoldedOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mustOpenDir(t, newDevice(nothing()), manual)
		defer mustClose(t, s)
		storeTurns(t, s, 10)
		gate, applied := make(chan struct{}), atomic.Int64{}
		p := engine.MustProjection(engine.Fold[int]{Name: "gated", Apply: func(n *int, _ event.Event) error {
			applied.Add(1)
			<-gate
			*n++
			return nil
		}})
		ask := func(ctx context.Context) <-chan error {
			return call(func() error {
				state, err := engine.Project(ctx, s, p, event.Entity("a"), engine.Consistent())
				if err == nil && state.Value != 5 {
					t.Errorf("got %+v", state)
				}
				return err
			})
		}
		ctx, cancel := context.WithCancel(t.Context())
		impatient := []<-chan error{ask(ctx)} // the first is the one who folds
		synctest.Wait()
		impatient = append(impatient, ask(ctx))
		var patient []<-chan error
		for range 20 {
			patient = append(patient, ask(t.Context()))
		}
		synctest.Wait()
		cancel()
		if err := <-impatient[1]; !errors.Is(err, context.Canceled) {
			t.Errorf("one who waited, cancelled: %v", err)
		}
		close(gate)
		if err := <-impatient[0]; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the one who folds, cancelled: %v", err)
		}
		for _, done := range patient {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := applied.Load(); n != 5 {
			t.Errorf("%d events were folded for 22 callers, want 5", n)
		}
	})
}

func TestThoseWhoWaitForAFoldThatFailsFailOfTheSameEventOrFoldThemselves(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mustOpenDir(t, newDevice(nothing()), manual)
		storeTurns(t, s, 10)
		for _, panics := range []bool{true, false} {
			gate, first := make(chan struct{}), true
			p := troubled(5, func() error {
				if first {
					first = false
					<-gate
				}
				if panics {
					panic("on purpose")
				}
				return errors.New("on purpose")
			})
			var calls []<-chan error
			for range 5 {
				calls = append(calls, call(func() error {
					_, err := engine.Project(t.Context(), s, p, event.Entity("a"), engine.Consistent())
					return err
				}))
				synctest.Wait()
			}
			close(gate)
			for _, done := range calls {
				mustBeFoldError(t, <-done, 5)
			}
		}
		// Who waits when the store is closed does not wait for a function that never returns.
		never := make(chan struct{})
		p := troubled(6, func() error { <-never; return nil })
		fold := func() error {
			_, err := engine.Project(t.Context(), s, p, event.Entity("b"), engine.Consistent())
			return err
		}
		calls := []<-chan error{call(fold), nil}
		synctest.Wait()
		calls[1] = call(fold)
		synctest.Wait()
		mustClose(t, s)
		if err := <-calls[1]; !errors.Is(err, engine.ErrClosed) {
			t.Errorf("one who waited for it: %v", err)
		}
		mustNotBeDone(t, "the one who folds", calls[0])
		close(never)
		if err := <-calls[0]; !errors.Is(err, engine.ErrClosed) {
			t.Errorf("the one who folds: %v", err)
		}
	})
}

func TestProjectionsOfOneNameAndTypesOfOneNameNeverMix(t *testing.T) {
	t.Parallel()
	s := quickStore(t, manual)
	storeTurns(t, s, 9)
	first := func() any {
		type state struct{ N int }
		p := engine.MustProjection(engine.Fold[state]{Name: "same", Apply: func(s *state, _ event.Event) error { s.N++; return nil }})
		got, err := engine.Project(t.Context(), s, p, event.Everything(), engine.Consistent())
		if err != nil {
			t.Fatal(err)
		}
		return got.Value.N
	}
	second := func() any {
		type state struct{ N int }
		p := engine.MustProjection(engine.Fold[state]{Name: "same", Apply: func(s *state, _ event.Event) error { s.N += 10; return nil }})
		got, err := engine.Project(t.Context(), s, p, event.Everything(), engine.Consistent())
		if err != nil {
			t.Fatal(err)
		}
		return got.Value.N
	}
	for range 3 {
		if a, b := first(), second(); a != 9 || b != 90 {
			t.Fatalf("got %v and %v, want 9 and 90", a, b)
		}
	}
	// A projection with a Clone and one without, which can't copy what the other one kept.
	fold := engine.Fold[[]uint64]{Name: "list", Apply: func(s *[]uint64, ev event.Event) error { *s = append(*s, ev.Sequence); return nil }}
	encoding := engine.MustProjection(fold)
	fold.Clone = func(s []uint64) []uint64 { return append([]uint64(nil), s...) }
	cloning := engine.MustProjection(fold)
	for range 3 {
		for _, p := range []*engine.Projection[[]uint64]{encoding, cloning} {
			got, err := engine.Project(t.Context(), s, p, event.Everything(), engine.Consistent())
			if err != nil || len(got.Value) != 9 || got.Value[0] != 1 {
				t.Fatalf("got %+v, %v", got, err)
			}
			clear(got.Value)
		}
	}
}

func TestProjectionsBesideAWriterAreThoseOfAPrefix(t *testing.T) {
	t.Parallel()
	events := 3000
	if raceBuild {
		events = 300
	}
	s, f := quickStore(t, engine.Options{Sync: engine.SyncManual(), SegmentSize: engine.MinSegmentSize}), newFolds()
	var writing atomic.Bool
	writing.Store(true)
	var all sync.WaitGroup
	for reader := range 3 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(reader), 1))
			for n := 0; writing.Load() || n < 20; n++ {
				before := s.Stats().Visible
				region := []event.Region{event.Entity("a"), event.Entity("b"), event.Everything(), event.EntityPrefix("a")}[random.IntN(4)]
				fresh := []engine.Freshness{engine.Consistent(), engine.AtLeast(before), engine.MayBeStale(time.Hour)}[random.IntN(3)]
				way := ways[random.IntN(3)]
				got, err := f.ask(context.Background(), way, s, region, fresh)
				if err != nil {
					t.Error(err)
					return
				}
				if got.sequence < before && fresh != engine.MayBeStale(time.Hour) || got.sequence > s.Stats().Visible {
					t.Errorf("goes up to %d, asked for when %d was visible", got.sequence, before)
					return
				}
				if want := naive(t, s, region, got.sequence); got.Order != want.Order || got.Events != want.Events {
					t.Errorf("%s of %v up to %d: %d events, want %d", way, region, got.sequence, got.Events, want.Events)
					return
				}
			}
		})
	}
	storeTurns(t, s, events)
	writing.Store(false)
	all.Wait()
}

func TestAFoldIsRefusedByWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	apply := func(*hidden, event.Event) error { return nil }
	for words, fold := range map[string]engine.Fold[hidden]{
		"Fold.Name is of 0 bytes":            {Apply: apply},
		"Fold.Name is of 256 bytes":          {Name: strings.Repeat("x", 256), Apply: apply},
		`Fold.Name is "\xff", must be valid`: {Name: "\xff", Apply: apply},
		"Fold.Apply is nil":                  {Name: "x"},
		"engine_test.hidden can't be copied by encoding them (batpak: value cannot be encoded: .t: engine_test.hidden: the field is not exported": {Name: "x", Apply: apply},
	} {
		p, err := engine.NewProjection(fold)
		if _, ok := errors.AsType[*engine.OptionError](err); !ok || p != nil || !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), words) {
			t.Errorf("got %v, want %q", err, words)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("MustProjection took it")
		}
	}()
	engine.MustProjection(engine.Fold[int]{})
}
