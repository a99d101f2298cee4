// Searches by id and by time, which skip most of a segment, around damaged events at
// the edges of what they skip.

package engine_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// newGrains makes the image of a closed store of segments with some hundred events each,
// several in a millisecond.
func newGrains(t failer) *miniature {
	t.Helper()
	var micros int64
	o := small(engine.SyncManual())
	o.Clock = func() time.Time { micros += 300; return time.UnixMicro(1_790_000_000_000_000 + micros) }
	dir := vfs.NewMemory()
	s := mustOpenDir(t, dir, o)
	var known history
	for i := range 1100 {
		d := event.Draft{Coordinate: event.MustAt(fmt.Sprint("e", i%7), "s"), Kind: event.Data}
		known = append(known, mustStore(t, s, &d, nil))
	}
	mustClose(t, s)
	return &miniature{files: imageOfDir(t, dir), answers: answersTo(known, nil)}
}

func TestIDsAndTimesAreFoundAroundRotWhereverItIs(t *testing.T) {
	t.Parallel()
	m := newGrains(t)
	if n := len(m.files.sealed()); n < 2 {
		t.Fatalf("%d sealed segments", n)
	}
	for _, name := range m.files.sealed()[:2] {
		frames := m.files.eventFrames(t, name)
		begin, events := frames[0].Sequence(), uint64(len(frames))
		if events < 300 {
			t.Fatalf("%s: %d events", name, events)
		}
		for _, first := range []uint64{begin, begin + 1, begin + 126, begin + 127, begin + 128, begin + 129, begin + 200, begin + events - 2, begin + events - 1} {
			for _, n := range []int{1, 3, 130} {
				if n == 130 && first != begin+127 || raceBuild && (n != 3 || first%3 != begin%3) {
					continue // finding the end of damage takes long
				}
				r := m.rot(t, first, n, n == 3)
				for _, opened := range []struct {
					what  string
					files image
					o     engine.Options
				}{
					{"sound footers", r.files, engine.Options{ReadOnly: true}},
					{"no footers", r.files.clone().withoutFooters(every), engine.Options{ReadOnly: true}},
					{"rebuilt", r.files, engine.Options{Rebuild: true}},
				} {
					what := prefixed{t, fmt.Sprintf("sequences %d to %d of %s, %s", r.first, r.last, r.segment, opened.what)}
					s := mustOpenDir(what, opened.files.memory(t), opened.o)
					r.mustFindIDs(what, s)
					r.mustFindTimes(what, s)
					mustClose(what, s)
				}
			}
		}
	}
}

// mustFindIDs fails the test unless whole events are found by their ids and damaged ones
// are told of; ids of no event are nowhere, unless a damaged one could have them.
func (r *rotten) mustFindIDs(t prefixed, s *engine.Store) {
	t.Helper()
	var into event.Event
	for _, ev := range r.known {
		near := r.first < ev.Sequence+5 && ev.Sequence < r.last+5
		zoned := r.first < ev.Sequence+300 && ev.Sequence < r.last+300 // close enough not to be told apart
		if !near && ev.Sequence%17 != 0 {
			continue
		}
		err := s.GetIDInto(ev.ID, &into)
		if damaged := r.damaged(ev.Sequence); damaged && !errors.Is(err, engine.ErrCorrupt) || !damaged && (err != nil || !sameEvent(&into, &ev)) {
			t.Fatalf("id %s of sequence %d: %v", ev.ID, ev.Sequence, err)
		}
		other := event.MakeID(ev.Position.Wall, ev.Position.Counter, 12345)
		if err := s.GetIDInto(other, &into); !errors.Is(err, engine.ErrNotFound) && !(zoned && errors.Is(err, engine.ErrCorrupt)) {
			t.Fatalf("id %s beside sequence %d: %v", other, ev.Sequence, err)
		}
	}
}

// mustFindTimes asks for ranges of time that begin, lie and end in what is damaged.
func (r *rotten) mustFindTimes(t prefixed, s *engine.Store) {
	t.Helper()
	for _, from := range []uint64{1, max(r.first, 3) - 2, r.first, (r.first + r.last) / 2, r.last, r.last + 2} {
		for _, events := range []uint64{0, 1, 140} {
			to := min(from+events, uint64(len(r.known)))
			q := everything().between(r.known[from-1].Time(), r.known[to-1].Time())
			r.mustTellOne(t, s, q, engine.ReadOptions{Direction: engine.Direction(events % 2)}, true)
		}
	}
}
