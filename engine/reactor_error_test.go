// What a reactor does about errors and panics of its function: stop, or try again, and never for an event what is the store's fault.

package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

var errReaction = errors.New("no answer to this one")

// failingAt answers, but for the event with this sequence.
func failingAt(sequence uint64, fail func() error) engine.React {
	return func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
		if err := answer(ctx, ev, reactions); err != nil || ev.Sequence != sequence {
			return err
		}
		return fail()
	}
}

func TestAnErrorStopsAReactorAtItsEvent(t *testing.T) {
	t.Parallel()
	for _, policy := range everyPolicy {
		var log bytes.Buffer
		o := small(policy)
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		s := mustOpenDir(t, vfs.NewMemory(), o)
		mustAsk(t, s, 9)
		r := mustStart(t, s, engine.ReactorOptions{Name: "strict"}, failingAt(5, func() error { return fmt.Errorf("wrapped: %w", errReaction) }))
		<-r.Done()
		var failure *engine.ReactorError
		if err := r.Err(); !errors.As(err, &failure) || !errors.Is(err, errReaction) {
			t.Fatalf("%s: %v", policy, err)
		}
		fifth, err := s.At(5)
		if err != nil {
			t.Fatal(err)
		}
		if failure.Reactor != "strict" || failure.Event != fifth.ID || failure.Sequence != 5 || failure.Attempts != 1 || failure.Stack != nil {
			t.Errorf("%s: %+v", policy, failure)
		}
		want := fmt.Sprintf(`batpak: reactor "strict" failed at event %s at sequence 5, attempts: 1: wrapped: no answer to this one`, fifth.ID)
		if failure.Error() != want {
			t.Errorf("%s: %s", policy, failure)
		}
		if err := r.Stop(); !errors.Is(err, errReaction) {
			t.Errorf("%s: stop: %v", policy, err)
		}
		if got := r.Stats(); got.Acked != 4 || got.Events != 4 || got.Reactions != 4 {
			t.Errorf("%s: %+v", policy, got)
		}
		r = mustStart(t, s, engine.ReactorOptions{Name: "strict"}, answer)
		mustReach(t, r, 9)
		if got := r.Stats().Events; got != 5 {
			t.Errorf("%s: %d events, want 5", policy, got)
		}
		mustBeAnswered(t, s)
		mustClose(t, s)
		if lines := log.String(); strings.Count(lines, "reactor stopped") != 1 || !strings.Contains(lines, "no answer to this one") {
			t.Errorf("%s: it says of its end: %s", policy, lines)
		}
	}
}

func TestAPanicIsAnErrorThatHasItsStack(t *testing.T) {
	t.Parallel()
	for what, fail := range map[string]func() error{
		"panic: no answer to this one": func() error { panic(errReaction) },
		"panic: text":                  func() error { panic("text") },
		"panic: runtime error: index out of range [3] with length 0": func() error {
			var none []int
			return fmt.Errorf("%d", none[3])
		},
	} {
		s := mustOpenDir(t, vfs.NewMemory(), engine.Options{})
		mustAsk(t, s, 3)
		r := mustStart(t, s, engine.ReactorOptions{OnError: engine.ErrorPolicy{Attempts: 2}}, failingAt(2, fail))
		<-r.Done()
		var failure *engine.ReactorError
		if err := r.Err(); !errors.As(err, &failure) || failure.Sequence != 2 || failure.Attempts != 2 || failure.Cause.Error() != what {
			t.Fatalf("%s: %v", what, err)
		}
		if !bytes.Contains(failure.Stack, []byte("reactor_error_test.go")) {
			t.Errorf("%s: the stack does not show the function:\n%s", what, failure.Stack)
		}
		if strings.Contains(what, "answer") != errors.Is(failure, errReaction) {
			t.Errorf("%s: the value of the panic is lost", what)
		}
		mustClose(t, s)
	}
}

func TestAFunctionThatEndsItsGoroutineEndsTheReactorWithAnError(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	mustAsk(t, s, 3)
	r := mustStart(t, s, engine.ReactorOptions{OnError: engine.ErrorPolicy{Attempts: 7, Park: true}}, failingAt(2, func() error {
		runtime.Goexit()
		return nil
	}))
	<-r.Done()
	var failure *engine.ReactorError
	if err := r.Err(); !errors.As(err, &failure) || failure.Sequence != 2 || !strings.Contains(err.Error(), "Goexit") {
		t.Errorf("%v", err)
	}
	r = mustStart(t, s, engine.ReactorOptions{}, answer)
	mustReach(t, r, 3)
	mustBeAnswered(t, s)
}

func TestAttemptsAreMadeWithWaitsThatDouble(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		policy engine.ErrorPolicy
		waits  []time.Duration
	}{
		{engine.ErrorPolicy{Attempts: 5}, []time.Duration{10 * ms, 20 * ms, 40 * ms, 80 * ms}},
		{engine.ErrorPolicy{Attempts: 6, Backoff: 3 * ms, MaxBackoff: 10 * ms}, []time.Duration{3 * ms, 6 * ms, 10 * ms, 10 * ms, 10 * ms}},
		{engine.ErrorPolicy{Attempts: 4, MaxBackoff: 4 * ms}, []time.Duration{4 * ms, 4 * ms, 4 * ms}},
		{engine.ErrorPolicy{Attempts: 4, Backoff: 2 * time.Minute}, []time.Duration{2 * time.Minute, 2 * time.Minute, 2 * time.Minute}},
	} {
		t.Run(fmt.Sprint(c.policy), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := mustOpenDir(t, vfs.NewMemory(), engine.Options{})
				var at []time.Duration
				begin := time.Now()
				r := mustStart(t, s, engine.ReactorOptions{OnError: c.policy}, failingAt(1, func() error {
					at = append(at, time.Since(begin))
					begin = time.Now()
					return errReaction
				}))
				mustAsk(t, s, 1)
				<-r.Done()
				if !slices.Equal(at[1:], c.waits) {
					t.Errorf("waits of %v, want %v", at[1:], c.waits)
				}
				var failure *engine.ReactorError
				if err := r.Err(); !errors.As(err, &failure) || failure.Attempts != c.policy.Attempts {
					t.Errorf("%v", err)
				}
				if got := r.Stats(); got.Retries != uint64(c.policy.Attempts-1) || got.Events != 0 || got.Reactions != 0 {
					t.Errorf("%+v", got)
				}
				mustClose(t, s)
			})
		})
	}
}

func TestWaitsBetweenAttemptsDoNotOverflow(t *testing.T) {
	t.Parallel()
	policy := engine.ErrorPolicy{Backoff: 1, MaxBackoff: math.MaxInt64}
	for attempt := 1; attempt <= 62; attempt++ {
		if got, want := engine.BackoffAfter(policy, attempt), time.Duration(1)<<(attempt-1); got != want {
			t.Fatalf("after attempt %d: %v, want %v", attempt, got, want)
		}
	}
	for _, attempt := range []int{64, 65, 1000, math.MaxInt - 1} {
		if got := engine.BackoffAfter(policy, attempt); got != math.MaxInt64 {
			t.Errorf("after attempt %d: %v", attempt, got)
		}
	}
}

func TestWhatWasDealtWithIsDurableWhileAnAttemptIsWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mustOpenDir(t, vfs.NewMemory(), small(engine.SyncManual()))
		last := mustAsk(t, s, 5)
		failures := 3
		r := mustStart(t, s, engine.ReactorOptions{OnError: engine.ErrorPolicy{Attempts: engine.RetryForever, Backoff: time.Hour}}, failingAt(last, func() error {
			if failures--; failures < 0 {
				return nil
			}
			return errReaction
		}))
		mustReach(t, r, last-1) // long before the next attempt
		if got, durable := r.Stats(), s.Stats().Durable; got.Acked != last-1 || durable != 9 {
			t.Errorf("%+v, durable %d", got, durable)
		}
		mustReach(t, r, last)
		mustBeAnswered(t, s)
		if got := r.Stats(); got.Retries != 3 || got.Events != 5 {
			t.Errorf("%+v", got)
		}
		mustClose(t, s)
	})
}

func TestTheWaitForAnAttemptEndsWithStopAndWithTheStore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mustOpenDir(t, vfs.NewMemory(), engine.Options{})
		mustAsk(t, s, 1)
		begin := time.Now()
		endless := engine.ReactorOptions{OnError: engine.ErrorPolicy{Attempts: engine.RetryForever, Backoff: time.Hour}}
		tried := make(chan struct{})
		react := failingAt(1, func() error {
			tried <- struct{}{}
			return errReaction
		})
		r := mustStart(t, s, endless, react)
		<-tried
		mustStop(t, r)
		r = mustStart(t, s, endless, react)
		<-tried
		mustClose(t, s)
		<-r.Done()
		if err := r.Err(); err != nil {
			t.Error(err)
		}
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("it took %v", waited)
		}
	})
}

func TestAReactionWhoseExpectationDoesNotHoldIsTriedAgainByWhatThereIsThen(t *testing.T) {
	t.Parallel()
	for _, policy := range everyPolicy {
		for _, pipelined := range []bool{false, true} {
			s := mustOpenDir(t, vfs.NewMemory(), small(policy))
			last := mustAsk(t, s, 30)
			interfered := 0
			// Each answer rests on how many there are. Somebody else adds one now and then.
			options := engine.ReactorOptions{Pipelined: pipelined, OnError: engine.ErrorPolicy{Attempts: 3, Backoff: time.Nanosecond}}
			r := mustStart(t, s, options, func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
				clock, err := s.Clock("answers")
				if err != nil {
					return err
				}
				if ev.Sequence%10 == 0 && interfered < int(ev.Sequence)/10 {
					interfered++
					if _, err := s.Append(event.MustAt("answers", "scope"), remarkKind, "me too"); err != nil {
						return err
					}
				}
				reactions.Add(event.MustAt("answers", "scope"), answerKind, ev.Sequence).Expect(engine.ExpectClock(clock))
				return nil
			})
			mustReach(t, r, last)
			mustBeAnswered(t, s)
			if got := r.Stats(); interfered != 3 || got.Retries < 3 || !pipelined && got.Retries != 3 {
				t.Errorf("%s, pipelined %v: %+v, %d conflicts", policy, pipelined, got, interfered)
			}
			mustClose(t, s)
		}
	}
}

func TestAConflictIsTheErrorOfAnAttempt(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	mustAsk(t, s, 1)
	r := mustStart(t, s, engine.ReactorOptions{}, func(_ context.Context, _ event.Event, reactions *engine.Batch) error {
		reactions.Add(here, answerKind, "x").Expect(engine.ExpectClock(5))
		return nil
	})
	<-r.Done()
	var failure *engine.ReactorError
	var conflict *engine.ConflictError
	if err := r.Err(); !errors.As(err, &failure) || !errors.As(err, &conflict) || conflict.WantClock != 5 {
		t.Errorf("%v", err)
	}
}

func TestWhatIsTheStoresFaultStopsAReactorAndParksNothing(t *testing.T) {
	t.Parallel()
	for _, fault := range []error{
		engine.ErrPoisoned, engine.ErrIndeterminate, engine.ErrCorrupt, engine.ErrMapFault, engine.ErrFull, engine.ErrReadOnly, engine.ErrUnwritable,
		engine.ErrNoSpace, engine.ErrLimit,
	} {
		s := mustOpenDir(t, vfs.NewMemory(), engine.Options{})
		mustAsk(t, s, 3)
		calls := 0
		options := engine.ReactorOptions{OnError: engine.ErrorPolicy{Attempts: 3, Backoff: time.Nanosecond, Park: true}}
		r := mustStart(t, s, options, failingAt(2, func() error {
			calls++
			return fmt.Errorf("read something: %w", fault)
		}))
		<-r.Done()
		scarce := errors.Is(fault, engine.ErrNoSpace) || errors.Is(fault, engine.ErrLimit)
		if err := r.Err(); !errors.Is(err, fault) || scarce != (calls == 3) || !scarce && calls != 1 {
			t.Errorf("%v: %v, after %d calls", fault, err, calls)
		}
		if got := r.Stats(); got.Parked != 0 || got.Acked != 1 || s.Stats().Staged != 4 {
			t.Errorf("%v: %+v", fault, got)
		}
		mustClose(t, s)
	}
}

func TestAClosedStoreOfAnotherIsAnErrorAsAnyOther(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	mustAsk(t, s, 3)
	r := mustStart(t, s, engine.ReactorOptions{OnError: engine.ErrorPolicy{Park: true}}, failingAt(2, func() error { return engine.ErrClosed }))
	mustReach(t, r, 3)
	if got := r.Stats(); got.Parked != 1 || got.Events != 3 {
		t.Errorf("%+v", got)
	}
}

func TestAFailedSyncStopsAReactor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			options := engine.ReactorOptions{OnError: engine.ErrorPolicy{Attempts: engine.RetryForever, Park: true}}
			r := mustStart(t, s, options, answer)
			broken := errors.New("disk broken")
			d.hold()
			last := mustAsk(t, s, 1)
			waiting := call(func() error { return r.WaitFor(context.Background(), last) })
			d.waitForSync()
			if policy == engine.SyncEveryAppend() { // that was of what is asked
				d.holdNext()
				d.waitForSync()
			}
			d.release(broken)
			<-r.Done()
			if err := r.Err(); !errors.Is(err, engine.ErrIndeterminate) || !errors.Is(err, broken) {
				t.Errorf("%s: %v", policy, err)
			}
			if err := <-waiting; !errors.Is(err, engine.ErrReactorStopped) || !errors.Is(err, broken) {
				t.Errorf("%s: waiting for it: %v", policy, err)
			}
			if got := r.Stats(); got.Acked != 0 || got.Parked+got.Retries != 0 {
				t.Errorf("%s: %+v", policy, got)
			}
			_ = s.Close()
		}
	})
}
