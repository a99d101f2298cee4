// Syncs that fail: who waited learns that the outcome is unknown, nothing is written
// afterwards, no sync is tried again, reads go on.

package engine_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

var firstSegment = mmapseg.FileName(1, 0)

// mustBePoisoned fails the test unless the store refuses writes, with the cause, and
// goes on to be read.
func mustBePoisoned(t *testing.T, s *engine.Store, visible history) {
	t.Helper()
	if _, err := s.Append(here, event.Data, "x"); !errors.Is(err, engine.ErrPoisoned) || !errors.Is(err, errInjected) {
		t.Errorf("append: got %v, want ErrPoisoned with its cause", err)
	}
	if err := s.Sync(); !errors.Is(err, engine.ErrPoisoned) || !errors.Is(err, errInjected) {
		t.Errorf("sync: got %v, want ErrPoisoned with its cause", err)
	}
	if err := s.Stats().Poisoned; !errors.Is(err, errInjected) {
		t.Errorf("stats: poisoned by %v", err)
	}
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), visible)
	if _, err := s.At(visible[len(visible)-1].Sequence + 1); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("what is not visible: got %v, want ErrNotFound", err)
	}
}

func TestAFailedSyncIsIndeterminateToWhoWaitedAndPoisons(t *testing.T) {
	t.Parallel()
	d := newUnreliable(vfs.NewMemory())
	s := mustOpenDir(t, d, small(engine.SyncEveryAppend()))
	events := mustAppend(t, s, 3)
	d.when(func(op vfs.Op) error {
		if op.Kind == vfs.OpSyncData && op.Name == firstSegment && s.Stats().Staged > 3 {
			d.forget()
			return errInjected
		}
		return nil
	})
	errs := make([]error, 4)
	var appending sync.WaitGroup
	for i := range errs {
		appending.Go(func() { _, errs[i] = s.Append(here, event.Data, i) })
	}
	appending.Wait()
	staged := s.Stats().Staged
	indeterminate := uint64(0)
	for _, err := range errs {
		if errors.Is(err, engine.ErrIndeterminate) && errors.Is(err, errInjected) {
			indeterminate++
		} else if !errors.Is(err, engine.ErrPoisoned) {
			t.Errorf("got %v, want ErrIndeterminate or ErrPoisoned", err)
		}
	}
	if indeterminate == 0 || indeterminate != staged-3 {
		t.Errorf("%d appends are told that the outcome is unknown, %d were staged", indeterminate, staged-3)
	}
	mustBePoisoned(t, s, events)
	if err := s.Close(); !errors.Is(err, engine.ErrPoisoned) || !errors.Is(err, errInjected) {
		t.Errorf("close: got %v, want ErrPoisoned with its cause", err)
	}
	if n := d.count(vfs.OpSyncData, "") + d.count(vfs.OpSyncAll, ""); n != 0 {
		t.Errorf("%d syncs after the failed one", n)
	}
	mustHoldNoCloseFrame(t, d)
	mustRecover(t, d, events)
}

// mustHoldNoCloseFrame fails the test if recovery takes the store for a closed one.
func mustHoldNoCloseFrame(t *testing.T, d *unreliable) {
	t.Helper()
	d.when(nil)
	if state, _ := load(t, d.memory, false); state.Clean {
		t.Error("there is a close frame")
	}
}

// mustRecover opens the store again: the first events are there, some that nobody
// knows of may follow, and appending goes on behind every sequence that was used.
func mustRecover(t *testing.T, d *unreliable, events history) {
	t.Helper()
	d.when(nil)
	s := mustOpenDir(t, d, small(engine.SyncEveryAppend()))
	got := all(t, s, 0, 0, engine.ReadOptions{})
	if len(got) < len(events) {
		t.Fatalf("%d events, want at least %d", len(got), len(events))
	}
	mustEqual(t, got[:len(events)], events)
	got = append(got, mustAppend(t, s, 2)...)
	mustBeSound(t, got, true)
	if next := got[len(got)-2].Sequence; next < 1<<16 {
		t.Errorf("sequence %d after an unclean end", next)
	}
	mustClose(t, s)
}

func TestAFailedManualSyncPoisonsAndWhatWasStagedStaysReadable(t *testing.T) {
	t.Parallel()
	d := newUnreliable(vfs.NewMemory())
	s := mustOpenDir(t, d, small(engine.SyncManual()))
	events := mustAppend(t, s, 3)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	durable := len(events)
	events = append(events, mustAppend(t, s, 4)...)
	d.fail(errInjected, vfs.OpSyncData)
	if err := s.Sync(); !errors.Is(err, engine.ErrIndeterminate) || !errors.Is(err, errInjected) {
		t.Errorf("sync: got %v, want ErrIndeterminate with its cause", err)
	}
	d.fail(nil)
	d.forget()
	mustBePoisoned(t, s, events)
	if got := s.Stats(); got.Durable != uint64(durable) || got.Staged != uint64(len(events)) {
		t.Errorf("durable %d of %d staged, want %d of %d", got.Durable, got.Staged, durable, len(events))
	}
	if err := s.Close(); !errors.Is(err, engine.ErrPoisoned) {
		t.Errorf("close: got %v, want ErrPoisoned", err)
	}
	if n := d.count(vfs.OpSyncData, ""); n != 0 {
		t.Errorf("%d syncs after the failed one", n)
	}
	mustHoldNoCloseFrame(t, d)
	mustRecover(t, d, events[:durable])
}

func TestASyncThatFailsWhileClosingIsReported(t *testing.T) {
	t.Parallel()
	for nth := range 2 { // the one before the close frame, and that of the frame
		d := newUnreliable(vfs.NewMemory())
		s := mustOpenDir(t, d, small(engine.SyncManual()))
		events := mustAppend(t, s, 5)
		syncs := 0
		d.when(func(op vfs.Op) error {
			if op.Kind == vfs.OpSyncData && op.Name == firstSegment {
				if syncs++; syncs == nth+1 {
					return errInjected
				}
			}
			return nil
		})
		err := s.Close()
		if !errors.Is(err, errInjected) || !errors.Is(err, engine.ErrPoisoned) {
			t.Errorf("sync %d: got %v, want ErrPoisoned with its cause", nth, err)
		}
		if again := s.Close(); !errors.Is(again, errInjected) {
			t.Errorf("sync %d: closing again gives %v, want the same", nth, again)
		}
		if syncs != nth+1 {
			t.Errorf("sync %d: %d syncs, none may follow a failed one", nth, syncs)
		}
		if nth == 0 {
			mustHoldNoCloseFrame(t, d)
		}
		mustReopen(t, d, events, 0)
	}
}

func TestAFailedSyncModeAllIsNoticedToo(t *testing.T) {
	t.Parallel()
	d := newUnreliable(vfs.NewMemory())
	o := small(engine.SyncEveryAppend())
	o.SyncMode = engine.SyncAll
	s := mustOpenDir(t, d, o)
	events := mustAppend(t, s, 3)
	d.when(func(op vfs.Op) error {
		if op.Kind == vfs.OpSyncAll && op.Name == firstSegment && s.Stats().Staged > 3 {
			return errInjected
		}
		return nil
	})
	if _, err := s.Append(here, event.Data, "x"); !errors.Is(err, engine.ErrIndeterminate) {
		t.Errorf("got %v, want ErrIndeterminate", err)
	}
	mustBePoisoned(t, s, events)
	if err := s.Close(); !errors.Is(err, engine.ErrPoisoned) {
		t.Errorf("close: got %v, want ErrPoisoned", err)
	}
	mustRecover(t, d, events)
}

func TestASyncThatFindsNoSpaceDoesNotPromiseThatNothingWasStored(t *testing.T) {
	t.Parallel()
	d := newUnreliable(vfs.NewMemory())
	s := mustOpenDir(t, d, small(engine.SyncEveryAppend()))
	events := mustAppend(t, s, 3)
	for _, failure := range []error{engine.ErrNoSpace, engine.ErrLimit} {
		d.fail(fmt.Errorf("%w: %w", failure, errInjected), vfs.OpSyncData)
		_, err := s.Append(here, event.Data, "x") // the second one finds the store poisoned
		told := errors.Is(err, engine.ErrIndeterminate) || errors.Is(err, engine.ErrPoisoned)
		if !told || !errors.Is(err, errInjected) || errors.Is(err, failure) {
			t.Errorf("got %v, want ErrIndeterminate or ErrPoisoned with its cause, and not %v", err, failure)
		}
	}
	d.fail(nil)
	mustBePoisoned(t, s, events)
	if err := s.Close(); !errors.Is(err, engine.ErrPoisoned) || errors.Is(err, engine.ErrNoSpace) {
		t.Errorf("close: got %v, want ErrPoisoned", err)
	}
}
