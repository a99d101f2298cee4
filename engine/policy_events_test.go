// Every N events: a sync begins when N are not durable, appends wait when 2N are not, and a
// power cut takes no more than that.

package engine_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestASyncBeginsWhenNEventsAreNotDurableAndNotBefore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 7, 50} {
			for _, interval := range []time.Duration{0, time.Hour} {
				policy := engine.SyncEvery(n, interval)
				s, d := slowStore(t, small(policy))
				for round := range 3 {
					mustStage(t, s, n-1)
					synctest.Wait()
					mustShow(t, policy.String(), s, uint64(n*round+n-1), uint64(n*round+n-1), uint64(n*round))
					mustStage(t, s, 1)
					synctest.Wait()
					mustShow(t, policy.String(), s, uint64(n*round+n), uint64(n*round+n), uint64(n*round+n))
				}
				if got := d.syncs(); got != 3 {
					t.Errorf("%s: %d syncs for three times as many events", policy, got)
				}
			}
		}
	})
}

func TestASyncThatTheCallerAskedForCountsForTheNextN(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := slowStore(t, small(engine.SyncEvery(10, 0)))
		mustStage(t, s, 9)
		mustSync(t, s)
		mustStage(t, s, 9)
		if err := s.WaitDurable(t.Context(), 18); err != nil {
			t.Fatal(err)
		}
		mustStage(t, s, 9)
		synctest.Wait()
		mustShow(t, "9 after two syncs", s, 27, 27, 18)
		mustStage(t, s, 1)
		synctest.Wait()
		mustShow(t, "10 after two syncs", s, 28, 28, 28)
		if got := d.syncs(); got != 3 {
			t.Errorf("%d syncs, want 3", got)
		}
	})
}

func TestEventsThatComeDuringASyncAreCoveredByTheNext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := slowStore(t, small(engine.SyncEvery(10, 0)))
		d.hold()
		mustStage(t, s, 10)
		d.waitForSync()
		mustStage(t, s, 10) // N that this sync does not cover
		d.release(nil)
		synctest.Wait()
		mustShow(t, "N during a sync", s, 20, 20, 20)
		d.hold()
		mustStage(t, s, 10)
		d.waitForSync()
		mustStage(t, s, 9) // one short of N
		d.release(nil)
		synctest.Wait()
		mustShow(t, "N-1 during a sync", s, 39, 39, 30)
		if got := d.syncs(); got != 3 {
			t.Errorf("%d syncs, want 3", got)
		}
	})
}

func TestAppendsWaitWhenTwiceNAreNotDurableAndGoOnAfterASync(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 8} {
			for _, wait := range []engine.Wait{engine.WaitPolicy, engine.WaitStaged} {
				s, d := slowStore(t, small(engine.SyncEvery(n, 0)))
				d.hold()
				mustStage(t, s, 2*n) // none of them waits
				d.waitForSync()
				waiting := call(func() error {
					_, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: wait})
					return err
				})
				until(func() bool { return s.Stats().RoomWaits == 1 })
				mustNotBeDone(t, "an append beyond 2N", waiting)
				mustShow(t, fmt.Sprint("2N of ", n), s, uint64(2*n), uint64(2*n), 0)
				d.release(nil)
				if err := <-waiting; err != nil {
					t.Fatal(err)
				}
				mustStage(t, s, 5*n)
				synctest.Wait()
				if got := s.Stats(); got.Staged != uint64(7*n+1) || got.Durable+uint64(n) <= got.Staged {
					t.Errorf("staged %d, durable %d of %d", got.Staged, got.Durable, 7*n+1)
				}
			}
		}
	})
}

func TestWhatWaitsForNothingUnderEveryAppendWaitsAtItsBound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const bound = 1 << 16
		s, d := slowStore(t, engine.Options{Hashing: engine.HashingOff})
		d.hold()
		for n := range bound {
			if _, err := s.AppendBytesWith(here, event.Data, event.CodecRaw, nil, engine.AppendOptions{Wait: engine.WaitStaged}); err != nil {
				t.Fatalf("event %d: %v", n, err)
			}
		}
		before := s.Stats().RoomWaits
		waiting := call(func() error {
			_, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitStaged})
			return err
		})
		until(func() bool { return s.Stats().RoomWaits == before+1 })
		mustNotBeDone(t, "an append beyond the bound", waiting)
		mustShow(t, "at the bound", s, bound, 0, 0)
		d.release(nil)
		if err := <-waiting; err != nil {
			t.Fatal(err)
		}
		if err := s.WaitDurable(t.Context(), bound+1); err != nil {
			t.Fatal(err)
		}
		mustShow(t, "behind the bound", s, bound+1, bound+1, bound+1)
	})
}

func TestAPowerCutTakesAtMostTwoNEvents(t *testing.T) {
	t.Parallel()
	const n = 6
	for _, policy := range []engine.SyncPolicy{engine.SyncEvery(n, 0), engine.SyncEvery(n, time.Hour)} {
		d := newDevice(nothing())
		s := openFor(t, d, small(policy))
		for told := range uint64(300) {
			if _, err := s.AppendBytes(here, event.Data, event.CodecRaw, randomBytes(told, int(told)*7%900)); err != nil {
				t.Fatal(err)
			}
			if told%13 != 0 {
				continue
			}
			again := openLeft(t, d.cut(nil), small(policy))
			if found := again.Stats().Events; found+2*n < told+1 {
				t.Errorf("%s: %d events of %d are left", policy, found, told+1)
			}
			mustClose(t, again)
		}
		mustClose(t, s)
	}
}
