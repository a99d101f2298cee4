// The offset table of one segment: where its events are. While a segment is being
// written it is on the heap; of a sealed one it is read in place from the mapped
// footer, so that the heap does not grow with events.

package mmapseg

import "encoding/binary"

// points is one of the two tables: the offsets, in units of 8 bytes, of the events
// first, first + stride, first + 2*stride ... Sequences in a segment that was
// appended to have no gaps.
type points struct {
	first  uint64
	stride uint64
	heap   []uint32
	mapped []byte // four bytes an entry, little-endian
}

// newPoints returns a table that is large enough for a segment full of the
// smallest events, so that it never grows.
func newPoints(size int64) *points {
	return &points{stride: PointStride, heap: make([]uint32, size/MinEventSize/PointStride+1)}
}

// entries returns how many entries the table has room for.
func (p *points) entries() uint64 {
	if p.heap != nil {
		return uint64(len(p.heap))
	}
	return uint64(len(p.mapped) / pointSize)
}

// at returns the offset in entry i; 0 when there is none.
func (p *points) at(i uint64) int64 {
	switch {
	case i < uint64(len(p.heap)):
		return int64(p.heap[i]) * FrameAlign
	case i < uint64(len(p.mapped)/pointSize):
		return int64(binary.LittleEndian.Uint32(p.mapped[i*pointSize:])) * FrameAlign
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
