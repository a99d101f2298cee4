// This file holds verifying a whole store: its tree's leaves are cut into chunks, which are verified at the same time and put together in
// order.

package chain

import (
	"context"
	"slices"

	"github.com/batpak/batpak/event"
)

// The number of leaves in a chunk, where there are enough for every worker to have some. Of every entity in a chunk the first event is
// judged when the chunks are put together, so that these should be few; and what is known of a chunk's events should stay in a core's
// cache.
const (
	leastChunk = 1 << 14
	mostChunk  = 1 << 15
)

// chunkOf returns the number of leaves in a chunk, of so many in all: a multiple of runLeaves.
func chunkOf(leaves uint64, workers int) uint64 {
	n := uint64(workers)
	size := max(leastChunk, min(leaves/(8*n), mostChunk))
	if leaves/n < size {
		size = leaves/n + 1
	}
	return (size + runLeaves - 1) &^ (runLeaves - 1)
}

// whole is the verifying of one store.
type whole struct {
	chain   *Chain
	options Options
	layout  layout
	leaves  uint64
	heads   *heads
	tree    frontier
	last    moment
	sizes   []uint64 // of the trees whose roots are wanted, ascending, each once
	roots   []event.Hash
	report  Report
	fault   *Error
	err     error
}

// VerifyAll verifies every visible event: its hash, its place behind the event before it and behind that of its entity, its cause, and the
// tree over all of them with the nodes that footers keep. The error is an [Error] about the event of the lowest sequence that
// does not hold, that of ctx, or one of reading; the report is about what comes before it.
func (c *Chain) VerifyAll(ctx context.Context, o Options) (Report, error) {
	if err := c.ready(); err != nil {
		return Report{}, err
	}
	o = o.complete()
	durable := c.Durable()
	w := &whole{chain: c, options: o, layout: c.layoutTo(c.Set.Visible()), heads: newHeads(o.Workers)}
	sound, broken := c.broken(w.layout)
	w.layout = w.layout[:sound]
	w.leaves = w.layout.size()
	if broken == nil {
		broken = w.missingHead(c)
	}
	w.wantRoots(durable)
	w.run(ctx)
	w.report.Entities = w.heads.count()
	switch {
	case w.err != nil:
		return w.report, w.err
	case w.fault != nil:
		return w.report, w.fault
	case broken != nil:
		return w.report, broken
	}
	size := w.layout.behind(durable)
	w.report.Head = event.TreeHead{Origin: c.Origin, Identity: c.Identity, Size: size, Root: w.rootOf(size)}
	for _, head := range o.Heads {
		if root := w.rootOf(head.Size); root != head.Root {
			return w.report, otherRoot(head, root)
		}
	}
	return w.report, nil
}

// missingHead returns the fault of a head that can't be one of the store's, nil if all can.
func (w *whole) missingHead(c *Chain) *Error {
	for _, head := range w.options.Heads {
		var fault *Error
		if err := c.belongs(w.layout, head); err != nil {
			fault, _ = err.(*Error)
			return fault
		}
	}
	return nil
}

// wantRoots notes which roots are wanted.
func (w *whole) wantRoots(durable uint64) {
	w.sizes = append(w.sizes, w.layout.behind(durable))
	for _, head := range w.options.Heads {
		w.sizes = append(w.sizes, min(head.Size, w.leaves))
	}
	slices.Sort(w.sizes)
	w.sizes = slices.Compact(w.sizes)
	w.roots = make([]event.Hash, len(w.sizes))
	if w.sizes[0] == 0 {
		w.roots[0] = event.EmptyRoot()
	}
}

// rootOf returns one of the roots that were wanted.
func (w *whole) rootOf(size uint64) event.Hash {
	i, _ := slices.BinarySearch(w.sizes, size)
	return w.roots[i]
}

// run verifies all chunks.
func (w *whole) run(ctx context.Context) {
	each := chunkOf(w.leaves, w.options.Workers)
	count := int((w.leaves + each - 1) / each)
	keyer := newKeyer()
	workers := make([]*worker, w.options.Workers)
	for i := range workers {
		workers[i] = &worker{chain: w.chain, keyer: &keyer, entities: make(map[string]int32)}
	}
	task := func(n int) *task {
		from := uint64(n) * each
		return &task{layout: w.layout, from: from, to: min(from+each, w.leaves), sizes: w.between(from, from+each)}
	}
	inOrder(ctx, count, w.options.Workers, func(ctx context.Context, goroutine, n int) *part {
		return workers[goroutine].verify(ctx, task(n))
	}, func(n int, p *part) bool {
		return w.take(uint64(n)*each, p)
	})
	if w.err == nil && w.fault == nil {
		w.err = ctx.Err()
	}
}

// between returns the sizes of the trees whose last leaf is from one on and below another.
func (w *whole) between(from, to uint64) []uint64 {
	i, _ := slices.BinarySearch(w.sizes, from+1)
	j, _ := slices.BinarySearch(w.sizes, to+1)
	return w.sizes[i:j]
}

// take takes the chunk that begins with a leaf, behind those before it; false: nothing further is wanted.
func (w *whole) take(from uint64, p *part) bool {
	if p.err != nil {
		w.err = p.err
		return false
	}
	if from > 0 && p.events > 0 && !w.last.before(p.first) {
		w.fault = &Error{Sequence: w.layout.sequenceOf(from), Reason: Order, Detail: "its time is not behind that of the event before"}
	}
	w.last = p.last
	w.fault = lower(w.fault, lower(w.heads.take(p), p.fault))
	w.report.Events += p.events
	w.report.Bytes += p.bytes
	w.report.Nodes += p.nodes
	if w.fault != nil {
		w.report.Events = w.layout.behind(w.fault.Sequence - 1)
		return false
	}
	w.grow(from, p)
	w.options.Progress(w.report.Events, w.leaves)
	return true
}

// grow adds the leaves of a chunk to the tree, and computes the roots that are wanted on the way.
func (w *whole) grow(from uint64, p *part) {
	sizes := w.between(from, from+p.events)
	place, _ := slices.BinarySearch(w.sizes, from+1)
	for i := 0; ; i++ {
		for ; len(sizes) > 0 && sizes[0]&^(runLeaves-1) == w.tree.size; place++ {
			w.roots[place] = w.tree.with(p.partial[0])
			p.partial, sizes = p.partial[1:], sizes[1:]
		}
		if i == len(p.runs) {
			return
		}
		w.tree.add(p.runs[i], runLevel)
	}
}
