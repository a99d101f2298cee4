// Every T: exactly when a sync begins, on a clock of the test's own; and that nothing at
// all happens while everything is durable.

package engine_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// pass lets this much of the bubble's time pass, and all be done that is due.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestASyncBeginsWhenTheOldestEventIsAsOldAsTheIntervalAndNotBefore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, interval := range []time.Duration{engine.MinSyncInterval, time.Minute, engine.MaxSyncInterval} {
			for _, policy := range []engine.SyncPolicy{engine.SyncEvery(0, interval), engine.SyncEvery(100, interval)} {
				s, d := slowStore(t, small(policy))
				pass(10*interval + interval/3) // whatever runs all the time is out of step now
				for round := range uint64(3) {
					mustStage(t, s, 1)
					pass(interval / 2)
					mustStage(t, s, 2)
					pass(interval/2 - 1)
					mustShow(t, policy.String()+", just before", s, 3*round+3, 3*round+3, 3*round)
					pass(1)
					mustShow(t, policy.String()+", just then", s, 3*round+3, 3*round+3, 3*round+3)
					pass(interval / 3)
				}
				if got := d.syncs(); got != 3 {
					t.Errorf("%s: %d syncs, want 3", policy, got)
				}
			}
		}
	})
}

func TestNoEventWaitsLongerThanTheIntervalAndOneSync(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const interval, sync = time.Minute, 20 * time.Second
		for _, step := range []time.Duration{time.Second, 7 * time.Second, sync, interval, interval + sync} {
			s, d := slowStore(t, small(engine.SyncEvery(0, interval)))
			d.slow(sync)
			staged := []time.Time{}
			for range 60 {
				mustStage(t, s, 1)
				staged = append(staged, time.Now())
				pass(step)
				durable := s.Stats().Durable
				if durable < uint64(len(staged)) {
					if age := time.Since(staged[durable]); age > interval+sync {
						t.Fatalf("a step of %s: event %d is not durable after %s", step, durable+1, age)
					}
				}
			}
			if got, most := d.syncs(), int(60*step/interval)+1; got > most {
				t.Errorf("a step of %s: %d syncs, want at most %d", step, got, most)
			}
		}
	})
}

func TestTheFirstOfNEventsAndTheIntervalBeginsASync(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n, interval = 4, time.Second
		s, d := slowStore(t, small(engine.SyncEvery(n, interval)))
		mustStage(t, s, n)
		synctest.Wait()
		mustShow(t, "N events", s, n, n, n)
		pass(10 * interval)
		if got := d.syncs(); got != 1 {
			t.Errorf("%d syncs, want 1: everything was durable when the interval was over", got)
		}
		mustStage(t, s, n-1)
		pass(interval)
		mustShow(t, "the interval", s, 2*n-1, 2*n-1, 2*n-1)
		if got := d.syncs(); got != 2 {
			t.Errorf("%d syncs, want 2", got)
		}
	})
}

// inBubble returns how many goroutines the bubble of the caller has.
func inBubble() int {
	b := make([]byte, 1<<20)
	own := string(b[:runtime.Stack(b, false)])
	own, _, _ = strings.Cut(own, "]:")
	_, own, _ = strings.Cut(own, "synctest bubble ")
	return strings.Count(string(b[:runtime.Stack(b, true)]), "synctest bubble "+own+"]")
}

func TestNothingHappensWhileAllIsDurable(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range []engine.SyncPolicy{
			engine.SyncEveryAppend(), engine.SyncManual(),
			engine.SyncEvery(1, 0), engine.SyncEvery(0, engine.MinSyncInterval), engine.SyncEvery(1, engine.MinSyncInterval),
		} {
			s, d := slowStore(t, small(policy))
			goroutines := inBubble()
			for range 3 {
				mustStage(t, s, 5)
				mustSync(t, s)
				pass(engine.MinSyncInterval) // if that was armed
				calls := d.allCalls()
				// A timer that fires every millisecond would keep the test from ever ending.
				pass(100 * 365 * 24 * time.Hour)
				if got := d.allCalls(); got != calls {
					t.Errorf("%s: %d calls of an idle store", policy, got-calls)
				}
				if got := inBubble(); got != goroutines {
					t.Errorf("%s: %d goroutines, there were %d", policy, got, goroutines)
				}
			}
			mustClose(t, s)
			if got := inBubble(); got >= goroutines {
				t.Errorf("%s: %d goroutines after closing, there were %d", policy, got, goroutines)
			}
		}
	})
}

func TestAClosedStoreHasNoTimer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const interval = time.Second
		s, d := slowStore(t, small(engine.SyncEvery(0, interval)))
		mustStage(t, s, 3)
		pass(interval / 2)
		mustClose(t, s)
		calls := d.allCalls()
		pass(10 * interval)
		if got := d.allCalls(); got != calls {
			t.Errorf("%d calls after closing", got-calls)
		}
		mustShow(t, "closed", s, 3, 3, 3)
	})
}

func TestAFailedSyncOfTheIntervalPoisonsAndIsNotRepeated(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const interval = time.Second
		s, d := slowStore(t, small(engine.SyncEvery(0, interval)))
		mustStage(t, s, 3)
		d.release(errInjected)
		pass(interval)
		for range 2 {
			if _, err := s.Append(here, event.Data, "x"); !errors.Is(err, engine.ErrPoisoned) || !errors.Is(err, errInjected) {
				t.Errorf("append: got %v, want ErrPoisoned with its cause", err)
			}
			if err := s.WaitDurable(t.Context(), 3); !errors.Is(err, engine.ErrIndeterminate) || !errors.Is(err, errInjected) {
				t.Errorf("wait: got %v, want ErrIndeterminate with its cause", err)
			}
			pass(10 * interval)
		}
		mustShow(t, "poisoned", s, 3, 3, 0)
		if got := d.syncs(); got != 1 {
			t.Errorf("%d syncs, want the failed one only", got)
		}
	})
}
