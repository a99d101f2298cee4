// The steps that sequences and stretches are made into.

package query

import (
	"slices"
	"testing"

	"github.com/batpak/batpak/index"
)

// looked returns the sequences that steps look at, in their order, and those of them that stretches look at.
func looked(p *places) (sequences, inStretches []uint64) {
	for step, ok := p.step(); ok; step, ok = p.step() {
		if step.Ordinals != nil {
			for _, ordinal := range step.Ordinals {
				sequences = append(sequences, step.First+uint64(ordinal))
			}
			continue
		}
		from := len(sequences)
		for sequence := step.From; sequence <= step.To; sequence++ {
			sequences = append(sequences, sequence)
		}
		if p.backward {
			slices.Reverse(sequences[from:])
		}
		inStretches = append(inStretches, sequences[from:]...)
	}
	return sequences, inStretches
}

// TestPlacesAreLookedAtOnceAndInOrder: sequences and stretches in any order, some of them overlapping, over the bounds of segments and
// of the range that was asked for.
func TestPlacesAreLookedAtOnceAndInOrder(t *testing.T) {
	a := newArchive(t, 360, 5, 40, all)
	r := a.random
	for range 2000 {
		p := places{reader: a.reader, backward: r.IntN(2) == 0, visible: 200 - r.Uint64N(20)}
		first := 1 + r.Uint64N(p.visible)
		last := first + r.Uint64N(p.visible-first+1)
		want, stretched := map[uint64]bool{}, map[uint64]bool{}
		for range r.IntN(12) {
			sequence := first + r.Uint64N(last-first+1)
			p.sequences = append(p.sequences, sequence)
			want[sequence] = true
		}
		lowest, highest := first, last
		for range r.IntN(4) {
			from := 1 + r.Uint64N(200)
			s := index.HoleError{First: from, Last: from + r.Uint64N(30)}
			p.damaged = append(p.damaged, s)
			if s.First > last || s.Last < first {
				continue
			}
			if p.backward {
				s.Last = min(s.Last, last)
			} else {
				s.First, s.Last = max(s.First, first), min(s.Last, p.visible)
			}
			lowest, highest = min(lowest, s.First), max(highest, s.Last)
			for sequence := s.First; sequence <= s.Last; sequence++ {
				want[sequence], stretched[sequence] = true, true
			}
		}
		from, to := p.arrange(first, last, true)
		got, inStretches := looked(&p)
		if p.backward {
			slices.Reverse(got)
		}
		if from != lowest || to != highest || len(got) != len(want) || !slices.IsSorted(got) || len(inStretches) != len(stretched) {
			t.Fatalf("backward %v, %d to %d, damaged %v: covers %d to %d, looks at %v, %d of them in stretches", p.backward, first, last, p.damaged, from, to, got, len(inStretches))
		}
		for _, sequence := range got {
			if !want[sequence] {
				t.Fatalf("%d is looked at", sequence)
			}
		}
	}
}

func TestWhatNoSegmentHasIsLookedForAllTheSame(t *testing.T) {
	a := newArchive(t, 361, 3, 40, all)
	a.dropSegment(0)
	p := places{reader: a.reader, visible: 120, sequences: []uint64{3, 39, 41, 80, 81}}
	p.arrange(1, 120, false)
	got, inStretches := looked(&p)
	if !slices.Equal(got, []uint64{3, 39, 41, 80, 81}) || !slices.Equal(inStretches, []uint64{3, 39}) {
		t.Errorf("%v, of which %v are in stretches", got, inStretches)
	}
}
