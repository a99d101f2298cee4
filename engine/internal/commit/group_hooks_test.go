//go:build dangerous_test_hooks

// What comes between a group's look at what is staged and its sync.

package commit

import (
	"sync"
	"testing"

	"github.com/batpak/batpak/hooks"
)

// whenASyncHasLooked returns a log under every append in which fn runs once, when the sync of the first append has
// looked at what is staged.
func whenASyncHasLooked(t *testing.T, d *disk, fn func(*Log)) *Log {
	points := hooks.New(1)
	var l *Log
	err := points.Add(hooks.Rule{Point: hooks.GroupCovered, Times: 1, Action: hooks.Do(func(hooks.Reached) error {
		fn(l)
		return nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	l, _ = newHookedLog(t, d, true, points)
	return l
}

func TestWhoComesWhenASyncHasLookedIsNotWokenByIt(t *testing.T) {
	d := newDisk()
	var late uint64
	var waited sync.WaitGroup
	l := whenASyncHasLooked(t, d, func(l *Log) {
		receipt, err := appendWaiting(l, WaitStaged)
		if err != nil {
			t.Error(err)
			return
		}
		late = receipt.Sequence
		waited.Go(func() {
			if err := l.Wait(t.Context(), late); err != nil {
				t.Error(err)
			}
			if durable := l.State().Durable; durable < late {
				t.Errorf("sequence %d is said to be durable, durable is %d", late, durable)
			}
		})
		until(func() bool { return waiting(l) > 0 })
	})
	if _, err := appendWaiting(l, WaitDurable); err != nil {
		t.Fatal(err)
	}
	waited.Wait()
	mustBeIdle(t, l)
}

func TestASyncThatIsAskedForWhenAnotherHasLookedIsMade(t *testing.T) {
	d := newDisk()
	var late uint64
	l := whenASyncHasLooked(t, d, func(l *Log) {
		receipt, err := appendWaiting(l, WaitStaged)
		if err != nil {
			t.Error(err)
		}
		late = receipt.Sequence
	})
	if _, err := appendWaiting(l, WaitDurable); err != nil {
		t.Fatal(err)
	}
	mustBeIdle(t, l)
	if durable := l.State().Durable; durable < late {
		t.Errorf("nobody syncs any more, sequence %d was staged and %d is durable", late, durable)
	}
}
