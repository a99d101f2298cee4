// This file holds a page: what processes see of it, what is on the disk, and what may be.
//
// The durable content with every piece of the log applied in order is the content of the cache. A sector may be on the
// disk as any step on that way, each sector on its own.

package simdisk

import (
	"bytes"
	"encoding/binary"
)

// block is the content of a page. A block that is shared is never changed.
type block = [PageSize]byte

// zeros is what a nil block holds.
var zeros block

// owner says to whom a page or an inode belongs: only the state with the same owner may change it, others copy it first.
type owner struct{ _ byte }

// page is one page of a file. A nil page is zeros, clean.
type page struct {
	owner   *owner
	durable *block
	cache   *block
	private bool   // cache is in no other place and may be changed
	dirty   bool   // a sync writes it
	dropped uint64 // when a truncation dropped it, until that is durable; 0: never
	log     []piece
}

// piece is bytes in one sector that were copied in one go.
type piece struct {
	moment uint64
	data   []byte // never changed
	at     uint16 // in the page
	kind   pieceKind
}

// pieceKind says which states the copying goes through.
type pieceKind uint8

const (
	copied  pieceKind = iota // from front to end
	started                  // with the first word of a store, which is made last
	dropped                  // at once
)

// word is what is stored in one go, in bytes.
const word = 8

func (p piece) sector() int { return int(p.at) / SectorSize }

// states returns how many states of the sector the piece adds, the last being all of it.
func (p piece) states() int {
	switch {
	case p.kind == dropped || len(p.data) < 2*word:
		return 1
	case p.kind == started && len(p.data) >= 3*word:
		return 3
	}
	return 2
}

// apply makes a block what it is in a state of the piece, counted from 1.
func (p piece) apply(b *block, state int) {
	from, to := 0, len(p.data)
	if states := p.states(); state < states {
		if p.kind == started {
			from = word
		}
		if p.kind != started || state == 1 && states == 3 {
			words := (to - from) / word
			to = from + word*(1+int(p.moment%uint64(words-1)))
		}
	}
	copy(b[int(p.at)+from:], p.data[from:to])
}

// bytesOf returns what a block holds.
func bytesOf(b *block) *block {
	if b == nil {
		return &zeros
	}
	return b
}

// writableCache returns the cache for changing it.
func (p *page) writableCache() *block {
	if !p.private {
		fresh := new(block)
		if p.cache != nil {
			*fresh = *p.cache
		}
		p.cache, p.private = fresh, true
	}
	return p.cache
}

// put copies data to the cache and logs the sectors in which that changes something. Where it changes nothing, there is
// no version to add.
func (p *page) put(moment uint64, at int, data []byte, kind pieceKind) {
	seen := bytesOf(p.cache)
	for from := 0; from < len(data); {
		to := min(len(data), (at+from)/SectorSize*SectorSize+SectorSize-at)
		if !bytes.Equal(seen[at+from:at+to], data[from:to]) {
			p.log = append(p.log, piece{moment: moment, data: data[from:to:to], at: uint16(at + from), kind: kind})
		}
		if kind == started {
			kind = copied
		}
		from = to
	}
	copy(p.writableCache()[at:], data)
}

// drop makes a page behind the end of a file zeros. Nothing of it is written any more.
func (p *page) drop(moment uint64) {
	if p.cache != nil {
		for at := 0; at < PageSize; at += SectorSize {
			if !isZero(p.cache[at : at+SectorSize]) {
				p.log = append(p.log, piece{moment: moment, data: zeros[:SectorSize], at: uint16(at), kind: dropped})
			}
		}
	}
	p.cache, p.private, p.dirty = nil, false, false
	if len(p.log) > 0 {
		p.dropped = moment
	}
}

// fold makes durable what the cache held at a moment.
func (p *page) fold(moment uint64) {
	n := 0
	for n < len(p.log) && p.log[n].moment <= moment {
		n++
	}
	if p.dropped <= moment {
		p.dropped = 0
	}
	if n == len(p.log) {
		p.durable, p.private, p.log = p.cache, false, nil
		return
	}
	if n > 0 {
		b := *bytesOf(p.durable)
		for _, piece := range p.log[:n] {
			piece.apply(&b, piece.states())
		}
		p.durable, p.log = &b, p.log[n:]
	}
}

// settled reports whether the disk holds what the cache does, and a sync would not write it.
func (p *page) settled() bool { return p == nil || len(p.log) == 0 && !p.dirty }

// isZero reports whether all bytes are zero.
func isZero(b []byte) bool {
	for len(b) >= word {
		if binary.NativeEndian.Uint64(b) != 0 {
			return false
		}
		b = b[word:]
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
