// This file holds the tests of stores that nothing happened to.

package recovery_test

import (
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// eachDir runs a test in memory and on disk.
func eachDir(t *testing.T, test func(t *testing.T, dir vfs.Dir)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { test(t, vfs.NewMemory()) })
	t.Run("disk", func(t *testing.T) {
		dir, err := vfs.OpenDir(t.TempDir(), false)
		if err != nil {
			t.Fatal(err)
		}
		test(t, dir)
		if err := dir.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAnEmptyDirectoryBecomesAStore(t *testing.T) {
	eachDir(t, func(t *testing.T, dir vfs.Dir) {
		if state := load(t, dir, recovery.Options{}).state; state.Exists || !state.Report.Created {
			t.Fatalf("an empty directory is taken for a store: %+v", state)
		}
		w := write(t, dir)
		if w.out.Incarnation != 1 || w.out.Next != 1 || !w.out.Lost.IsZero() || w.out.Identity == [16]byte{} || w.out.Origin == (mmapseg.Origin{}) {
			t.Errorf("a new store begins with %+v", w.out)
		}
		w.close()
		state := load(t, dir, recovery.Options{}).state
		if !state.Exists || !state.Clean || state.Incarnation != 1 || state.LastSequence != 0 || state.Identity != w.out.Identity {
			t.Errorf("it is found as %+v", state)
		}
	})
}

func TestAStoreThatWasClosedGoesOnWhereItEnded(t *testing.T) {
	eachDir(t, func(t *testing.T, dir vfs.Dir) {
		w := write(t, dir)
		w.events(5)
		w.batch(3)
		w.rotate(true)
		w.events(2)
		w.rotate(false)
		w.batch(2)
		w.close()

		l := load(t, dir, recovery.Options{})
		sameEvents(t, l.events, w.written)
		s := l.state
		if !s.Clean || s.Torn != nil || len(s.Damage) != 0 || len(s.Segments) != 3 || l.batches != 2 || s.LastSequence != 12 || s.TreeSize != 12 {
			t.Fatalf("loaded %+v", s)
		}
		if !s.Segments[0].Sealed || s.Segments[1].Sealed || !s.Segments[1].Ended || s.Segments[2].Ended {
			t.Errorf("segments %+v", s.Segments)
		}
		if s.Wall != w.wall || s.Counter != uint32(w.next) {
			t.Errorf("HLC %d.%d, want %d.%d", s.Wall, s.Counter, w.wall, w.next)
		}

		again := write(t, dir)
		if again.out.Next != w.next || !again.out.Lost.IsZero() || again.out.Incarnation != 2 || again.out.Identity != w.out.Identity ||
			len(again.out.Unsealed) != 1 || again.out.Unsealed[0].Segment.Number != 2 || len(again.out.Segments) != 3 {
			t.Fatalf("resumed as %+v", again.out)
		}
		again.events(1)
		again.close()
		sameEvents(t, load(t, dir, recovery.Options{}).events, append(w.written, again.written...))
	})
}

func TestAStoreThatWasNotClosedIsCutAndLosesARange(t *testing.T) {
	eachDir(t, func(t *testing.T, dir vfs.Dir) {
		w := write(t, dir)
		w.events(5)
		w.release()

		l := load(t, dir, recovery.Options{})
		if l.state.Clean || l.state.Torn != nil || len(l.state.Damage) != 0 {
			t.Fatalf("loaded %+v", l.state)
		}
		sameEvents(t, l.events, w.written)
		again := write(t, dir)
		if again.out.Next != 6+ahead || again.out.Lost != (mmapseg.Range{First: 6, Last: 5 + ahead}) || len(again.out.Segments) != 2 {
			t.Fatalf("resumed as %+v", again.out)
		}
		again.events(4)
		again.close()

		l = load(t, dir, recovery.Options{})
		sameEvents(t, l.events, append(w.written, again.written...))
		if !l.state.Clean || len(l.state.Lost) != 1 || l.state.Lost[0] != again.out.Lost || l.state.TreeSize != 9 {
			t.Errorf("loaded %+v", l.state)
		}
		if first := l.state.Segments[1].Contents; first.Floor != 6+ahead || first.TreeBase != 5 {
			t.Errorf("the second segment begins with %+v", first)
		}
	})
}
