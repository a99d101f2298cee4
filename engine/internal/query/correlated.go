// This file holds conversations: the events of one correlation, through the index that lists them.

package query

import (
	"errors"
	"fmt"
	"iter"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// Correlated yields the events of the conversation that the event with this id is part of: all that have the same
// correlation, in the order of their sequences. If no event has the id, or the one that may have it is damaged, it is taken
// for a correlation. An event is valid until the next step. After an error that [mmapseg.IsDamage], going on reads behind the
// damage; any other one is the last. [mmapseg.ErrNotFound]: neither an event nor a correlation has the id.
func (r *Reader) Correlated(id event.ID, o Options) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		if r.closed.Load() {
			yield(event.Event{}, r.ended)
			return
		}
		c := conversation{
			places: places{reader: r, backward: o.Backward}, links: r.finder.Links(index.Correlation), from: 1, most: leastPiece,
		}
		told := false // of anything
		s := &search{reader: r, options: o, group: r.group(), size: firstGroup(o.Limit)}
		s.wanted = func(ev *event.Event) bool { return ev.Correlation == c.correlation }
		s.yield = func(ev event.Event, err error) bool {
			told = true
			return yield(ev, err)
		}
		if err := c.find(id); err != nil && (!s.yield(event.Event{}, fmt.Errorf("id %s: %w", id, err)) || !mmapseg.IsDamage(err)) {
			return
		}
		c.visible = r.set.Visible()
		c.to, c.hash = c.visible, index.HashID(index.Correlation, c.correlation)
		s.begin()
		s.run(&c)
		r.groups.Put(s.group)
		if !told {
			yield(event.Event{}, fmt.Errorf("id %s: %w", id, mmapseg.ErrNotFound))
		}
	}
}

// Sequences are taken from the index in pieces, small ones at first: who wants few does not wait for many.
const (
	leastPiece = 64
	mostPiece  = 4096
)

// conversation is a plan: the places of the events of a correlation.
type conversation struct {
	places
	correlation event.ID
	root        uint64 // the event whose id that is, which the index does not list; 0: there is none
	links       *index.Links
	hash        uint64
	from, to    uint64 // what was not asked for yet, both included
	most        int    // of the next piece
}

// find finds the conversation that an event is part of. The error is damage that is not told of in its place, or one of
// reading.
func (c *conversation) find(id event.ID) error {
	var ev event.Event
	c.correlation = id
	err := c.reader.ByIDInto(id, &ev)
	if err == nil && ev.Correlation != id {
		c.correlation = ev.Correlation
		err = c.reader.ByIDInto(c.correlation, &ev)
	}
	var corrupt *mmapseg.CorruptError
	switch {
	case err == nil:
		c.root = ev.Sequence
	case errors.Is(err, mmapseg.ErrNotFound):
	case errors.As(err, &corrupt) && corrupt.First != 0:
		c.damaged = append(c.damaged, index.HoleError{First: corrupt.First, Last: corrupt.Last})
	default:
		return err
	}
	return nil
}

// Next returns the next step.
func (c *conversation) Next() (index.Step, bool, error) {
	for {
		if step, ok := c.step(); ok {
			return step, true, nil
		}
		if c.from > c.to {
			return index.Step{}, false, nil
		}
		if err := c.turn(); err != nil {
			return index.Step{}, false, err
		}
	}
}

// turn asks for the next piece.
func (c *conversation) turn() (err error) {
	first, last := c.from, c.to
	if c.backward {
		c.sequences, first, err = c.links.Descend(c.sequences[:0], c.hash, first, last, c.most)
	} else {
		c.sequences, last, err = c.links.Ascend(c.sequences[:0], c.hash, first, last, c.most)
	}
	if err != nil {
		return err
	}
	if c.root >= first && c.root <= last {
		c.sequences = append(c.sequences, c.root)
	}
	if first, last = c.arrange(first, last, true); c.backward {
		c.to = first - 1
	} else {
		c.from = last + 1
	}
	c.most = min(8*c.most, mostPiece)
	return nil
}
