// Tests of what is counted of appends that wait.

package commit

import (
	"testing"
	"time"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/vfs"
)

func TestAppendsThatWaitForTheNextSegmentAreCountedWhileTheyWaitAndAfterwards(t *testing.T) {
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
	if got := l.State().Stalls; got != (Stalls{}) {
		t.Errorf("before anything waited: %+v", got)
	}
	done := make(chan error)
	for range 3 {
		go func() {
			_, err := appendBytes(l, 2000)
			done <- err
		}()
	}
	until(func() bool { return l.State().Stalls.Room.Waiting == 3 })
	if got := l.State().Stalls.Room; got.Count != 0 || got.Nanos != 0 {
		t.Errorf("while all wait: %+v", got)
	}
	close(release)
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	got := l.State().Stalls
	if r := got.Room; r.Count < 3 || r.Waiting != 0 || r.Longest == 0 || r.Nanos < r.Longest || r.Nanos > r.Longest*r.Count {
		t.Errorf("afterwards: %+v", r)
	}
	if got.Ahead.Count+got.Turn.Count != 0 {
		t.Errorf("nobody waited for anything else: %+v", got)
	}
}

func TestAnAppendThatWaitsForAnothersTurnIsCounted(t *testing.T) {
	l, _ := newLog(t, vfs.NewMemory(), false)
	if _, err := appendBytes(l, 100); err != nil {
		t.Fatal(err)
	}
	other := new(Unit)
	l.mu.Lock()
	l.exclusive = other
	l.mu.Unlock()
	done := make(chan error)
	go func() {
		_, err := appendBytes(l, 100)
		done <- err
	}()
	until(func() bool { return l.State().Stalls.Turn.Waiting == 1 })
	other.rounds = patience
	l.letOthers(other)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := l.State().Stalls.Turn; got.Count != 1 || got.Waiting != 0 {
		t.Errorf("afterwards: %+v", got)
	}
}

func TestOnlyALookupOfAHeadThatMayAskSealedSegmentsAndIsSlowIsCountedAsAWait(t *testing.T) {
	l, _ := newLog(t, vfs.NewMemory(), false)
	l.head = func(string, uint64, *index.Tail) (index.Head, error) { return index.Head{}, nil }
	l.slowHead = 0 // any is slow
	mustCount := func(what string, want uint64) {
		t.Helper()
		if got := l.State().Stalls.Heads; got.Count != want || got.Waiting != 0 {
			t.Errorf("%s: %+v, want %d", what, got, want)
		}
	}
	appendTo := func(entity string) {
		t.Helper()
		u := l.NewUnit()
		defer l.Release(u)
		u.Draft = event.Draft{Coordinate: event.MustAt(entity, "scope"), Kind: event.Data, Payload: []byte("x")}
		l.Encode(u, Cause{}, Gate{})
		if _, err := l.Append(u, WaitPolicy); err != nil {
			t.Fatal(err)
		}
	}
	appendTo("quiet")
	fill(t, l, 2000)
	mustCount("in the first segment", 0)
	if _, err := appendBytes(l, 2000); err != nil || l.State().Rotations != 1 {
		t.Fatalf("%v, %d rotations", err, l.State().Rotations)
	}
	mustCount("by what was resolved before the rotation", 0)
	appendTo("quiet")
	mustCount("behind the rotation, nothing is sealed", 0)
	sealed := new(index.Index) // only appends look at the list, which are made here
	sealed.AddPart(index.NewSealedPart(index.Identity{}, 1, nil, nil))
	sealed.AddPart(l.index.Parts()[1])
	l.index = sealed
	appendTo("quiet")
	mustCount("again", 0)
	appendTo("new")
	mustCount("an entity that the active segment does not know", 1)
	l.slowHead = time.Hour
	appendTo("newer")
	mustCount("another one, found quickly", 1)
}
