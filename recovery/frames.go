// This file holds what each frame says about the store: the one place where the state's position moves.

package recovery

import (
	"errors"
	"fmt"
	"math"

	"github.com/batpak/batpak/mmapseg"
)

// take takes one sound frame that is no part of another unit. sound is false if its unit turned out to go on with
// bytes that are no sound frame; the scanner stands in front of them.
func (w *walk) take(f *mmapseg.Frame) (sound bool, err error) {
	switch f.Type {
	case mmapseg.FrameEvent:
		if f.InBatch() {
			w.stray(f.Offset, "an event of a batch whose begin frame is missing")
			return true, nil
		}
		if !w.arrive(f.Sequence(), f) {
			return true, nil
		}
		return true, w.event(f)
	case mmapseg.FrameBatchBegin:
		return w.takeBatch(f)
	case mmapseg.FrameBatchCommit:
		w.stray(f.Offset, "the end of a batch whose begin frame is missing")
		return true, nil
	case mmapseg.FrameGap:
		return true, w.gap(f)
	case mmapseg.FrameOpen:
		err = w.opened(f)
	case mmapseg.FrameClose:
		err = w.closed(f)
	case mmapseg.FrameEnd:
		err = w.ended(f)
	}
	return true, w.kept(err)
}

// kept takes an error that is damage into the state and returns any other.
func (w *walk) kept(err error) error {
	var corrupt *mmapseg.CorruptError
	if errors.As(err, &corrupt) {
		w.l.damage(corrupt)
		return nil
	}
	return err
}

// stray adds damage at offset that reaches up to the next frame from which the number of lost sequences can be told: a
// frame that stands where no writer puts it. What follows damage without such a frame between is the same damage.
func (w *walk) stray(offset int64, problem string, args ...any) {
	if w.l.pending == nil {
		w.l.miss(w.corrupt(offset, problem, args...))
	}
}

// rotten adds damage as stray does, of bytes that are no frame and that were one when they were acknowledged.
func (w *walk) rotten(offset int64, problem string) {
	if w.l.pending == nil {
		w.l.lose(w.corrupt(offset, "%s", problem))
	}
	if w.rot == nil {
		w.rot = w.l.pending
	}
}

// wrong adds damage that no torn write leaves: a sound frame that contradicts those before it.
func (w *walk) wrong(f *mmapseg.Frame, problem string, args ...any) *mmapseg.CorruptError {
	e := w.corrupt(f.Offset, problem, args...)
	if e.Problem != "" {
		e.Problem = f.Type.String() + " frame: " + e.Problem
	}
	w.l.damage(e)
	return e
}

// corrupt makes an error of damage in this segment; without a text when it will not be listed.
func (w *walk) corrupt(offset int64, problem string, args ...any) *mmapseg.CorruptError {
	e := &mmapseg.CorruptError{Segment: w.file.name, Offset: offset}
	if len(w.l.state.Damage) < damageLimit {
		e.Problem = fmt.Sprintf(problem, args...)
	}
	return e
}

// sequenceLimit is the highest sequence that is believed. No counting gets there, so that none overflows behind it.
const sequenceLimit = math.MaxUint64 - 1<<56

// arrive settles that f goes on with sequence next, and reports whether it counts.
func (w *walk) arrive(next uint64, f *mmapseg.Frame) bool {
	w.pass(next, f)
	s := w.l.state
	if next == s.LastSequence+1 && w.l.pending == nil && !w.afresh {
		return true
	}
	want := s.LastSequence + 1
	switch {
	case next < want || next > sequenceLimit:
		w.stray(f.Offset, "%s frame: goes on with sequence %d where %d comes next", f.Type, next, want)
		w.l.refuse(w.l.pending)
		return false
	case w.l.pending != nil:
		w.l.resolve(next)
	case next > want && w.segment.Header.Generation == 0:
		e := w.wrong(f, "goes on with sequence %d where %d comes next", next, want)
		e.First, e.Last = want, next-1
	}
	if w.segment.Header.Generation == 0 {
		s.TreeSize += next - want
	}
	s.LastSequence = next - 1
	if w.afresh {
		w.begin(next)
	}
	return true
}

// begin notes that the first sequence which the segment can hold is next, for a segment that no end frame led to. What
// is missing before it is missing at the end of the one before.
func (w *walk) begin(next uint64) {
	w.afresh = false
	w.segment.Contents.Floor, w.segment.Contents.TreeBase = next, w.l.state.TreeSize
	if n := len(w.l.state.Segments); n > 1 {
		w.l.state.Segments[n-2].Last = next - 1
	}
}

// count notes that a frame counts.
func (w *walk) count(f *mmapseg.Frame) {
	w.l.state.Report.Frames++
	w.l.highest = max(w.l.highest, f.Mark)
	w.segment.Contents.End = f.End()
	w.segment.closing = 0
}

// clock takes a reading of the hybrid logical clock.
func (w *walk) clock(wall uint64, counter uint32) {
	s := w.l.state
	if wall > s.Wall || wall == s.Wall && counter > s.Counter {
		s.Wall, s.Counter = wall, counter
	}
}

// event takes an event that counts.
func (w *walk) event(f *mmapseg.Frame) error {
	s := w.l.state
	if s.Clean {
		w.wrong(f, "behind a close frame, without an open frame between")
	}
	if _, hashed := f.EventHash(); hashed != w.segment.Header.Hashing {
		w.wrong(f, "with a hash in a segment without hashing, or without one")
	}
	sequence := f.Sequence()
	w.clock(f.HLC())
	w.point(sequence, f.Offset)
	s.LastSequence, s.Clean = sequence, false
	s.TreeSize++
	w.segment.Events++
	w.count(f)
	if w.l.o.Event == nil {
		return nil
	}
	if err := w.l.o.Event(w.segment, f); err != nil {
		return w.kept(err)
	}
	return nil
}

// point notes where the event stands, one in mmapseg.PointStride as sealing does. Where it is missing the entry is 0,
// which readers take for unknown; the table has no more entries than the file has room for events.
func (w *walk) point(sequence uint64, offset int64) {
	n := sequence - w.segment.Contents.Floor
	if n%mmapseg.PointStride != 0 || n/mmapseg.PointStride >= uint64(w.spare) {
		return
	}
	for uint64(len(w.l.points)) < n/mmapseg.PointStride {
		w.l.points = append(w.l.points, 0)
	}
	w.l.points = append(w.l.points, uint32(offset/mmapseg.FrameAlign))
}

// gap takes a gap frame.
func (w *walk) gap(f *mmapseg.Frame) error {
	g, err := mmapseg.DecodeGap(f, w.file.name)
	if err != nil {
		return w.kept(err)
	}
	if w.segment.Header.Generation == 0 || g.Range.Last > sequenceLimit {
		w.wrong(f, "range %d to %d in a segment of generation %d", g.Range.First, g.Range.Last, w.segment.Header.Generation)
		return nil
	}
	if !w.arrive(g.Range.First, f) {
		return nil
	}
	s := w.l.state
	s.LastSequence, s.Clean = g.Range.Last, false
	s.TreeSize += g.Leaves
	w.count(f)
	if w.l.o.Gap == nil || w.summed {
		return nil
	}
	return w.kept(w.l.o.Gap(w.segment, &g))
}

// tree compares what a control frame says about the Merkle tree.
func (w *walk) tree(f *mmapseg.Frame, size uint64) {
	s := w.l.state
	if !s.Hashing {
		return
	}
	if size != s.TreeSize && !w.l.treeUnsure {
		w.wrong(f, "%d events in the tree, there are %d before it", size, s.TreeSize)
	}
	s.TreeSize, w.l.treeUnsure = size, false
}

// opened takes an open frame.
func (w *walk) opened(f *mmapseg.Frame) error {
	o, err := mmapseg.DecodeOpen(f, w.file.name)
	if err != nil {
		return err
	}
	s := w.l.state
	next := o.LastSequence + 1
	if !o.Lost.IsZero() {
		next = o.Lost.First
	}
	arrived := w.arrive(next, f)
	w.tree(f, o.TreeSize)
	if o.Incarnation <= s.Incarnation {
		w.wrong(f, "incarnation %d behind %d", o.Incarnation, s.Incarnation)
	}
	if !o.Lost.IsZero() && arrived {
		w.lost(f, &o)
	}
	s.Identity, s.Incarnation, s.Ancestors, s.Ahead = o.Identity, o.Incarnation, o.Ancestors, o.Ahead
	s.Clean, w.l.open, w.l.openUnsure = false, true, false
	w.clock(o.Wall, o.Counter)
	w.count(f)
	return nil
}

// lost takes the lost range of an open frame. Such a frame is the first of its segment, which therefore has no gap.
func (w *walk) lost(f *mmapseg.Frame, o *mmapseg.OpenFrame) {
	if o.Lost.Last != o.LastSequence || o.Lost.Last > sequenceLimit || w.segment.Events > 0 {
		w.wrong(f, "lost range %d to %d with last sequence %d, behind %d events of the segment",
			o.Lost.First, o.Lost.Last, o.LastSequence, w.segment.Events)
		return
	}
	s := w.l.state
	s.Lost = append(s.Lost, o.Lost)
	s.LastSequence = o.Lost.Last
	w.segment.Contents.Floor = s.LastSequence + 1
}

// closed takes a close frame.
func (w *walk) closed(f *mmapseg.Frame) error {
	c, err := mmapseg.DecodeClose(f, w.file.name)
	if err != nil {
		return err
	}
	s := w.l.state
	w.arrive(c.LastSequence+1, f)
	w.tree(f, c.TreeSize)
	switch {
	case !w.l.open, w.l.openUnsure && c.Incarnation > s.Incarnation:
		// The open frame is lost, as the damage before says, or finish will.
		s.Identity, s.Incarnation = c.Identity, c.Incarnation
	case c.Identity == s.Identity && c.Incarnation == s.Incarnation:
		w.l.openUnsure = false // there was no other one
	default:
		w.wrong(f, "of another opening: incarnation %d, the last open frame has %d", c.Incarnation, s.Incarnation)
	}
	w.clock(c.Wall, c.Counter)
	w.count(f)
	s.Clean, w.segment.closing = true, f.Offset
	return nil
}

// ended takes an end frame.
func (w *walk) ended(f *mmapseg.Frame) error {
	e, err := mmapseg.DecodeEnd(f, w.file.name)
	if err != nil {
		return err
	}
	w.arrive(e.LastSequence+1, f)
	w.tree(f, e.TreeSize)
	if e.NextNumber <= w.segment.Header.Number {
		w.wrong(f, "names segment %d as the next one", e.NextNumber)
	}
	w.count(f)
	w.l.state.Clean = false
	w.segment.Ended, w.segment.End = true, e
	return nil
}
