// The offset table of one segment: where its events are. While a segment is being
// written it is on the heap; of a sealed one it is read in place from the mapped
// footer, so that the heap does not grow with events.
//
// Offsets are not believed: who follows one looks whether the frame with the wanted
// sequence is there. That is why the footer's checksums are not looked at here.

package mmapseg

import (
	"encoding/binary"
	"sync/atomic"
)

// pointChunk is how many entries are allocated at once: 16 KiB, without pointers.
const pointChunk = 4096

// points is one of the two tables: the offsets, in units of 8 bytes, of the events
// first, first + stride, first + 2*stride ... Sequences in a segment that was
// appended to have no gaps.
//
// On the heap, an entry is written before the end and the sequence that cover it are
// published, and only then read.
type points struct {
	first  uint64
	stride uint64
	chunks []atomic.Pointer[[pointChunk]uint32]

	sealed []byte     // four bytes an entry, little-endian
	pages  *populated // of the mapping that sealed is a part of
	offset int64      // of sealed in the file
}

// newPoints returns a table on the heap for so many entries, none of which is there.
func newPoints(first uint64, entries int64) *points {
	return &points{first: first, stride: PointStride, chunks: make([]atomic.Pointer[[pointChunk]uint32], (entries+pointChunk-1)/pointChunk)}
}

// pointsFor is the number of entries of a segment of size bytes that is full of the
// smallest events.
func pointsFor(size int64) int64 { return size/MinEventSize/PointStride + 1 }

// set writes entry i of a table on the heap. It belongs to one goroutine.
func (p *points) set(i uint64, entry uint32) {
	slot := &p.chunks[i/pointChunk]
	chunk := slot.Load()
	if chunk == nil {
		chunk = new([pointChunk]uint32)
		slot.Store(chunk)
	}
	chunk[i%pointChunk] = entry
}

// fill writes the first entries.
func (p *points) fill(entries []uint32) {
	for i, entry := range entries {
		p.set(uint64(i), entry)
	}
}

// entries returns how many entries the table has room for.
func (p *points) entries() uint64 {
	return uint64(len(p.chunks)*pointChunk + len(p.sealed)/pointSize)
}

// at returns the offset in entry i; 0 when there is none.
func (p *points) at(i uint64) int64 {
	switch {
	case i < uint64(len(p.sealed)/pointSize):
		from := i * pointSize
		p.pages.bring(p.offset+int64(from), p.offset+int64(from)+pointSize)
		return int64(binary.LittleEndian.Uint32(p.sealed[from:])) * FrameAlign
	case i/pointChunk < uint64(len(p.chunks)):
		if chunk := p.chunks[i/pointChunk].Load(); chunk != nil {
			return int64(chunk[i%pointChunk]) * FrameAlign
		}
	}
	return 0
}

// before returns the offset of an event at or before sequence; less than a stride
// before it, unless entries are missing where the segment is damaged. 0 when there
// is none.
func (p *points) before(sequence uint64) int64 {
	i := (sequence - p.first) / p.stride
	if at := p.at(i); at != 0 {
		return at
	}
	for i = min(i, p.entries()); i > 0; i-- {
		if at := p.at(i - 1); at != 0 {
			return at
		}
	}
	return 0
}

// after returns the offset of the first point behind sequence; 0 when there is
// none up to known, the highest sequence whose point is known to be written.
func (p *points) after(sequence, known uint64) int64 {
	for i := (sequence-p.first)/p.stride + 1; i < p.entries() && p.first+i*p.stride <= known; i++ {
		if at := p.at(i); at != 0 {
			return at
		}
	}
	return 0
}

// span returns the offsets of the event with this sequence and of the one behind
// it; 0, 0 unless both have entries. last is the highest sequence whose entry is
// known to be written.
func (p *points) span(sequence, last uint64) (at, next int64) {
	if p.stride != 1 || sequence >= last {
		return 0, 0
	}
	i := sequence - p.first
	return p.at(i), p.at(i + 1)
}
