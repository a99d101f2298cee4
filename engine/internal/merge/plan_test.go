// The plan by itself: what is merged next, for any units.

package merge

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// stretchOf returns units of these weights, one behind the other.
func stretchOf(sequences uint64, segments ...int) (stretch []*node) {
	first := uint64(1)
	for _, n := range segments {
		stretch = append(stretch, &node{units: 1, segments: n, first: first, end: first + sequences})
		first += sequences
	}
	return stretch
}

func TestNeighboursAreJoinedUnlessTheFirstIsHeavier(t *testing.T) {
	for _, test := range []struct{ units, want []int }{
		{nil, nil},
		{[]int{1}, []int{1}},
		{[]int{1, 1}, []int{2}},
		{[]int{2, 1}, []int{2, 1}},
		{[]int{1, 2}, []int{3}},
		{[]int{4, 2, 1, 1}, []int{8}},
		{[]int{8, 2, 1, 1}, []int{8, 4}},
		{[]int{8, 1, 1, 1, 1, 4}, []int{16}},
		{[]int{3, 2}, []int{5}}, // both have two binary digits
		{[]int{1, 1000}, []int{1001}},
	} {
		var got []int
		for _, n := range stack(stretchOf(10, test.units...)) {
			got = append(got, n.segments)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v: got %v, want %v", test.units, got, test.want)
		}
	}
}

func TestAnyUnitsBecomeFew(t *testing.T) {
	source := rand.New(rand.NewPCG(4, 4))
	for range 1000 {
		var units []int
		for range source.IntN(60) {
			units = append(units, 1+source.IntN(40))
		}
		left := stack(stretchOf(10, units...))
		for i := range left[min(1, len(left)):] {
			if left[i].class() <= left[i+1].class() {
				t.Fatalf("%v: %d is left before %d", units, left[i].segments, left[i+1].segments)
			}
		}
	}
}

func TestNoRunCoversMoreSequencesThanItCan(t *testing.T) {
	for sequences, want := range map[uint64]int{mostSequences / 4: 2, mostSequences/4 + 1: 4, mostSequences / 2: 4, mostSequences/2 + 1: 8} {
		if left := stack(stretchOf(sequences, 1, 1, 1, 1, 1, 1, 1, 1)); len(left) != want {
			t.Errorf("units of %d sequences: %d are left, want %d", sequences, len(left), want)
		}
	}
}
