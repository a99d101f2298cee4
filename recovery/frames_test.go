// This file holds the tests of frames whose checksums are right and that contradict those before them: no crash writes
// them, so they are damage whatever the marks say, and nothing of them counts.

package recovery_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

func TestAFrameThatContradictsThoseBeforeItIsNamed(t *testing.T) {
	closing := func(w *writer, change func(*mmapseg.CloseFrame)) {
		c := mmapseg.CloseFrame{Identity: w.out.Identity, Incarnation: w.out.Incarnation, LastSequence: w.next - 1, TreeSize: w.tree}
		change(&c)
		w.put(mmapseg.AppendClose(nil, &c, w.place(w.tail)))
	}
	opening := func(w *writer, change func(*mmapseg.OpenFrame)) {
		o := mmapseg.OpenFrame{Identity: w.out.Identity, Incarnation: w.out.Incarnation + 1, Ahead: ahead, LastSequence: w.next - 1, TreeSize: w.tree}
		change(&o)
		w.put(mmapseg.AppendOpen(nil, &o, w.place(w.tail)))
	}
	for problem, forge := range map[string]func(w *writer){
		"goes on with sequence 5 where 4 comes next": func(w *writer) { w.next++; w.event("x") },
		"goes on with sequence 2 where 4 comes next": func(w *writer) { w.next = 2; w.event("x") },
		"goes on with sequence 0 where 4 comes next": func(w *writer) { w.next = 0; w.event("x") },
		"whose begin frame is missing":               func(w *writer) { b, _, _ := w.frame(nil, "x", true); w.put(b) },
		"without hashing, or without one":            func(w *writer) { w.hashing = false; w.event("x") },
		"behind a close frame":                       func(w *writer) { closing(w, func(*mmapseg.CloseFrame) {}); w.event("x") },
		"of another opening":                         func(w *writer) { closing(w, func(c *mmapseg.CloseFrame) { c.Incarnation++ }) },
		"4 events in the tree, there are 3":          func(w *writer) { closing(w, func(c *mmapseg.CloseFrame) { c.TreeSize++ }) },
		"goes on with sequence 9 where 4":            func(w *writer) { closing(w, func(c *mmapseg.CloseFrame) { c.LastSequence = 8 }) },
		"incarnation 1 behind 1":                     func(w *writer) { opening(w, func(o *mmapseg.OpenFrame) { o.Incarnation-- }) },
		"lost range 4 to 9 with last sequence 9, behind 3 events": func(w *writer) {
			opening(w, func(o *mmapseg.OpenFrame) { o.Lost, o.LastSequence = mmapseg.Range{First: 4, Last: 9}, 9 })
		},
		"fields out of range or of the wrong length": func(w *writer) { opening(w, func(o *mmapseg.OpenFrame) { o.Incarnation = 0 }) },
		"names segment 1 as the next one": func(w *writer) {
			w.put(mmapseg.AppendEnd(nil, &mmapseg.EndFrame{LastSequence: 3, TreeSize: 3, NextNumber: 1, Reason: mmapseg.EndRotated}, w.place(w.tail)))
		},
		"in a segment of generation 0": func(w *writer) {
			w.put(mmapseg.AppendGap(nil, &mmapseg.GapFrame{Range: mmapseg.Range{First: 4, Last: 5}}, w.place(w.tail)))
		},
	} {
		w := write(t, vfs.NewMemory())
		w.events(3)
		sound := slices.Clone(w.written)
		forge(w)
		w.release()
		l := load(t, w.dir, recovery.Options{})
		if d := l.state.Damage; len(d) == 0 || !strings.Contains(d[0].Problem, problem) || l.state.Clean {
			t.Errorf("%s: damage %v", problem, d)
		}
		if len(l.events) < 3 || !slices.Equal(l.events[:3], sound) {
			t.Errorf("%s: events %q", problem, l.events)
		}
		if _, err := l.state.Resume(w.dir, resumption()); !errors.Is(err, mmapseg.ErrCorrupt) {
			t.Errorf("%s: resumed: %v", problem, err)
		}
	}
}

// forgeBatch writes a batch of two events whose begin and commit frames are changed.
func forgeBatch(w *writer, change func(begin *mmapseg.BatchBegin, commit *mmapseg.BatchCommit)) {
	begin := mmapseg.BatchBegin{Events: 2, FirstSequence: w.next}
	size, err := mmapseg.AppendBatchBegin(nil, &begin, w.place(w.tail))
	if err != nil {
		w.t.Fatal(err)
	}
	unit, first, _ := w.frame(slices.Clone(size), "one", true)
	unit, second, _ := w.frame(unit, "two", true)
	begin.Bytes = uint32(len(unit) - len(size))
	commit := mmapseg.BatchCommit{Events: 2, Bytes: begin.Bytes, FirstSequence: begin.FirstSequence,
		CRC: mmapseg.BatchCRC(mmapseg.BatchCRC(0, first), second)}
	change(&begin, &commit)
	head, err := mmapseg.AppendBatchBegin(nil, &begin, w.place(w.tail))
	if err != nil {
		w.t.Fatal(err)
	}
	copy(unit, head)
	w.put(mmapseg.AppendBatchCommit(unit, &commit, w.place(w.tail+int64(len(unit)))))
}

func TestABatchWhoseFramesContradictEachOtherDoesNotCount(t *testing.T) {
	for what, change := range map[string]func(begin *mmapseg.BatchBegin, commit *mmapseg.BatchCommit){
		"fewer events than its begin frame says": func(b *mmapseg.BatchBegin, _ *mmapseg.BatchCommit) { b.Events = 3 },
		"no commit frame where":                  func(b *mmapseg.BatchBegin, _ *mmapseg.BatchCommit) { b.Bytes += 8 },
		"another sequence":                       func(b *mmapseg.BatchBegin, _ *mmapseg.BatchCommit) { b.FirstSequence++ },
		"contradict each other":                  func(_ *mmapseg.BatchBegin, c *mmapseg.BatchCommit) { c.FirstSequence++ },
		"not those that its commit frame binds":  func(_ *mmapseg.BatchBegin, c *mmapseg.BatchCommit) { c.CRC++ },
		"no commit frame where its":              func(b *mmapseg.BatchBegin, _ *mmapseg.BatchCommit) { b.Events = 1 },
	} {
		w := write(t, vfs.NewMemory())
		w.events(2)
		forgeBatch(w, change)
		w.events(1)
		w.release()
		l := load(t, w.dir, recovery.Options{})
		if d := l.state.Damage; len(d) == 0 || !strings.Contains(d[0].Problem, what) || d[0].First != 3 || d[0].Last != 4 {
			t.Errorf("%s: damage %v", what, d)
		}
		sameEvents(t, l.events, []string{w.written[0], w.written[1], w.written[2]})
		if l.batches != 0 {
			t.Errorf("%s: %d batches are announced", what, l.batches)
		}
	}
}

func TestAFooterThatLiesIsIgnoredAndItsSegmentWrittenAgain(t *testing.T) {
	for what, lie := range map[string]func(*mmapseg.Segment){
		"counts 7 events before the segment": func(s *mmapseg.Segment) { s.TreeBase = 7 },
		"is about sequences 3 to 8":          nil,
	} {
		w := write(t, vfs.NewMemory())
		w.events(6)
		mark, old, end := w.mark, w.at, w.tail+mmapseg.EndSize
		w.rotateTo(mmapseg.MinSize)
		if lie != nil {
			lie(old)
			w.seal(old, end)
		} else { // the footer of a segment with other frames, as long as these
			other := write(t, vfs.NewMemory())
			other.next = 3
			other.events(6)
			otherEnd := other.tail + mmapseg.EndSize
			other.rotateTo(mmapseg.MinSize)
			other.out.Segments[0].Floor = 3
			footer, err := other.out.Segments[0].BuildFooter(otherEnd, nil, nil)
			if err != nil || otherEnd != end {
				t.Fatal(err, otherEnd, end)
			}
			if err := errors.Join(old.Retire(), old.Seal(end, footer), old.Truncate(end+int64(len(footer)))); err != nil {
				t.Fatal(err)
			}
		}
		w.mark = mark
		w.events(1)
		w.release()

		l := load(t, w.dir, recovery.Options{})
		sameEvents(t, l.events, w.written)
		if f := l.state.Report.Footers; len(f) != 1 || !strings.Contains(f[0].Reason, what) || l.state.Segments[0].Sealed {
			t.Fatalf("%s: footers %v", what, f)
		}
		var again int64
		watched := vfs.Faulty(w.dir, func(op vfs.Op) error {
			if op.Kind == vfs.OpWriteAt && op.Name == name(0) {
				again = op.Length
			}
			return nil
		})
		write(t, watched).close()
		if again != end {
			t.Errorf("%s: %d bytes are written again, want %d", what, again, end)
		}
		sameEvents(t, load(t, w.dir, recovery.Options{}).events, w.written)
	}
}
