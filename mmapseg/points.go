// The sparse index of one segment: the offset of every fourth event. While a
// segment is being written it is a table on the heap; of a sealed one it is read
// in place from the mapped footer, so that the heap does not grow with events.

package mmapseg

import (
	"encoding/binary"
	"sort"
)

// points is one of the two tables. A heap table has an entry for each of first,
// first+4, first+8 ...: sequences in a segment that was appended to are without
// gaps. A mapped table names its sequences, since a compaction leaves gaps:
// entries of u32 sequence - first, u32 offset / 8.
type points struct {
	first  uint64
	heap   []uint32
	mapped []byte
}

// newPoints returns a table that is large enough for a segment full of the
// smallest events, so that it never grows.
func newPoints(size int64) *points {
	return &points{heap: make([]uint32, size/int64(align(minEventLength))/pointEvery+1)}
}

// PointTable collects the points of a segment that is scanned.
type PointTable []uint32

// Add notes that the n-th event (from 0) of the segment stands at offset.
func (t *PointTable) Add(n uint64, offset int64) {
	if n%pointEvery == 0 {
		*t = append(*t, uint32(offset/frameAlign))
	}
}

// before returns the offset of an event at or before sequence, at most three
// events before it where there are no gaps; 0 when there is none.
func (p *points) before(sequence uint64) int64 {
	n := sequence - p.first
	if p.heap != nil {
		if i := n / pointEvery; i < uint64(len(p.heap)) {
			return int64(p.heap[i]) * frameAlign
		}
		return 0
	}
	count := uint64(len(p.mapped) / pointSize)
	i := n / pointEvery
	if i >= count || uint64(p.delta(i)) != i*pointEvery {
		i = uint64(sort.Search(int(count), func(i int) bool { return uint64(p.delta(uint64(i))) > n }))
		if i == 0 {
			return 0
		}
		i--
	}
	return int64(binary.LittleEndian.Uint32(p.mapped[i*pointSize+4:])) * frameAlign
}

// after returns the offset of the first point behind sequence; 0 when there is
// none up to known, the highest sequence whose point is known to be written.
func (p *points) after(sequence, known uint64) int64 {
	n := sequence - p.first
	if p.heap != nil {
		i := n/pointEvery + 1
		if p.first+i*pointEvery > known || i >= uint64(len(p.heap)) {
			return 0
		}
		return int64(p.heap[i]) * frameAlign
	}
	count := len(p.mapped) / pointSize
	i := sort.Search(count, func(i int) bool { return uint64(p.delta(uint64(i))) > n })
	if i == count {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(p.mapped[i*pointSize+4:])) * frameAlign
}

func (p *points) delta(i uint64) uint32 {
	return binary.LittleEndian.Uint32(p.mapped[i*pointSize:])
}
