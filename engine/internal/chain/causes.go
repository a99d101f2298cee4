// This file holds checking causes: an event's cause is an earlier event, has the id that it says, and one depth less. The sequence at
// which the cause stands is no part of the event's hash, nor is the id of a cause that was named by its place in the batch.

package chain

import (
	"errors"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// causes know the events of a chunk, of which most causes are one.
type causes struct {
	task   *task
	known  []causing
	buf    []byte
	event  event.Event
	first  uint64 // sequence of the first event of the batch that was asked for last
	events uint64 // of that batch; 0: it is none
}

// causing is what is to be known of an event that may be a cause.
type causing struct {
	id      event.ID
	depth   uint32
	inBatch bool
}

// begin forgets the chunk before.
func (k *causes) begin(t *task) { k.task, k.known, k.first, k.events = t, k.known[:0], 0, 0 }

// meet makes an event of the chunk known, and checks its cause.
func (k *causes) meet(c *Chain, ev *event.Event, f *mmapseg.Frame) error {
	k.known = append(k.known, causing{ev.ID, ev.Position.Depth, f.InBatch()})
	return k.check(c, ev, f)
}

// check checks the cause of an event. f is its frame, nil: that is read if it is needed. The error is an [Error] if there is something wrong
// with the cause.
func (k *causes) check(c *Chain, ev *event.Event, f *mmapseg.Frame) error {
	if ev.Cause.IsZero() && ev.CauseSequence == 0 && ev.CauseInBatch == 0 {
		if ev.Position.Depth != 0 {
			return fault(ev, Cause, "depth %d without a cause", ev.Position.Depth)
		}
		return nil
	}
	if ev.CauseSequence == 0 || ev.CauseSequence >= ev.Sequence {
		return fault(ev, Cause, "it says that event %d caused it", ev.CauseSequence)
	}
	cause, err := k.find(c, ev.CauseSequence)
	switch {
	case errors.Is(err, mmapseg.ErrNotFound):
		return fault(ev, Cause, "there is no event %d, which it says caused it", ev.CauseSequence)
	case mmapseg.IsDamage(err):
		e := fault(ev, Damaged, "its cause can't be read")
		e.Err = err
		return e
	case err != nil:
		return c.translate(err)
	case cause.id != ev.Cause:
		return fault(ev, Cause, "event %d, which it says caused it, has the id %s, not %s", ev.CauseSequence, cause.id, ev.Cause)
	case ev.Position.Depth != cause.depth+1:
		return fault(ev, Cause, "depth %d, that of its cause is %d", ev.Position.Depth, cause.depth)
	case ev.CauseInBatch == 0:
		return nil
	}
	together, err := k.together(c, ev, f)
	if err != nil || together && cause.inBatch {
		return err
	}
	return fault(ev, Cause, "event %d, which it says caused it, is not item %d of its batch", ev.CauseSequence, ev.CauseInBatch)
}

// find returns what is to be known of an event.
func (k *causes) find(c *Chain, sequence uint64) (causing, error) {
	if k.task != nil {
		if leaf, ok := k.task.layout.leafOf(sequence); ok && leaf >= k.task.from && leaf-k.task.from < uint64(len(k.known)) {
			return k.known[leaf-k.task.from], nil
		}
	}
	f, segment, buf, err := c.Set.Find(sequence, k.buf, true)
	k.buf = buf
	if err == nil {
		err = c.Decoder.Event(&f, segment.Name(), &k.event)
	}
	if err != nil {
		return causing{}, err
	}
	return causing{k.event.ID, k.event.Position.Depth, f.InBatch()}, nil
}

// together reports whether an event is of the batch in which its cause has the place by which it names it.
func (k *causes) together(c *Chain, ev *event.Event, f *mmapseg.Frame) (bool, error) {
	if f == nil {
		own, err := c.frame(ev)
		if err != nil {
			return false, err
		}
		f = &own
	}
	if !f.InBatch() {
		return false, nil
	}
	place := uint64(ev.CauseInBatch) - 1
	if place >= ev.CauseSequence {
		return false, nil
	}
	first := ev.CauseSequence - place
	if first != k.first {
		f, segment, buf, err := c.Set.Find(first, k.buf, true)
		k.buf = buf
		if errors.Is(err, mmapseg.ErrNotFound) || mmapseg.IsDamage(err) {
			return false, nil
		}
		if err != nil {
			return false, c.translate(err)
		}
		begin, ok, err := segment.BatchBegin(&f)
		if err != nil && !mmapseg.IsDamage(err) {
			return false, c.translate(err)
		}
		if k.first, k.events = first, 0; ok {
			k.events = uint64(begin.Events)
		}
	}
	return ev.Sequence-first < k.events, nil
}
