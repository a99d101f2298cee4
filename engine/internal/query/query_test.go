// Readers beside a writer that has stored more than readers may see.

package query

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

var errEnded = errors.New("ended")

func TestNothingBehindTheVisibleWatermarkIsRead(t *testing.T) {
	a := newArchive(t, 1, 2, 20, everyOther)
	var into event.Event
	for _, visible := range []uint64{0, 1, 19, 20, 21, 40} {
		a.set.SetVisible(visible)
		for sequence := uint64(1); sequence <= 41; sequence++ {
			err := a.reader.Into(sequence, &into)
			if sequence <= visible && (err != nil || into.Sequence != sequence) || sequence > visible && !errors.Is(err, mmapseg.ErrNotFound) {
				t.Errorf("visible up to %d: sequence %d: %v, %v", visible, sequence, into, err)
			}
			if sequence > 40 {
				continue
			}
			found, err := a.reader.ByID(a.events[sequence-1].ID)
			if sequence <= visible && (err != nil || found.Sequence != sequence) || sequence > visible && !errors.Is(err, mmapseg.ErrNotFound) {
				t.Errorf("visible up to %d: id of %d: %v, %v", visible, sequence, found, err)
			}
		}
		for _, backward := range []bool{false, true} {
			seen := uint64(0)
			for _, err := range a.reader.Events(Range{Backward: backward, Check: true}) {
				if err != nil {
					t.Fatal(err)
				}
				seen++
			}
			if seen != visible {
				t.Errorf("visible up to %d: %d events, backward %v", visible, seen, backward)
			}
		}
	}
}

func TestALoopEndsAtTheWatermarkOfItsBeginning(t *testing.T) {
	a := newArchive(t, 1, 2, 20, everyOther)
	a.set.SetVisible(15)
	seen := uint64(0)
	for ev, err := range a.reader.Events(Range{}) {
		a.set.SetVisible(40)
		if seen++; err != nil || ev.Sequence != seen {
			t.Fatalf("sequence %d behind %d, %v", ev.Sequence, seen-1, err)
		}
	}
	if seen != 15 {
		t.Errorf("%d events, want 15", seen)
	}
}

func TestAClosedReaderFailsWithTheErrorItWasGiven(t *testing.T) {
	a := newArchive(t, 1, 2, 20, everyOther)
	a.set.SetVisible(40)
	seen := 0
	var last error
	for _, err := range a.reader.Events(Range{}) {
		a.reader.Close()
		seen++
		last = err
	}
	var into event.Event
	_, byID := a.reader.ByID(a.events[0].ID)
	for what, err := range map[string]error{"iteration": last, "by sequence": a.reader.Into(1, &into), "by id": byID} {
		if !errors.Is(err, errEnded) {
			t.Errorf("%s: got %v, want %v", what, err, errEnded)
		}
	}
	if seen != 2 {
		t.Errorf("%d steps, want an event and the error", seen)
	}
}
