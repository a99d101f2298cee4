// Syncs: serial, never retried, and what a failure means for whom.

package commit

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
)

func TestAFailedSyncOfAnEndedSegmentIsNotRetriedByWhoWaitsForRoom(t *testing.T) {
	d := newDisk()
	release, reached := make(chan struct{}), make(chan struct{})
	var syncs atomic.Int32
	d.when(func(op vfs.Op) error {
		if !isSync(op, 1) {
			return nil
		}
		if syncs.Add(1) == 1 {
			close(reached)
			<-release
			return errInjected
		}
		return nil
	})
	l, set := newLog(t, d, false)
	fill(t, l, 2000)
	if _, err := appendBytes(l, 2000); err != nil { // into segment 2; the sealer syncs segment 1
		t.Fatal(err)
	}
	<-reached
	fill(t, l, 2000)
	before := l.State().RoomWaits
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if _, err := appendBytes(l, 2000); !errors.Is(err, ErrPoisoned) || !errors.Is(err, errInjected) {
			t.Errorf("got %v, want ErrPoisoned with its cause", err)
		}
	})
	until(func() bool { return l.State().RoomWaits == before+1 })
	close(release)
	waiting.Wait()
	if got := syncs.Load(); got != 1 {
		t.Errorf("segment 1 was synced %d times, want once", got)
	}
	if got := l.State().Durable; got != 0 {
		t.Errorf("durable up to %d, want 0", got)
	}
	if got := len(set.Segments()); got != 2 {
		t.Errorf("%d segments, want 2", got)
	}
	if err := l.Close(); !errors.Is(err, ErrPoisoned) || !errors.Is(err, errInjected) {
		t.Errorf("close: got %v, want ErrPoisoned with its cause", err)
	}
}
