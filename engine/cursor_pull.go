// What a cursor reads: events in order, and in their places what it is told of those that are gone.

package engine

import (
	"context"
	"errors"
	"sort"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/mmapseg"
)

// take returns the next event, or what is to be told before it; neither: there is nothing yet. pulling is held.
func (c *Cursor) take() (ev event.Event, ok bool, err error) {
	if c.closed {
		return event.Event{}, false, c.ended()
	}
	if err := c.read(); err != nil {
		return event.Event{}, false, err
	}
	return c.pass(true)
}

// pass returns the event that is held, if any, or the loss that is to be told before it; unless that may be told now it
// returns neither, and changes nothing. pulling is held.
func (c *Cursor) pass(tell bool) (ev event.Event, ok bool, err error) {
	reached := c.reader.Position()
	if c.held {
		reached = c.ev.Sequence
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if lost := c.crossed(reached); lost != nil {
		if !tell {
			return event.Event{}, false, nil
		}
		loss := &LossError{Position: c.position.Load(), First: lost.First, Last: lost.Last}
		c.heard = lost.Last
		c.reach(lost.Last)
		return event.Event{}, false, loss
	}
	c.reach(reached)
	if !c.held {
		return event.Event{}, false, nil
	}
	c.held = false
	c.last.sequence, c.last.id = c.ev.Sequence, c.ev.ID
	return c.ev, true, nil
}

// reach moves the position to a sequence, unless it is there or beyond. mu is held.
func (c *Cursor) reach(sequence uint64) {
	if sequence > c.position.Load() {
		c.position.Store(sequence)
	}
}

// read makes held the next event, if there is one and it is not held yet.
func (c *Cursor) read() error {
	if c.heldErr != nil {
		err := c.heldErr
		c.heldErr = nil
		return err
	}
	if c.held {
		return c.store.hub.Ended()
	}
	var err error
	c.ev, c.held, err = c.reader.Poll()
	if err != nil && !errors.Is(err, ErrCorrupt) {
		c.reader.MoveTo(c.reader.Position()) // what could not be read now is read again
	}
	return err
}

// crossed returns the first lost range that the way to a sequence leads into and that was not told of. mu is held.
func (c *Cursor) crossed(reached uint64) *mmapseg.Range {
	if hooks.Enabled && hooks.Planted(hooks.LossNotTold) {
		return nil
	}
	if pending := c.store.lostSince(c.heard); len(pending) > 0 && pending[0].First <= reached {
		return &pending[0]
	}
	return nil
}

// lostSince returns the lost ranges that end behind a sequence, ascending.
func (s *Store) lostSince(sequence uint64) []mmapseg.Range {
	return s.lost[sort.Search(len(s.lost), func(i int) bool { return s.lost[i].Last > sequence }):]
}

// takeInto is take for as many events as there are and fit. pulling is held.
func (c *Cursor) takeInto(into []event.Event) (n int, err error) {
	ev, ok, err := c.take()
	for ok && err == nil {
		copyInto(&into[n], &ev)
		if n++; n == len(into) {
			break
		}
		if c.heldErr = c.read(); c.heldErr != nil {
			break
		}
		ev, ok, _ = c.pass(false)
	}
	return n, err
}

// copyInto makes a copy of an event that reuses the memory of another one.
func copyInto(into, ev *event.Event) {
	tags, metadata, payload := into.Tags[:0], into.Metadata[:0], into.Payload[:0]
	*into = *ev
	into.Tags = append(tags, ev.Tags...)
	into.Metadata = append(metadata, ev.Metadata...)
	into.Payload = append(payload, ev.Payload...)
	into.Gate = ev.Gate.Clone()
}

// waiting is one wait for what comes behind a sequence.
type waiting struct {
	cursor *Cursor
	after  uint64
	life   context.Context
}

// wait returns the wait for what take did not find. pulling is held.
func (c *Cursor) wait() waiting { return waiting{c, c.reader.Position(), c.life} }

// until returns nil when it is worth looking again. pulling is not held.
func (w *waiting) until(ctx context.Context) error {
	either := w.life
	if ctx.Done() != nil {
		var cancel context.CancelFunc
		either, cancel = context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(w.life, cancel)()
	}
	w.cursor.waits.Store(true)
	_, err := w.cursor.store.hub.Await(either, w.cursor.reader.Watch(), w.after)
	w.cursor.waits.Store(false)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case w.life.Err() != nil:
		return nil // it was moved or closed
	}
	return err
}
