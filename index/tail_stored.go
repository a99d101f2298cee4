// This file holds the way into a tail of events that are read back from their frames.

package index

import "github.com/batpak/batpak/event"

// AddStored adds a stored event, which becomes its entity's head. Ordinals that are passed over become holes: their events
// could not be read. Only the writer may call it, with ordinals that ascend. e is memory to work with.
func (t *Tail) AddStored(e *Entry, ordinal uint32, ev *event.Event) {
	if known := t.Events(); known < ordinal {
		t.Hole(known, ordinal-1)
	}
	e.FillEvent(ev)
	t.Resolve(e)
	*t.Enter(e) = Head{Clock: ev.Position.Clock, Hash: ev.Hash}
	t.Add(e, Place{Ordinal: ordinal, Wall: ev.Position.Wall, Counter: ev.Position.Counter, Timestamp: ev.Timestamp})
}
