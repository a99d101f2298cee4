// The bounds of a log: how far staged may be ahead of durable, and the last sequence.

package commit

import (
	"errors"
	"log/slog"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

// newLogAt returns a log whose next event gets a certain sequence.
func newLogAt(t *testing.T, dir vfs.Dir, next, ahead uint64) *Log {
	t.Helper()
	first, err := mmapseg.Create(dir, mmapseg.Header{Number: 1, Salt: 7, Size: mmapseg.MinSize})
	if err != nil {
		t.Fatal(err)
	}
	first.Activate(next, 0)
	set := new(mmapseg.Set)
	set.Add(first)
	x := indexOf(first)
	l := New(Config{
		Dir: dir, Set: set, Index: x, Head: headIn(x), Sealed: func(*Retired) {}, Published: func() {}, Poisoned: func(error) {}, SegmentSize: mmapseg.MinSize, Limit: ahead, Clock: time.Now,
		Logger: slog.New(slog.DiscardHandler), Start: Start{Tail: mmapseg.HeaderSize, Next: next},
	})
	t.Cleanup(func() { _ = errors.Join(l.Close(), set.Close()) }) // tests that care close it themselves
	return l
}

func TestStagingWaitsForASyncWhenItIsAsFarAheadAsTheOpenFrameSays(t *testing.T) {
	const ahead = 8
	d := newDisk()
	l := newLogAt(t, d, 1, ahead)
	var appending sync.WaitGroup
	for range 3 {
		appending.Go(func() {
			for range 100 {
				if _, err := appendBytes(l, 10); err != nil {
					t.Error(err)
					return
				}
				if state := l.State(); state.Staged > state.Durable+ahead {
					t.Errorf("staged up to %d, durable up to %d", state.Staged, state.Durable)
				}
			}
		})
	}
	appending.Wait()
	if state := l.State(); state.Staged != 300 || state.Syncs < 300/ahead-1 || state.RoomWaits == 0 {
		t.Errorf("staged %d, %d syncs, %d waits", state.Staged, state.Syncs, state.RoomWaits)
	}
}

func TestASyncThatStagingWaitsForAndThatFailsPoisons(t *testing.T) {
	d := newDisk()
	l := newLogAt(t, d, 1, 4)
	d.when(func(op vfs.Op) error {
		if isSync(op, 1) {
			return errInjected
		}
		return nil
	})
	for n := range 10 {
		_, err := appendBytes(l, 10)
		if n < 4 && err != nil || n >= 4 && (!errors.Is(err, ErrPoisoned) || !errors.Is(err, errInjected)) {
			t.Errorf("append %d: %v", n, err)
		}
	}
	if got := d.count(vfs.OpSyncData, segmentName(1)); got != 1 {
		t.Errorf("%d syncs, want 1", got)
	}
}

func TestTheLastSequenceIsTheEnd(t *testing.T) {
	l := newLogAt(t, newDisk(), math.MaxUint64-2, 1<<16)
	for want := uint64(math.MaxUint64 - 2); want != math.MaxUint64; want++ {
		if receipt, err := appendBytes(l, 10); err != nil || receipt.Sequence != want {
			t.Fatalf("sequence %d, %v, want %d", receipt.Sequence, err, want)
		}
	}
	for range 2 {
		if receipt, err := appendBytes(l, 10); !errors.Is(err, ErrFull) {
			t.Fatalf("sequence %d, %v, want ErrFull", receipt.Sequence, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
