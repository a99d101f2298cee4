// Frontiers against the tree as RFC 6962 defines it, and results taken in order.

package chain

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

func someLeaves(n int) []event.Hash {
	leaves := make([]event.Hash, n)
	for i := range leaves {
		leaves[i] = event.LeafHash(event.PayloadHash(fmt.Append(nil, i)))
	}
	return leaves
}

// naive is MTH of RFC 6962, section 2.1, over leaves that are hashed already.
func naive(leaves []event.Hash) event.Hash {
	switch len(leaves) {
	case 0:
		return event.EmptyRoot()
	case 1:
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return event.NodeHash(naive(leaves[:k]), naive(leaves[k:]))
}

func TestTheRootOfAFrontierIsThatOfItsLeaves(t *testing.T) {
	leaves := someLeaves(600)
	var f frontier
	for n := range len(leaves) + 1 {
		if f.size != uint64(n) || f.root() != naive(leaves[:n]) {
			t.Fatalf("%d leaves: another root", n)
		}
		if n < len(leaves) {
			f.add(leaves[n], 0)
		}
	}
	f.reset()
	if f.root() != event.EmptyRoot() {
		t.Error("the root of a frontier without leaves")
	}
}

func TestSubtreesMakeTheSameFrontierAsTheirLeaves(t *testing.T) {
	leaves := someLeaves(1 << 10)
	random := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		var f, rest frontier
		n := 1 + random.IntN(len(leaves))
		for f.size < uint64(n) {
			level := uint(random.IntN(9))
			for f.size&(1<<level-1) != 0 || f.size+1<<level > uint64(n) {
				level--
			}
			f.add(naive(leaves[f.size:f.size+1<<level]), level)
		}
		if f.root() != naive(leaves[:n]) {
			t.Fatalf("%d leaves: another root", n)
		}
		whole := n &^ 255
		f = frontier{}
		for at := 0; at < whole; at += 256 {
			f.add(naive(leaves[at:at+256]), 8)
		}
		for _, leaf := range leaves[whole:n] {
			rest.add(leaf, 0)
		}
		if f.with(rest.roots) != naive(leaves[:n]) {
			t.Fatalf("%d leaves with some behind whole runs: another root", n)
		}
	}
}

func TestAChunkHasWholeRunsAndEveryWorkerHasOne(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 64, MaxWorkers} {
		for _, leaves := range []uint64{0, 1, 255, 256, 1000, 1 << 14, 1 << 20, 1 << 40} {
			n := chunkOf(leaves, workers)
			if n == 0 || n%runLeaves != 0 || n > mostChunk {
				t.Errorf("%d leaves for %d: chunks of %d", leaves, workers, n)
			}
			if chunks := (leaves + n - 1) / n; leaves >= uint64(workers)*runLeaves && 2*chunks < uint64(workers) {
				t.Errorf("%d leaves for %d: %d chunks", leaves, workers, chunks)
			}
		}
	}
}

func TestResultsAreTakenInOrderWhoeverIsFirst(t *testing.T) {
	for _, goroutines := range []int{1, 2, 7} {
		for _, count := range []int{0, 1, 5, 100} {
			var running, most atomic.Int32
			var taken []int
			inOrder(t.Context(), count, goroutines, func(_ context.Context, goroutine, n int) int {
				most.Store(max(most.Load(), running.Add(1)))
				for range (n * 7) % 5 {
					runtime.Gosched()
				}
				running.Add(-1)
				if goroutine < 0 || goroutine >= goroutines {
					t.Errorf("goroutine %d of %d", goroutine, goroutines)
				}
				return n * n
			}, func(n, result int) bool {
				if result != n*n {
					t.Errorf("piece %d came to %d", n, result)
				}
				taken = append(taken, n)
				return true
			})
			if len(taken) != count || !slices.IsSorted(taken) || int(most.Load()) > goroutines {
				t.Errorf("%d pieces on %d goroutines: taken %v, %d at the same time", count, goroutines, taken, most.Load())
			}
		}
	}
}

func TestNothingIsTakenBehindWhatWasNotWanted(t *testing.T) {
	var begun, ended atomic.Int32
	taken := 0
	inOrder(t.Context(), 1000, 4, func(ctx context.Context, _, n int) int {
		begun.Add(1)
		if n > 10 {
			<-ctx.Done() // it is told to stop
		}
		ended.Add(1)
		return n
	}, func(n, _ int) bool {
		taken++
		return n < 10
	})
	if taken != 11 || begun.Load() != ended.Load() || begun.Load() > 11+2*4+2 {
		t.Errorf("%d taken, %d begun, %d ended", taken, begun.Load(), ended.Load())
	}
}

func TestNothingIsTakenOnceTheContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	taken := 0
	inOrder(ctx, 1000, 3, func(context.Context, int, int) int { return 0 }, func(int, int) bool {
		if taken++; taken == 5 {
			cancel()
		}
		return true
	})
	if taken != 5 {
		t.Errorf("%d taken", taken)
	}
}

func TestSequencesAndLeavesFindEachOtherAcrossLostRanges(t *testing.T) {
	l := layout{{first: 1, last: 10, base: 0}, {first: 111, last: 111, base: 10}, {first: 212, last: 300, base: 11}}
	leaf := uint64(0)
	for sequence := uint64(0); sequence < 320; sequence++ {
		got, ok := l.leafOf(sequence)
		is := sequence >= 1 && sequence <= 10 || sequence == 111 || sequence >= 212 && sequence <= 300
		if ok != is || is && (got != leaf || l.sequenceOf(leaf) != sequence) {
			t.Fatalf("sequence %d: leaf %d, %v; want %d, %v; back %d", sequence, got, ok, leaf, is, l.sequenceOf(leaf))
		}
		if is {
			leaf++
		}
		if got := l.behind(sequence); got != leaf {
			t.Fatalf("%d leaves up to sequence %d, want %d", got, sequence, leaf)
		}
	}
	if l.size() != leaf || l.sequenceOf(leaf) != 0 || layout(nil).size() != 0 || layout(nil).behind(5) != 0 {
		t.Errorf("size %d", l.size())
	}
}

func TestALayoutIsBrokenWhereSequencesAreMissingThatWereNotLost(t *testing.T) {
	damage := &mmapseg.CorruptError{First: 50, Last: 60}
	c := &Chain{Config: Config{Lost: []mmapseg.Range{{First: 11, Last: 20}, {First: 21, Last: 30}}, Damage: []*mmapseg.CorruptError{damage}}}
	for what, test := range map[string]struct {
		l        layout
		sound    int
		sequence uint64
		reason   Reason
	}{
		"nothing":                 {nil, 0, 0, 0},
		"one behind the other":    {layout{{first: 1, last: 10}, {first: 31, last: 40, base: 10}}, 2, 0, 0},
		"one more is missing":     {layout{{first: 1, last: 10}, {first: 32, last: 40, base: 10}}, 1, 11, Missing},
		"one less was stored":     {layout{{first: 1, last: 9}, {first: 31, last: 40, base: 9}}, 1, 10, Missing},
		"the first ones":          {layout{{first: 2, last: 9}}, 0, 1, Missing},
		"damage":                  {layout{{first: 1, last: 10}, {first: 31, last: 49, base: 10}, {first: 61, last: 70, base: 29}}, 2, 50, Damaged},
		"an overlap":              {layout{{first: 1, last: 10}, {first: 10, last: 40, base: 10}}, 1, 10, Order},
		"another count of leaves": {layout{{first: 1, last: 10}, {first: 31, last: 40, base: 11}}, 1, 31, Order},
		"leaves before the first": {layout{{first: 1, last: 10, base: 1}}, 0, 1, Order},
	} {
		sound, fault := c.broken(test.l)
		if sound != test.sound || (fault == nil) != (test.reason == 0) || fault != nil && (fault.Sequence != test.sequence || fault.Reason != test.reason) {
			t.Errorf("%s: %d sound, %v", what, sound, fault)
		}
	}
}

func TestOfTwoFaultsTheOneOfTheLowerSequenceIsTold(t *testing.T) {
	a, b := &Error{Sequence: 5}, &Error{Sequence: 6}
	node := &Error{Sequence: 1, Reason: Node, order: 6}
	for _, c := range []struct{ a, b, want *Error }{
		{nil, nil, nil}, {a, nil, a}, {nil, a, a}, {a, b, a}, {b, a, a}, {node, a, a}, {a, node, a}, {b, node, b}, {node, headFault(""), node},
	} {
		if got := lower(c.a, c.b); got != c.want {
			t.Errorf("of %v and %v: %v", c.a, c.b, got)
		}
	}
}

func TestReasonsHaveNames(t *testing.T) {
	seen := make(map[string]bool)
	for r := Damaged; r <= Head; r++ {
		if name := r.String(); seen[name] || len(name) > 10 {
			t.Errorf("reason %d is called %s", r, name)
		}
		seen[r.String()] = true
	}
	if Reason(0).String() != "reason(0)" || Reason(99).String() != "reason(99)" {
		t.Errorf("%s, %s", Reason(0), Reason(99))
	}
}
