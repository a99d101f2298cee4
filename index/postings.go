// This file holds postings: the ordinals of the events that have a name.
//
//	events   bytes
//	1        none: the ordinal stands with the name
//	2..63    varint first ordinal, then for each: varint ordinal less the one before, less 1
//	64..     a Roaring bitmap in its portable format, at a multiple of 8 from the first byte of the postings,
//	         the bytes between being zero
//
// Bytes are compared with the number of events that the name says they hold, and ordinals with the number of events of
// the segment, before either is used.

package index

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/batpak/batpak/internal/checked"
)

// bitmapFrom is the number of events from which on postings are a bitmap.
const bitmapFrom = 64

// postings says where the ordinals are. It is a value; its methods read mapped bytes, as those of [Table] do.
type postings struct {
	data       checked.Range
	from, to   int64  // in data; for more than one event
	firstClock uint64 // of the first event, for entities; 0: unknown
	count      uint32 // events, at least 1
	only       uint32 // the ordinal of one event
	events     uint32 // of the segment
	kind       Type
}

// appendTo appends the ordinals in ascending order.
func (p *postings) appendTo(dst []uint32) ([]uint32, error) {
	switch {
	case p.count == 1:
		return append(dst, p.only), nil
	case p.count < bitmapFrom:
		return p.appendDeltas(dst)
	}
	b, err := p.portable()
	if err != nil {
		return dst, err
	}
	return b.appendTo(slices.Grow(dst, int(p.count))), nil
}

// mark sets in dst, which has a bit for each ordinal below limit, those of the ordinals there. Of a bitmap it takes whole
// words, so that it costs a fraction of listing them.
func (p *postings) mark(dst []uint64, limit uint32) error {
	if p.count >= bitmapFrom {
		b, err := p.portable()
		if err == nil {
			b.mark(dst, limit)
		}
		return err
	}
	var room [bitmapFrom]uint32
	ordinals, err := p.appendTo(room[:0])
	if err != nil {
		return err
	}
	for _, ordinal := range ordinals {
		if ordinal < limit {
			dst[ordinal/64] |= 1 << (ordinal % 64)
		}
	}
	return nil
}

func (p *postings) appendDeltas(dst []uint32) ([]uint32, error) {
	b, err := p.data.At(p.from, p.to)
	if err != nil {
		return dst, err
	}
	next := uint64(0) // the lowest that the next ordinal can be
	for range p.count {
		delta, n := binary.Uvarint(b)
		if n <= 0 || delta >= uint64(p.events)-next {
			return dst, p.damaged(fmt.Sprintf("not %d ascending ordinals below %d", p.count, p.events))
		}
		next += delta
		dst = append(dst, uint32(next))
		next++
		b = b[n:]
	}
	if len(b) != 0 {
		return dst, p.damaged("longer than their ordinals")
	}
	return dst, nil
}

// portable returns the bitmap's bytes, which are all checked before any of them is used.
func (p *postings) portable() (portable, error) {
	data, err := p.data.At(p.from, p.to)
	if err != nil {
		return portable{}, err
	}
	b, ok := openPortable(data)
	if !ok || !b.sound(p.count, p.events) {
		return b, p.damaged(fmt.Sprintf("no bitmap of %d ordinals below %d", p.count, p.events))
	}
	return b, nil
}

func (p *postings) damaged(problem string) error {
	return &TableError{Section: sectionOf(p.kind), Problem: fmt.Sprintf("has postings at byte %d that are %s", p.from, problem)}
}
