// A store of which a whole segment is gone, opened for reading only: what it held is
// told of as damage, never as if it had not been.

package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/batpak/batpak/engine"
)

// withoutItsSecondSegment opens such a store and returns all its events and the
// sequences that are gone.
func withoutItsSecondSegment(t *testing.T) (s *engine.Store, events history, first, last uint64) {
	t.Helper()
	path := quickDir(t)
	s = mustOpen(t, path, engine.Options{SegmentSize: engine.MinSegmentSize, Sync: engine.SyncManual()})
	events = mustAppend(t, s, 400)
	mustClose(t, s)
	if err := os.Remove(filepath.Join(path, imageOf(t, path).segments()[1])); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, path, engine.Options{ReadOnly: true})
	t.Cleanup(func() { mustClose(t, s) })
	for _, damage := range s.Report().Damage {
		if damage.First != 0 {
			return s, events, damage.First, damage.Last
		}
	}
	t.Fatalf("the report names no lost sequences: %v", s.Report().Damage)
	return nil, nil, 0, 0
}

func TestASequenceOfAMissingSegmentIsDamagedAndNotAbsent(t *testing.T) {
	t.Parallel()
	s, events, first, last := withoutItsSecondSegment(t)
	for i, want := range events {
		sequence := uint64(i) + 1
		got, err := s.At(sequence)
		switch gone := sequence >= first && sequence <= last; {
		case gone && (!errors.Is(err, engine.ErrCorrupt) || errors.Is(err, engine.ErrNotFound)):
			t.Fatalf("sequence %d: got %v, want ErrCorrupt", sequence, err)
		case !gone && err != nil:
			t.Fatalf("sequence %d: %v", sequence, err)
		case !gone && difference(got, want) != "":
			t.Fatalf("sequence %d: %s", sequence, difference(got, want))
		}
	}
	if _, err := s.At(uint64(len(events)) + 1); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("behind the end: got %v, want ErrNotFound", err)
	}
}

func TestIteratingOverAMissingSegmentTellsOfItOnceInEitherDirection(t *testing.T) {
	t.Parallel()
	s, events, first, last := withoutItsSecondSegment(t)
	for _, direction := range []engine.Direction{engine.Forward, engine.Backward} {
		read, told := 0, 0
		for ev, err := range s.Events(0, 0, engine.ReadOptions{Direction: direction}) {
			var corrupt *engine.CorruptError
			switch {
			case errors.As(err, &corrupt):
				told++
				if corrupt.First != first || corrupt.Last != last {
					t.Errorf("told of %d to %d, want %d to %d", corrupt.First, corrupt.Last, first, last)
				}
			case err != nil:
				t.Fatal(err)
			default:
				read++
				if d := difference(ev, events[ev.Sequence-1]); d != "" {
					t.Fatalf("sequence %d: %s", ev.Sequence, d)
				}
			}
		}
		if want := len(events) - int(last-first+1); read != want || told != 1 {
			t.Errorf("direction %d: %d events and %d errors, want %d and 1", direction, read, told, want)
		}
	}
}

func TestARangeBesideAMissingSegmentIsReadWithoutAnError(t *testing.T) {
	t.Parallel()
	s, events, first, last := withoutItsSecondSegment(t)
	mustEqual(t, all(t, s, 1, first-1, engine.ReadOptions{}), events[:first-1])
	mustEqual(t, all(t, s, last+1, 0, engine.ReadOptions{}), events[last:])
}
