//go:build !race

// A file that somebody else cuts under the store's mappings: an error, and the process
// lives. Race builds have no mappings that could fault.

package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestASegmentCutUnderAReaderIsAnErrorOfReading(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncManual()))
	events := mustAppend(t, s, 300)
	mustClose(t, s)
	s = mustOpen(t, path, engine.Options{ReadOnly: true})
	name := imageOf(t, path).segments()[1]
	if err := os.Truncate(filepath.Join(path, name), 8192); err != nil {
		t.Fatal(err)
	}
	faults := 0
	for _, ev := range events {
		got, err := s.At(ev.Sequence)
		switch {
		case errors.Is(err, engine.ErrMapFault):
			faults++
		case err != nil:
			t.Fatalf("sequence %d: %v", ev.Sequence, err)
		case difference(got, ev) != "":
			t.Fatal(difference(got, ev))
		}
	}
	if faults == 0 {
		t.Error("no read met the cut")
	}
	for _, direction := range []engine.Direction{engine.Forward, engine.Backward} {
		var last error
		for _, last = range s.Events(0, 0, engine.ReadOptions{Direction: direction}) {
		}
		if !errors.Is(last, engine.ErrMapFault) {
			t.Errorf("direction %d: the last step gave %v, want ErrMapFault", direction, last)
		}
	}
	mustClose(t, s)
}

func TestASegmentCutUnderTheWriterPoisonsTheStore(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncManual()))
	if err := os.Truncate(filepath.Join(path, firstSegment), 0); err != nil {
		t.Fatal(err)
	}
	_, err := s.Append(here, event.Data, "x")
	if !errors.Is(err, engine.ErrIndeterminate) || !errors.Is(err, engine.ErrMapFault) {
		t.Errorf("append: got %v, want ErrIndeterminate with ErrMapFault", err)
	}
	if _, err := s.Append(here, event.Data, "x"); !errors.Is(err, engine.ErrPoisoned) || !errors.Is(err, engine.ErrMapFault) {
		t.Errorf("append again: got %v, want ErrPoisoned with ErrMapFault", err)
	}
	if err := s.Close(); !errors.Is(err, engine.ErrPoisoned) {
		t.Errorf("close: got %v, want ErrPoisoned", err)
	}
	if s, err := engine.Open(path, engine.Options{}); s != nil || !errors.Is(err, engine.ErrCorrupt) {
		t.Errorf("open: got %v, want ErrCorrupt", err)
	}
}
