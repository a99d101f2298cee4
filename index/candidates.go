// This file holds selection: a set of ordinals of one part, which is what a plan computes with.
//
// A selection is a list while it is small, one range while it is all of that, and else has a bit for each ordinal of the
// part. What the bits cost is bounded by the part, and reused for the next one.

package index

import (
	"math/bits"
	"slices"
)

// selection is a set of ordinals below events. It begins with reset.
type selection struct {
	events uint32
	form   selectionForm
	list   []uint32 // ascending
	from   uint32   // of the range, both included
	to     uint32
	bits   []uint64
}

type selectionForm uint8

const (
	asList selectionForm = iota
	asRange
	asBits
)

// reset makes the selection empty.
func (s *selection) reset(events uint32) {
	s.events, s.form, s.list = events, asList, s.list[:0]
}

// setRange makes an empty selection the ordinals from one to another, both included.
func (s *selection) setRange(from, to uint32) { s.form, s.from, s.to = asRange, from, to }

// spread gives the selection the form of bits.
func (s *selection) spread() {
	if s.form == asBits {
		return
	}
	s.bits = zeroed(s.bits, s.events)
	if s.form == asList {
		mark(s.bits, s.list)
	} else {
		markRange(s.bits, s.from, s.to)
	}
	s.form = asBits
}

// zeroed returns bits for so many ordinals, none of them set, in the memory of b if there is room.
func zeroed(b []uint64, events uint32) []uint64 {
	n := (int(events) + 63) / 64
	if cap(b) < n {
		return make([]uint64, n)
	}
	b = b[:n]
	clear(b)
	return b
}

func mark(b []uint64, ordinals []uint32) {
	for _, o := range ordinals {
		b[o/64] |= 1 << (o % 64)
	}
}

// markRange sets the bits from one to another, both included.
func markRange(b []uint64, from, to uint32) {
	first, last := from/64, to/64
	head, tail := ^uint64(0)<<(from%64), ^uint64(0)>>(63-to%64)
	if first == last {
		b[first] |= head & tail
		return
	}
	b[first] |= head
	for i := first + 1; i < last; i++ {
		b[i] = ^uint64(0)
	}
	b[last] |= tail
}

// crop takes away the ordinals outside from..to.
func (s *selection) crop(from, to uint32) {
	switch s.form {
	case asList:
		first, _ := slices.BinarySearch(s.list, from)
		behind, found := slices.BinarySearch(s.list, to)
		if found {
			behind++
		}
		s.list = append(s.list[:0], s.list[first:max(first, behind)]...)
	case asRange:
		if s.from, s.to = max(s.from, from), min(s.to, to); s.from > s.to {
			s.reset(s.events)
		}
	case asBits:
		clear(s.bits[:from/64])
		s.bits[from/64] &= ^uint64(0) << (from % 64)
		s.bits[to/64] &= ^uint64(0) >> (63 - to%64)
		clear(s.bits[to/64+1:])
	}
}

// or adds the ordinals of another selection of the same part.
func (s *selection) or(o *selection) {
	if o.form == asList && len(o.list) == 0 {
		return
	}
	if s.events < o.events {
		s.grow(o.events)
	}
	if s.form == asList && o.form == asList && len(s.list)+len(o.list) < int(s.events/sparse) {
		s.list = append(s.list, o.list...)
		slices.Sort(s.list)
		s.list = slices.Compact(s.list)
		return
	}
	s.spread()
	switch o.form {
	case asList:
		mark(s.bits, o.list)
	case asRange:
		markRange(s.bits, o.from, o.to)
	case asBits:
		for i, word := range o.bits {
			s.bits[i] |= word
		}
	}
}

// grow makes room for more ordinals.
func (s *selection) grow(events uint32) {
	s.events = events
	if n := (int(events) + 63) / 64; s.form == asBits && n > len(s.bits) {
		s.bits = append(s.bits, make([]uint64, n-len(s.bits))...)
	}
}

// addRange adds the ordinals from one to another, both included.
func (s *selection) addRange(from, to uint32) {
	s.spread()
	markRange(s.bits, from, to)
}

// sparse is from how many events for each ordinal on a list is shorter than bits.
const sparse = 32

// Neighbouring ordinals are looked at in blocks. Of a block of which more than a part is wanted, all events are read one
// after the other, which costs less than half of finding them one by one.
const (
	blockWords  = 16
	blockEvents = 64 * blockWords
	blockDense  = blockEvents / 2
)

// reading goes through a selection in one of the two directions. It begins with start.
type reading struct {
	of       *selection
	backward bool
	at       int // the next element of the list, or the next block; below 0 or behind the last: done
	page     []uint32
}

// pageMost bounds the ordinals of a page, but for those of the last block.
const pageMost = 4096

func (r *reading) start(s *selection, backward bool) {
	r.of, r.backward, r.at = s, backward, 0
	if s.form == asList && backward {
		slices.Reverse(s.list)
	}
	if s.form == asBits && backward {
		r.at = (len(s.bits) - 1) / blockWords
	}
}

// next returns the next ordinals in the direction of reading, or else a range of them, both ends included, all of which are
// to be looked at. The page is valid until the next call. false: there are no more.
func (r *reading) next() (page []uint32, from, to uint32, ok bool) {
	s := r.of
	switch {
	case s.form == asBits:
		return r.nextBlocks()
	case r.at != 0:
		return nil, 0, 0, false
	}
	r.at = 1
	if s.form == asRange {
		return nil, s.from, s.to, true
	}
	return s.list, 0, 0, len(s.list) > 0
}

func (r *reading) nextBlocks() (page []uint32, from, to uint32, ok bool) {
	r.page = r.page[:0]
	for r.at >= 0 && r.at*blockWords < len(r.of.bits) {
		block := r.of.bits[r.at*blockWords : min((r.at+1)*blockWords, len(r.of.bits))]
		count := 0
		for _, word := range block {
			count += bits.OnesCount64(word)
		}
		base := uint32(r.at) * blockEvents
		switch {
		case count > blockDense:
			if len(r.page) > 0 {
				return r.page, 0, 0, true
			}
			first, last := ends(block, base)
			if !ok || r.backward {
				from = first
			}
			if !ok || !r.backward {
				to = last
			}
			ok = true
		case ok: // the range ends
			return nil, from, to, true
		case count > 0:
			r.collect(block, base)
			if len(r.page) >= pageMost {
				r.advance()
				return r.page, 0, 0, true
			}
		}
		r.advance()
	}
	if ok {
		return nil, from, to, true
	}
	return r.page, 0, 0, len(r.page) > 0
}

func (r *reading) advance() {
	if r.backward {
		r.at--
	} else {
		r.at++
	}
}

// collect appends the ordinals of a block to the page.
func (r *reading) collect(block []uint64, base uint32) {
	if !r.backward {
		for i, word := range block {
			for ; word != 0; word &= word - 1 {
				r.page = append(r.page, base+uint32(64*i+bits.TrailingZeros64(word)))
			}
		}
		return
	}
	for i, word := range slices.Backward(block) {
		for word != 0 {
			bit := bits.Len64(word) - 1
			word &^= 1 << bit
			r.page = append(r.page, base+uint32(64*i+bit))
		}
	}
}

// ends returns the first and the last ordinal of a block that is not empty.
func ends(block []uint64, base uint32) (first, last uint32) {
	for i, word := range block {
		if word != 0 {
			first = base + uint32(64*i+bits.TrailingZeros64(word))
			break
		}
	}
	for i, word := range slices.Backward(block) {
		if word != 0 {
			last = base + uint32(64*i+bits.Len64(word)-1)
			break
		}
	}
	return first, last
}
