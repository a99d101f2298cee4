// This file holds the layout of the tree: which leaf an event is.
//
// The leaves are the events in commit order. A segment's first event is the leaf whose number the segment knows, and the
// sequences of a segment have no gaps, so that the others follow from it. Sequences that an unclean end gave up lie
// between segments and have no leaves.

package chain

import (
	"sort"

	"github.com/batpak/batpak/mmapseg"
)

// stretch is the events of one segment.
type stretch struct {
	segment     *mmapseg.Segment
	first, last uint64 // sequences
	base        uint64 // leaf of the first
}

// end returns the leaf behind the last one.
func (s *stretch) end() uint64 { return s.base + (s.last - s.first) + 1 }

// layout is the stretches of a tree, ascending.
type layout []stretch

// layoutTo returns the layout of the visible events up to a sequence.
func (c *Chain) layoutTo(last uint64) layout {
	var l layout
	for _, segment := range c.Set.Segments() {
		if in := segment.Range(last); !in.IsZero() && in.Last >= in.First {
			l = append(l, stretch{segment: segment, first: in.First, last: in.Last, base: segment.TreeBase})
		}
	}
	return l
}

// size returns the number of leaves.
func (l layout) size() uint64 {
	if len(l) == 0 {
		return 0
	}
	return l[len(l)-1].end()
}

// behind returns how many leaves the events up to a sequence are.
func (l layout) behind(sequence uint64) uint64 {
	i := sort.Search(len(l), func(i int) bool { return l[i].first > sequence })
	if i == 0 {
		return 0
	}
	s := &l[i-1]
	return s.base + min(sequence, s.last) - s.first + 1
}

// from returns the stretches from the one that has a leaf on.
func (l layout) from(leaf uint64) layout {
	return l[sort.Search(len(l), func(i int) bool { return l[i].end() > leaf }):]
}

// leafOf returns the leaf that the event with a sequence is; false: it is none.
func (l layout) leafOf(sequence uint64) (leaf uint64, ok bool) {
	i := sort.Search(len(l), func(i int) bool { return l[i].last >= sequence })
	if i == len(l) || sequence < l[i].first {
		return 0, false
	}
	return l[i].base + sequence - l[i].first, true
}

// sequenceOf returns the sequence of the event that a leaf is; 0: it is none.
func (l layout) sequenceOf(leaf uint64) uint64 {
	rest := l.from(leaf)
	if len(rest) == 0 || leaf < rest[0].base {
		return 0
	}
	return rest[0].first + leaf - rest[0].base
}

// broken returns the number of stretches before the first place where the layout does not go on as it must, and why: events
// are missing between two segments, or a segment counts the leaves before it in another way.
func (c *Chain) broken(l layout) (sound int, fault *Error) {
	next, leaf := uint64(1), uint64(0)
	for i := range l {
		s := &l[i]
		switch {
		case s.first < next:
			return i, &Error{Sequence: s.first, Reason: Order, Detail: "its segment begins before the end of the one before"}
		case s.first > next && !c.lost(next, s.first-1):
			return i, c.missing(next)
		case s.base != leaf:
			return i, &Error{Sequence: s.first, Reason: Order, Detail: "its segment counts another number of events before it than there are"}
		}
		next, leaf = s.last+1, s.end()
	}
	return len(l), nil
}

// missing makes the error of a sequence that no event has.
func (c *Chain) missing(sequence uint64) *Error {
	if damage := c.damageAt(sequence); damage != nil {
		return &Error{Sequence: sequence, Reason: Damaged, Detail: "it can't be read", Err: damage}
	}
	return &Error{Sequence: sequence, Reason: Missing, Detail: "no event has this sequence, and no unclean end gave it up"}
}
