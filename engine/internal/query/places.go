// This file holds places: sequences that the index names by hash, made into the steps of a search.

package query

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/batpak/batpak/index"
)

// places makes steps of sequences, and of stretches of which every event is looked at, in the direction of reading. It begins
// with arrange.
type places struct {
	reader    *Reader
	backward  bool
	visible   uint64            // the watermark of the loop
	sequences []uint64          // that are left; before arrange in any order
	stretches []index.HoleError // that are left
	damaged   []index.HoleError // are looked at too, besides those of which the index knows nothing
	read      int               // of sequences
	ordinals  []uint32
}

// arrange puts the sequences, which were found from first to last, in order. With unknown, what may be anything comes between
// them: the stretches that reach into that range, whole in the direction of reading. It returns the range that is covered then.
func (p *places) arrange(first, last uint64, unknown bool) (from, to uint64) {
	p.stretches, p.read = p.stretches[:0], 0
	if unknown {
		p.stretches = append(p.stretches, p.reader.finder.Unknown(first, last, p.visible)...)
		p.stretches = append(p.stretches, p.damaged...)
		p.cut(first, last)
	}
	slices.Sort(p.sequences)
	p.sequences = slices.Compact(p.sequences)
	if n := len(p.stretches); n > 0 {
		p.sequences = slices.DeleteFunc(p.sequences, p.inStretch)
		first, last = min(first, p.stretches[0].First), max(last, p.stretches[n-1].Last)
	}
	if p.backward {
		slices.Reverse(p.sequences)
		slices.Reverse(p.stretches)
	}
	return first, last
}

// cut leaves of the stretches those that reach into a range, without what was read before it, ascending, and makes one of
// those that overlap.
func (p *places) cut(first, last uint64) {
	p.stretches = slices.DeleteFunc(p.stretches, func(s index.HoleError) bool { return s.First > last || s.Last < first })
	slices.SortFunc(p.stretches, func(a, b index.HoleError) int { return cmp.Compare(a.First, b.First) })
	kept := p.stretches[:0]
	for _, s := range p.stretches {
		if p.backward {
			s.Last = min(s.Last, last)
		} else {
			s.First, s.Last = max(s.First, first), min(s.Last, p.visible)
		}
		if n := len(kept); n > 0 && s.First <= kept[n-1].Last {
			kept[n-1].Last = max(kept[n-1].Last, s.Last)
		} else {
			kept = append(kept, s)
		}
	}
	p.stretches = kept
}

func (p *places) inStretch(sequence uint64) bool {
	return slices.ContainsFunc(p.stretches, func(s index.HoleError) bool { return sequence >= s.First && sequence <= s.Last })
}

// step returns the next step, which is valid until the next call; false: there are no more.
func (p *places) step() (index.Step, bool) {
	rest := p.sequences[p.read:]
	if len(p.stretches) > 0 && (len(rest) == 0 || p.before(p.stretches[0].First, rest[0])) {
		s := p.stretches[0]
		p.stretches = p.stretches[1:]
		return index.Step{From: s.First, To: s.Last}, true
	}
	if len(rest) == 0 {
		return index.Step{}, false
	}
	floor, behind := p.segmentOf(rest[0])
	p.ordinals = p.ordinals[:0]
	for _, sequence := range rest {
		if sequence < floor || sequence >= behind || len(p.stretches) > 0 && p.before(p.stretches[0].First, sequence) {
			break
		}
		p.ordinals = append(p.ordinals, uint32(sequence-floor))
	}
	if len(p.ordinals) == 0 { // no segment has it
		p.read++
		return index.Step{From: rest[0], To: rest[0]}, true
	}
	p.read += len(p.ordinals)
	return index.Step{First: floor, Ordinals: p.ordinals}, true
}

// before reports whether one sequence is read before another.
func (p *places) before(a, b uint64) bool { return a < b != p.backward }

// segmentOf returns the first sequence of the segment that would hold a sequence, and that behind it.
func (p *places) segmentOf(sequence uint64) (floor, behind uint64) {
	list := p.reader.set.Segments()
	i := sort.Search(len(list), func(i int) bool { return list[i].Floor > sequence })
	if behind = math.MaxUint64; i < len(list) {
		behind = list[i].Floor
	}
	if i == 0 {
		return behind, behind
	}
	return list[i-1].Floor, behind
}
