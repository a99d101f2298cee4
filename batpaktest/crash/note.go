// This file holds notes: what somebody was told, in the order in which it happened among the changes of the disk.

package crash

import (
	"encoding/gob"

	"github.com/batpak/batpak/event"
)

// kind says what a note is about.
type kind uint8

const (
	opened   kind = iota + 1 // an opening returned: Entries is all that it served, Sequence the highest it has given away
	told                     // somebody knows that the event has this sequence
	durable                  // somebody knows that everything up to Sequence is durable
	closed                   // Close returned, without an error
	headed                   // Head is one of the tree over all events
	asked                    // Unit, which has a key, may have been stored from now on
	moving                   // Cursor may be at Stand from now on; Anew: made, reset or removed, so that it owes no losses
	moved                    // Cursor is at Stand, durably
	given                    // Cursor has returned the event with Sequence
	toldLost                 // Cursor has told that the events from Sequence to Last are lost
	reacted                  // the reactor is there, and has dealt with all up to Sequence
)

// note is one entry of what was told. Its fields are exported for saving.
type note struct {
	Kind     kind
	Sequence uint64
	Event    entry   // of told
	Behind   uint64  // of told, by who appended it: all up to this sequence had been known to be durable before; 0: nothing was
	Entries  []entry // of opened
	Unit     *unit   // of asked
	Head     event.TreeHead
	Cursor   int // index of its name
	Stand    stand
	Anew     bool
	Last     uint64
}

// entry is an event as somebody knows it.
type entry struct {
	Sequence uint64
	ID       event.ID
	Hash     event.Hash
	Stamp    stamp
}

func entryOf(ev *event.Event) entry {
	return entry{ev.Sequence, ev.ID, ev.Hash, stampOf(ev)}
}

func init() { gob.Register(&note{}) }
