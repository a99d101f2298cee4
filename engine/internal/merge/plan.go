// This file holds the plan: what is merged next.
//
// A unit is a run, or a sealed segment that no run covers; it weighs as many segments as it has. Units are taken in the
// order of their segments, and two neighbours are merged unless the first is heavier by a power of two: of 2^k sealed
// segments one run is left, of n segments as many as there are ones in the binary digits of n, and an entry is written
// log2(n) times or less.
//
// What would be merged in several steps is merged in one, of up to mostInputs units.

package merge

import (
	"math/bits"
	"slices"
	"sort"

	"github.com/batpak/batpak/index"
)

// mostInputs bounds the memory of a merge, about 40 KiB for each input.
const mostInputs = 16

// mostSequences is what one run can cover.
const mostSequences = 1 << 32

// node is a unit, or two nodes to be merged.
type node struct {
	input       index.RunInput // of a unit
	left, right *node          // of others
	units       int
	segments    int
	first, end  uint64 // sequences
}

// class of the binary digits of the weight.
func (n *node) class() int { return bits.Len(uint(n.segments)) }

func join(left, right *node) *node {
	return &node{
		left: left, right: right, units: left.units + right.units, segments: left.segments + right.segments,
		first: left.first, end: right.end,
	}
}

// inputs appends the units below a node.
func (n *node) inputs(dst []index.RunInput) []index.RunInput {
	if n.left == nil {
		return append(dst, n.input)
	}
	return n.right.inputs(n.left.inputs(dst))
}

// next returns what is to be merged next, nil if nothing is. fit tells whether a sealed part can be read.
func next(parts []*index.Part, runs []*index.Run, fit func(*index.Part) bool) []index.RunInput {
	var most *node
	for _, stretch := range units(parts, runs, fit) {
		for _, n := range stack(stretch) {
			if n.units > 1 && (most == nil || n.units > most.units) {
				most = n
			}
		}
	}
	if most == nil {
		return nil
	}
	for most.units > mostInputs {
		if most.left.units > most.right.units {
			most = most.left
		} else {
			most = most.right
		}
	}
	return most.inputs(nil)
}

// stack takes units one after the other and joins what is to be merged.
func stack(stretch []*node) []*node {
	var nodes []*node
	for _, n := range stretch {
		for len(nodes) > 0 {
			before := nodes[len(nodes)-1]
			if before.class() > n.class() || n.end-before.first > mostSequences {
				break
			}
			nodes, n = nodes[:len(nodes)-1], join(before, n)
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// units returns the units in stretches; between two stretches are parts that can't be merged.
func units(parts []*index.Part, runs []*index.Run, fit func(*index.Part) bool) [][]*node {
	stretches := [][]*node{nil}
	for len(parts) > 0 {
		input := index.RunInput{Parts: parts[:1:1]}
		if len(runs) > 0 && runs[0].Covers(parts[0]) {
			input.Run, runs = runs[0], runs[1:]
			input.Parts = covered(parts, input.Run)
		}
		parts = parts[len(input.Parts):]
		first, end, ok := input.Sequences()
		if input.Run == nil && (!ok || !fit(input.Parts[0])) {
			stretches = append(stretches, nil)
			continue
		}
		last := len(stretches) - 1
		stretches[last] = append(stretches[last], &node{input: input, units: 1, segments: len(input.Parts), first: first, end: end})
	}
	return stretches
}

// covered returns the parts that a run covers: those from the first to the last of its segments' numbers.
func covered(parts []*index.Part, r *index.Run) []*index.Part {
	info := r.Info()
	from := sort.Search(len(parts), func(i int) bool { return parts[i].Segment.Number >= info.First })
	to := sort.Search(len(parts), func(i int) bool { return parts[i].Segment.Number > info.Last })
	return slices.Clip(parts[from:max(from, to)])
}
