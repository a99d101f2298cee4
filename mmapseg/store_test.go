package mmapseg

// Several segments with what they should hold, for the tests of reading.

import (
	"errors"
	"slices"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/internal/vfs"
)

// model is a set of segments and the events that are in it.
type model struct {
	dir     vfs.Dir
	set     Set
	pens    []*pen
	sizes   map[uint64]int // payload of every event
	decoder *Decoder
	next    uint64
}

func newModel(dir vfs.Dir) *model {
	return &model{dir: dir, sizes: make(map[uint64]int), decoder: NewDecoder(), next: 1}
}

// segment begins the next segment, behind a lost range.
func (m *model) segment(tb tester, size int64, lost uint64) *pen {
	m.next += lost
	p := newPen(tb, m.dir, testHeader(uint64(len(m.pens))+1, size), m.next)
	m.pens = append(m.pens, p)
	m.set.Add(p.s)
	if lost > 0 {
		p.control(AppendOpen(nil, &OpenFrame{Incarnation: 1, Lost: Range{m.next - lost, m.next - 1}, LastSequence: m.next - 1}, p.here()))
	}
	return p
}

// filled takes the pen's events into the model and lets readers see them.
func (m *model) filled(p *pen) {
	for sequence, size := range p.sizes {
		m.sizes[sequence] = size
	}
	m.next = p.next
	m.set.SetVisible(m.next - 1)
}

// reopen opens the segment again as recovery does, in place of the one in the set.
func (m *model) reopen(tb tester, i int) {
	tb.Helper()
	p := m.pens[i]
	c := Contents{Floor: p.s.Floor, TreeBase: p.s.TreeBase, End: p.tail}
	if p.s.Sealed() {
		footer, reason, err := ReadFooter(p.s.file, p.s.DiskSize(), &p.s.Header)
		must(tb, err)
		if footer == nil {
			tb.Fatalf("no footer: %s", reason)
		}
		c.Footer = footer
	}
	for sequence := p.s.Floor; c.Footer == nil && sequence < p.next; sequence += PointStride {
		c.Points = append(c.Points, uint32(p.offsets[sequence]/FrameAlign))
	}
	behind := p.s.behind.Load()
	must(tb, p.s.Close())
	s, err := Open(m.dir, p.s.Header, c)
	must(tb, err)
	tb.Cleanup(func() { _ = s.Close() })
	s.behind.Store(behind)
	list := slices.Clone(m.set.Segments())
	list[i], p.s = s, s
	m.set.list.Store(&list)
}

// want returns the sequences from first to last that readers should get.
func (m *model) want(first, last uint64) (want []uint64) {
	last = min(last, m.set.Visible())
	for sequence := range m.sizes {
		if sequence >= first && sequence <= last {
			want = append(want, sequence)
		}
	}
	slices.Sort(want)
	return want
}

// frames is one of the two readers.
type frames interface {
	Next() (Frame, *Segment, bool, error)
	Close()
}

// lostRange is what an error said is missing.
type outcome struct {
	read   []uint64
	broken []Range // of damage errors, in their order
}

// read reads up to limit steps (0: all), checking every event.
func (m *model) read(tb tester, r frames, limit int) (got outcome) {
	tb.Helper()
	defer r.Close()
	for n := 0; limit == 0 || n < limit; n++ {
		f, s, ok, err := r.Next()
		var corrupt *CorruptError
		switch {
		case errors.As(err, &corrupt):
			if corrupt.First == 0 || corrupt.First > corrupt.Last {
				tb.Fatalf("an error about sequences %d to %d: %v", corrupt.First, corrupt.Last, err)
			}
			got.broken = append(got.broken, Range{corrupt.First, corrupt.Last})
		case err != nil:
			tb.Fatalf("%v", err)
		case !ok:
			for range 3 { // the end stays the end
				if _, _, ok, err := r.Next(); ok || err != nil {
					tb.Fatalf("behind the end: %v %v", ok, err)
				}
			}
			return got
		default:
			sequence := f.Sequence()
			checkEvent(tb, m.decoder, &f, sequence, m.sizes[sequence])
			if in := s.Range(m.set.Visible()); !in.Contains(sequence) {
				tb.Fatalf("event %d came with segment %s, which has %v", sequence, s.Name(), in)
			}
			got.read = append(got.read, sequence)
		}
	}
	return got
}

// checkRange reads a range in both directions and compares with the model, which has no damage.
func (m *model) checkRange(tb tester, first, last uint64, limit int, check bool) {
	tb.Helper()
	want := m.want(first, last)
	forward := m.read(tb, m.set.Reader(first, last, check), limit)
	backward := m.read(tb, m.set.Backward(first, last, check), limit)
	ascending, descending := slices.Clone(want), slices.Clone(want)
	slices.Reverse(descending)
	if limit != 0 && limit < len(want) {
		ascending, descending = ascending[:limit], descending[:limit]
	}
	if !slices.Equal(forward.read, ascending) || forward.broken != nil {
		tb.Fatalf("%d to %d, limit %d: read %v (damage %v), want %v", first, last, limit, forward.read, forward.broken, ascending)
	}
	if !slices.Equal(backward.read, descending) || backward.broken != nil {
		tb.Fatalf("%d down to %d, limit %d: read %v (damage %v), want %v", last, first, limit, backward.read, backward.broken, descending)
	}
}

// checkFind looks for one sequence.
func (m *model) checkFind(tb tester, sequence uint64, check bool) {
	tb.Helper()
	size, exists := m.sizes[sequence]
	exists = exists && sequence <= m.set.Visible()
	f, s, _, err := m.set.Find(sequence, nil, check)
	if !exists {
		if !errors.Is(err, ErrNotFound) {
			tb.Fatalf("sequence %d, which nothing has: %v", sequence, err)
		}
		return
	}
	must(tb, err)
	checkEvent(tb, m.decoder, &f, sequence, size)
	if !s.Range(m.set.Visible()).Contains(sequence) {
		tb.Fatalf("event %d came with segment %s", sequence, s.Name())
	}
}

// drawPayloads fills a pen with random units.
func drawPayloads(t *rapid.T, p *pen) {
	sizes := rapid.OneOf(rapid.IntRange(0, 200), rapid.IntRange(0, 3000), rapid.SampledFrom([]int{9000, 40000, 70000}))
	for range rapid.IntRange(0, 30).Draw(t, "units") {
		batch := rapid.SliceOfN(sizes, 1, 12).Draw(t, "payloads")
		room := 0
		for _, size := range batch {
			room += align(size) + 300
		}
		if !p.s.Fits(p.tail, room) {
			return
		}
		if len(batch) > 1 && rapid.IntRange(0, 3).Draw(t, "batch") == 0 {
			p.batch(batch...)
			continue
		}
		for _, size := range batch {
			p.event(size)
		}
		if rapid.IntRange(0, 9).Draw(t, "control") == 0 {
			p.control(AppendOpen(nil, &OpenFrame{Incarnation: 1, Ancestors: make([]Ancestor, rapid.IntRange(0, 40).Draw(t, "ancestors"))}, p.here()))
		}
	}
}

// restride gives the segment a table with another stride: it is stored with the footer, and may change.
func (p *pen) restride(stride uint64) {
	table := newPoints(p.s.Floor, int64(p.next-p.s.Floor))
	table.stride = stride
	for sequence := p.s.Floor; sequence < p.next; sequence += stride {
		table.set((sequence-p.s.Floor)/stride, uint32(p.offsets[sequence]/FrameAlign))
	}
	p.s.points.Store(table)
}

// drawModel draws a store of several segments in every state.
func drawModel(t *rapid.T, dir vfs.Dir) *model {
	m := newModel(dir)
	m.next = rapid.SampledFrom([]uint64{1, 1, 2, 1000, 1 << 40}).Draw(t, "first sequence")
	count := rapid.IntRange(1, 5).Draw(t, "segments")
	for i := range count {
		p := m.segment(t, 256<<10, rapid.SampledFrom([]uint64{0, 0, 0, 1, 5, 200}).Draw(t, "lost"))
		drawPayloads(t, p)
		m.filled(p)
		state := rapid.IntRange(0, 2).Draw(t, "state")
		switch {
		case state == 0 && i == count-1: // goes on
		case state == 1:
			p.seal()
		default:
			p.end()
		}
		if rapid.Bool().Draw(t, "reopened") {
			m.reopen(t, i)
		}
		if rapid.Bool().Draw(t, "another stride") {
			p.restride(rapid.SampledFrom([]uint64{1, 2, 4, 7, 100}).Draw(t, "stride"))
		}
	}
	lowest := m.set.Segments()[0].Floor
	m.set.SetVisible(rapid.Uint64Range(lowest-1, m.next-1).Draw(t, "visible"))
	return m
}
