package mmapseg

// Sparse offsets: they lead to events, and no event is given up for one that leads astray.

import (
	"encoding/binary"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/internal/vfs"
)

// drawPoints draws a table with some entries missing, and all offsets.
func drawPoints(t *rapid.T) (p *points, offsets []int64, known uint64) {
	n := rapid.IntRange(0, 40).Draw(t, "events")
	stride := rapid.SampledFrom([]uint64{1, 2, 3, 4, 64}).Draw(t, "stride")
	p = newPoints(rapid.SampledFrom([]uint64{1, 7, 1 << 50}).Draw(t, "first"), 60)
	p.stride = stride
	at := int64(HeaderSize)
	for i := range uint64(n) {
		offsets = append(offsets, at)
		if i%stride == 0 && rapid.IntRange(0, 3).Draw(t, "missing") != 0 {
			p.set(i/stride, uint32(at/FrameAlign))
		}
		at += int64(align(rapid.IntRange(minEventLength, 3000).Draw(t, "length")))
	}
	if n > 0 {
		known = p.first + rapid.Uint64Range(0, uint64(n)-1).Draw(t, "known")
	}
	if rapid.Bool().Draw(t, "sealed") {
		for i := range (uint64(n) + stride - 1) / stride {
			p.sealed = binary.LittleEndian.AppendUint32(p.sealed, uint32(p.at(i)/FrameAlign))
		}
		p.chunks = nil
	}
	return p, offsets, known
}

func TestPointsLeadToTheNearestKnownEvent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, offsets, known := drawPoints(t)
		noted := func(i uint64) bool { return i%p.stride == 0 && i < uint64(len(offsets)) && p.at(i/p.stride) != 0 }
		for i := range uint64(len(offsets)) {
			want := int64(0)
			for j := i + 1; j > 0 && want == 0; j-- {
				if noted(j - 1) {
					want = offsets[j-1]
				}
			}
			if got := p.before(p.first + i); got != want {
				t.Fatalf("before event %d: offset %d, want %d", i, got, want)
			}
			want = 0
			for j := i + 1; p.first+j <= known && want == 0; j++ {
				if noted(j) {
					want = offsets[j]
				}
			}
			if got := p.after(p.first+i, known); got != want {
				t.Fatalf("after event %d: offset %d, want %d", i, got, want)
			}
		}
		if p.after(math.MaxUint64-1, math.MaxUint64) != 0 {
			t.Fatal("a point behind all sequences")
		}
		_ = p.before(math.MaxUint64) // beyond the table: no panic, no long search
	})
}

func TestATableHasRoomForTheSmallestEvents(t *testing.T) {
	for _, size := range []int64{MinSize, MinSize + 4096, 1 << 20} {
		h := testHeader(1, size)
		h.Hashing = false
		p := newPen(t, vfs.NewMemory(), h, 1)
		for p.tail+80 <= size {
			p.unit = p.unit[:0]
			p.s.Point(p.next, p.tail)
			p.next, p.tail = p.next+1, p.tail+80
		}
	}
}

// TestMissingPointsLoseNoEvent opens a segment as recovery does when damage has hidden some events from it.
func TestMissingPointsLoseNoEvent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir := vfs.NewMemory()
		m := newModel(dir)
		p := m.segment(t, MinSize, 0)
		p.events(60, 400)
		m.filled(p)
		c := Contents{Floor: 1, End: p.tail}
		for sequence := uint64(1); sequence < p.next; sequence += PointStride {
			at := uint32(p.offsets[sequence] / FrameAlign)
			if rapid.Bool().Draw(t, "missing") {
				at = 0
			}
			c.Points = append(c.Points, at)
		}
		c.Points = c.Points[:rapid.IntRange(0, len(c.Points)).Draw(t, "points")]
		must(t, p.s.Close())
		s, err := Open(dir, p.s.Header, c)
		must(t, err)
		defer func() { must(t, s.Close()) }()
		list := []*Segment{s}
		m.set.list.Store(&list)
		for first := uint64(1); first <= 60; first += 7 {
			m.checkRange(t, first, 60, 0, true)
			m.checkRange(t, 1, first, 0, false)
			m.checkFind(t, first, true)
		}
	})
}

// TestRottenPointsLoseNoEvent damages the mapped points of a sealed segment behind the back of the open store: rule 28,
// derived bytes deny no event.
func TestRottenPointsLoseNoEvent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, p := oneSegment(t, 40, 100)
		p.seal()
		table := p.s.points.Load()
		if table.sealed == nil {
			t.Fatalf("the points are not read from the footer")
		}
		base := table.offset
		for range rapid.IntRange(1, 10).Draw(t, "rotten") {
			entry := base + int64(pointSize*rapid.IntRange(0, len(table.sealed)/pointSize-1).Draw(t, "entry"))
			value := rapid.OneOf(
				rapid.Uint32(), rapid.Uint32Range(0, uint32(p.tail/FrameAlign)+100),
				rapid.Map(rapid.Uint64Range(1, 40), func(s uint64) uint32 { return uint32(p.offsets[s] / FrameAlign) }),
			).Draw(t, "value")
			overwrite(t, p.s, entry, binary.LittleEndian.AppendUint32(nil, value))
		}
		m.checkRange(t, 1, 40, 0, true)
		for range 5 {
			first, last := rapid.Uint64Range(1, 40).Draw(t, "first"), rapid.Uint64Range(1, 40).Draw(t, "last")
			m.checkRange(t, first, last, 0, true)
			m.checkFind(t, first, true)
		}
	})
}
