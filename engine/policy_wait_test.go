// WaitDurable: what it waits for, what there is nothing to wait for, and contexts that
// end before or meanwhile.

package engine_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestWaitDurableSeesToItThatASyncBeginsAtOnceUnderEveryPolicy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			begin := time.Now()
			mustStage(t, s, 5)
			if err := s.WaitDurable(t.Context(), 3); err != nil {
				t.Fatalf("%s: %v", policy, err)
			}
			if got := s.Stats().Durable; got < 3 {
				t.Errorf("%s: durable up to %d, want at least 3", policy, got)
			}
			if err := s.WaitDurable(context.Background(), 5); err != nil {
				t.Fatalf("%s: %v", policy, err)
			}
			mustShow(t, policy.String(), s, 5, 5, 5)
			if !time.Now().Equal(begin) {
				t.Errorf("%s: it waited for %s", policy, time.Since(begin))
			}
			before := d.syncs()
			for sequence := range uint64(5) {
				if err := s.WaitDurable(t.Context(), sequence+1); err != nil {
					t.Fatalf("%s: again: %v", policy, err)
				}
			}
			if got := d.syncs(); got != before {
				t.Errorf("%s: waiting for what is durable took %d syncs", policy, got-before)
			}
		}
	})
}

func TestThereIsNothingToWaitForWhereNoEventWasGivenTheSequence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			for round := range uint64(2) {
				for _, sequence := range []uint64{0, round + 1, round + 2, math.MaxUint64 - 1, math.MaxUint64} {
					for _, ctx := range []context.Context{t.Context(), context.Background(), cancelled} {
						var lost *engine.LostSequenceError
						if err := s.WaitDurable(ctx, sequence); !errors.Is(err, engine.ErrNotFound) || errors.As(err, &lost) || errors.Is(err, engine.ErrIndeterminate) {
							t.Errorf("%s: sequence %d of %d: got %v, want ErrNotFound alone", policy, sequence, round, err)
						}
					}
				}
				if got := d.syncs(); uint64(got) != round {
					t.Errorf("%s: %d syncs, want %d", policy, got, round)
				}
				if _, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitDurable}); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestWaitingForALostSequenceSaysThatItIsLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			mustStage(t, s, 2)
			mustSync(t, s)
			d.hold()
			mustStage(t, s, 3)
			s = openSlow(t, newSlowDiskOf(t, d.device.cut(nil)), small(policy))
			lost := s.Report().Lost
			if len(lost) != 1 || lost[0].First != 3 {
				t.Fatalf("%s: lost ranges %v, want one from 3", policy, lost)
			}
			for _, sequence := range []uint64{3, 4, 5, 6, lost[0].Last - 1, lost[0].Last} {
				var err *engine.LostSequenceError
				if e := s.WaitDurable(t.Context(), sequence); !errors.As(e, &err) || !errors.Is(e, engine.ErrNotFound) ||
					err.Sequence != sequence || err.First != lost[0].First || err.Last != lost[0].Last {
					t.Errorf("%s: sequence %d: got %v, want a LostSequenceError with %v", policy, sequence, e, lost[0])
				}
			}
			for _, sequence := range []uint64{1, 2} {
				if err := s.WaitDurable(t.Context(), sequence); err != nil {
					t.Errorf("%s: sequence %d: %v", policy, sequence, err)
				}
			}
			var none *engine.LostSequenceError
			if err := s.WaitDurable(t.Context(), lost[0].Last+1); !errors.Is(err, engine.ErrNotFound) || errors.As(err, &none) {
				t.Errorf("%s: the next sequence: got %v, want ErrNotFound alone", policy, err)
			}
			mustStage(t, s, 1)
			if err := s.WaitDurable(t.Context(), lost[0].Last+1); err != nil {
				t.Errorf("%s: the first behind the range: %v", policy, err)
			}
			mustClose(t, s)
		}
	})
}

// mustBeCancelled fails the test unless the outcome is told to be unknown because of the
// context.
func mustBeCancelled(t *testing.T, what string, err, cause error) {
	t.Helper()
	if !errors.Is(err, engine.ErrIndeterminate) || !errors.Is(err, cause) || errors.Is(err, engine.ErrPoisoned) {
		t.Errorf("%s: got %v, want ErrIndeterminate with %v", what, err, cause)
	} else if strings.Contains(err.Error(), "sync failed") {
		t.Errorf("%s: %q, no sync failed", what, err)
	}
}

func TestAContextThatEndedBeforeEndsTheWaitAndNothingElse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			d.hold()
			mustStage(t, s, 2)
			for range 3 {
				mustBeCancelled(t, policy.String(), s.WaitDurable(ctx, 2), context.Canceled)
			}
			d.release(nil)
			mustSync(t, s)
			if err := s.WaitDurable(ctx, 2); err != nil {
				t.Errorf("%s: what is durable needs no context: %v", policy, err)
			}
			mustShow(t, policy.String(), s, 2, 2, 2)
		}
	})
}

func TestAContextThatEndsMeanwhileEndsTheWaitWhileTheDiskHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			d.hold()
			mustStage(t, s, 1)
			begin := time.Now()
			short, cancelShort := context.WithTimeout(t.Context(), time.Second)
			long, cancelLong := context.WithCancel(t.Context())
			cancelled := call(func() error { return s.WaitDurable(long, 1) })
			patient := call(func() error { return s.WaitDurable(t.Context(), 1) })
			mustBeCancelled(t, policy.String(), s.WaitDurable(short, 1), context.DeadlineExceeded)
			if got := time.Since(begin); got != time.Second {
				t.Errorf("%s: it returned after %s, the deadline was a second", policy, got)
			}
			d.waitForSync()
			cancelLong()
			mustBeCancelled(t, policy.String(), <-cancelled, context.Canceled)
			synctest.Wait()
			mustNotBeDone(t, "the other wait", patient)
			mustShow(t, policy.String(), s, 1, visibleOf(policy, 1, 0), 0)
			d.release(nil)
			if err := <-patient; err != nil {
				t.Errorf("%s: who went on waiting: %v", policy, err)
			}
			mustShow(t, policy.String(), s, 1, 1, 1)
			cancelShort()
		}
	})
}

func TestManyCancelledWaitsLeaveNothingBehind(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := slowStore(t, small(engine.SyncManual()))
		d.hold()
		mustStage(t, s, 1)
		before := inBubble()
		ctx, cancel := context.WithCancel(t.Context())
		var calls []<-chan error
		for range 1000 {
			calls = append(calls, call(func() error { return s.WaitDurable(ctx, 1) }))
		}
		synctest.Wait()
		cancel()
		for _, done := range calls {
			mustBeCancelled(t, "one of many", <-done, context.Canceled)
		}
		synctest.Wait()
		if got := inBubble(); got > before+1 { // the sync that they began
			t.Errorf("%d goroutines, there were %d before", got, before)
		}
		d.release(nil)
		synctest.Wait()
		if got := inBubble(); got != before {
			t.Errorf("%d goroutines when the sync is done, there were %d before", got, before)
		}
		mustShow(t, "after the cancelled waits", s, 1, 1, 1)
	})
}

func TestWaitDurableNeedsAnOpenStoreThatIsWritten(t *testing.T) {
	t.Parallel()
	for _, policy := range everyPolicy {
		path := quickDir(t)
		s := mustOpen(t, path, small(policy))
		mustAppend(t, s, 3)
		mustClose(t, s)
		for _, sequence := range []uint64{0, 1, 3, 4} {
			if err := s.WaitDurable(t.Context(), sequence); !errors.Is(err, engine.ErrClosed) {
				t.Errorf("%s: sequence %d of a closed store: got %v, want ErrClosed", policy, sequence, err)
			}
		}
		o := small(policy)
		o.ReadOnly = true
		s = mustOpen(t, path, o)
		if err := s.WaitDurable(t.Context(), 1); !errors.Is(err, engine.ErrReadOnly) {
			t.Errorf("%s: open for reading: got %v, want ErrReadOnly", policy, err)
		}
		var none context.Context
		if err := s.WaitDurable(none, 1); !errors.Is(err, engine.ErrInvalid) {
			t.Errorf("%s: no context: got %v, want ErrInvalid", policy, err)
		}
		mustClose(t, s)
		if err := s.WaitDurable(t.Context(), 1); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("%s: closed after reading: got %v, want ErrClosed", policy, err)
		}
		if err := s.Sync(); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("%s: sync of what was closed after reading: got %v, want ErrClosed", policy, err)
		}
	}
}
