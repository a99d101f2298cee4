// This file holds answers that say no: what a conflict rests on is there, and is as the answer says.

package crash

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// claimOf returns the claim of the unit that an answer is about, nil if there is none, and how many events of the entity the unit
// has before the item that claims something of it.
func claimOf(u *unit, e *engine.ConflictError) (_ *claim, before uint64) {
	for i, c := range u.claims {
		if !c.isAbout(e) || i != e.Item && u.Batch {
			continue
		}
		for j := 0; c.own() && j < i; j++ {
			if u.stamp(j).entity() == u.stamp(i).entity() {
				before++
			}
		}
		return c, before
	}
	return nil, 0
}

// isAbout reports whether the answer says of this claim that it is not true.
func (c *claim) isAbout(e *engine.ConflictError) bool {
	if c.Kind == noneAfter {
		return e.Entity == "" && e.After == c.Number && e.Region.String() == areas[c.What].region.String()
	}
	byID := c.byID() && !c.ID.IsZero()
	return e.Entity == coordinates[c.What].Entity() && e.ByID == byID && e.WantID == c.ID && e.WantClock == c.Number
}

// contradicts says in what an answer contradicts itself, or does not follow from the event that it rests on; empty: it
// follows. ev is nil for an answer without an event. The unit has so many events of the entity before the claim.
func (c *claim) contradicts(e *engine.ConflictError, ev *event.Event, before uint64) string {
	switch {
	case c.Kind == noneAfter && ev == nil:
		return "it names no event"
	case c.Kind == noneAfter:
		if ev.Sequence <= c.Number || !areas[c.What].has(stampOf(ev), ev.Position.Clock) {
			return fmt.Sprintf("sequence %d is not in the region behind %d", ev.Sequence, c.Number)
		}
		return ""
	case e.ByID && e.GotID == e.WantID, !e.ByID && e.GotClock == e.WantClock:
		return "what was found is what was claimed"
	case ev == nil:
		return ""
	case ev.Entity() != e.Entity || e.ByID && e.GotID != ev.ID || !e.ByID && e.GotClock != ev.Position.Clock+before:
		return fmt.Sprintf("sequence %d is of %s, with clock %d and id %s", ev.Sequence, ev.Coordinate, ev.Position.Clock, ev.ID)
	}
	return ""
}

// conflict judges the answer that a claim is not true. The event that it rests on can be read, and who waits for what is durable
// knows that this is. The result says which promise is broken; empty: none.
func (w *writer) conflict(u *unit, e *engine.ConflictError, waits bool) string {
	c, before := claimOf(u, e)
	if c == nil {
		return "a conflict about what was not claimed"
	}
	if c.Kind != noneAfter && e.Event.Clock < w.seen[c.What].Clock && e.Event.Sequence != 0 {
		return fmt.Sprintf("a conflict with clock %d, clock %d had been given to who claimed", e.Event.Clock, w.seen[c.What].Clock)
	}
	if e.Event.Sequence == 0 {
		return c.contradicts(e, nil, before)
	}
	ev, text := w.rests(e.Event.Sequence, e.Event.ID, waits)
	if ev == nil || text != "" {
		return text
	}
	return c.contradicts(e, ev, before)
}

// rests reads the event that an answer rests on; nil: the store is closed. A zero id is any.
func (w *writer) rests(sequence uint64, id event.ID, waits bool) (*event.Event, string) {
	ev, err := w.store.At(sequence)
	switch {
	case w.hastily && errors.Is(err, engine.ErrClosed):
		return nil, ""
	case err != nil:
		return nil, fmt.Sprintf("the answer rests on sequence %d, reading it gives %v", sequence, err)
	case !id.IsZero() && ev.ID != id:
		return nil, fmt.Sprintf("the answer rests on sequence %d with the id %s, it has %s", sequence, id, ev.ID)
	}
	if text := stampOf(&ev).check(&ev, new(label)); text != "" {
		return nil, fmt.Sprintf("the answer rests on sequence %d, which %s", sequence, text)
	}
	w.knows(entryOf(&ev), 0)
	if waits {
		w.keep(sequence)
	}
	return &ev, ""
}

// keyTaken judges the answer that a key is that of another request.
func (w *writer) keyTaken(u *unit, e *engine.KeyError, waits bool) string {
	if !u.takes() {
		return "a key that nobody else has"
	}
	if e.Sequence == 0 {
		return ""
	}
	_, text := w.rests(e.Sequence, event.ID{}, waits)
	return text
}

// stored returns where a unit with keys is stored; nil: it is not.
func (h *history) stored(u *unit) []entry {
	at, ok := h.keys[u.names()[0]]
	if !ok {
		return nil
	}
	return h.held[at : at+len(u.Items) : at+len(u.Items)]
}
