// This file holds arena: memory that only grows, and stays where it is.
//
// An arena is a spine of pointers to chunks. A chunk holds no pointers, so that the collector looks at the spine alone,
// and it is never moved: what was published in it is read without a lock. When the spine is full, one twice as
// long is published in its place; readers that have the old one still find in it all that they know of.
//
// A new chunk is memory that was never touched, which costs page faults. So there is a spare one: the writer takes it,
// and whoever comes by outside the commit section makes the next (prepare).

package index

import "sync/atomic"

// firstSpine is the length of the first spine.
const firstSpine = 8

// arena is a list of chunks of type C, an array type. The zero arena is empty. One goroutine at a time grows it; the
// others read, and only chunks that they learnt of through an atomic value that was stored after they were added.
type arena[C any] struct {
	spine  atomic.Pointer[[]*C] // elements behind those added are nil, and are set in place
	spare  atomic.Pointer[C]
	chunks uint32 // how many were added; the writer's
}

// chunk returns a chunk that was added.
func (a *arena[C]) chunk(i uint32) *C { return (*a.spine.Load())[i] }

// reserve makes sure that there is chunk i. It sets short when it took the spare chunk, or missed it.
func (a *arena[C]) reserve(i uint32, short *atomic.Bool) {
	if i >= a.chunks {
		a.grow(i, short)
	}
}

func (a *arena[C]) grow(i uint32, short *atomic.Bool) {
	for ; a.chunks <= i; a.chunks++ {
		c := a.spare.Swap(nil)
		if c == nil {
			c = new(C)
		}
		a.add(c)
	}
	short.Store(true)
}

// add adds a chunk behind the others.
func (a *arena[C]) add(c *C) {
	var spine []*C
	if published := a.spine.Load(); published != nil {
		spine = *published
	}
	if int(a.chunks) < len(spine) {
		spine[a.chunks] = c
		return
	}
	longer := make([]*C, max(firstSpine, 2*len(spine)))
	copy(longer, spine)
	longer[a.chunks] = c
	a.spine.Store(&longer)
}

// prepare makes a spare chunk for an arena that is in use and has none. It may be called by any goroutine. touch
// writes zeros to the whole chunk, so that its pages are there.
func (a *arena[C]) prepare(touch func(*C)) {
	if a.spine.Load() == nil || a.spare.Load() != nil {
		return
	}
	c := new(C)
	touch(c)
	a.spare.CompareAndSwap(nil, c)
}
