package mmapseg

// How a segment comes into being, what fits into it, and how it ends.

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/internal/vfs"
)

func TestACreatedSegmentIsReservedSyncedAndNamedInThisOrder(t *testing.T) {
	var calls []string
	dir := vfs.Faulty(vfs.NewMemory(), func(op vfs.Op) error {
		calls = append(calls, fmt.Sprint(op.Kind))
		return nil
	})
	h := testHeader(3, 128<<10)
	s, err := Create(dir, h)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	want := []string{"create", "reserve", "write", "sync", "rename", "sync directory", "open", "close", "map", "map"}
	if !slices.Equal(calls, want) {
		t.Errorf("calls %v, want %v", calls, want)
	}
	names, err := dir.List()
	must(t, err)
	if !slices.Equal(names, []string{h.Name()}) || s.Name() != h.Name() || s.DiskSize() != h.Size {
		t.Errorf("directory holds %v; segment %s of %d bytes", names, s.Name(), s.DiskSize())
	}
	image := fileImage(t, s)
	if int64(len(image)) != h.Size || !bytes.Equal(image[HeaderSize:], make([]byte, h.Size-HeaderSize)) {
		t.Errorf("%d bytes, or not zero behind the header", len(image))
	}
	if s.End() != HeaderSize || s.Sealed() || !s.Range(5).IsZero() {
		t.Errorf("a new segment ends at %d, sealed %v, range %v", s.End(), s.Sealed(), s.Range(5))
	}
}

// failAt fails the n-th call, closing not counted.
func failAt(n int, failure error) (decide func(vfs.Op) error, done func() bool) {
	calls := 0
	return func(op vfs.Op) error {
		if op.Kind == vfs.OpClose {
			return nil
		}
		if calls++; calls == n {
			return failure
		}
		return nil
	}, func() bool { return calls < n }
}

var errInjected = errors.New("injected")

func TestWhenCreatingFailsNothingIsLeft(t *testing.T) {
	for n := 1; ; n++ {
		memory := vfs.NewMemory()
		decide, done := failAt(n, errInjected)
		s, err := Create(vfs.Faulty(memory, decide), testHeader(3, MinSize))
		if err == nil {
			must(t, s.Close())
			if !done() {
				t.Fatalf("call %d failed and nobody noticed", n)
			}
			if n < 8 {
				t.Fatalf("only %d calls", n-1)
			}
			return
		}
		if !errors.Is(err, errInjected) {
			t.Errorf("call %d: %v", n, err)
		}
		names, err := memory.List()
		must(t, err)
		if len(names) != 0 {
			t.Errorf("call %d failed and left %v", n, names)
		}
	}
}

func TestAFullDiskIsToldBeforeAnythingIsStored(t *testing.T) {
	dir := vfs.NewMemory()
	dir.SetCapacity(MinSize - 1)
	if _, err := Create(dir, testHeader(3, MinSize)); !errors.Is(err, vfs.ErrNoSpace) {
		t.Errorf("%v, want ErrNoSpace", err)
	}
	dir.SetCapacity(MinSize)
	s, err := Create(dir, testHeader(3, MinSize))
	must(t, err)
	must(t, s.Discard(dir))
	names, err := dir.List()
	must(t, err)
	if len(names) != 0 {
		t.Errorf("discarding left %v", names)
	}
}

func TestWhatASegmentIsSizedForFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(0, 1<<16), rapid.IntRange(0, 1<<30)).Draw(t, "bytes") &^ 7
		size := SizeFor(n)
		s := Segment{Header: testHeader(1, size)}
		if size < MinSize || size%4096 != 0 || !s.Fits(HeaderSize, n) {
			t.Fatalf("a segment of %d bytes for a unit of %d, fits: %v", size, n, s.Fits(HeaderSize, n))
		}
		// An open frame may come first.
		if !s.FitsControl(HeaderSize, OpenSize(64)) || !s.Fits(HeaderSize+int64(OpenSize(64)), n) {
			t.Fatalf("a unit of %d does not fit behind an open frame in %d bytes", n, size)
		}
	})
}

// TestAFullSegmentHasRoomForAllThatFollows fills segments until nothing fits and then ends, closes, opens and seals.
func TestAFullSegmentHasRoomForAllThatFollows(t *testing.T) {
	for _, payload := range []int{0, 100, 5000} {
		for _, hashing := range []bool{true, false} {
			h := testHeader(1, 4<<20)
			h.Hashing = hashing
			p := newPen(t, vfs.NewMemory(), h, 1)
			for p.s.Fits(p.tail, 184+payload) {
				p.smallest(payload)
			}
			if !p.s.FitsControl(p.tail, OpenSize(64)) {
				t.Errorf("payload %d: no room for an open frame behind %d", payload, p.tail)
			}
			p.control(AppendClose(nil, &CloseFrame{Incarnation: 1}, p.here()))
			p.control(AppendOpen(nil, &OpenFrame{Incarnation: 2, Ancestors: make([]Ancestor, 64)}, p.here()))
			if size := p.seal(); size > h.Size {
				t.Errorf("payload %d, hashing %v: sealed segment of %d bytes, %d were reserved", payload, hashing, size, h.Size)
			}
		}
	}
}

func TestPopulatingIsBoundedAndEndsWithRetiring(t *testing.T) {
	p := newPen(t, diskDir(t), testHeader(1, MinSize), 1)
	must(t, p.s.Populate(0, MinSize))
	must(t, p.s.Populate(MinSize-1, 1<<40))
	must(t, p.s.Populate(MinSize, 0))
	must(t, p.s.Retire())
	must(t, p.s.Retire())
	must(t, p.s.Populate(0, MinSize)) // the sealer was faster than the preparer
	must(t, p.s.Close())
}

func TestRangesOfASegment(t *testing.T) {
	s := Segment{Floor: 10}
	for _, c := range []struct {
		behind, visible uint64
		want            Range
	}{
		{0, 9, Range{}}, {0, 10, Range{10, 10}}, {0, 99, Range{10, 99}},
		{15, 9, Range{}}, {15, 12, Range{10, 12}}, {15, 99, Range{10, 14}}, {10, 99, Range{}},
	} {
		s.behind.Store(c.behind)
		if got := s.Range(c.visible); got != c.want {
			t.Errorf("behind %d, visible %d: %v, want %v", c.behind, c.visible, got, c.want)
		}
	}
}

// TestAFinishedTailGoesOnWhereItEnded closes, cuts and opens a segment again, as a clean reopening does.
func TestAFinishedTailGoesOnWhereItEnded(t *testing.T) {
	dir := diskDir(t)
	m := newModel(dir)
	p := m.segment(t, MinSize, 0)
	p.events(20, 33)
	must(t, p.s.Retire())
	must(t, p.s.Truncate(p.tail))
	must(t, p.s.Sync(true))
	if p.s.DiskSize() != p.tail {
		t.Errorf("%d bytes on disk, cut to %d", p.s.DiskSize(), p.tail)
	}
	must(t, p.s.Close())

	c := Contents{Floor: 1, End: p.tail}
	for sequence := uint64(1); sequence < p.next; sequence += PointStride {
		c.Points = append(c.Points, uint32(p.offsets[sequence]/FrameAlign))
	}
	s, err := OpenTail(dir, p.s.Header, c)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	if s.DiskSize() != MinSize || s.End() != p.tail {
		t.Errorf("%d bytes on disk, want %d; ends at %d", s.DiskSize(), MinSize, s.End())
	}
	p.s = s
	list := []*Segment{s}
	m.set.list.Store(&list)
	p.events(20, 44)
	m.filled(p)
	m.checkRange(t, 1, math.MaxUint64, 0, true)
	must(t, s.Rewrite(p.image()[HeaderSize:p.tail], HeaderSize))
	m.checkRange(t, 1, math.MaxUint64, 0, true)
	must(t, p.s.Sync(false))
	p.seal()
	m.checkRange(t, 1, math.MaxUint64, 0, true)
}

func TestAFileShorterThanItsFramesIsNotOpened(t *testing.T) {
	dir := vfs.NewMemory()
	p := newPen(t, dir, testHeader(1, MinSize), 1)
	p.events(10, 33)
	must(t, p.s.Retire())
	must(t, p.s.Truncate(p.tail-8))
	must(t, p.s.Close())
	_, err := Open(dir, p.s.Header, Contents{Floor: 1, End: p.tail})
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.Segment != p.s.Name() {
		t.Errorf("%v", err)
	}
	if _, err := Open(dir, testHeader(9, MinSize), Contents{Floor: 1, End: HeaderSize}); err == nil {
		t.Error("a file that is not there was opened")
	}
}

func TestWhenOpeningFailsTheFileIsClosed(t *testing.T) {
	memory := vfs.NewMemory()
	p := newPen(t, memory, testHeader(1, MinSize), 1)
	p.events(3, 33)
	must(t, p.s.Close())
	for n := 1; ; n++ {
		closed := 0
		decide, _ := failAt(n, errInjected)
		dir := vfs.Faulty(memory, func(op vfs.Op) error {
			if op.Kind == vfs.OpClose {
				closed++
			}
			return decide(op)
		})
		s, err := OpenTail(dir, p.s.Header, Contents{Floor: 1, End: p.tail})
		if err == nil {
			must(t, s.Close())
			if n < 5 {
				t.Fatalf("only %d calls", n-1)
			}
			return
		}
		if !errors.Is(err, errInjected) || closed != min(n-1, 1) {
			t.Errorf("call %d: %v, closed %d times", n, err, closed)
		}
	}
}
