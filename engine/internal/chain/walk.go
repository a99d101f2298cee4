// This file holds walking: from an event to its entity's first, each link verified.

package chain

import (
	"iter"

	"github.com/batpak/batpak/event"
)

// Walk yields the event with a sequence and the events of its entity before it, the newest first, at most limit of them unless
// that is 0. Each was verified: its hash is the one that what it says and the event before it make.
//
// An event that does not hold is an [Error] in its place; going on walks from the next one. Any other error is the last.
func (c *Chain) Walk(sequence uint64, limit int) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		if err := c.ready(); err != nil {
			yield(event.Event{}, err)
			return
		}
		w := &walk{chain: c, left: limited(limit), yield: yield}
		if err := c.At(sequence, &w.due); err != nil {
			yield(event.Event{}, c.translate(err))
			return
		}
		w.run()
	}
}

// walk is one loop.
type walk struct {
	chain  *Chain
	linker linker
	left   int
	yield  func(event.Event, error) bool

	due    event.Event // the event that waits for the one before it
	older  event.Event // memory for that one
	damage error       // met since due
}

func (w *walk) run() {
	region, any := before(&w.due)
	if any {
		for ev, err := range w.chain.Query(region, true, 0) {
			switch {
			case err != nil && damaged(1, err) == nil:
				w.yield(event.Event{}, w.chain.translate(err))
				return
			case err != nil:
				w.damage = err // it matters if an event of the entity turns out to be missing
				continue
			}
			keep(&w.older, &ev)
			if !w.step(ancestor{ev.Sequence, ev.Position.Clock, ev.Hash}) {
				return
			}
			w.due, w.older = w.older, w.due
		}
	}
	w.step(ancestor{})
}

// step verifies the event that is due, given the one before it, and yields it; false: the loop is over.
func (w *walk) step(found ancestor) bool {
	if w.chain.Closed() {
		w.yield(event.Event{}, w.chain.Ended)
		return false
	}
	behind, err := w.chain.judge(&w.due, found, w.damage)
	if err == nil {
		err = w.chain.verify(&w.linker, &w.due, behind)
	}
	w.damage = nil
	w.left--
	if err != nil {
		about, _ := parted(err)
		return w.yield(event.Event{}, err) && w.left > 0 && about != nil
	}
	return w.yield(w.due, nil) && w.left > 0
}

// keep copies an event into memory that is used again.
func keep(into *event.Event, ev *event.Event) {
	tags, metadata, payload := into.Tags[:0], into.Metadata[:0], into.Payload[:0]
	*into = *ev
	into.Tags, into.Metadata, into.Payload = append(tags, ev.Tags...), append(metadata, ev.Metadata...), append(payload, ev.Payload...)
	into.Gate = ev.Gate.Clone()
}
