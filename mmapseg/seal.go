// Sealing: from a retired segment whose frames are durable to an immutable file
// with a footer. Everything in the footer is taken from the frames as they are
// on disk.

package mmapseg

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/batpak/batpak/event"
)

const betweenBytes = 256 << 10

// BuildFooter reads the frames of a segment, which end at framesEnd, and returns
// its footer's bytes. It is an error if they are not sound to the last.
//
// It is the one long piece of computing that goes on beside appends. between, if
// given, is called every quarter of a MiB, for what must not wait for its end.
func (s *Segment) BuildFooter(framesEnd int64, between func()) ([]byte, error) {
	le := binary.LittleEndian
	summary := Summary{TreeBase: s.TreeBase}
	points := le.AppendUint32(le.AppendUint64(nil, s.Floor), PointStride)
	points = le.AppendUint32(points, 0)
	if behind := s.behind.Load(); behind > s.Floor {
		points = slices.Grow(points, int(behind-s.Floor)*pointSize)
	}
	var tree treeRuns
	tree.start(s.TreeBase)
	scanner := NewScanner(NewFileWindow(s.file, framesEnd), s.Salt, s.Name(), HeaderSize, framesEnd)
	for pause := int64(betweenBytes); ; {
		f, ok, err := scanner.Next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if between != nil && f.Offset >= pause {
			between()
			pause = f.Offset + betweenBytes
		}
		if f.Type != FrameEvent {
			continue
		}
		if f.Sequence() != s.Floor+summary.Events {
			return nil, contentError(&f, s.Name(), fmt.Sprintf("sequence %d where %d is due", f.Sequence(), s.Floor+summary.Events))
		}
		if summary.Events%PointStride == 0 {
			points = le.AppendUint32(points, uint32(f.Offset/FrameAlign))
		}
		summary.add(&f)
		hash, ok := f.EventHash()
		if ok != s.Hashing {
			return nil, contentError(&f, s.Name(), "with an event hash in a segment without, or without one")
		}
		tree.add(hash)
	}
	if scanner.Offset() != framesEnd {
		return nil, &CorruptError{Segment: s.Name(), Offset: scanner.Offset(), Problem: scanner.Problem()}
	}
	b := footerBuilder{start: framesEnd}
	b.add(sectionPoints, points)
	b.add(sectionRange, summary.encode())
	if s.Hashing {
		b.add(sectionTree, tree.encode())
	}
	return b.finish(&s.Header), nil
}

// Seal writes the footer behind framesEnd. The caller then syncs the segment and
// calls [Segment.GiveBack]. A full disk is vfs.ErrNoSpace, and
// leaves the segment as it was, readable and complete, only not sealed.
func (s *Segment) Seal(framesEnd int64, footer []byte) error {
	if need := framesEnd + int64(len(footer)); need > s.DiskSize() {
		if err := s.file.Reserve(need); err != nil {
			return fmt.Errorf("seal %s: %w", s.Name(), err)
		}
	}
	if _, err := s.file.WriteAt(footer, framesEnd); err != nil {
		return fmt.Errorf("seal %s: %w", s.Name(), err)
	}
	return nil
}

// GiveBack cuts the file behind its footer, which ends at size, and lets readers
// use the footer's points in place of those on the heap.
func (s *Segment) GiveBack(framesEnd, size int64) error {
	if err := s.Truncate(size); err != nil {
		return err
	}
	footer, reason, err := ReadFooter(s.file, size, &s.Header)
	if err != nil {
		return err
	}
	if footer == nil {
		return fmt.Errorf("seal %s: the footer just written can't be read back: %s", s.Name(), reason)
	}
	if table := footer.table(s.read.Bytes()); table != nil {
		s.points.Store(table)
	}
	s.sealed.Store(true)
	return nil
}

// add takes an event frame into the summary.
func (s *Summary) add(f *Frame) {
	at := f.Timestamp()
	if s.Events == 0 {
		s.First, s.FirstID = f.Sequence(), f.ID()
		s.LowestTime, s.HighestTime = at, at
	}
	s.Events++
	s.Last, s.LastID = f.Sequence(), f.ID()
	s.LowestTime, s.HighestTime = min(s.LowestTime, at), max(s.HighestTime, at)
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
