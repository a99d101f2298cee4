// Group commit for logs that have one appender and take batches: they leave
// grouping to their caller.

package peer

import (
	"runtime"
	"sync"
)

// group gathers values that are appended at the same time and hands them over together. It
// is greedy: whoever comes while a batch is being written is in the next one. Before it takes a batch it
// yields twice, so that callers who were just woken can join.
type group struct {
	write func(values [][]byte) error // makes them durable, in order; one call at a time

	mu      sync.Mutex
	waiting *batch // not yet taken
	writing bool   // a goroutine is at it, which looks again when it is done
}

// batch is what is written together.
type batch struct {
	values [][]byte
	done   chan struct{} // closed when it is written, or not
	err    error         // before done
}

func newGroup(write func(values [][]byte) error) *group {
	return &group{write: write, waiting: newBatch()}
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }

// append returns when the value is written. Until then it must not change.
func (g *group) append(value []byte) error {
	g.mu.Lock()
	mine := g.waiting
	mine.values = append(mine.values, value)
	if !g.writing {
		g.writing = true
		go g.work()
	}
	g.mu.Unlock()
	<-mine.done
	return mine.err
}

// work writes batches until nobody waits.
func (g *group) work() {
	for {
		runtime.Gosched()
		runtime.Gosched()
		g.mu.Lock()
		taken := g.waiting
		if len(taken.values) == 0 {
			g.writing = false
			g.mu.Unlock()
			return
		}
		g.waiting = newBatch()
		g.mu.Unlock()
		taken.err = g.write(taken.values)
		close(taken.done)
	}
}
