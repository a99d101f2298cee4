// This file holds verifying one chunk of the tree's leaves, which needs nothing of those before it but the hash of the newest event of
// each entity: the first event of every entity in the chunk is judged later, in order; all others here.

package chain

import (
	"context"
	"errors"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/checked"
	"github.com/batpak/batpak/mmapseg"
)

// task is one chunk: the leaves from one up to another. The first is a multiple of runLeaves, and so is the other one
// unless it is the end.
type task struct {
	layout   layout
	from, to uint64
	// sizes are those of the trees whose roots are wanted, of which the last leaf is one of the chunk's, ascending.
	sizes []uint64
}

// part is what a chunk came to. What is behind a fault was not looked at.
type part struct {
	fault *Error // an event or a node that does not hold
	err   error  // why the chunk could not be read

	seen  []seen
	opens []open
	runs  []event.Hash // the roots of the chunk's whole runs
	// partial are the roots of the perfect subtrees behind the last whole run, for each of the sizes.
	partial [][]event.Hash

	events, bytes, nodes uint64
	first, last          moment
}

// seen is an entity in a chunk.
type seen struct {
	key     entityKey
	first   uint64 // sequence of its first event in the chunk
	clock   uint64 // of that event
	open    int    // index of what is to be judged of that event; -1: its clock and what comes before it alone
	dropped bool   // the event before that one was dropped, and its hash stands in the frame
	at      event.Coordinate
	id      event.ID
	last    ancestor
}

// open is an event whose hash can be judged once that of its entity's event before is known.
type open struct {
	link event.Link
	hash event.Hash
}

// moment is a reading of the hybrid logical clock.
type moment struct {
	wall    uint64
	counter uint32
}

func (m moment) before(other moment) bool {
	return m.wall < other.wall || m.wall == other.wall && m.counter < other.counter
}

// judge judges the first event of an entity in the chunk behind the entity's newest event before the chunk.
func (p *part) judge(s *seen, behind ancestor) *Error {
	ev := event.Event{Header: event.Header{ID: s.id, Sequence: s.first, Position: event.Position{Clock: s.clock}}, Coordinate: s.at}
	switch {
	case s.dropped && s.clock > behind.clock:
		return nil
	case s.clock != behind.clock+1:
		return clockFault(&ev, behind.clock)
	case s.open < 0:
		return nil
	}
	o := &p.opens[s.open]
	o.link.Prev = behind.hash
	if want := o.link.Hash(); want != o.hash {
		ev.Hash = o.hash
		return hashFault(&ev, want)
	}
	return nil
}

// worker verifies chunks, one after the other. It belongs to one goroutine.
type worker struct {
	chain  *Chain
	keyer  *keyer
	linker linker
	event  event.Event // borrowed from a reader
	draft  event.Draft // of a bare one
	link   event.Link
	causes causes

	task     *task
	part     *part
	entities map[string]int32 // in part.seen
	run      frontier         // leaves behind the last whole run
	leaf     uint64           // the next one
	sizes    []uint64         // of the task, those that are not reached
	nodes    []event.Hash
}

// checkEvery is after how many events a worker looks whether it is to go on.
const checkEvery = 1024

// verify verifies a chunk.
func (w *worker) verify(ctx context.Context, t *task) *part {
	w.task, w.part, w.leaf, w.sizes = t, &part{}, t.from, t.sizes
	w.part.runs = make([]event.Hash, 0, (t.to-t.from)/runLeaves)
	clear(w.entities)
	w.run.reset()
	w.causes.begin(t)
	rest := t.layout.from(t.from)
	for i := range rest {
		s := &rest[i]
		if s.base >= t.to || w.part.fault != nil || w.part.err != nil {
			break
		}
		w.stretch(ctx, s, s.first+max(t.from, s.base)-s.base, s.first+min(t.to, s.end())-s.base-1)
	}
	if w.part.err == nil {
		w.compareNodes()
	}
	return w.part
}

// stretch verifies the events of one segment with sequences from first to last.
func (w *worker) stretch(ctx context.Context, s *stretch, first, last uint64) {
	frames := w.chain.Set.Reader(first, last, true)
	defer frames.Close()
	p := w.part
	for due := first; p.fault == nil && p.err == nil; due++ {
		if due%checkEvery == 0 && ctx.Err() != nil {
			p.err = ctx.Err()
			return
		}
		f, segment, ok, err := frames.Next()
		switch {
		case err != nil:
			p.fault, p.err = w.chain.unread(due, err)
			return
		case !ok && due > last:
			return
		case !ok:
			p.fault = w.chain.missing(due)
			return
		case segment != s.segment || f.Sequence() != due:
			p.fault = &Error{Sequence: due, Reason: Order, Detail: "another event stands in its place"}
			return
		}
		if !w.bare(&f) {
			w.frame(&f, segment.Name())
		}
	}
}

// frame verifies the event of a frame.
func (w *worker) frame(f *mmapseg.Frame, file string) {
	p, ev := w.part, &w.event
	if err := w.chain.Decoder.Event(f, file, ev); err != nil {
		p.fault, p.err = w.chain.unread(f.Sequence(), err)
		return
	}
	at := moment{ev.Position.Wall, ev.Position.Counter}
	if p.events == 0 {
		p.first = at
	} else if !p.last.before(at) {
		p.fault = fault(ev, Order, "its time is not behind that of the event before")
		return
	}
	p.last = at
	link, err := w.chain.content(&w.linker, ev, f)
	if err == nil {
		err = w.judge(f, &link)
	}
	if err == nil {
		err = w.causes.meet(w.chain, ev, f)
	}
	if err != nil {
		p.fault, p.err = parted(err)
		return
	}
	w.hold(ev.Hash, len(ev.Payload))
}

// hold counts an event that holds, with its hash, and makes it the next leaf of the tree.
func (w *worker) hold(hash event.Hash, payload int) {
	w.part.events++
	w.part.bytes += uint64(payload)
	w.addLeaf(hash)
}

// judge judges the place of an event behind that of its entity's event before, as far as that is possible in the chunk, and notes
// what is left.
func (w *worker) judge(f *mmapseg.Frame, link *event.Link) error {
	p, ev := w.part, &w.event
	now := ancestor{ev.Sequence, ev.Position.Clock, ev.Hash}
	i, known := w.entities[ev.Entity()]
	if !known {
		return w.meet(f, link, now)
	}
	s := &p.seen[i]
	if now.clock != s.last.clock+1 {
		return clockFault(ev, s.last.clock)
	}
	link.Prev = s.last.hash
	if want := link.Hash(); want != ev.Hash {
		return hashFault(ev, want)
	}
	s.last = now
	return nil
}

// meet judges the first event of an entity in the chunk.
func (w *worker) meet(f *mmapseg.Frame, link *event.Link, now ancestor) error {
	p, ev := w.part, &w.event
	s := seen{
		key: w.keyer.key(ev.Entity()), first: ev.Sequence, clock: ev.Position.Clock, open: -1,
		at: ev.Coordinate, id: ev.ID, last: now,
	}
	link.Prev, s.dropped = f.PrevHash()
	if s.dropped || s.clock == 1 {
		if want := link.Hash(); want != ev.Hash {
			return hashFault(ev, want)
		}
	} else {
		s.open = len(p.opens)
		p.opens = append(p.opens, open{*link, ev.Hash})
	}
	w.entities[ev.Entity()] = int32(len(p.seen))
	p.seen = append(p.seen, s)
	return nil
}

// addLeaf adds a leaf to the tree.
func (w *worker) addLeaf(hash event.Hash) {
	w.run.add(event.LeafHash(hash), 0)
	w.leaf++
	if len(w.sizes) != 0 && w.sizes[0] == w.leaf {
		var rest []event.Hash
		if w.run.size < runLeaves {
			rest = append(rest, w.run.roots...)
		}
		w.part.partial = append(w.part.partial, rest)
		w.sizes = w.sizes[1:]
	}
	if w.run.size == runLeaves {
		w.part.runs = append(w.part.runs, w.run.root())
		w.run.reset()
	}
}

// compareNodes compares the nodes that footers keep with the runs.
func (w *worker) compareNodes() {
	p, from := w.part, w.task.from>>runLevel
	behind := from + uint64(len(p.runs))
	rest := w.task.layout.from(w.task.from)
	for i := range rest {
		if rest[i].base >= behind<<runLevel {
			return
		}
		nodes, first, err := rest[i].segment.TreeNodes(w.nodes[:0])
		w.nodes = nodes
		switch {
		case errors.Is(err, checked.ErrDamaged):
			continue // a footer is derived, and built anew where it is damaged
		case err != nil:
			p.err = w.chain.translate(err)
			return
		}
		for number := max(from, first); number < min(behind, first+uint64(len(nodes))); number++ {
			p.nodes++
			if nodes[number-first] != p.runs[number-from] {
				p.fault = lower(p.fault, w.nodeFault(&rest[i], number))
				return
			}
		}
	}
}

// nodeFault is the error of a run that has another node in the footer of its segment.
func (w *worker) nodeFault(s *stretch, number uint64) *Error {
	first := s.first + number<<runLevel - s.base
	last := first + runLeaves - 1
	e := &Error{
		Sequence: first, Reason: Node, order: last,
		Detail: "the footer of " + s.segment.Name() + " keeps another tree node than the events of the run make: " +
			"one of them, or the footer, was changed",
	}
	var ev event.Event // that of the worker borrows memory of a reader
	if err := w.chain.At(first, &ev); err == nil {
		e.ID, e.Entity = ev.ID, ev.Entity()
	}
	return e
}
