package mmapseg

// Reading ranges of healthy segments, compared with a slice.

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/internal/vfs"
)

func TestReadersGiveWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t, vfs.NewMemory())
		low := m.set.Segments()[0].Floor
		bound := rapid.Uint64Range(low-1, m.next+3)
		m.checkRange(t, 0, math.MaxUint64, 0, true)
		for range rapid.IntRange(1, 8).Draw(t, "ranges") {
			first, last := bound.Draw(t, "first"), bound.Draw(t, "last")
			limit := rapid.SampledFrom([]int{0, 0, 1, 2, 7, 63, 64, 65}).Draw(t, "limit")
			m.checkRange(t, first, last, limit, rapid.Bool().Draw(t, "check"))
			m.checkFind(t, first, rapid.Bool().Draw(t, "check one"))
		}
	})
}

func TestEverySequenceIsFoundOrNotFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t, vfs.NewMemory())
		check := rapid.Bool().Draw(t, "check")
		for sequence := m.set.Segments()[0].Floor - 1; sequence < m.next+3; sequence++ {
			m.checkFind(t, sequence, check)
		}
		m.checkFind(t, 0, check)
		m.checkFind(t, math.MaxUint64, check)
	})
}

func TestReadersWorkOnMappedFiles(t *testing.T) {
	dir := diskDir(t)
	m := newModel(dir)
	for i := range 4 {
		p := m.segment(t, 1<<20, uint64(i%2)*10)
		p.events(300, 100*i)
		p.batch(1, 2, 3, 40000)
		m.filled(p)
		if i < 3 {
			p.seal()
		}
	}
	for _, reopened := range []bool{false, true} {
		for i := range m.pens {
			if reopened {
				m.reopen(t, i)
			}
		}
		m.checkRange(t, 1, math.MaxUint64, 0, true)
		m.checkRange(t, 250, 700, 0, false)
		for sequence := uint64(0); sequence <= m.next; sequence++ {
			m.checkFind(t, sequence, true)
		}
	}
}

func TestAnEmptySetHasNothing(t *testing.T) {
	m := newModel(nil)
	m.checkRange(t, 0, math.MaxUint64, 0, true)
	m.checkFind(t, 1, true)
	m.set.SetVisible(5) // a mistake, but no reason to fall over
	m.checkRange(t, 1, 5, 0, true)
	m.checkFind(t, 1, true)
	must(t, m.set.Close())
}

func TestReadingStopsAtWhatIsVisibleWhenItBegins(t *testing.T) {
	m := newModel(vfs.NewMemory())
	p := m.segment(t, MinSize, 0)
	p.events(10, 8)
	m.filled(p)
	forward, backward := m.set.Reader(1, math.MaxUint64, true), m.set.Backward(1, math.MaxUint64, true)
	p.events(10, 8)
	m.filled(p)
	if got := m.read(t, forward, 0); len(got.read) != 10 {
		t.Errorf("forward: %v", got.read)
	}
	if got := m.read(t, backward, 0); len(got.read) != 10 {
		t.Errorf("backward: %v", got.read)
	}
	m.checkRange(t, 1, math.MaxUint64, 0, true)
}

// TestEventsBehindTheVisibleOneAreNotRead stages events that readers must not see yet.
func TestEventsBehindTheVisibleOneAreNotRead(t *testing.T) {
	m := newModel(vfs.NewMemory())
	p := m.segment(t, MinSize, 0)
	p.events(20, 8)
	m.filled(p)
	for visible := uint64(0); visible <= 20; visible++ {
		m.set.SetVisible(visible)
		m.checkRange(t, 1, math.MaxUint64, 0, true)
		m.checkFind(t, visible+1, true)
	}
}

func TestFramesStayValidUntilTheNextStep(t *testing.T) {
	m := newModel(vfs.NewMemory())
	p := m.segment(t, 1<<20, 0)
	p.events(200, 1000)
	m.filled(p)
	r := m.set.Reader(1, 200, true)
	defer r.Close()
	var buf []byte
	for sequence := uint64(1); sequence <= 200; sequence++ {
		f, _, ok, err := r.Next()
		must(t, err)
		// Other readers and single reads take their buffers from the same pool.
		other := m.set.Backward(1, 200, true)
		_, _, _, _ = other.Next()
		other.Close()
		_, _, buf, err = m.set.Find(201-sequence, buf, true)
		must(t, err)
		if !ok {
			t.Fatal("ended")
		}
		checkEvent(t, m.decoder, &f, sequence, 1000)
	}
}

// TestBackwardReadingCopiesSeveralEventsAtOnce: as many as there is room for, so that few events are copied one by one.
func TestBackwardReadingCopiesSeveralEventsAtOnce(t *testing.T) {
	for size, least := range map[int]int{10: backwardGroup, 900: 32, 2000: 16, 10000: 3, 70000: 1} {
		m, _ := oneSegment(t, 100, size)
		r := m.set.Backward(1, 100, true)
		if _, _, ok, err := r.Next(); !ok || err != nil || r.count+1 < least {
			t.Errorf("events of %d bytes: a group of %d, want at least %d: %v", size, r.count+1, least, err)
		}
		if size < fullChunk && len(r.chunk) > fullChunk {
			t.Errorf("events of %d bytes: %d bytes copied, at most %d", size, len(r.chunk), fullChunk)
		}
		r.Close()
		m.checkRange(t, 1, 100, 0, true)
	}
}

// TestGapsArePassedOver reads sequences that nothing has, in the middle of a segment.
func TestGapsArePassedOver(t *testing.T) {
	m := newModel(vfs.NewMemory())
	p := m.segment(t, 1<<20, 0)
	for sequence := uint64(1); sequence < 400; sequence++ {
		p.next = sequence
		if sequence%7 > 2 && (sequence < 100 || sequence > 250) {
			p.event(30)
		}
	}
	m.filled(p)
	for first := uint64(1); first <= 400; first += 3 {
		for _, last := range []uint64{first, first + 1, first + 5, first + 150, 400} {
			m.checkRange(t, first, last, 0, true)
		}
		m.checkFind(t, first, true)
	}
	r := m.set.Reader(100, 249, true)
	defer r.Close()
	for range 500 { // the end stays the end, however often it is asked for
		if _, _, ok, err := r.Next(); ok || err != nil {
			t.Fatal(ok, err)
		}
	}
}

func TestAFrameOfALaterVersionEndsReading(t *testing.T) {
	for _, check := range []bool{true, false} {
		m := newModel(vfs.NewMemory())
		p := m.segment(t, MinSize, 0)
		p.events(5, 8)
		frame := AppendClose(nil, &CloseFrame{}, p.here())
		putPrefix(frame, FrameGap+1, 0, len(frame), 0, parsedCRC(frame), p.s.Salt, p.tail)
		p.control(frame)
		p.events(5, 8)
		m.filled(p)
		r := m.set.Reader(1, 10, check)
		for range 5 {
			if _, _, ok, err := r.Next(); !ok || err != nil {
				t.Fatalf("check %v: %v", check, err)
			}
		}
		if _, _, ok, err := r.Next(); ok || !errors.Is(err, ErrVersion) {
			t.Errorf("check %v: %v %v, want a version error", check, ok, err)
		}
		if _, _, ok, err := r.Next(); ok || err != nil {
			t.Errorf("check %v: reading went on: %v %v", check, ok, err)
		}
		r.Close()
	}
}

// parsedCRC returns the body CRC in a frame's header.
func parsedCRC(frame []byte) uint32 { return uint32(leWord(frame[16:])) }
