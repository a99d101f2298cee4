// This file holds Entry: what the index is told about one event, prepared where nobody waits for it.

package index

import (
	"slices"

	"github.com/batpak/batpak/event"
)

// Head is the state of an entity: the clock and the hash of its newest event. The zero Head is that of an entity
// without events.
type Head struct {
	Clock uint64
	Hash  event.Hash
}

// term is one name by which an event is found.
type term struct {
	kind Type
	slot uint32 // of the tail that the entry was resolved against; 0: not there
	hash uint64
	name string // "" for links
}

// Entry is one event as the index sees it. An entry is filled, resolved against a [Tail] by any goroutine, and
// added to it by the one that may. It can be used again, and keeps its memory. Strings are borrowed from what it was
// filled with.
type Entry struct {
	// Head is the entity's state before the event, for a tail in which the entity is not yet. Whoever resolves the
	// entry finds it elsewhere.
	Head Head

	terms    []term // the first is the entity, the second the scope; tags and links follow
	cause    int    // index in terms of the cause that reserveCause made; 0: none
	kind     event.Kind
	gate     event.GateOutcome
	resolved *Tail
}

// EntityHash returns the hash of the entity's name.
func (e *Entry) EntityHash() uint64 { return e.terms[0].hash }

// Entity returns the entity's name.
func (e *Entry) Entity() string { return e.terms[0].name }

// resolvedAgainst returns the tail that the entry was resolved against last; nil: none.
func (e *Entry) resolvedAgainst() *Tail { return e.resolved }

// Fill takes what a caller's draft says. gate is the outcome of its gate record, 0 without one. For a draft that an
// earlier item of its batch causes it does what reserveCause does.
func (e *Entry) Fill(d *event.Draft, gate event.GateOutcome) {
	e.begin(d.Coordinate, d.Kind, gate, d.Tags, d.Key)
	switch {
	case d.CauseInBatch != 0:
		e.reserveCause()
	case !d.Cause.IsZero():
		e.link(Cause, d.Cause)
	}
	if !d.Correlation.IsZero() {
		e.link(Correlation, d.Correlation)
	}
}

// FillEvent takes a stored event.
func (e *Entry) FillEvent(ev *event.Event) {
	gate := event.GateOutcome(0)
	if ev.Gate != nil {
		gate = ev.Gate.Outcome
	}
	e.begin(ev.Coordinate, ev.Kind, gate, ev.Tags, ev.Key)
	if !ev.Cause.IsZero() {
		e.link(Cause, ev.Cause)
	}
	if ev.Correlation != ev.ID {
		e.link(Correlation, ev.Correlation)
	}
	if ev.Imported {
		e.link(Imported, ev.ID)
	}
}

func (e *Entry) begin(at event.Coordinate, kind event.Kind, gate event.GateOutcome, tags []string, key string) {
	e.FillPlain(at.Entity(), at.Scope(), kind)
	e.gate = gate
	for i, tag := range tags {
		if !slices.Contains(tags[:i], tag) {
			e.terms = append(e.terms, term{kind: Tag, hash: Hash(Tag, tag), name: tag})
		}
	}
	if key != "" {
		e.terms = append(e.terms, term{kind: Key, hash: Hash(Key, key)})
	}
}

func (e *Entry) link(kind Type, id event.ID) {
	e.terms = append(e.terms, term{kind: kind, hash: HashID(kind, id)})
}

// AddKey makes the event one that is found by this key too: that of the batch of which it is the first event. It may be
// called before the entry is resolved or after.
func (e *Entry) AddKey(key string) {
	hash := Hash(Key, key)
	for i := 2; i < len(e.terms); i++ {
		if t := &e.terms[i]; t.kind == Key && t.hash == hash {
			return // an event stands in a list once
		}
	}
	e.terms = append(e.terms, term{kind: Key, hash: hash})
}

// LoseKey makes the event one that may have any key: the first, or not, of a batch whose key can't be read.
func (e *Entry) LoseKey() { e.AddKey("") }

// noKey is the hash of the key that nothing has, and that stands for a lost one.
var noKey = Hash(Key, "")

// reserveCause makes room for the id of a cause that gets its id only in the commit section. The entry can be resolved,
// but not added, before [Entry.SetCause] has said it. Nothing changes if there is room already.
func (e *Entry) reserveCause() {
	if e.cause == 0 {
		e.cause = len(e.terms)
		e.terms = append(e.terms, term{}) // of no type: it is not looked for
	}
}

// SetCause sets the id for which room was made. It allocates nothing, and may be called again for an entry that is used
// again. It panics where no room was made.
func (e *Entry) SetCause(id event.ID) {
	if e.cause == 0 {
		panic("index: a cause for which no room was made")
	}
	e.terms[e.cause] = term{kind: Cause, hash: HashID(Cause, id)}
}

// Release forgets the strings, which may be pieces of something large.
func (e *Entry) Release() {
	clear(e.terms)
	e.terms, e.cause, e.resolved = e.terms[:0], 0, nil
}

// Place is what is known about an event once it has its place.
type Place struct {
	Ordinal   uint32
	Counter   uint32 // HLC
	Wall      uint64 // HLC, milliseconds
	Timestamp int64  // microseconds
}
