// The bare generation barrier: what waiting for a shared sync costs without a store.

package floor

import (
	"runtime"
	"sync"
)

// Barrier lets callers wait for a sync that began after they came, which is all that group
// commit can't do without. Each caller takes a number and waits for its generation: whoever came while
// the sync before was running. It is greedy: a sync begins as soon as the one before has ended and
// somebody waits, after yielding twice, so that callers who were just woken are in it.
//
// Nothing runs while nobody waits: the first to come starts the goroutine that syncs, which
// ends when nobody is left.
type Barrier struct {
	sync func() error // one call at a time

	mu      sync.Mutex
	last    uint64      // number that a caller took
	waiting *generation // whose sync has not begun
	syncing bool        // a goroutine is at it, which looks at waiting again when its sync has ended
	syncs   uint64
}

// generation is those who wait for the same sync.
type generation struct {
	callers int
	done    chan struct{} // closed when the sync has ended
	err     error         // of the sync, set before
}

func newGeneration() *generation { return &generation{done: make(chan struct{})} }

// NewBarrier returns a barrier around a sync, which is called once at a time.
func NewBarrier(once func() error) *Barrier {
	return &Barrier{sync: once, waiting: newGeneration()}
}

// Pass takes a number, and returns when a sync that began afterwards has ended, with
// that sync's error.
func (b *Barrier) Pass() error {
	b.mu.Lock()
	b.last++
	mine := b.waiting
	mine.callers++
	if !b.syncing {
		b.syncing = true
		go b.work()
	}
	b.mu.Unlock()
	<-mine.done
	return mine.err
}

// Taken returns the last number that was taken.
func (b *Barrier) Taken() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// Syncs returns how many syncs have begun.
func (b *Barrier) Syncs() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.syncs
}

// work syncs generation after generation until nobody waits.
func (b *Barrier) work() {
	for {
		runtime.Gosched()
		runtime.Gosched()
		b.mu.Lock()
		taken := b.waiting
		if taken.callers == 0 {
			b.syncing = false
			b.mu.Unlock()
			return
		}
		b.waiting = newGeneration()
		b.syncs++
		b.mu.Unlock()
		taken.err = b.sync()
		close(taken.done)
	}
}
