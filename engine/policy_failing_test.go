// A sync that fails, under every policy and with everybody who can wait for it: nobody is
// told that it succeeded, nobody tries again, and reading goes on.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// mustBeUnknown fails the test unless the error says that the outcome is unknown, because
// of the injected failure, and not that nothing was stored.
func mustBeUnknown(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, engine.ErrIndeterminate) || errors.Is(err, engine.ErrPoisoned) || !errors.Is(err, errInjected) {
		t.Errorf("%s: got %v, want ErrIndeterminate with its cause", what, err)
	}
}

// mustStoreNothing fails the test unless the error says that nothing was stored, because of the
// injected failure before.
func mustStoreNothing(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, engine.ErrPoisoned) || errors.Is(err, engine.ErrIndeterminate) || !errors.Is(err, errInjected) {
		t.Errorf("%s: got %v, want ErrPoisoned with its cause", what, err)
	}
}

// mustStayPoisoned fails the test unless every writing call is refused, every waiting one
// says that the outcome is unknown, and what was durable or visible still is.
func mustStayPoisoned(t *testing.T, what string, s *engine.Store, d *slowDisk, staged, visible, durable uint64) {
	t.Helper()
	before := d.syncs()
	for range 2 {
		for name, wait := range waits {
			_, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: wait})
			mustStoreNothing(t, what+", appending, waiting for "+name, err)
		}
		mustStoreNothing(t, what+", Sync", s.Sync())
		for sequence := range staged {
			err := s.WaitDurable(t.Context(), sequence+1)
			if sequence < durable && err != nil {
				t.Errorf("%s: waiting for %d, which is durable: %v", what, sequence+1, err)
			} else if sequence >= durable {
				mustBeUnknown(t, fmt.Sprintf("%s, waiting for %d", what, sequence+1), err)
			}
		}
		if err := s.WaitDurable(t.Context(), staged+1); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("%s: waiting for what was not given: got %v, want ErrNotFound", what, err)
		}
	}
	if err := s.Stats().Poisoned; !errors.Is(err, errInjected) {
		t.Errorf("%s: the counters say %v", what, err)
	}
	mustShow(t, what, s, staged, visible, durable)
	mustRead(t, what, s, int(visible))
	if got := d.syncs(); got != before {
		t.Errorf("%s: %d syncs after the failed one", what, got-before)
	}
}

func TestAGroupWhoseSyncFailsIsToldThatTheOutcomeIsUnknown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const each = 16
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			mustStage(t, s, 2)
			mustSync(t, s)
			begun := d.syncs()
			d.hold()
			var waiting []<-chan error // 64 calls
			add := func(f func() error) { waiting = append(waiting, call(f)) }
			add(func() error {
				_, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitDurable})
				return err
			})
			d.waitForSync() // of the first; the others come when it is under way
			for range each - 1 {
				add(func() error {
					_, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitDurable})
					return err
				})
			}
			for range each {
				add(func() error {
					r, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitStaged})
					if err != nil {
						return err
					}
					return s.WaitDurable(t.Context(), r.Sequence)
				})
				add(func() error {
					r, err := s.Append(here, event.Data, "x")
					if err != nil || policy == engine.SyncEveryAppend() {
						return err
					}
					return s.WaitDurable(t.Context(), r.Sequence)
				})
				add(s.Sync)
			}
			until(func() bool { return s.Stats().Staged == 2+3*each })
			synctest.Wait() // all wait for the sync
			d.release(errInjected)
			for _, done := range waiting {
				mustBeUnknown(t, policy.String(), <-done)
			}
			if got := d.syncs() - begun; got != 1 {
				t.Errorf("%s: %d syncs, want the failed one only", policy, got)
			}
			mustStayPoisoned(t, policy.String(), s, d, 2+3*each, visibleOf(policy, 2+3*each, 2), 2)
			if err := s.Close(); !errors.Is(err, engine.ErrPoisoned) || !errors.Is(err, errInjected) {
				t.Errorf("%s: close: got %v, want ErrPoisoned with its cause", policy, err)
			}
			mustComeBack(t, policy, d, 2, 2+3*each)
		}
	})
}

// mustComeBack opens what a power cut leaves and fails the test unless the durable events are
// there and the sequences that were told are not given again.
func mustComeBack(t *testing.T, policy engine.SyncPolicy, d *slowDisk, durable int, told uint64) {
	t.Helper()
	for what, left := range map[string]remains{"power cut": d.device.cut(nil), "kill": d.device.kill()} {
		s := openLeft(t, left, small(policy))
		events := all(t, s, 0, 0, engine.ReadOptions{})
		if len(events) < durable || uint64(len(events)) > told {
			t.Errorf("%s, %s: %d events, want %d to %d", policy, what, len(events), durable, told)
		}
		r, err := s.Append(here, event.Data, "x")
		if err != nil || r.Sequence <= told {
			t.Errorf("%s, %s: sequence %d is given again, %v", policy, what, r.Sequence, err)
		}
		mustBeSound(t, all(t, s, 0, 0, engine.ReadOptions{}), true)
		mustClose(t, s)
	}
}

func TestACancelledWaitStaysUnknownWhenTheSyncFailsLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			d.hold()
			mustStage(t, s, 1)
			ctx, cancel := context.WithCancel(t.Context())
			waiting := call(func() error { return s.WaitDurable(ctx, 1) })
			d.waitForSync()
			cancel()
			mustBeCancelled(t, policy.String(), <-waiting, ctx.Err())
			d.release(errInjected)
			synctest.Wait()
			mustStayPoisoned(t, policy.String(), s, d, 1, visibleOf(policy, 1, 0), 0)
		}
	})
}

func TestAFailedSyncThatNobodyWaitsForPoisonsAndIsLoggedOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range []engine.SyncPolicy{engine.SyncEveryAppend(), engine.SyncEvery(2, 0)} {
			o := small(policy)
			var logged atomic.Int32
			o.Logger = slog.New(countErrors{slog.DiscardHandler, &logged})
			s, d := slowStore(t, o)
			d.hold()
			mustStage(t, s, 3)
			d.release(errInjected)
			synctest.Wait()
			if got := d.syncs(); got != 1 || logged.Load() != 1 {
				t.Errorf("%s: %d syncs and %d lines in the log, want one of each", policy, got, logged.Load())
			}
			mustStayPoisoned(t, policy.String(), s, d, 3, visibleOf(policy, 3, 0), 0)
			if err := s.Close(); !errors.Is(err, engine.ErrPoisoned) {
				t.Errorf("%s: close: got %v, want ErrPoisoned", policy, err)
			}
			if logged.Load() != 1 {
				t.Errorf("%s: %d lines in the log, want 1", policy, logged.Load())
			}
			mustComeBack(t, policy, d, 0, 3)
		}
	})
}

// countErrors counts lines of level error.
type countErrors struct {
	slog.Handler
	lines *atomic.Int32
}

func (h countErrors) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelError
}

func (h countErrors) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h countErrors) Handle(context.Context, slog.Record) error {
	h.lines.Add(1)
	return nil
}

func TestAppendsThatWaitAtABoundAreRefusedWhenTheSyncFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n = 4
		s, d := slowStore(t, small(engine.SyncEvery(n, 0)))
		d.hold()
		mustStage(t, s, 2*n)
		var waiting []<-chan error
		for _, wait := range waits {
			waiting = append(waiting, call(func() error {
				_, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: wait})
				return err
			}))
		}
		until(func() bool { return s.Stats().RoomWaits == uint64(len(waiting)) })
		d.release(errInjected)
		for _, done := range waiting {
			mustStoreNothing(t, "at the bound", <-done) // nothing of it was stored
		}
		mustStayPoisoned(t, "at the bound", s, d, 2*n, 2*n, 0)
		mustComeBack(t, engine.SyncEvery(n, 0), d, 0, 2*n)
	})
}

func TestAPoisonedStoreIsReadUntilItIsClosedAndThenSaysThatItIsClosed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			d.release(errInjected)
			_, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitDurable})
			mustBeUnknown(t, policy.String(), err)
			mustStayPoisoned(t, policy.String(), s, d, 1, visibleOf(policy, 1, 0), 0)
			_ = s.Close() // tested elsewhere
			for what, err := range map[string]error{"Sync": s.Sync(), "WaitDurable": s.WaitDurable(t.Context(), 1)} {
				if !errors.Is(err, engine.ErrClosed) {
					t.Errorf("%s: %s after closing: got %v, want ErrClosed", policy, what, err)
				}
			}
			if _, err := s.Append(here, event.Data, "x"); !errors.Is(err, engine.ErrClosed) {
				t.Errorf("%s: append after closing: got %v, want ErrClosed", policy, err)
			}
		}
	})
}
