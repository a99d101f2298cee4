// This file holds the counting of what trials do.

package crash

import "sync/atomic"

// maxDepth bounds how deep cuts are counted one by one.
const maxDepth = 18

// tally counts. It is shared by all workers.
type tally struct {
	cuts   [maxDepth]atomic.Uint64 // power cuts by nesting: of what a life wrote, of the first opening behind that ...
	kills  atomic.Uint64
	images atomic.Uint64 // disks that were opened to the end, of which everything was read and checked
	trials atomic.Uint64
	rotted atomic.Uint64

	batches atomic.Uint64 // that were stored
	answers [answers]atomic.Uint64

	opened    atomic.Uint64 // cursors, by a name
	losses    atomic.Uint64 // that cursors told of
	reactors  atomic.Uint64 // that ran to the end of an image
	projected atomic.Uint64 // states of images
}

// answered counts what an append of a unit answered.
func (c *tally) answered(u *unit, a answer) {
	c.answers[a].Add(1)
	if u.Batch && a == isStored {
		c.batches.Add(1)
	}
}

// cut counts one.
func (c *tally) cut(h how, depth int) {
	if h == killed {
		c.kills.Add(1)
		return
	}
	c.cuts[min(depth, maxDepth-1)].Add(1)
}

// all returns how many power cuts there were.
func (c *tally) all() (n uint64) {
	for i := range c.cuts {
		n += c.cuts[i].Load()
	}
	return n
}
