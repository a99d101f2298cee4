// Group commit: who waits at the same time shares syncs, one goroutine keeps the disk busy
// by not waiting, and nobody waits for a sync that does not cover him.

package engine_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestAllWhoComeDuringASyncShareTheNextOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const callers = 64
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			d.hold()
			appendOne := func() error {
				r, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitDurable})
				if err == nil && s.Stats().Durable < r.Sequence {
					t.Errorf("%s: event %d is not durable", policy, r.Sequence)
				}
				return err
			}
			first := call(appendOne)
			d.waitForSync()
			var others []<-chan error
			for range callers - 1 {
				others = append(others, call(appendOne))
			}
			until(func() bool { return s.Stats().Staged == callers })
			d.release(nil)
			for _, done := range append(others, first) {
				if err := <-done; err != nil {
					t.Errorf("%s: %v", policy, err)
				}
			}
			mustShow(t, policy.String(), s, callers, callers, callers)
			if got := d.syncs(); got != 2 {
				t.Errorf("%s: %d syncs for %d callers, want 2", policy, got, callers)
			}
		}
	})
}

func TestWhoIsStagedAfterASyncBeganIsNotTakenForDurableByIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			d.hold()
			mustStage(t, s, 1)
			first := call(func() error { return s.WaitDurable(t.Context(), 1) })
			d.waitForSync() // of event 1
			second := call(func() error {
				_, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitDurable})
				return err
			})
			third := call(s.Sync)
			until(func() bool { return s.Stats().Staged == 2 })
			left := d.device.cut(nil)
			d.holdNext()
			if err := <-first; err != nil {
				t.Fatalf("%s: %v", policy, err)
			}
			d.waitForSync() // of event 2
			mustShow(t, policy.String(), s, 2, visibleOf(policy, 2, 1), 1)
			mustNotBeDone(t, "the append that came later", second)
			d.release(nil)
			for _, done := range []<-chan error{second, third} {
				if err := <-done; err != nil {
					t.Errorf("%s: %v", policy, err)
				}
			}
			mustShow(t, policy.String(), s, 2, 2, 2)
			again := openLeft(t, left, small(policy))
			if got := again.Stats().Events; got != 0 {
				t.Errorf("%s: the disk had %d events before its first sync", policy, got)
			}
			mustClose(t, again)
		}
	})
}

func TestUnderEveryAppendWhatWaitsForNothingBecomesDurableByItself(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := slowStore(t, small(engine.SyncEveryAppend()))
		mustStage(t, s, 1)
		synctest.Wait()
		mustShow(t, "one event", s, 1, 1, 1)
		d.hold()
		mustStage(t, s, 1)
		d.waitForSync()
		mustStage(t, s, 50)
		mustShow(t, "while the disk is busy", s, 52, 1, 1)
		d.release(nil)
		synctest.Wait()
		mustShow(t, "afterwards", s, 52, 52, 52)
		if got := d.syncs(); got != 3 {
			t.Errorf("%d syncs, want 3: two that were asked for, and one for all that came meanwhile", got)
		}
	})
}

func TestWhatThePolicyAsksForWhileALoneCallerSyncsIsDoneAfterwards(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range []engine.SyncPolicy{engine.SyncEveryAppend(), engine.SyncEvery(5, 0)} {
			s, d := slowStore(t, small(policy))
			d.hold()
			lone := call(func() error {
				_, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitDurable})
				return err
			})
			d.waitForSync()
			mustStage(t, s, 5)
			d.release(nil)
			if err := <-lone; err != nil {
				t.Errorf("%s: %v", policy, err)
			}
			synctest.Wait()
			mustShow(t, policy.String(), s, 6, 6, 6)
			if got := d.syncs(); got != 2 {
				t.Errorf("%s: %d syncs, want 2", policy, got)
			}
		}
	})
}

func TestOneGoroutinePipelinesByNotWaitingAndThenWaitingForTheLast(t *testing.T) {
	t.Parallel()
	for _, policy := range everyPolicy {
		path := quickDir(t)
		s := mustOpen(t, path, small(policy))
		var last uint64
		for n := range uint64(500) {
			r, err := s.AppendBytesWith(here, event.Data, event.CodecRaw, randomBytes(n, 500), engine.AppendOptions{Wait: engine.WaitStaged})
			if err != nil {
				t.Fatal(err)
			}
			last = r.Sequence
		}
		if err := s.WaitDurable(t.Context(), last); err != nil {
			t.Fatal(err)
		}
		mustShow(t, policy.String(), s, last, last, last)
		events := all(t, s, 0, 0, engine.ReadOptions{})
		mustBeSound(t, events, true)
		mustClose(t, s)
		s = mustOpen(t, path, small(policy))
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		mustClose(t, s)
	}
}

func TestEveryWaitIsKeptWhileManyAppendOverManySegments(t *testing.T) {
	t.Parallel()
	for _, policy := range everyPolicy {
		mustKeepEveryWait(t, policy)
	}
}

// mustKeepEveryWait has many append, and cuts the power several times meanwhile.
func mustKeepEveryWait(t *testing.T, policy engine.SyncPolicy) {
	t.Helper()
	d := newDevice(nothing())
	s := openFor(t, d, small(policy))
	w := &witness{told: make(map[uint64]event.ID), lost: make(map[uint64]bool)}
	var appending sync.WaitGroup
	defer appending.Wait()
	for writer := range 4 {
		appending.Go(func() { w.appendMixed(t, s, policy, writer) })
	}
	for cut := range uint64(4) {
		until(func() bool { return s.Stats().Staged > 140*cut || t.Failed() })
		before := w.fork()
		again := openLeft(t, d.cut(nil), small(policy))
		before.mustHold(t, policy.String(), again)
		mustClose(t, again)
	}
	appending.Wait()
	mustClose(t, s)
}

// appendMixed appends with every kind of wait in turn, syncs and waits now and then, and
// notes what was told to be durable.
func (w *witness) appendMixed(t *testing.T, s *engine.Store, policy engine.SyncPolicy, writer int) {
	at := event.MustAt(fmt.Sprint("writer-", writer), "scope")
	for n := range 150 {
		wait := engine.Wait((n*7 + writer) % 3)
		r, err := s.AppendBytesWith(at, event.Data, event.CodecRaw, randomBytes(uint64(n), n*37%1500), engine.AppendOptions{Wait: wait})
		if err == nil && n%10 == 9 {
			if wait = engine.WaitDurable; writer%2 == 0 {
				err = s.Sync()
			} else {
				err = s.WaitDurable(t.Context(), r.Sequence)
			}
		}
		if err != nil {
			t.Errorf("%s: %v", policy, err)
			return
		}
		durable := wait == engine.WaitDurable || wait == engine.WaitPolicy && policy == engine.SyncEveryAppend()
		if got := s.Stats(); durable && got.Durable < r.Sequence || got.Visible < r.Sequence && policy != engine.SyncEveryAppend() {
			t.Errorf("%s: after event %d, waiting for %d: visible %d, durable %d", policy, r.Sequence, wait, got.Visible, got.Durable)
		}
		w.mu.Lock()
		w.told[r.Sequence] = r.ID
		if durable {
			w.durable = max(w.durable, r.Sequence)
		}
		w.mu.Unlock()
	}
}
