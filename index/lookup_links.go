// This file holds the search for what a hash links to: events by their keys, causes, correlations and given ids.
//
// It goes from the newest part to the oldest. All parts that a run covers are answered by the run at once.

package index

import (
	"errors"
	"slices"
	"sort"

	"github.com/batpak/batpak/hooks"
)

// Linked calls fn with the sequences up to visible of events that may be linked to by the hash, from the newest to the
// oldest, until it returns false or an error, which Linked returns. t is one of [Key], [Cause], [Correlation] and [Imported].
// Events of which nothing is known are not among them.
func (f *Finder) Linked(t Type, hash, visible uint64, fn func(sequence uint64) (more bool, err error)) error {
	return f.link(t, hash, visible, false, fn)
}

// Keyed is [Finder.Linked] for the events that may have a key with this hash, or be the first ones of batches that
// have. It ends with a *[HoleError] in front of events that may have any key, since they or the begin frame of their
// batch can't be read.
func (f *Finder) Keyed(hash, visible uint64, fn func(sequence uint64) (more bool, err error)) error {
	return f.link(Key, hash, visible, true, fn)
}

func (f *Finder) link(t Type, hash, visible uint64, sure bool, fn func(sequence uint64) (more bool, err error)) error {
	s := f.search(t, hash, sure)
	defer f.searches.Put(s)
	parts := f.index.Parts()
	if runs := f.index.Runs(); len(runs) > 0 {
		s.askRuns(runs, parts[len(parts)-1].Tail()) // there are no runs without parts
	}
	for i := len(parts) - 1; i >= 0; i-- {
		p := parts[i]
		e := extentOf(parts, i, visible)
		if e.limit == 0 {
			continue
		}
		if hooks.Enabled && hooks.Planted(hooks.SealedKeyOverlooked) && t == Key && p.Sealed() {
			continue
		}
		var found []uint64
		var hole HoleError
		if s.answered(f.index.covering(p)) || f.covers(&s.list, p) {
			// Runs may be merged meanwhile: what newer parts have was given.
			found = s.list.within(0, p.First+uint64(e.limit)-1)
			i = firstOf(parts[:i+1], s.list.first)
		} else {
			s.part, s.extent = p, e
			if err := f.ask(p, s); err != nil {
				return err
			}
			found, hole = s.own, s.hole
		}
		for _, sequence := range slices.Backward(found) {
			if sequence < hole.First {
				break
			}
			if more, err := fn(sequence); err != nil || !more {
				return err
			}
		}
		if hole.First != 0 {
			return &HoleError{hole.First, hole.Last}
		}
	}
	return nil
}

// firstOf returns the place of the first part whose segment has this number or a higher one.
func firstOf(parts []*Part, number uint64) int {
	return sort.Search(len(parts)-1, func(i int) bool { return parts[i].Segment.Number >= number })
}

// linkSearch is what one search works with: kept, so that searching allocates nothing.
type linkSearch struct {
	list listing // of the run that was asked last
	sure bool    // holes are to be found

	runs      []runAnswer
	sequences []uint64 // of all of them
	look      func()   // lookIntoRuns: made once
	tail      *Tail    // that is touched beside them
	touched   byte     // so that the loads are not left out

	part   *Part
	extent extent
	own    []uint64  // what the part knows, ascending
	hole   HoleError // the highest one of the part; zeros: none
}

func (f *Finder) search(t Type, hash uint64, sure bool) *linkSearch {
	s, _ := f.searches.Get().(*linkSearch)
	if s == nil {
		s = &linkSearch{}
	}
	s.list.start(t, hash)
	s.sure, s.part, s.runs = sure, nil, s.runs[:0]
	return s
}

func (s *linkSearch) ofTail(t *Tail) error {
	s.own, s.hole = s.own[:0], HoleError{}
	limit := s.extent.of(t)
	if slot := t.find(s.list.kind, s.list.hash, ""); slot != 0 {
		d := t.descentOf(slot)
		for above := limit; above > 0; {
			ordinal, ok := d.atMost(t, above-1)
			if !ok {
				break
			}
			s.own = append(s.own, s.part.First+uint64(ordinal))
			above = ordinal
		}
		slices.Reverse(s.own)
	}
	if !s.sure {
		return nil
	}
	if last, ok := t.newestHole(0, limit); ok {
		s.hole = HoleError{s.part.First + uint64(last), s.part.First + uint64(last)}
	}
	if ordinal, ok := t.NewestLink(Key, noKey, limit); ok && s.part.First+uint64(ordinal) > s.hole.Last {
		s.hole = HoleError{s.part.First + uint64(ordinal), s.part.First + uint64(ordinal)}
	}
	return nil
}

func (s *linkSearch) ofTable(table *Table) error {
	s.own, s.hole = s.own[:0], HoleError{}
	links, err := table.links()
	if err != nil {
		return err
	}
	if s.own, err = links.lookup(s.own, s.list.kind, s.list.hash); err != nil {
		return err
	}
	visible := 0
	for visible < len(s.own) && s.own[visible] < uint64(s.extent.in(table)) {
		s.own[visible] += s.part.First
		visible++
	}
	s.own = s.own[:visible]
	return nil
}

// listing is what a run says of one hash, copied out of it. The zero listing covers nothing.
type listing struct {
	kind        Type
	hash        uint64
	first, last uint64   // numbers of the segments that it covers; 0, 0: none
	sequences   []uint64 // ascending
	unreadable  *Run     // is not asked again

	run  *Run   // that is being asked
	err  error  // of asking it
	look func() // asks it: made once
}

// start makes l, whose memory is used again, a listing of another hash that covers nothing.
func (l *listing) start(kind Type, hash uint64) {
	l.kind, l.hash, l.first, l.last, l.sequences, l.unreadable = kind, hash, 0, 0, l.sequences[:0], nil
}

// covers makes l the listing of the run that covers the part, and reports whether there is one.
func (f *Finder) covers(l *listing, p *Part) bool {
	if p.Segment.Number >= l.first && p.Segment.Number <= l.last {
		return true
	}
	for {
		r := f.index.covering(p)
		if r == nil || r == l.unreadable {
			return false
		}
		failed, err := l.ask(r)
		if failed == nil && err == nil {
			l.first, l.last = r.info.First, r.info.Last
			return true
		}
		l.first, l.last = 0, 0
		switch {
		case !errors.Is(failed, errRunClosed):
			l.unreadable = r
			f.damaged(r, errors.Join(failed, err))
		case f.index.covering(p) == r:
			return false // the store is being closed, which the part will say
		}
	}
}

// ask copies out of a run what it says. failed is the error of reading it at all.
func (l *listing) ask(r *Run) (failed, err error) {
	if l.look == nil {
		l.look = func() { l.sequences, l.err = l.run.lookup(l.sequences[:0], l.kind, l.hash) }
	}
	l.run = r
	failed = r.read(l.look)
	err, l.run, l.err = l.err, nil, nil
	return failed, err
}

// within returns the sequences of the listing from first to last.
func (l *listing) within(first, last uint64) []uint64 {
	from, _ := slices.BinarySearch(l.sequences, first)
	to, found := slices.BinarySearch(l.sequences, last)
	if found {
		to++
	}
	return l.sequences[from:max(from, to)]
}

// Knows reports whether the parts have all sequences from first to last: what they do not lead to is not there, but for
// holes. Between two parts there are sequences that were lost, or those of a segment that is missing.
func (f *Finder) Knows(first, last uint64) bool {
	parts := f.index.Parts()
	i := sort.Search(len(parts), func(i int) bool { return parts[i].First > first }) - 1
	for ; i >= 0 && i < len(parts)-1; i++ {
		var events uint32
		if tail, table := parts[i].source(); tail != nil {
			events = tail.Events()
		} else {
			events = table.Events()
		}
		end := parts[i].First + uint64(events)
		switch {
		case first < parts[i].First || first >= end:
			return false
		case last < end:
			return true
		}
		first = end
	}
	return i >= 0 && first >= parts[i].First // the last part has all behind its first
}
