// The order of syncs: one at a time, the segment that ended before the one that goes on, frames before the footer.

package commit

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

func TestWhoSyncsFramesKeepsOthersFromSyncing(t *testing.T) {
	d := newDisk()
	var running atomic.Pointer[Log]
	var syncs, alone atomic.Int32
	d.when(func(op vfs.Op) error {
		if l := running.Load(); l != nil && op.Kind == vfs.OpSyncData {
			syncs.Add(1)
			if l.syncing.TryLock() {
				l.syncing.Unlock()
			} else {
				alone.Add(1)
			}
		}
		return nil
	})
	l, _ := newLog(t, d, false)
	running.Store(l)
	fill(t, l, 2000)
	if _, err := appendBytes(l, 2000); err != nil { // into segment 2; the sealer syncs segment 1, twice
		t.Fatal(err)
	}
	until(func() bool { return l.State().Sealed == 1 })
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if syncs.Load() < 4 || alone.Load() != syncs.Load() {
		t.Errorf("another sync could have begun during %d of %d syncs", syncs.Load()-alone.Load(), syncs.Load())
	}
}

func TestASegmentDoesNotEndBeforeTheOneBeforeItIsSynced(t *testing.T) {
	l, _ := newLog(t, newDisk(), false)
	fill(t, l, 2000)
	l.syncing.Lock() // nobody else syncs
	if _, err := appendBytes(l, 2000); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 2000)
	until(func() bool { // so that nothing but the sync is waited for
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.prepared != nil
	})
	before := l.State().RoomWaits
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if _, err := appendBytes(l, 2000); err != nil {
			t.Error(err)
		}
	})
	until(func() bool { s := l.State(); return s.RoomWaits > before || s.Rotations > 1 })
	if s := l.State(); s.Rotations != 1 || s.Durable != 0 {
		t.Errorf("%d segments ended, durable up to %d", s.Rotations, s.Durable)
	}
	l.syncing.Unlock()
	waiting.Wait()
	if s := l.State(); s.Rotations != 2 {
		t.Errorf("%d segments ended, want 2", s.Rotations)
	}
}

func TestASegmentThatEndedIsSyncedBeforeTheOneBehindIt(t *testing.T) {
	d := newDisk()
	l, _ := newLog(t, d, false)
	fill(t, l, 2000)
	l.mapping.Lock() // the sealer, which would sync it, does not get to that
	if _, err := appendBytes(l, 2000); err != nil {
		t.Fatal(err)
	}
	var order []string
	d.when(func(op vfs.Op) error {
		if op.Kind == vfs.OpSyncData {
			order = append(order, strings.TrimSuffix(op.Name, ".tmp"))
		}
		return nil
	})
	err := l.Sync()
	d.when(nil)
	l.mapping.Unlock()
	if want := []string{segmentName(1), segmentName(2)}; err != nil || !slices.Equal(order, want) {
		t.Errorf("synced %q, want %q; %v", order, want, err)
	}
}

func TestAFooterIsWrittenBehindDurableFramesOnly(t *testing.T) {
	d := newDisk()
	var running atomic.Pointer[Log]
	var written atomic.Int32
	d.when(func(op vfs.Op) error {
		l := running.Load()
		if l == nil || op.Kind != vfs.OpWriteAt || op.Offset < mmapseg.HeaderSize {
			return nil
		}
		written.Add(1)
		if durable := mmapseg.Mark(l.durable.Load()); durable < mmapseg.MakeMark(1, op.Offset) {
			t.Errorf("a footer is written at %d, durable is what lies before %d of segment %d", op.Offset, durable.Offset(), durable.Segment())
		}
		return nil
	})
	l, _ := newLog(t, d, false)
	running.Store(l)
	fill(t, l, 2000)
	if _, err := appendBytes(l, 2000); err != nil {
		t.Fatal(err)
	}
	until(func() bool { return l.State().Sealed == 1 })
	if written.Load() != 1 {
		t.Errorf("%d writes behind frames, want 1", written.Load())
	}
}
