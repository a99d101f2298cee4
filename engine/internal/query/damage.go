// What opening found damaged: sequences that a range passes over without a frame to
// stumble on, as those of a missing segment, are told of all the same.

package query

import (
	"errors"
	"math"
	"slices"

	"github.com/batpak/batpak/mmapseg"
)

// damaged returns the known damage that may have held sequences from first to last.
func (r *Reader) damaged(first, last uint64) []*mmapseg.CorruptError {
	var found []*mmapseg.CorruptError
	for _, d := range r.damage {
		if d.First != 0 && d.First <= last && d.Last >= first && first <= last {
			found = append(found, d)
		}
	}
	return found
}

// passage follows an iteration and tells which known damage lies between two steps.
type passage struct {
	reader   *Reader
	backward bool
	next     uint64 // the sequence due; 0 backwards: none
	last     uint64 // the end of the range in the direction of reading
	// only are the ranges of sequences, both ends included, outside of which nothing is wanted; nil: all is.
	only [][2]uint64
}

// concerns reports whether damage may have held what is wanted.
func (p *passage) concerns(d *mmapseg.CorruptError) bool {
	return p.only == nil || slices.ContainsFunc(p.only, func(wanted [2]uint64) bool {
		return d.First <= wanted[1] && d.Last >= wanted[0]
	})
}

// damaged is [Reader.damaged] in the order of reading, as far as it is of concern.
func (p *passage) damaged(first, last uint64) []*mmapseg.CorruptError {
	found := p.reader.damaged(first, last)
	found = slices.DeleteFunc(found, func(d *mmapseg.CorruptError) bool { return !p.concerns(d) })
	if p.backward {
		slices.Reverse(found)
	}
	return found
}

// to returns the damage between where the iteration stood and sequence, which it
// reached, in the order of reading.
func (p *passage) to(sequence uint64) []*mmapseg.CorruptError {
	if len(p.reader.damage) == 0 {
		return nil
	}
	if p.backward {
		found := p.damaged(sequence+1, p.next)
		p.next = sequence - 1
		return found
	}
	found := p.damaged(p.next, sequence-1)
	p.next = sequence + 1
	return found
}

// end returns the damage that is left in the range when there are no more events.
func (p *passage) end() []*mmapseg.CorruptError {
	if p.backward {
		return p.damaged(p.last, p.next)
	}
	return p.damaged(p.next, p.last)
}

// over notes damage that the reader came upon, which tells of it itself, and returns the known damage that lies before it
// in the direction of reading.
func (p *passage) over(err error) (before []*mmapseg.CorruptError) {
	var e *mmapseg.CorruptError
	if !errors.As(err, &e) || e.First == 0 {
		return nil
	}
	if p.backward {
		before = p.to(e.Last)
		p.next = min(p.next, e.First-1)
	} else {
		before = p.to(e.First)
		p.next = max(p.next, min(e.Last, math.MaxUint64-1)+1)
	}
	return before
}
