// A disk that hangs: what waits for it can be left, what does not goes on, and closing
// waits without holding up readers.

package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// mustRead fails the test unless the first events can be read, in every way, and no more.
func mustRead(t *testing.T, what string, s *engine.Store, visible int) {
	t.Helper()
	if got := len(all(t, s, 0, 0, engine.ReadOptions{})); got != visible {
		t.Errorf("%s: %d events are read, want %d", what, got, visible)
	}
	found := 0
	for _, err := range s.Query(event.Entity(here.Entity()), engine.ReadOptions{Direction: engine.Backward}) {
		if err != nil {
			t.Errorf("%s: query: %v", what, err)
		}
		found++
	}
	if found != visible {
		t.Errorf("%s: %d events are found, want %d", what, found, visible)
	}
	for sequence := range uint64(visible) {
		if _, err := s.At(sequence + 1); err != nil {
			t.Errorf("%s: event %d: %v", what, sequence+1, err)
		}
	}
	if _, err := s.At(uint64(visible) + 1); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("%s: behind what is visible: got %v, want ErrNotFound", what, err)
	}
}

func TestReadingAndStagingGoOnWhileTheDiskHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			mustStage(t, s, 2)
			mustSync(t, s)
			d.hold()
			waiting := call(s.Sync) // of nothing
			if err := <-waiting; err != nil {
				t.Errorf("%s: a sync of nothing: %v", policy, err)
			}
			mustStage(t, s, 1)
			waiting = call(s.Sync)
			d.waitForSync()
			mustStage(t, s, 3)
			mustRead(t, policy.String(), s, int(visibleOf(policy, 6, 2)))
			mustNotBeDone(t, "a sync", waiting)
			d.release(nil)
			if err := <-waiting; err != nil {
				t.Errorf("%s: %v", policy, err)
			}
		}
	})
}

// waitForClosing returns when a call of Close, made in another goroutine, refuses what is
// new.
func waitForClosing(s *engine.Store) {
	ended, end := context.WithCancel(context.Background())
	end()
	until(func() bool { return errors.Is(s.WaitDurable(ended, 1), engine.ErrClosed) })
}

func TestCloseWaitsForAHangingDiskAndHoldsUpNoReader(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			mustStage(t, s, 2)
			mustSync(t, s)
			d.hold()
			mustStage(t, s, 3)
			ctx, cancel := context.WithCancel(t.Context())
			impatient := call(func() error { return s.WaitDurable(ctx, 5) })
			patient := call(func() error { return s.WaitDurable(t.Context(), 5) })
			appended := call(func() error {
				_, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitDurable})
				return err
			})
			until(func() bool { return s.Stats().Staged == 6 })
			d.waitForSync()
			synctest.Wait() // all of them wait
			closed, again := call(s.Close), call(s.Close)
			waitForClosing(s)
			if _, err := s.Append(here, event.Data, "x"); !errors.Is(err, engine.ErrClosed) {
				t.Errorf("%s: append: got %v, want ErrClosed at once", policy, err)
			}
			if err := s.WaitDurable(t.Context(), 5); !errors.Is(err, engine.ErrClosed) {
				t.Errorf("%s: a wait that begins now: got %v, want ErrClosed at once", policy, err)
			}
			staged := s.Stats().Staged
			mustRead(t, policy.String(), s, int(visibleOf(policy, staged, 2)))
			cancel()
			mustBeCancelled(t, policy.String(), <-impatient, context.Canceled)
			mustNotBeDone(t, "Close", closed)
			mustNotBeDone(t, "the other Close", again)
			mustNotBeDone(t, "a wait that was not cancelled", patient)
			mustNotBeDone(t, "an append", appended)
			d.release(nil)
			for what, done := range map[string]<-chan error{"Close": closed, "the other Close": again, "the wait": patient, "the append": appended} {
				if err := <-done; err != nil {
					t.Errorf("%s: %s: %v", policy, what, err)
				}
			}
			mustShow(t, policy.String(), s, staged, staged, staged)
			left := d.device.cut(nil)
			s = openLeft(t, left, small(policy))
			if got := s.Stats(); got.Events != staged || !s.Report().Clean {
				t.Errorf("%s: %d events of %d after closing, %s", policy, got.Events, staged, s.Report())
			}
			mustClose(t, s)
		}
	})
}

func TestADiskThatHangsWhileClosingOnlyHoldsUpClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy[1:] { // under every append the sync is under way before
			s, d := slowStore(t, small(policy))
			d.hold()
			mustStage(t, s, 3)
			closed := call(s.Close)
			d.waitForSync()
			mustRead(t, policy.String(), s, 3)
			mustShow(t, policy.String(), s, 3, 3, 0)
			mustNotBeDone(t, "Close", closed)
			d.holdNext()
			d.waitForSync() // of the close frame
			mustRead(t, policy.String(), s, 3)
			mustShow(t, policy.String(), s, 3, 3, 3)
			d.release(nil)
			if err := <-closed; err != nil {
				t.Errorf("%s: %v", policy, err)
			}
		}
	})
}

func TestADiskThatHangsAndThenFailsWhileClosingIsReported(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			d.hold()
			mustStage(t, s, 3)
			waiting := call(func() error { return s.WaitDurable(t.Context(), 3) })
			d.waitForSync()
			synctest.Wait() // it waits
			closed := call(s.Close)
			waitForClosing(s)
			staged := s.Stats().Staged
			d.release(errInjected)
			if err := <-waiting; !errors.Is(err, engine.ErrIndeterminate) || !errors.Is(err, errInjected) {
				t.Errorf("%s: wait: got %v, want ErrIndeterminate with its cause", policy, err)
			}
			for range 2 {
				if err := <-closed; !errors.Is(err, engine.ErrPoisoned) || !errors.Is(err, errInjected) {
					t.Errorf("%s: close: got %v, want ErrPoisoned with its cause", policy, err)
				}
				closed = call(s.Close)
			}
			if got := d.syncs(); got != 1 {
				t.Errorf("%s: %d syncs, want the failed one only", policy, got)
			}
			mustShow(t, policy.String(), s, staged, visibleOf(policy, staged, 0), 0)
		}
	})
}

func TestAppendsThatWaitAtABoundWhileClosingAreStoredOrRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n = 4
		s, d := slowStore(t, small(engine.SyncEvery(n, 0)))
		d.hold()
		mustStage(t, s, 2*n)
		var waiting []<-chan error
		for range 10 {
			waiting = append(waiting, call(func() error {
				_, err := s.Append(here, event.Data, "x")
				return err
			}))
		}
		until(func() bool { return s.Stats().RoomWaits == 10 })
		closed := call(s.Close)
		waitForClosing(s)
		mustNotBeDone(t, "Close", closed)
		d.release(nil)
		stored := uint64(2 * n)
		for _, done := range waiting {
			switch err := <-done; {
			case err == nil:
				stored++
			case !errors.Is(err, engine.ErrClosed):
				t.Errorf("got %v, want success or ErrClosed", err)
			}
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		mustShow(t, "closed", s, stored, stored, stored)
	})
}
