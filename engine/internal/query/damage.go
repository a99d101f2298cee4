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
}

// to returns the damage between where the iteration stood and sequence, which it
// reached, in the order of reading.
func (p *passage) to(sequence uint64) []*mmapseg.CorruptError {
	if len(p.reader.damage) == 0 {
		return nil
	}
	var found []*mmapseg.CorruptError
	if p.backward {
		found = p.reader.damaged(sequence+1, p.next)
		slices.Reverse(found)
		p.next = sequence - 1
	} else {
		found = p.reader.damaged(p.next, sequence-1)
		p.next = sequence + 1
	}
	return found
}

// end returns the damage that is left in the range when there are no more events.
func (p *passage) end() []*mmapseg.CorruptError {
	if p.backward {
		found := p.reader.damaged(p.last, p.next)
		slices.Reverse(found)
		return found
	}
	return p.reader.damaged(p.next, p.last)
}

// over notes that damage was told of by the reader itself.
func (p *passage) over(err error) {
	var e *mmapseg.CorruptError
	if !errors.As(err, &e) || e.First == 0 {
		return
	}
	if p.backward {
		p.next = min(p.next, e.First-1)
	} else {
		p.next = max(p.next, min(e.Last, math.MaxUint64-1)+1)
	}
}
