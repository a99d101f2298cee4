// Rotation: who waits for room gets it, whatever others do meanwhile.

package commit

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

func TestALargeUnitBehindALargeOneGetsASegmentOfItsOwn(t *testing.T) {
	l, _ := newLog(t, newDisk(), false)
	for i, n := range []int{300 << 10, 200 << 10, 100, 150 << 10, 50 << 10} {
		receipt, err := appendBytes(l, n)
		if err != nil {
			t.Fatalf("payload of %d bytes: %v", n, err)
		}
		if receipt.Sequence != uint64(i)+1 {
			t.Errorf("payload of %d bytes: sequence %d, want %d", n, receipt.Sequence, i+1)
		}
	}
}

func TestAllWhoWaitForTheNextSegmentGetIntoIt(t *testing.T) {
	d := newDisk()
	release := make(chan struct{})
	d.when(func(op vfs.Op) error {
		if op.Kind == vfs.OpCreate {
			<-release
		}
		return nil
	})
	l, _ := newLog(t, passCreation(d, release), false)
	fill(t, l, 2000)
	before := l.State().RoomWaits
	var waiting sync.WaitGroup
	for range 3 {
		waiting.Go(func() {
			if _, err := appendBytes(l, 2000); err != nil {
				t.Error(err)
			}
		})
	}
	until(func() bool { return l.State().RoomWaits == before+3 })
	close(release)
	waiting.Wait()
	if got := l.State().Rotations; got != 1 {
		t.Errorf("%d rotations, want 1", got)
	}
}

// passCreation lets segment 1 be created although creation is held up.
func passCreation(d *disk, release chan struct{}) vfs.Dir {
	held := d.decide
	d.when(func(op vfs.Op) error {
		if op.Name == segmentName(1)+".tmp" {
			return nil
		}
		return held(op)
	})
	return d
}

func TestSmallUnitsThatTakeThePreparedSegmentDoNotStrandALargeOne(t *testing.T) {
	l, _ := newLog(t, newDisk(), false)
	var appending sync.WaitGroup
	for writer := range 4 {
		appending.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(writer)))
			for range 150 {
				n := random.IntN(3000)
				if random.IntN(10) == 0 {
					n = 60<<10 + random.IntN(200<<10)
				}
				if _, err := appendBytes(l, n); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	appending.Wait()
	if got := l.State().Staged; got != 4*150 {
		t.Errorf("next sequence %d, want %d", got, 4*150+1)
	}
}

func TestALargeUnitThatFindsNoSpaceLeavesRoomForSmallOnes(t *testing.T) {
	d := newDisk()
	l, _ := newLog(t, d, false)
	d.when(func(op vfs.Op) error {
		if op.Kind == vfs.OpReserve && op.Length > mmapseg.MinSize {
			return vfs.ErrNoSpace
		}
		return nil
	})
	if _, err := appendBytes(l, 300<<10); !errors.Is(err, vfs.ErrNoSpace) {
		t.Fatalf("got %v, want ErrNoSpace", err)
	}
	for range 200 {
		if _, err := appendBytes(l, 1000); err != nil {
			t.Fatal(err)
		}
	}
	if got := l.State().Rotations; got < 2 {
		t.Errorf("%d rotations, want at least 2", got)
	}
}

func TestPopulatingASegmentThatWasRetiredMeanwhileDoesNothing(t *testing.T) {
	l, set := newLog(t, newDisk(), false)
	first := set.Segments()[0]
	fill(t, l, 2000)
	if _, err := appendBytes(l, 2000); err != nil {
		t.Fatal(err)
	}
	until(func() bool { return l.State().Sealed == 1 })
	l.populate(first, mmapseg.HeaderSize, mmapseg.MinSize, false) // what the preparer does when it was slow
}

func TestAUnitThatRotatesGoesOnFromTheHeadInTheSegmentBefore(t *testing.T) {
	l, _ := newLog(t, newDisk(), false)
	for want := uint64(1); l.State().Rotations < 5; want++ {
		receipt, err := appendBytes(l, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if receipt.Position.Clock != want || receipt.Sequence != want {
			t.Fatalf("clock %d, sequence %d, want %d", receipt.Position.Clock, receipt.Sequence, want)
		}
	}
	// Beside others, too, whoever rotates.
	before := l.State()
	const each = 200
	clocks := make([]bool, before.Staged+1+4*each)
	var mu sync.Mutex
	var appending sync.WaitGroup
	for range 4 {
		appending.Go(func() {
			for range each {
				receipt, err := appendBytes(l, 1000)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if clocks[receipt.Position.Clock] {
					t.Errorf("clock %d was given twice", receipt.Position.Clock)
				}
				clocks[receipt.Position.Clock] = true
				mu.Unlock()
			}
		})
	}
	appending.Wait()
	if after := l.State(); after.Rotations < before.Rotations+5 {
		t.Errorf("%d rotations", after.Rotations-before.Rotations)
	}
}
