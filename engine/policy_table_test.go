// The table of what a policy promises: when an append returns, when readers see the
// event, and what is durable, for every policy and whatever the append waits for.

package engine_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestAnAppendReturnsWhenItsPolicyOrItsOwnWaitSays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			for name, wait := range waits {
				what := fmt.Sprintf("%s, waiting for %s", policy, name)
				s, d := slowStore(t, small(policy))
				d.hold()
				var released atomic.Bool
				waitsForDisk := wait == engine.WaitDurable || wait == engine.WaitPolicy && policy == engine.SyncEveryAppend()
				appended := call(func() error {
					r, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: wait})
					if err == nil && (r.Sequence != 1 || r.ID.IsZero() || r.Hash.IsZero()) {
						t.Errorf("%s: receipt %+v", what, r)
					}
					if released.Load() != waitsForDisk {
						t.Errorf("%s: it waits for the disk: %v, want %v", what, released.Load(), waitsForDisk)
					}
					return err
				})
				if waitsForDisk {
					d.waitForSync()
					mustNotBeDone(t, what, appended)
				} else if err := <-appended; err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				visible := visibleOf(policy, 1, 0)
				mustShow(t, what, s, 1, visible, 0)
				if _, err := s.At(1); (err == nil) != (visible == 1) || err != nil && !errors.Is(err, engine.ErrNotFound) {
					t.Errorf("%s: reading it gives %v", what, err)
				}
				if seen := len(all(t, s, 0, 0, engine.ReadOptions{})); seen != int(visible) {
					t.Errorf("%s: iterating yields %d events, want %d", what, seen, visible)
				}
				released.Store(true)
				d.release(nil)
				if waitsForDisk {
					if err := <-appended; err != nil {
						t.Fatalf("%s: %v", what, err)
					}
				} else if err := s.WaitDurable(t.Context(), 1); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				mustShow(t, what, s, 1, 1, 1)
				if _, err := s.At(1); err != nil {
					t.Errorf("%s: reading what is durable: %v", what, err)
				}
			}
		}
	})
}

func TestWhatAnAppendWaitedForSurvivesAPowerCut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			for _, mode := range []engine.SyncMode{engine.SyncData, engine.SyncAll} {
				o := small(policy)
				o.SyncMode = mode
				s, d := slowStore(t, o)
				mustStage(t, s, 3)
				r, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitDurable})
				if err != nil {
					t.Fatal(err)
				}
				want, err := s.At(r.Sequence)
				if err != nil {
					t.Fatalf("%s: what is durable can't be read: %v", policy, err)
				}
				left := d.device.cut(nil)
				again := openLeft(t, left, o)
				got := all(t, again, 0, 0, engine.ReadOptions{})
				if len(got) != 4 {
					t.Fatalf("%s, mode %d: %d events, want 4", policy, mode, len(got))
				}
				mustEqual(t, got[3:], history{want})
				mustClose(t, again)
			}
		}
	})
}

func TestSyncMakesAllDurableThatWasAppendedBeforeUnderEveryPolicy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, _ := slowStore(t, small(policy))
			for round := range uint64(3) {
				mustStage(t, s, 5)
				if err := s.Sync(); err != nil {
					t.Fatalf("%s: %v", policy, err)
				}
				mustShow(t, policy.String(), s, 5*round+5, 5*round+5, 5*round+5)
			}
		}
	})
}

func TestManualSyncsOnlyWhenItIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := slowStore(t, engine.Options{Sync: engine.SyncManual(), Hashing: engine.HashingOff})
		before := d.syncs()
		mustStage(t, s, 10_000)
		if got := d.syncs(); got != before {
			t.Errorf("%d syncs that nobody asked for", got-before)
		}
		mustShow(t, "manual", s, 10_000, 10_000, 0)
		mustSync(t, s)
		if got := d.syncs(); got != before+1 {
			t.Errorf("%d syncs, want 1", got-before)
		}
		mustSync(t, s)
		if got := d.syncs(); got != before+1 {
			t.Errorf("a sync of nothing asks the disk")
		}
	})
}

func mustSync(t failer, s *engine.Store) {
	t.Helper()
	if err := s.Sync(); err != nil {
		t.Fatalf("sync: %v", err)
	}
}

func TestALoneCallerUnderEveryAppendCostsOneSyncEach(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := slowStore(t, small(engine.SyncEveryAppend()))
		before := d.syncs()
		for n := range 100 {
			if _, err := s.Append(here, event.Data, n); err != nil {
				t.Fatal(err)
			}
			if got := d.syncs() - before; got != n+1 {
				t.Fatalf("%d syncs after %d appends", got, n+1)
			}
		}
	})
}
