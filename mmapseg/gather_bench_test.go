package mmapseg

// Random reads, one by one and in groups.

import (
	"math/rand/v2"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// benchmarkSegment is a sealed segment of 200,000 events of 400 bytes, and ordinals of it in random order.
func benchmarkSegment(b *testing.B) (*Set, *Segment, []uint32) {
	b.Helper()
	const events, frame = 200_000, 400
	dir, err := vfs.OpenDir(b.TempDir(), true)
	must(b, err)
	b.Cleanup(func() { must(b, dir.Close()) })
	s, err := Create(dir, testHeader(1, 96<<20))
	must(b, err)
	b.Cleanup(func() { must(b, s.Close()) })
	s.Activate(1, 0)
	draft := event.Draft{Coordinate: event.MustAt("player:alice", "room:dungeon"), Kind: 0x1001, Payload: make([]byte, frame-128)}
	tail := int64(HeaderSize)
	var unit []byte
	for sequence := uint64(1); sequence <= events; sequence++ {
		var e Encoded
		unit, e = EncodeEvent(unit[:0], &draft, &EventOptions{Hashing: true})
		e.Assign(unit, &Assigned{Sequence: sequence, ID: event.ID{1}}, s.Salt, tail, 0)
		s.Store(tail, unit)
		s.Point(sequence, tail)
		tail += int64(len(unit))
	}
	if len(unit) != frame {
		b.Fatalf("frames of %d bytes", len(unit))
	}
	s.Publish(tail)
	s.Finish(events)
	footer, err := s.BuildFooter(tail, nil, nil)
	must(b, err)
	must(b, s.Retire())
	must(b, s.Seal(tail, footer))
	must(b, s.GiveBack(tail, tail+int64(len(footer))))
	set := new(Set)
	set.Add(s)
	set.SetVisible(events)
	random := rand.New(rand.NewPCG(1, 2))
	ordinals := make([]uint32, events)
	for i, ordinal := range random.Perm(events) {
		ordinals[i] = uint32(ordinal)
	}
	s.pages.Load().bring(0, tail)
	return set, s, ordinals
}

func BenchmarkRandomFramesOneByOne(b *testing.B) {
	for name, check := range map[string]bool{"checked": true, "unchecked": false} {
		b.Run(name, func(b *testing.B) {
			set, _, ordinals := benchmarkSegment(b)
			var buf []byte
			n := 0
			for b.Loop() {
				f, _, grown, err := set.Find(uint64(ordinals[n%len(ordinals)])+1, buf, check)
				if buf = grown; err != nil || f.Length != 400 {
					b.Fatal(err)
				}
				n++
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "frames/s")
		})
	}
}

func BenchmarkRandomFramesInGroups(b *testing.B) {
	for name, check := range map[string]bool{"checked": true, "unchecked": false} {
		b.Run(name, func(b *testing.B) {
			_, s, ordinals := benchmarkSegment(b)
			g := new(Group)
			rest, frames := ordinals, 0
			for b.Loop() {
				taken, err := s.Gather(g, rest, check)
				must(b, err)
				for i := range taken {
					if g.Step(i) == nil {
						b.Fatal("a frame is not there")
					}
				}
				if rest = rest[taken:]; len(rest) == 0 {
					rest = ordinals
				}
				frames += taken
			}
			b.ReportMetric(float64(frames)/b.Elapsed().Seconds(), "frames/s")
		})
	}
}
