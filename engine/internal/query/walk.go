// This file holds Walk: a query that goes on step by step, again and again, over one range of sequences after the other.
//
// States of a walk: idle -> in a range, by Begin -> idle, at the end of the range, after an error that is no damage, or by
// Stop. In a range it is between two steps of the plan, in a step of ordinals, or in one of a range, in which case frames is not
// nil; what it came upon and has not returned stands in found.

package query

import (
	"errors"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// Walk is what [Reader.Query] is, for who pulls: no goroutine waits in between, and one that is left alone holds nothing
// but memory. It belongs to one goroutine.
type Walk struct {
	region event.Region
	search search

	plan     *index.Plan
	frames   source   // of the step; nil: it is one of ordinals, or none
	ordinals []uint32 // of the step that are not gathered yet
	group    []uint32 // that are gathered
	at       int      // in group: the next
	first    uint64   // the sequence of the step's ordinal 0

	single uint64 // the one sequence of the range; 0: it is read by the plan
	only   [][2]uint64
	buf    []byte // the frame of a single event

	found []find // not returned yet, from next on
	next  int
	on    bool // in a range
}

// find is an error, or else the event that the search has just decoded.
type find struct{ err error }

// Walk returns an idle walk over the events of a region, of which every checksum is verified.
func (r *Reader) Walk(region event.Region) *Walk {
	w := &Walk{region: region, only: [][2]uint64{}}
	for _, term := range region.Terms() {
		from, to := term.Sequences()
		w.only = append(w.only, [2]uint64{max(from, 1), to})
	}
	w.search = search{reader: r, region: region, options: Options{Check: true}, yield: func(_ event.Event, err error) bool {
		w.found = append(w.found, find{err})
		return true
	}}
	return w
}

// Begin makes the walk go through the events with sequences from one to another, both included and visible. One sequence
// is looked up without a plan, and allocates nothing.
func (w *Walk) Begin(from, to uint64) {
	w.Stop()
	w.on = true
	s, r := &w.search, w.search.reader
	s.told, s.yielded, s.entity = false, 0, ""
	if from == to {
		w.single = from
		return
	}
	s.region = w.region.Sequences(from, to)
	s.segment, s.group, s.size = nil, r.group(), firstGroup(0)
	visible := r.set.Visible() // before the plan looks at the parts
	s.begin()
	w.plan = r.finder.Plan(index.Query{Region: s.region, Visible: visible})
}

// Stop ends the range. The last event is not valid any more.
func (w *Walk) Stop() {
	w.on, w.single, w.found, w.next = false, 0, w.found[:0], 0
	if w.plan == nil {
		return
	}
	w.endStep()
	w.plan, w.ordinals, w.group, w.at = nil, nil, nil, 0
	s := &w.search
	s.reader.groups.Put(s.group)
	s.group, s.segment = nil, nil
}

func (w *Walk) endStep() {
	if w.frames != nil {
		w.frames.Close()
		w.frames = nil
	}
}

// Next returns the next event, which is valid until the next call of any method; false: the range is over. After an error
// that [mmapseg.IsDamage] the next call goes on behind it; any other one ends the range.
func (w *Walk) Next() (ev event.Event, ok bool, err error) {
	for w.next == len(w.found) {
		if !w.on {
			return event.Event{}, false, nil
		}
		w.found, w.next = w.found[:0], 0
		if w.single != 0 {
			w.on = false
			w.one()
		} else {
			w.on = w.advance()
		}
	}
	f := w.found[w.next]
	w.next++
	if f.err != nil {
		return event.Event{}, false, f.err
	}
	return w.search.event, true, nil
}

// one reads the event of a range of one sequence.
func (w *Walk) one() {
	s, r := &w.search, w.search.reader
	sequence := w.single
	way := passage{only: w.only}
	if !way.concerns(&mmapseg.CorruptError{First: sequence, Last: sequence}) {
		return
	}
	if r.closed.Load() {
		s.yield(event.Event{}, r.ended)
		return
	}
	f, segment, grown, err := r.set.Find(sequence, w.buf, true)
	if w.buf = grown; cap(grown) > keepBytes {
		w.buf = nil // the frame keeps it as long as it is valid
	}
	if err == nil {
		err = r.decoder.Event(&f, segment.Name(), &s.event)
	}
	switch {
	case err == nil:
		if w.region.Matches(&s.event) {
			s.yield(event.Event{}, nil)
		}
	case errors.Is(err, mmapseg.ErrNotFound):
		for _, known := range r.damaged(sequence, sequence) {
			s.yield(event.Event{}, known)
		}
	default:
		var corrupt *mmapseg.CorruptError
		if errors.As(err, &corrupt) && corrupt.First == 0 {
			corrupt.First, corrupt.Last = sequence, sequence
		}
		s.yield(event.Event{}, r.translate(err))
	}
}

// advance looks at one more place; false: the range is over.
func (w *Walk) advance() bool {
	s := &w.search
	switch {
	case w.frames != nil:
		return w.frame()
	case w.at < len(w.group):
		w.at++
		return s.gathered(w.at-1, w.first+uint64(w.group[w.at-1]))
	case len(w.ordinals) > 0:
		return w.gather()
	}
	step, ok, err := w.plan.Next()
	switch {
	case err != nil:
		s.yield(event.Event{}, s.reader.translate(err))
		return false
	case !ok:
		tell(s.way.end(), s.yield)
		return false
	case step.Ordinals == nil:
		w.frames = s.reader.set.Reader(step.From, step.To, true)
	default:
		w.first, w.ordinals = step.First, step.Ordinals
	}
	return true
}

// frame reads one frame of a step of a range; false: the walk is over.
func (w *Walk) frame() bool {
	s := &w.search
	if s.reader.closed.Load() {
		s.yield(event.Event{}, s.reader.ended)
		return false
	}
	f, segment, err := w.frames.Step()
	switch {
	case err != nil:
		return s.fail(err)
	case f == nil:
		w.endStep()
		return true
	}
	return s.offer(f, segment)
}

// gather copies the next frames of a step of ordinals; false: the walk is over.
func (w *Walk) gather() bool {
	s := &w.search
	if s.segment == nil || s.segment.Floor != w.first {
		s.segment = s.reader.segmentFrom(w.first)
	}
	if s.segment == nil {
		s.yield(event.Event{}, errNoSegment(w.first))
		return false
	}
	taken, err := s.segment.Gather(s.group, w.ordinals[:min(len(w.ordinals), s.size)], true)
	if err != nil {
		w.ordinals = nil
		return s.fail(err)
	}
	s.size = min(4*s.size, fullGroup)
	w.group, w.at, w.ordinals = w.ordinals[:taken], 0, w.ordinals[taken:]
	return true
}
