package mmapseg

// Groups of frames are what single reads give, or say that they are not.

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/internal/vfs"
)

// gatherAll gathers all ordinals, in as many groups as it takes, and compares what is there with the model. missed is
// how many frames a group did not have.
func (m *model) gatherAll(tb tester, s *Segment, g *Group, ordinals []uint32, check bool) (missed int) {
	tb.Helper()
	for len(ordinals) > 0 {
		taken, err := s.Gather(g, ordinals, check)
		must(tb, err)
		if taken < 1 || taken > min(len(ordinals), gatherFrames) || g.count != taken {
			tb.Fatalf("%d of %d taken, the group has %d", taken, len(ordinals), g.count)
		}
		bytes := 0
		for i := range taken {
			sequence := s.Floor + uint64(ordinals[i])
			f := g.Step(i)
			if f == nil {
				missed++
				continue
			}
			bytes += len(f.Bytes)
			checkEvent(tb, m.decoder, f, sequence, m.sizes[sequence])
			if whole, _, _, err := m.set.Find(sequence, nil, check); err != nil || whole.Offset != f.Offset || whole.InBatch() != f.InBatch() {
				tb.Fatalf("event %d: at %d, found at %d, %v", sequence, f.Offset, whole.Offset, err)
			}
		}
		if taken > 1 && bytes > gatherBytes {
			tb.Fatalf("a group of %d bytes", bytes)
		}
		if g.Step(taken) != nil {
			tb.Fatalf("a frame that was not taken")
		}
		ordinals = ordinals[taken:]
	}
	return missed
}

func TestAGroupHasTheFramesThatWereAskedFor(t *testing.T) {
	g := new(Group) // for all: what it keeps from one use must not be seen in the next
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t, vfs.NewMemory())
		for _, s := range m.set.Segments() {
			in := s.Range(m.set.Visible())
			if in.IsZero() {
				continue
			}
			pick := rapid.SliceOfN(rapid.Uint32Range(0, uint32(in.Last-in.First)), 0, 200)
			missed := m.gatherAll(t, s, g, pick.Draw(t, "ordinals"), rapid.Bool().Draw(t, "check"))
			if missed > 0 && s.points.Load().stride == 1 {
				t.Fatalf("%d frames are not in their groups", missed)
			}
		}
	})
}

func TestALargeFrameIsAGroupOfItsOwn(t *testing.T) {
	m := newModel(diskDir(t))
	p := m.segment(t, 4<<20, 0)
	for _, size := range []int{10, 1 << 20, 10, 120 << 10, 10, 9 << 10, 10, 127 << 10, 100} {
		p.event(size)
	}
	m.filled(p)
	ordinals := []uint32{0, 1, 2, 3, 4, 5, 6, 7, 8}
	for _, sealed := range []bool{false, true} {
		g := new(Group)
		var taken []int
		for rest := ordinals; len(rest) > 0; {
			n, err := p.s.Gather(g, rest, true)
			must(t, err)
			taken, rest = append(taken, n), rest[n:]
			if len(rest) == 0 && cap(g.buf) > 2*gatherBytes {
				t.Errorf("the group keeps %d bytes", cap(g.buf))
			}
		}
		if !slices.Equal(taken, []int{1, 1, 3, 2, 2}) {
			t.Errorf("sealed %v: groups of %v", sealed, taken)
		}
		if missed := m.gatherAll(t, p.s, g, ordinals, true); missed != 0 {
			t.Errorf("sealed %v: %d missed", sealed, missed)
		}
		if !sealed {
			p.seal()
		}
	}
}

func TestADamagedFrameIsLeftOutOfItsGroup(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		m, p := oneSegment(t, 100, 300)
		if sealed {
			p.seal()
		}
		var all []uint32
		for i := range uint32(100) {
			all = append(all, i)
		}
		damage(t, p.s, p.offsets[11]+200, 3) // in the payload
		damage(t, p.s, p.offsets[12]+1, 3)   // in the magic
		damage(t, p.s, p.offsets[13]+4, 6)   // in the length
		damage(t, p.s, p.offsets[14]+7, 6)   // in its highest byte
		damage(t, p.s, p.offsets[15]+2, 1)   // in the type
		damage(t, p.s, p.offsets[16]+24, 7)  // in the sequence
		damage(t, p.s, p.offsets[17]+3, 5)   // in the flags
		damage(t, p.s, p.offsets[100]+7, 6)  // in the length of the last, which nothing else tells
		for sequence := uint64(11); sequence < 18; sequence++ {
			delete(m.sizes, sequence)
		}
		g := new(Group)
		for _, check := range []bool{true, false} {
			missed := []uint32{}
			for rest := all; len(rest) > 0; rest = rest[g.count:] {
				_, err := p.s.Gather(g, rest, check)
				must(t, err)
				for i := range g.count {
					if g.Step(i) == nil {
						missed = append(missed, rest[i])
					}
				}
			}
			want := 8
			if !check {
				want-- // a flipped bit of the payload
			}
			if len(missed) != want || missed[want-1] != 99 {
				t.Errorf("sealed %v, check %v: missed %v", sealed, check, missed)
			}
			for _, ordinal := range missed {
				if _, _, _, err := m.set.Find(uint64(ordinal)+1, nil, true); !errors.Is(err, ErrCorrupt) {
					t.Errorf("event %d is missed: %v", ordinal+1, err)
				}
			}
		}
	}
}

// TestRottenPointsLeadToNoOtherFrame: what the points say is looked at before it is believed.
func TestRottenPointsLeadToNoOtherFrame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, p := oneSegment(t, 40, 100)
		p.seal()
		table := p.s.points.Load()
		for range rapid.IntRange(1, 10).Draw(t, "rotten") {
			entry := table.offset + int64(pointSize*rapid.IntRange(0, len(table.sealed)/pointSize-1).Draw(t, "entry"))
			value := rapid.OneOf(
				rapid.Uint32(), rapid.Uint32Range(0, uint32(p.tail/FrameAlign)+100),
				rapid.Map(rapid.Uint64Range(1, 40), func(s uint64) uint32 { return uint32(p.offsets[s] / FrameAlign) }),
			).Draw(t, "value")
			overwrite(t, p.s, entry, binary.LittleEndian.AppendUint32(nil, value))
		}
		m.gatherAll(t, p.s, new(Group), rapid.SliceOfN(rapid.Uint32Range(0, 39), 1, 100).Draw(t, "ordinals"), rapid.Bool().Draw(t, "check"))
	})
}

func TestNothingIsGatheredFromAClosedSegment(t *testing.T) {
	_, p := oneSegment(t, 9, 10)
	g := new(Group)
	if taken, err := p.s.Gather(g, nil, true); taken != 0 || err != nil {
		t.Errorf("no ordinals: %d, %v", taken, err)
	}
	if taken, err := p.s.Gather(g, []uint32{1, 2}, true); taken != 2 || err != nil {
		t.Errorf("%d taken, %v", taken, err)
	}
	must(t, p.s.Close())
	if taken, err := p.s.Gather(g, []uint32{1, 2}, true); taken != 0 || g.count != 0 || !errors.Is(err, ErrSegmentClosed) {
		t.Errorf("closed: %d taken, the group has %d, %v", taken, g.count, err)
	}
	if g.Step(0) != nil {
		t.Error("a frame of the group before")
	}
}

func TestGatheringDoesNotAllocate(t *testing.T) {
	m, p := oneSegment(t, 500, 300)
	p.seal()
	g := new(Group)
	random := rand.New(rand.NewPCG(1, 2))
	ordinals := make([]uint32, 500)
	for i, ordinal := range random.Perm(len(ordinals)) {
		ordinals[i] = uint32(ordinal)
	}
	m.gatherAll(t, p.s, g, ordinals, true)
	rest := ordinals
	allocations := testing.AllocsPerRun(200, func() {
		taken, err := p.s.Gather(g, rest, true)
		if err != nil {
			t.Error(err)
		}
		for i := range taken {
			_ = g.Step(i)
		}
		if rest = rest[taken:]; len(rest) == 0 {
			rest = ordinals
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations a group", allocations)
	}
}

// TestGroupsAreGatheredWhileTheSegmentIsFilled reads single frames and groups of a segment whose points are in several
// chunks, up to the very last that is visible.
func TestGroupsAreGatheredWhileTheSegmentIsFilled(t *testing.T) {
	m := newModel(diskDir(t))
	p := m.segment(t, 4<<20, 0)
	const events = 2*pointChunk + 500
	done := make(chan struct{})
	go func() {
		defer close(done)
		g, random := new(Group), rand.New(rand.NewPCG(1, 2))
		var ordinals []uint32
		for visible := uint64(0); visible < events; visible = m.set.Visible() {
			if visible == 0 {
				runtime.Gosched()
				continue
			}
			ordinals = append(ordinals[:0], uint32(visible-1))
			for range random.IntN(100) {
				ordinals = append(ordinals, random.Uint32N(uint32(visible)))
			}
			taken, err := p.s.Gather(g, ordinals, true)
			must(elsewhere{t}, err)
			for i := range taken {
				f := g.Step(i)
				if f == nil {
					t.Errorf("event %d of %d is not there", ordinals[i]+1, visible)
					return
				}
				checkEvent(elsewhere{t}, m.decoder, f, uint64(ordinals[i])+1, int(ordinals[i]%3))
			}
			if _, _, _, err := m.set.Find(visible, nil, true); err != nil {
				t.Errorf("event %d: %v", visible, err)
			}
		}
	}()
	for i := range events {
		p.event(i % 3)
		m.set.SetVisible(p.next - 1)
		if i == events/2 {
			runtime.Gosched()
		}
	}
	<-done
}
