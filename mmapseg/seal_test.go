package mmapseg

// Sealing: what it needs, what it leaves when it fails, and that readers do not notice.

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
)

func TestAFooterIsNotBuiltOverDamage(t *testing.T) {
	for what, harm := range map[string]func(p *pen){
		"a flipped bit":    func(p *pen) { damage(t, p.s, p.offsets[3]+30, 2) },
		"a missing end":    func(p *pen) { p.tail += 8 },
		"an end too early": func(p *pen) { p.tail -= 8 },
		"another floor":    func(p *pen) { p.s.Floor = 2 },
		"a gap":            func(p *pen) { p.next++; p.event(3) },
		"no event hash":    func(p *pen) { p.hashing = false; p.event(3) },
	} {
		_, p := oneSegment(t, 9, 20)
		harm(p)
		footer, err := p.s.BuildFooter(p.tail, nil, nil)
		if footer != nil || !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %d bytes, %v", what, len(footer), err)
		}
	}
	_, p := oneSegment(t, 9, 20)
	must(t, p.s.file.Close())
	if _, err := p.s.BuildFooter(p.tail, nil, nil); err == nil || errors.Is(err, ErrCorrupt) {
		t.Errorf("a failed read: %v", err)
	}
}

func TestAFullDiskLeavesTheSegmentAsItWas(t *testing.T) {
	dir := vfs.NewMemory()
	m := newModel(dir)
	p := m.segment(t, MinSize, 0)
	p.events(30, 100)
	m.filled(p)
	p.end()
	must(t, p.s.Retire())
	must(t, p.s.Truncate(p.tail)) // so that the footer has no room
	footer, err := p.s.BuildFooter(p.tail, nil, nil)
	must(t, err)
	before := p.image()
	dir.SetCapacity(p.tail + 8)
	if err := p.s.Seal(p.tail, footer); !errors.Is(err, vfs.ErrNoSpace) {
		t.Errorf("%v, want ErrNoSpace", err)
	}
	if !bytes.Equal(p.image(), before) || p.s.Sealed() {
		t.Error("the segment changed")
	}
	m.checkRange(t, 1, math.MaxUint64, 0, true)
	dir.SetCapacity(0)
	must(t, p.s.Seal(p.tail, footer))
	must(t, p.s.GiveBack(p.tail, p.tail+int64(len(footer))))
	m.checkRange(t, 1, math.MaxUint64, 0, true)
}

// TestNoFooterIsWrittenWithoutRoomForAllOfIt: a full disk must not leave half a footer.
func TestNoFooterIsWrittenWithoutRoomForAllOfIt(t *testing.T) {
	full := false
	dir := vfs.Faulty(vfs.NewMemory(), func(op vfs.Op) error {
		switch {
		case full && op.Kind == vfs.OpReserve:
			return vfs.ErrNoSpace
		case full && op.Kind == vfs.OpWriteAt:
			t.Errorf("%d bytes written at %d", op.Length, op.Offset)
		}
		return nil
	})
	p := newPen(t, dir, testHeader(1, MinSize), 1)
	p.events(9, 20)
	p.end()
	must(t, p.s.Retire())
	must(t, p.s.Truncate(p.tail))
	footer, err := p.s.BuildFooter(p.tail, nil, nil)
	must(t, err)
	full = true
	if err := p.s.Seal(p.tail, footer); !errors.Is(err, vfs.ErrNoSpace) {
		t.Errorf("%v, want ErrNoSpace", err)
	}
}

// TestAFooterLargerThanItsRoomGrowsTheFile fills a segment to the last byte, which Fits would not allow.
func TestAFooterLargerThanItsRoomGrowsTheFile(t *testing.T) {
	for name, dir := range map[string]vfs.Dir{"disk": diskDir(t), "memory": vfs.NewMemory()} {
		m := newModel(dir)
		p := m.segment(t, MinSize, 0)
		for p.tail+160+EndSize <= MinSize {
			p.event(0)
		}
		m.filled(p)
		size := p.seal()
		if size <= MinSize || p.s.DiskSize() != size || len(p.image()) != int(size) {
			t.Errorf("%s: sealed to %d bytes, %d on disk", name, size, p.s.DiskSize())
		}
		if !p.s.Sealed() {
			t.Errorf("%s: not sealed", name)
		}
		m.checkRange(t, 1, math.MaxUint64, 0, true)
		m.reopen(t, 0)
		if p.s.points.Load().sealed == nil {
			t.Errorf("%s: the points of the larger file are not read in place", name)
		}
		m.checkRange(t, 1, math.MaxUint64, 0, true)
		m.checkRange(t, 100, 200, 0, true)
	}
}

// TestAnEndedSegmentIsSealedAfterReopening is what a store does with one that a crash kept from being sealed.
func TestAnEndedSegmentIsSealedAfterReopening(t *testing.T) {
	memory := vfs.NewMemory()
	m := newModel(memory)
	p := m.segment(t, MinSize, 0)
	p.events(200, 60)
	m.filled(p)
	p.end()
	must(t, p.s.Truncate(p.tail))
	c := Contents{Floor: 1, End: p.tail}
	for sequence := uint64(1); sequence < p.next; sequence += PointStride {
		c.Points = append(c.Points, uint32(p.offsets[sequence]/FrameAlign))
	}
	must(t, p.s.Close())
	memory.SetCapacity(p.tail + 100)
	if _, err := OpenEnded(memory, p.s.Header, c, 4096); !errors.Is(err, vfs.ErrNoSpace) {
		t.Errorf("without room for what is to be written: %v", err)
	}
	memory.SetCapacity(0)
	for room, want := range map[int64]int64{0: p.tail, 4096: p.tail + 4096} {
		s, err := OpenEnded(memory, p.s.Header, c, room)
		must(t, err)
		if s.DiskSize() != want || s.End() != p.tail {
			t.Errorf("room %d: %d bytes on disk, want %d; ends at %d", room, s.DiskSize(), want, s.End())
		}
		must(t, s.Truncate(p.tail))
		must(t, s.Close())
	}
	s, err := OpenEnded(memory, p.s.Header, c, 0)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	s.Finish(p.next - 1)
	footer, err := s.BuildFooter(p.tail, nil, nil)
	must(t, err)
	must(t, s.Seal(p.tail, footer))
	must(t, s.Sync(false))
	must(t, s.GiveBack(p.tail, p.tail+int64(len(footer))))
	list := []*Segment{s}
	m.set.list.Store(&list)
	m.checkRange(t, 1, math.MaxUint64, 0, true)
	if footer, reason, err := ReadFooter(s.file, s.DiskSize(), &s.Header); footer == nil || err != nil {
		t.Errorf("not sealed: %q %v", reason, err)
	}
}

func TestSealingGivesBackTheTailAndTheHeap(t *testing.T) {
	m := newModel(diskDir(t))
	p := m.segment(t, 1<<20, 0)
	p.events(700, 30)
	m.filled(p)
	size := p.seal()
	image := p.image()
	if int64(len(image)) != size || p.s.DiskSize() != size || size >= 1<<20 {
		t.Errorf("%d bytes on disk, sealed to %d", len(image), size)
	}
	if table := p.s.points.Load(); table.chunks != nil || len(table.sealed) == 0 {
		t.Error("the points are still on the heap")
	}
	m.checkRange(t, 1, math.MaxUint64, 0, true)
}

func TestAFooterThatCannotBeReadBackIsAnError(t *testing.T) {
	_, p := oneSegment(t, 9, 20)
	p.end()
	must(t, p.s.Retire())
	footer, err := p.s.BuildFooter(p.tail, nil, nil)
	must(t, err)
	footer[3] ^= 1
	must(t, p.s.Seal(p.tail, footer))
	if err := p.s.GiveBack(p.tail, p.tail+int64(len(footer))); err == nil || p.s.Sealed() {
		t.Errorf("%v, sealed %v", err, p.s.Sealed())
	}
}

func TestEveryFailedCallOfSealingIsReported(t *testing.T) {
	for n := 1; ; n++ {
		var kinds []vfs.OpKind
		var decide func(vfs.Op) error
		dir := vfs.Faulty(vfs.NewMemory(), func(op vfs.Op) error {
			if decide == nil {
				return nil
			}
			kinds = append(kinds, op.Kind)
			return decide(op)
		})
		m := newModel(dir)
		p := m.segment(t, MinSize, 0)
		p.events(9, 20)
		m.filled(p)
		p.end()
		must(t, p.s.Retire())
		decide, _ = failAt(n, errInjected)
		footer, err := p.s.BuildFooter(p.tail, nil, nil)
		if err == nil {
			err = p.s.Seal(p.tail, footer)
		}
		if err == nil {
			err = p.s.GiveBack(p.tail, p.tail+int64(len(footer)))
		}
		decide = nil
		m.checkRange(t, 1, math.MaxUint64, 0, true)
		if err == nil {
			if !slices.Contains(kinds, vfs.OpWriteAt) || n < 5 {
				t.Errorf("only %v", kinds)
			}
			return
		}
		if !errors.Is(err, errInjected) || p.s.Sealed() {
			t.Errorf("call %d (%v): %v, sealed %v", n, kinds, err, p.s.Sealed())
		}
	}
}
