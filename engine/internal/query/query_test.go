// Readers beside a writer that has stored more than readers may see.

package query

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

var errEnded = errors.New("ended")

// written is a set of segments with events, of which readers may see none yet.
type written struct {
	set    *mmapseg.Set
	reader *Reader
	ids    []event.ID // by sequence - 1
}

// newWritten stores events in two segments.
func newWritten(t *testing.T, events int) *written {
	t.Helper()
	w := &written{set: new(mmapseg.Set)}
	dir := vfs.NewMemory()
	for number := uint64(1); number <= 2; number++ {
		segment, err := mmapseg.Create(dir, mmapseg.Header{Number: number, Salt: mmapseg.Salt(number), Size: mmapseg.MinSize})
		if err != nil {
			t.Fatal(err)
		}
		segment.Activate(uint64(len(w.ids))+1, uint64(len(w.ids)))
		w.set.Add(segment)
		tail := int64(mmapseg.HeaderSize)
		for range events / 2 {
			tail = w.store(segment, tail)
		}
		segment.Publish(tail)
		if number == 1 {
			segment.Finish(uint64(len(w.ids)))
		}
	}
	w.reader = New(w.set, mmapseg.NewDecoder(), errEnded, nil)
	t.Cleanup(func() {
		if err := w.set.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// store stores one event and returns where the next one goes.
func (w *written) store(segment *mmapseg.Segment, tail int64) int64 {
	sequence := uint64(len(w.ids)) + 1
	w.ids = append(w.ids, event.MakeID(sequence, 0, 7))
	d := event.Draft{Coordinate: event.MustAt("entity", "scope"), Kind: event.Data, Payload: []byte{byte(sequence)}}
	unit, frame := mmapseg.EncodeEvent(nil, &d, &mmapseg.EventOptions{})
	assigned := mmapseg.Assigned{Sequence: sequence, Clock: sequence, ID: w.ids[sequence-1]}
	frame.Assign(unit, &assigned, segment.Salt, tail, 0)
	segment.Store(tail, unit)
	segment.Point(sequence, tail)
	return tail + int64(len(unit))
}

func TestNothingBehindTheVisibleWatermarkIsRead(t *testing.T) {
	w := newWritten(t, 40)
	var into event.Event
	for _, visible := range []uint64{0, 1, 19, 20, 21, 40} {
		w.set.SetVisible(visible)
		for sequence := uint64(1); sequence <= 41; sequence++ {
			err := w.reader.Into(sequence, &into)
			if sequence <= visible && (err != nil || into.Sequence != sequence) || sequence > visible && !errors.Is(err, mmapseg.ErrNotFound) {
				t.Errorf("visible up to %d: sequence %d: %v, %v", visible, sequence, into, err)
			}
			if sequence > 40 {
				continue
			}
			found, err := w.reader.ByID(w.ids[sequence-1])
			if sequence <= visible && (err != nil || found.Sequence != sequence) || sequence > visible && !errors.Is(err, mmapseg.ErrNotFound) {
				t.Errorf("visible up to %d: id of %d: %v, %v", visible, sequence, found, err)
			}
		}
		for _, backward := range []bool{false, true} {
			seen := uint64(0)
			for _, err := range w.reader.Events(Range{Backward: backward, Check: true}) {
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
	w := newWritten(t, 40)
	w.set.SetVisible(15)
	seen := uint64(0)
	for ev, err := range w.reader.Events(Range{}) {
		w.set.SetVisible(40)
		if seen++; err != nil || ev.Sequence != seen {
			t.Fatalf("sequence %d behind %d, %v", ev.Sequence, seen-1, err)
		}
	}
	if seen != 15 {
		t.Errorf("%d events, want 15", seen)
	}
}

func TestAClosedReaderFailsWithTheErrorItWasGiven(t *testing.T) {
	w := newWritten(t, 40)
	w.set.SetVisible(40)
	seen := 0
	var last error
	for _, err := range w.reader.Events(Range{}) {
		w.reader.Close()
		seen++
		last = err
	}
	var into event.Event
	_, byID := w.reader.ByID(w.ids[0])
	for what, err := range map[string]error{"iteration": last, "by sequence": w.reader.Into(1, &into), "by id": byID} {
		if !errors.Is(err, errEnded) {
			t.Errorf("%s: got %v, want %v", what, err, errEnded)
		}
	}
	if seen != 2 {
		t.Errorf("%d steps, want an event and the error", seen)
	}
}
