// Generations of the barrier, one step at a time.

package floor

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// held is a sync that waits for the test, and tells it when it has begun.
type held struct {
	began chan struct{}
	end   chan error
}

func newHeld() *held { return &held{make(chan struct{}), make(chan error)} }

func (h *held) sync() error {
	h.began <- struct{}{}
	return <-h.end
}

func TestWhoeverComesDuringASyncWaitsForTheNextOne(t *testing.T) {
	h := newHeld()
	b := NewBarrier(h.sync)
	broken := errors.New("broken")
	errs := make([]error, 4)
	var first, others sync.WaitGroup
	pass := func(group *sync.WaitGroup, caller int) {
		group.Go(func() { errs[caller] = b.Pass() })
	}
	pass(&first, 0)
	<-h.began
	for caller := 1; caller < 4; caller++ {
		pass(&others, caller)
	}
	for b.Taken() < 4 {
		runtime.Gosched()
	}
	h.end <- nil
	first.Wait()
	<-h.began // one sync for the three of them
	h.end <- broken
	others.Wait()
	if errs[0] != nil {
		t.Errorf("the first caller got %v of a later sync", errs[0])
	}
	for _, err := range errs[1:] {
		if !errors.Is(err, broken) {
			t.Errorf("a later caller got %v", err)
		}
	}
	if b.Syncs() != 2 {
		t.Errorf("%d syncs for two generations", b.Syncs())
	}
}

func TestABarrierSyncsOneAtATimeForEveryCaller(t *testing.T) {
	const callers, each = 50, 20
	syncing := 0 // without a lock: the race detector looks, too
	b := NewBarrier(func() error { syncing++; defer func() { syncing-- }(); return onlyOne(syncing) })
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range each {
				if err := b.Pass(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if b.Taken() != callers*each || b.Syncs() < each || b.Syncs() > callers*each {
		t.Errorf("%d numbers, %d syncs", b.Taken(), b.Syncs())
	}
}

func onlyOne(syncing int) error {
	if syncing != 1 {
		return fmt.Errorf("%d syncs at once", syncing)
	}
	return nil
}
