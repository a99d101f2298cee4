// Building a footer: from the frames of a segment, and from the sections that others
// give.

package mmapseg

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/checked"
)

// pauseBytes is after how many bytes the processor is offered to others: about 300 us of computing.
const pauseBytes = 256 << 10

// BuildFooter reads the frames of a segment, which end at framesEnd, and returns
// its footer's bytes. It is an error if they are not sound to the last.
//
// It is the one long piece of computing that goes on beside appends. between, if
// given, is called every quarter of a MiB, for what must not wait for its end.
//
// extra, if given, is called once the frames were found sound, and gives the sections of
// others to add, of types from [FirstForeignSection] on, each once, in the order in which
// they are to stand; add copies data. Each section begins at a multiple of 8 in the
// file, and so in mapped memory. An error of extra ends building.
func (s *Segment) BuildFooter(framesEnd int64, between func(), extra func(add func(kind, version uint32, data []byte)) error) ([]byte, error) {
	facts, err := s.survey(framesEnd, between)
	if err != nil {
		return nil, err
	}
	b := footerBuilder{start: framesEnd}
	b.own(sectionPoints, facts.points)
	if s.Hashing {
		b.own(sectionTree, facts.tree.encode())
	}
	if extra != nil {
		if err := extra(b.foreign); err != nil {
			return nil, fmt.Errorf("footer of %s: %w", s.name, err)
		}
	}
	b.sums()
	b.own(sectionControl, facts.control)
	b.own(sectionRange, facts.summary.encode(PointStride))
	if b.refused != nil {
		return nil, fmt.Errorf("footer of %s: %w", s.name, b.refused)
	}
	return b.finish(&s.Header), nil
}

// facts are what the frames of a segment say, as its footer holds it.
type facts struct {
	summary Summary
	points  []byte
	control []byte
	tree    treeRuns
}

// survey reads all frames of the segment and verifies them.
func (s *Segment) survey(framesEnd int64, between func()) (*facts, error) {
	le := binary.LittleEndian
	found := &facts{summary: Summary{TreeBase: s.TreeBase}}
	if behind := s.behind.Load(); behind > s.Floor {
		found.points = slices.Grow(found.points, int((behind-s.Floor+PointStride-1)/PointStride)*pointSize)
	}
	found.tree.start(s.TreeBase)
	scanner := NewScanner(newFileWindow(s.file, framesEnd), s.Salt, s.Name(), HeaderSize, framesEnd)
	for pause := int64(pauseBytes); ; {
		f, ok, err := scanner.Next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if f.Offset >= pause {
			runtime.Gosched()
			if between != nil {
				between()
			}
			pause = f.Offset + pauseBytes
		}
		switch f.Type {
		case FrameEvent:
			if err := s.surveyEvent(&f, found); err != nil {
				return nil, err
			}
		case FrameOpen, FrameClose, FrameGap:
			found.control = le.AppendUint32(found.control, uint32(f.Offset/FrameAlign))
		}
	}
	if scanner.Offset() != framesEnd {
		return nil, &CorruptError{Segment: s.Name(), Offset: scanner.Offset(), Problem: scanner.Problem()}
	}
	return found, nil
}

func (s *Segment) surveyEvent(f *Frame, found *facts) error {
	if due := s.Floor + found.summary.Events; f.Sequence() != due {
		return contentError(f, s.Name(), fmt.Sprintf("sequence %d where %d is due", f.Sequence(), due))
	}
	hash, ok := f.EventHash()
	if ok != s.Hashing {
		return contentError(f, s.Name(), "with an event hash in a segment without, or without one")
	}
	if found.summary.Events%PointStride == 0 {
		found.points = binary.LittleEndian.AppendUint32(found.points, uint32(f.Offset/FrameAlign))
	}
	found.summary.add(f)
	found.tree.add(hash)
	return nil
}

// footerBuilder lays out sections behind the frames.
type footerBuilder struct {
	start    int64
	b        []byte
	sections []section
	refused  error // the first foreign section that can't be added
}

// own adds a section of this package.
func (f *footerBuilder) own(kind uint32, data []byte) { f.add(kind, sectionVersions[kind], data) }

// foreign adds a section of somebody else.
func (f *footerBuilder) foreign(kind, version uint32, data []byte) {
	twice := slices.ContainsFunc(f.sections, func(s section) bool { return s.kind == kind })
	switch {
	case f.refused != nil:
	case kind < FirstForeignSection:
		f.refused = fmt.Errorf("section of type %d, those from %d on are free", kind, FirstForeignSection)
	case twice:
		f.refused = fmt.Errorf("two sections of type %d", kind)
	case len(f.sections) >= maxSections-3: // checks, control and range follow
		f.refused = fmt.Errorf("more than %d sections", maxSections)
	default:
		f.add(kind, version, data)
	}
}

func (f *footerBuilder) add(kind, version uint32, data []byte) {
	f.sections = append(f.sections, section{
		kind: kind, version: version, offset: f.start + int64(len(f.b)), length: int64(len(data)), crc: crc(0, data),
	})
	f.b = append(f.b, data...)
	f.b = append(f.b, make([]byte, align(len(data))-len(data))...)
}

// sums adds the checks of all sections before.
func (f *footerBuilder) sums() {
	for i := range f.sections {
		f.sections[i].crc = 0
	}
	f.own(sectionChecks, checked.AppendSums(nil, f.b))
}

func (f *footerBuilder) finish(h *Header) []byte {
	le := binary.LittleEndian
	at := len(f.b)
	for _, s := range f.sections {
		f.b = le.AppendUint32(f.b, s.kind)
		f.b = le.AppendUint32(f.b, s.version)
		f.b = le.AppendUint64(f.b, uint64(s.offset))
		f.b = le.AppendUint64(f.b, uint64(s.length))
		f.b = le.AppendUint32(f.b, s.crc)
		f.b = le.AppendUint32(f.b, 0)
	}
	var t [trailerSize]byte
	copy(t[:], footerMagic[:])
	le.PutUint32(t[8:], FormatVersion)
	le.PutUint32(t[12:], uint32(len(f.sections)))
	le.PutUint64(t[16:], uint64(f.start)+uint64(at))
	le.PutUint64(t[24:], h.Number)
	le.PutUint64(t[32:], uint64(h.Salt))
	le.PutUint64(t[40:], uint64(f.start))
	le.PutUint32(t[48:], h.Generation)
	le.PutUint32(t[52:], crc(0, f.b[at:]))
	le.PutUint32(t[92:], crc(uint32(h.Salt), t[:92]))
	return append(f.b, t[:]...)
}

// treeRuns computes the roots of aligned runs of 256 leaves from leaves that
// arrive in order, from any position on.
type treeRuns struct {
	next  uint64 // position of the next leaf
	whole bool   // the run that next is in was seen from its beginning
	stack []event.Hash
	sizes []uint32
	first uint64
	nodes []event.Hash
}

func (t *treeRuns) start(base uint64) {
	t.next = base
	t.whole = base%TreeRun == 0
	t.first = (base + TreeRun - 1) / TreeRun
}

func (t *treeRuns) add(hash event.Hash) {
	if t.whole {
		t.stack, t.sizes = append(t.stack, event.LeafHash(hash)), append(t.sizes, 1)
		for n := len(t.stack); n > 1 && t.sizes[n-1] == t.sizes[n-2]; n = len(t.stack) {
			t.stack[n-2] = event.NodeHash(t.stack[n-2], t.stack[n-1])
			t.sizes[n-2] *= 2
			t.stack, t.sizes = t.stack[:n-1], t.sizes[:n-1]
		}
	}
	t.next++
	if t.next%TreeRun != 0 {
		return
	}
	if t.whole {
		t.nodes = append(t.nodes, t.stack[0])
	}
	t.whole, t.stack, t.sizes = true, t.stack[:0], t.sizes[:0]
}

func (t *treeRuns) encode() []byte {
	b := binary.LittleEndian.AppendUint64(nil, t.first)
	for i := range t.nodes {
		b = append(b, t.nodes[i][:]...)
	}
	return b
}
