// The end of a reactor: by Stop, by Close, from inside and from outside, whatever its function does.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

func TestAReactorGoesOnWhereAnEarlierOneWasStopped(t *testing.T) {
	t.Parallel()
	memory := vfs.NewMemory()
	var seen atomic.Int64
	counting := func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
		seen.Add(1)
		return answer(ctx, ev, reactions)
	}
	for round := range 4 {
		s := mustOpenDir(t, memory, small(everyPolicy[round]))
		r := mustStart(t, s, engine.ReactorOptions{}, counting)
		last := mustAsk(t, s, 10)
		mustReach(t, r, last)
		mustStop(t, r)
		mustStop(t, r) // again
		mustAsk(t, s, 5)
		if round%2 == 0 {
			r = mustStart(t, s, engine.ReactorOptions{}, counting)
			mustReach(t, r, s.Stats().Staged)
		}
		mustClose(t, s)
	}
	s := mustOpenDir(t, memory, small(engine.SyncEveryAppend()))
	mustReach(t, mustStart(t, s, engine.ReactorOptions{}, counting), s.Stats().Staged)
	mustBeAnswered(t, s)
	if seen.Load() != 60 {
		t.Errorf("the functions were called for %d events, want 60", seen.Load())
	}
	mustClose(t, s)
}

func TestNoStoreAndAReactorThatNobodyStartedAreErrors(t *testing.T) {
	t.Parallel()
	var none *engine.Store
	var option *engine.OptionError
	_, err := none.StartReactor(engine.ReactorOptions{Name: "x"}, func(context.Context, event.Event, *engine.Batch) error { return nil })
	if !errors.As(err, &option) || option.Field != "store" {
		t.Errorf("no store: %v", err)
	}
	for _, r := range []*engine.Reactor{nil, new(engine.Reactor)} {
		<-r.Done()
		for n, err := range []error{r.Stop(), r.Err(), r.WaitFor(t.Context(), 1)} {
			if !errors.Is(err, engine.ErrInvalid) {
				t.Errorf("call %d: got %v, want ErrInvalid", n, err)
			}
		}
		if r.Stats() != (engine.ReactorStats{}) {
			t.Error("it counts")
		}
	}
}

func TestStopWaitsForTheFunctionWhoseContextEnds(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	mustAsk(t, s, 2)
	entered, ended, leave := make(chan struct{}), make(chan struct{}), make(chan struct{})
	r := mustStart(t, s, engine.ReactorOptions{}, func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
		close(entered) // a second call would panic
		<-ctx.Done()
		close(ended)
		<-leave
		return answer(ctx, ev, reactions)
	})
	<-entered
	stopped := call(r.Stop)
	<-ended
	mustNotBeDone(t, "Stop", stopped)
	close(leave)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if got := selected(t, s, event.OfKind(answerKind)); len(got) != 1 {
		t.Errorf("%d answers, want that of the call that was under way", len(got))
	}
	r = mustStart(t, s, engine.ReactorOptions{}, answer)
	mustReach(t, r, 3)
	mustBeAnswered(t, s)
	if got := r.Stats().Events; got != 1 {
		t.Errorf("%d events were given again or anew, want the second one", got)
	}
}

func TestAnErrorAfterStopIsNeitherRetriedNorParked(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	mustAsk(t, s, 1)
	entered := make(chan struct{})
	r := mustStart(t, s, engine.ReactorOptions{OnError: engine.ErrorPolicy{Attempts: 5, Park: true}}, func(ctx context.Context, _ event.Event, _ *engine.Batch) error {
		close(entered) // a second call would panic
		<-ctx.Done()
		return ctx.Err()
	})
	<-entered
	mustStop(t, r)
	if got := r.Stats(); got != (engine.ReactorStats{Lag: 1}) {
		t.Errorf("%+v", got)
	}
	mustReach(t, mustStart(t, s, engine.ReactorOptions{}, answer), 1)
	mustBeAnswered(t, s)
}

func TestAReactorIsStoppedFromItsOwnFunction(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	mustAsk(t, s, 3)
	self, inside := make(chan *engine.Reactor, 1), make(chan error, 1)
	calls := 0
	react := func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
		if calls++; calls == 1 {
			inside <- (<-self).WaitFor(ctx, 1)
			return answer(ctx, ev, reactions)
		}
		if err := answer(ctx, ev, reactions); err != nil {
			return err
		}
		return fmt.Errorf("enough: %w", engine.ErrStopReactor)
	}
	options := engine.ReactorOptions{OnError: engine.ErrorPolicy{Attempts: 5, Park: true}}
	r := mustStart(t, s, options, react)
	self <- r
	<-r.Done()
	if err := <-inside; !errors.Is(err, engine.ErrInvalid) {
		t.Errorf("a function waits for itself: %v", err)
	}
	mustStop(t, r)
	if got := r.Stats(); got.Events != 1 || got.Acked != 1 || got.Retries != 0 || got.Parked != 0 || calls != 2 {
		t.Errorf("%+v after %d calls", got, calls)
	}
	again := mustStart(t, s, options, answer)
	if err := again.WaitFor(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	mustStop(t, again)
	if got := again.Stats(); got.Events != 2 || got.Reactions != 2 {
		t.Errorf("the next one of the name: %+v", got)
	}
}

func TestAReactorStopsAnother(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	quiet := mustStart(t, s, engine.ReactorOptions{Name: "quiet", Start: engine.FromNow()}, answer)
	result := make(chan error, 1)
	r := mustStart(t, s, engine.ReactorOptions{}, func(context.Context, event.Event, *engine.Batch) error {
		err := quiet.Stop()
		select {
		case <-quiet.Done():
		default:
			err = errors.New("it has not ended")
		}
		result <- err
		return nil
	})
	mustAsk(t, s, 1)
	if err := <-result; err != nil {
		t.Error(err)
	}
	mustStop(t, r)
}

func TestAStoreIsClosedFromAReactorsFunction(t *testing.T) {
	t.Parallel()
	for _, policy := range everyPolicy {
		memory := vfs.NewMemory()
		s := mustOpenDir(t, memory, small(policy))
		mustAsk(t, s, 3)
		r := mustStart(t, s, engine.ReactorOptions{}, func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
			if err := s.Close(); err != nil {
				t.Errorf("%s: close: %v", policy, err)
			}
			if ctx.Err() == nil {
				t.Errorf("%s: the context goes on", policy)
			}
			return answer(ctx, ev, reactions)
		})
		<-r.Done()
		if err := r.Err(); err != nil {
			t.Errorf("%s: %v", policy, err)
		}
		mustStop(t, r)
		s = mustOpenDir(t, memory, small(policy))
		mustReach(t, mustStart(t, s, engine.ReactorOptions{}, answer), s.Stats().Staged)
		mustBeAnswered(t, s)
		mustClose(t, s)
	}
}

func TestAFunctionThatDoesNotReturnKeepsNobodyFromClosing(t *testing.T) {
	t.Parallel()
	s := mustOpenDir(t, vfs.NewMemory(), engine.Options{})
	mustAsk(t, s, 1)
	entered, leave := make(chan struct{}), make(chan struct{})
	r := mustStart(t, s, engine.ReactorOptions{}, func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
		close(entered)
		<-leave
		return answer(ctx, ev, reactions)
	})
	<-entered
	mustClose(t, s)
	select {
	case <-r.Done():
		t.Error("the reactor ended before its function")
	default:
	}
	if err := r.WaitFor(context.Background(), 1); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("waiting for it: %v", err)
	}
	close(leave)
	<-r.Done()
	if err := r.Err(); err != nil {
		t.Errorf("its answer came after the end: %v", err)
	}
}

func TestReactorsEndWithTheStoreThatIsClosedUnderThem(t *testing.T) {
	t.Parallel()
	rounds := 20
	if raceBuild {
		rounds = 5
	}
	for round := range rounds {
		for _, policy := range policies {
			memory := vfs.NewMemory()
			s := mustOpenDir(t, memory, small(policy))
			var reactors []*engine.Reactor
			for _, name := range []string{"a", "b", "c"} {
				reactors = append(reactors, mustStart(t, s, engine.ReactorOptions{Name: name, AckEvery: 1 + round%5, Pipelined: round%2 == 0}, answer))
			}
			mustAsk(t, s, 10)
			waiting := call(func() error { return reactors[0].WaitFor(context.Background(), 1000) })
			mustClose(t, s)
			for _, r := range reactors {
				<-r.Done()
				if err := r.Err(); err != nil {
					t.Fatalf("%s: %v", policy, err)
				}
			}
			if err := <-waiting; !errors.Is(err, engine.ErrClosed) {
				t.Fatalf("%s: waiting: %v", policy, err)
			}
			s = mustOpenDir(t, memory, small(policy))
			for _, name := range []string{"a", "b", "c"} {
				mustReach(t, mustStart(t, s, engine.ReactorOptions{Name: name}, answer), s.Stats().Visible)
			}
			if got := len(selected(t, s, event.OfKind(answerKind))); got != 30 {
				t.Fatalf("%s: %d answers of three reactors, want 30", policy, got)
			}
			mustClose(t, s)
		}
	}
}
