// A full disk: an error before a byte is accepted; reading, syncing and closing work,
// and appending does again once there is room.

package engine_test

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// appendUntil appends until it fails, and returns the events stored and the error.
func appendUntil(t *testing.T, s *engine.Store, events history) (history, error) {
	t.Helper()
	for {
		r, err := s.AppendBytes(here, event.Data, event.CodecRaw, randomBytes(s.Stats().Staged, 1000))
		if err != nil {
			return events, err
		}
		ev, err := s.At(r.Sequence)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, ev)
	}
}

func TestAFullDiskRefusesAppendsUntilThereIsRoom(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		d := newUnreliable(vfs.NewMemory())
		s := mustOpenDir(t, d, small(policy))
		d.memory.SetCapacity(200 << 10) // two segments and a little
		events, err := appendUntil(t, s, nil)
		if !errors.Is(err, engine.ErrNoSpace) {
			t.Fatalf("%s: got %v, want ErrNoSpace", policy, err)
		}
		for range 3 {
			if _, err := s.Append(here, event.Data, make([]byte, 1000)); !errors.Is(err, engine.ErrNoSpace) {
				t.Fatalf("%s: again: got %v, want ErrNoSpace", policy, err)
			}
		}
		got := s.Stats()
		if got.Staged != uint64(len(events)) || got.Poisoned != nil || got.Rotations == 0 {
			t.Errorf("%s: staged %d after %d events and %d rotations, poisoned: %v", policy, got.Staged, len(events), got.Rotations, got.Poisoned)
		}
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		if err := s.Sync(); err != nil {
			t.Errorf("%s: sync: %v", policy, err)
		}
		d.memory.SetCapacity(0)
		events = append(events, mustAppend(t, s, 100)...)
		mustBeSound(t, events, true)
		if last := events[len(events)-1].Sequence; last != uint64(len(events)) {
			t.Errorf("%s: %d events up to sequence %d: a refused append took one", policy, len(events), last)
		}
		mustClose(t, s)
		mustReopen(t, d, events, len(events))
	}
}

func TestAStoreOnAFullDiskClosesAndOpensAgain(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		d := newUnreliable(vfs.NewMemory())
		s := mustOpenDir(t, d, small(policy))
		d.memory.SetCapacity(200 << 10)
		events, _ := appendUntil(t, s, nil)
		mustClose(t, s)
		s, err := engine.OpenDir(d, small(policy))
		if err == nil {
			mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
			mustClose(t, s)
		} else if !errors.Is(err, engine.ErrNoSpace) {
			t.Errorf("%s: open: got %v, want ErrNoSpace or success", policy, err)
		}
		read := small(policy)
		read.ReadOnly = true
		s = mustOpenDir(t, d, read)
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		mustClose(t, s)
		d.memory.SetCapacity(0)
		mustReopen(t, d, events, len(events))
	}
}

func TestAStoreThatCanNotBeCreatedForLackOfRoomLeavesNothing(t *testing.T) {
	t.Parallel()
	d := newUnreliable(vfs.NewMemory())
	d.memory.SetCapacity(10_000)
	s, err := engine.OpenDir(d, small(engine.SyncEveryAppend()))
	if s != nil || !errors.Is(err, engine.ErrNoSpace) {
		t.Fatalf("got %v, want ErrNoSpace", err)
	}
	if names, err := d.List(); err != nil || len(names) != 1 {
		t.Errorf("the directory holds %v, %v, want only the lock", names, err)
	}
	d.memory.SetCapacity(0)
	mustReopen(t, d, nil, 0)
}

func TestACrashOnAFullDiskLosesNothingUntilThereIsRoomToOpen(t *testing.T) {
	t.Parallel()
	memory := vfs.NewMemory()
	s := mustOpenDir(t, memory, small(engine.SyncEveryAppend()))
	events := mustAppend(t, s, 20)
	files := imageOfDir(t, memory)
	mustClose(t, s)
	d := newUnreliable(files.memory(t))
	d.fail(vfs.ErrNoSpace, vfs.OpReserve)
	for range 3 {
		if s, err := engine.OpenDir(d, small(engine.SyncEveryAppend())); s != nil || !errors.Is(err, engine.ErrNoSpace) {
			t.Fatalf("got %v, want ErrNoSpace", err)
		}
	}
	mustReopen(t, d, events, len(events))
}
