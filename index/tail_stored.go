// This file holds the way into a tail of events that are read back from their frames.

package index

import "github.com/batpak/batpak/event"

// AddFilled adds a stored event, of which the entry was filled, and which becomes its entity's head. Ordinals that are
// passed over become holes: their events could not be read. Only the writer may call it, with ordinals that ascend.
func (t *Tail) AddFilled(e *Entry, head Head, p Place) {
	if known := t.Events(); known < p.Ordinal {
		t.Hole(known, p.Ordinal-1)
	}
	t.Resolve(e)
	*t.Enter(e) = head
	t.Add(e, p)
}

// FillPlain takes a stored event that is found by nothing but its entity, scope and kind. The names are borrowed until
// the entry is filled again.
func (e *Entry) FillPlain(entity, scope string, kind event.Kind) {
	e.Head, e.cause, e.kind, e.gate, e.resolved = Head{}, 0, kind, 0, nil
	e.terms = append(e.terms[:0],
		term{kind: Entity, hash: Hash(Entity, entity), name: entity},
		term{kind: Scope, hash: Hash(Scope, scope), name: scope})
}
