// This file holds portable: a Roaring bitmap in its portable format, read in place and checked before it is used.
//
// The format is https://github.com/RoaringBitmap/RoaringFormatSpec. The library that computes with bitmaps takes the
// bytes as they are and works over them; its own check comes after that, and takes quadratic time for runs. The
// one here takes time in proportion to the bytes, and refuses whatever the library's writer would not have written.

package index

import (
	"encoding/binary"
	"math/bits"
)

const (
	cookiePlain = 12346 // u32; then u32 containers
	cookieRuns  = 12347 // u16; then u16 containers - 1, and a bit for each: it holds runs
	offsetsFrom = 4     // from so many containers on there are offsets, also with runs
	arrayMost   = 4096  // values in an array; a set of more is 65,536 bits
	setSize     = 65536 / 8
)

// portable is a bitmap whose header is inside its bytes.
type portable struct {
	b       []byte
	runs    []byte // a bit for each container; nil: none holds runs
	n       int    // containers
	heads   int    // where the containers' keys and counts are
	offsets int    // where their offsets are; 0: nowhere
	body    int    // where the first container is
}

// openPortable reads the header.
func openPortable(b []byte) (portable, bool) {
	p := portable{b: b}
	if len(b) < 8 {
		return p, false
	}
	switch cookie := binary.LittleEndian.Uint32(b); {
	case cookie == cookiePlain:
		n := binary.LittleEndian.Uint32(b[4:])
		if n > 1<<16 {
			return p, false
		}
		p.n, p.heads = int(n), 8
	case cookie&0xFFFF == cookieRuns:
		p.n = int(cookie>>16) + 1
		if p.heads = 4 + (p.n+7)/8; p.heads > len(b) {
			return p, false
		}
		p.runs = b[4:p.heads]
	}
	p.body = p.heads + 4*p.n
	if p.runs == nil || p.n >= offsetsFrom {
		p.offsets = p.body
		p.body += 4 * p.n
	}
	return p, p.n > 0 && p.body <= len(b)
}

// container is a part of a bitmap: the values that have the high 16 bits in common.
type container struct {
	base uint32 // the high bits, in their place
	form form
	data []byte
	n    int // values, as the header says
	end  int // where the next container is
}

type form uint8

const (
	formArray form = iota // u16 values, ascending
	formSet               // a bit for each value
	formRuns              // of each run u16 first value, u16 values behind it; ascending, apart from each other
)

// container returns a container that begins at an offset inside the bytes.
func (p *portable) container(number, at int) (container, bool) {
	le := binary.LittleEndian
	head := p.b[p.heads+4*number:]
	c := container{base: uint32(le.Uint16(head)) << 16, n: int(le.Uint16(head[2:])) + 1}
	size := 2 * c.n
	switch {
	case p.runs != nil && p.runs[number/8]>>(number%8)&1 != 0:
		if len(p.b)-at < 2 {
			return c, false
		}
		c.form, size = formRuns, 4*int(le.Uint16(p.b[at:]))
		at += 2
	case c.n > arrayMost:
		c.form, size = formSet, setSize
	}
	if size == 0 || size > len(p.b)-at {
		return c, false
	}
	c.end = at + size
	c.data = p.b[at:c.end]
	return c, true
}

// sound reports whether the bytes are a bitmap of so many values, all below events, and nothing else.
func (p *portable) sound(count, events uint32) bool {
	le := binary.LittleEndian
	values, at, last := uint64(0), p.body, int64(-1)
	for i := range p.n {
		c, ok := p.container(i, at)
		if !ok || int64(c.base) <= last || p.offsets > 0 && int64(le.Uint32(p.b[p.offsets+4*i:])) != int64(at) || !c.sound() {
			return false
		}
		at = c.end
		values += uint64(c.n)
		last = int64(c.base | 0xFFFF)
	}
	highest, ok := p.last()
	return ok && at == len(p.b) && values == uint64(count) && highest < events
}

// appendTo appends the values of a sound bitmap, ascending.
func (p *portable) appendTo(dst []uint32) []uint32 {
	at := p.body
	for i := range p.n {
		c, ok := p.container(i, at)
		if !ok {
			break // not of a sound one
		}
		dst = c.appendTo(dst)
		at = c.end
	}
	return dst
}

// mark sets in dst the bits of the values of a sound bitmap that are below limit.
func (p *portable) mark(dst []uint64, limit uint32) {
	at := p.body
	for i := range p.n {
		c, ok := p.container(i, at)
		if !ok || c.base >= limit {
			break
		}
		c.mark(dst[c.base/64:], limit-c.base)
		at = c.end
	}
}

// last returns the highest value, without looking at others; false if there is none where it should be.
func (p *portable) last() (uint32, bool) {
	at, first := p.body, 0
	if p.offsets > 0 {
		first = p.n - 1
		offset := int64(binary.LittleEndian.Uint32(p.b[p.offsets+4*first:]))
		if offset < int64(p.body) || offset > int64(len(p.b)) {
			return 0, false
		}
		at = int(offset)
	}
	for i := first; ; i++ {
		c, ok := p.container(i, at)
		if !ok {
			return 0, false
		}
		if at = c.end; i == p.n-1 {
			return c.last()
		}
	}
}

// sound reports whether the values ascend and are as many as the header says.
func (c *container) sound() bool {
	le := binary.LittleEndian
	values, low := 0, 0 // low: the lowest that the next value can be
	switch c.form {
	case formSet:
		for b := c.data; len(b) >= 8; b = b[8:] {
			values += bits.OnesCount64(le.Uint64(b))
		}
	case formRuns:
		for b := c.data; len(b) >= 4; b = b[4:] {
			first, more := int(le.Uint16(b)), int(le.Uint16(b[2:]))
			if first < low || first+more > 0xFFFF {
				return false
			}
			values += more + 1
			low = first + more + 2 // one further would have been a part of the run
		}
	default:
		for b := c.data; len(b) >= 2; b = b[2:] {
			value := int(le.Uint16(b))
			if value < low {
				return false
			}
			values++
			low = value + 1
		}
	}
	return values == c.n
}

func (c *container) appendTo(dst []uint32) []uint32 {
	le := binary.LittleEndian
	switch c.form {
	case formSet:
		base := c.base
		for b := c.data; len(b) >= 8; b = b[8:] {
			for word := le.Uint64(b); word != 0; word &= word - 1 {
				dst = append(dst, base+uint32(bits.TrailingZeros64(word)))
			}
			base += 64
		}
	case formRuns:
		for b := c.data; len(b) >= 4; b = b[4:] {
			first := c.base + uint32(le.Uint16(b))
			for i := range uint32(le.Uint16(b[2:])) + 1 {
				dst = append(dst, first+i)
			}
		}
	default:
		for b := c.data; len(b) >= 2; b = b[2:] {
			dst = append(dst, c.base+uint32(le.Uint16(b)))
		}
	}
	return dst
}

// mark sets in dst, whose first bit is that of the container's lowest value possible, those of the values that are less
// than limit away from it.
func (c *container) mark(dst []uint64, limit uint32) {
	le := binary.LittleEndian
	switch c.form {
	case formSet:
		words := min(limit/64, setSize/8)
		for i := range dst[:words] {
			dst[i] |= le.Uint64(c.data[8*i:])
		}
		if rest := limit % 64; words < setSize/8 && rest > 0 {
			dst[words] |= le.Uint64(c.data[8*words:]) & (1<<rest - 1)
		}
	case formRuns:
		for b := c.data; len(b) >= 4; b = b[4:] {
			first := uint32(le.Uint16(b))
			if first >= limit {
				return
			}
			markRange(dst, first, min(first+uint32(le.Uint16(b[2:])), limit-1))
		}
	default:
		for b := c.data; len(b) >= 2; b = b[2:] {
			value := uint32(le.Uint16(b))
			if value >= limit {
				return
			}
			dst[value/64] |= 1 << (value % 64)
		}
	}
}

// last returns the highest value. Of a container that is not sound it is any.
func (c *container) last() (uint32, bool) {
	le := binary.LittleEndian
	switch c.form {
	case formSet:
		for at := len(c.data) - 8; at >= 0; at -= 8 {
			if word := le.Uint64(c.data[at:]); word != 0 {
				return c.base + uint32(8*at+63-bits.LeadingZeros64(word)), true
			}
		}
		return 0, false
	case formRuns:
		end := int(le.Uint16(c.data[len(c.data)-4:])) + int(le.Uint16(c.data[len(c.data)-2:]))
		return c.base + uint32(end), end <= 0xFFFF
	}
	return c.base + uint32(le.Uint16(c.data[len(c.data)-2:])), true
}
