// Opening again and again: openings take room themselves, and unclean ones sequences.

package engine_test

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/vfs"
)

func TestOpeningAndClosingMoreOftenThanASegmentHoldsGoesOn(t *testing.T) {
	t.Parallel()
	dir := vfs.NewMemory()
	var events history
	var identity any
	for n := range 500 {
		s := mustOpenDir(t, dir, small(policies[n%2]))
		got := s.Stats()
		if identity == nil {
			identity = got.Identity
		}
		if got.Incarnation != uint64(n)+1 || got.Identity != identity {
			t.Fatalf("opening %d: incarnation %d of %s, created as %v", n, got.Incarnation, got.Identity, identity)
		}
		if n%100 == 50 {
			events = append(events, mustAppend(t, s, 3)...)
		}
		if n%20 == 0 {
			mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		}
		mustClose(t, s)
	}
	mustBeSound(t, events, true)
	if last := events[len(events)-1].Sequence; last != uint64(len(events)) {
		t.Errorf("%d events up to sequence %d: a clean opening took one", len(events), last)
	}
	if got := len(imageOfDir(t, dir).segments()); got < 2 {
		t.Errorf("%d segments: all openings fitted into one", got)
	}
}

func TestEveryUncleanOpeningTakesItsLostRange(t *testing.T) {
	t.Parallel()
	files := image{}
	var events history
	lost := uint64(0)
	for n := range 40 {
		dir := files.memory(t)
		manual := n%3 == 1
		o := small(policies[0])
		if manual {
			o = small(policies[1])
		}
		s := mustOpenDir(t, dir, o)
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		if got := s.Stats(); got.Lost != lost || got.Staged != lost+uint64(len(events)) {
			t.Fatalf("opening %d: %d sequences lost, staged up to %d; want %d lost and %d events", n, got.Lost, got.Staged, lost, len(events))
		}
		if n%4 != 3 { // or none at all
			events = append(events, mustAppend(t, s, n%4+1)...)
		}
		if err := s.Sync(); err != nil {
			t.Fatal(err)
		}
		files = imageOfDir(t, dir)
		mustClose(t, s)
		lost += ahead(manual)
	}
	mustBeSound(t, events, true)
	s := mustOpenDir(t, files.memory(t), small(policies[0]))
	for before := uint64(0); len(events) > 0; events = events[1:] {
		if gap := events[0].Sequence - before; gap > 1 {
			var err *engine.LostSequenceError
			if _, e := s.At(before + gap/2); !errors.As(e, &err) || !errors.Is(e, engine.ErrNotFound) {
				t.Errorf("sequence %d: got %v, want a LostSequenceError", before+gap/2, e)
			}
		}
		before = events[0].Sequence
	}
	mustClose(t, s)
}
