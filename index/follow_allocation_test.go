//go:build !race

// Naming links allocates nothing. The race detector lets pools forget what they hold.

package index

import "testing"

func TestNamingLinksAllocatesNothing(t *testing.T) {
	w := newCausal(t, 400, 8, 400)
	last := w.events[len(w.events)-1].Sequence
	l, dst := w.finder.Links(Cause), make([]uint64, 0, len(w.events))
	n := 0
	asking := func() {
		hash := HashID(Cause, w.causes[n%len(w.causes)])
		for from := uint64(1); from <= last; {
			_, upTo, err := l.Ascend(dst, hash, from, last, 100)
			if err != nil {
				t.Fatal(err)
			}
			from = upTo + 1
		}
		n++
	}
	asking()
	if allocations := testing.AllocsPerRun(50, asking); allocations > 0 {
		t.Errorf("%.2f allocations", allocations)
	}
}
