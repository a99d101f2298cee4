// What an append asks before it is stored: keys and conditions, and the errors of those
// that don't hold.

package commit

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/event"
)

// The errors of judging.
var (
	// ErrConflict says that an expectation or a condition does not hold.
	ErrConflict = errors.New("batpak: condition does not hold")
	// ErrIdempotencyConflict says that a key stands in the way.
	ErrIdempotencyConflict = errors.New("batpak: idempotency key is taken")
)

// Occurrence is an event that something rests on. The zero Occurrence is none.
type Occurrence struct {
	Sequence uint64
	ID       event.ID
	Clock    uint64 // of the event in its entity
}

// Holder is who has a key: an event, or a batch.
type Holder struct {
	First   uint64 // sequence of the event, or of the batch's first one
	Events  uint32 // of the batch; 0: the key is that of the event
	Request event.Hash
	Wall    uint64 // HLC of the event at First, milliseconds
}

// Condition is what must hold in the moment in which a unit is placed.
type Condition struct {
	// Item is the index of the item that asks; -1: the unit.
	Item int
	// Entity is the entity of which a clock or a last id is expected; empty: Region is to have no
	// event with a sequence above After.
	Entity string
	ByID   bool // ID is expected, else Clock
	Clock  uint64
	ID     event.ID

	Region event.Region
	After  uint64
}

// ConflictError says what an append wanted and what there is. It is [ErrConflict].
type ConflictError struct {
	// Item is the index of the batch's item that asked; -1: not an item, but the batch or a single append.
	Item int
	// Entity is the entity of which something was expected; empty: a region was to have no event.
	Entity string
	// WantClock and GotClock are the clocks expected and found, where a clock was expected.
	WantClock, GotClock uint64
	// WantID and GotID are the ids expected and found, where ByID.
	ByID          bool
	WantID, GotID event.ID
	// Region and After are the region that was to have no event after a sequence, where Entity is empty.
	Region event.Region
	After  uint64
	// Event is what stands against it: the entity's newest event that is stored, or the first in the region; zero where there is none.
	// GotClock counts earlier items of the batch, too.
	Event Occurrence
}

// Error says what was wanted and what was found. Names are quoted.
func (e *ConflictError) Error() string {
	var text string
	switch {
	case e.Entity == "":
		return fmt.Sprintf("batpak: no event was to be in %s after %d, there is %d (%s)", e.Region, e.After, e.Event.Sequence, e.Event.ID)
	case e.ByID:
		text = fmt.Sprintf("batpak: %q was to have the last id %s, it has %s", e.Entity, e.WantID, e.GotID)
	default:
		text = fmt.Sprintf("batpak: %q was to have clock %d, it has %d", e.Entity, e.WantClock, e.GotClock)
	}
	if e.Event.Sequence != 0 {
		text += fmt.Sprintf(" (sequence %d)", e.Event.Sequence)
	}
	return text
}

// Is reports whether target is [ErrConflict].
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// KeyError says which key stands in the way and why. It is [ErrIdempotencyConflict]. Its text does not hold the key.
type KeyError struct {
	Item     int // index of the batch's item that has the key; -1: not an item, but the batch or a single append
	Key      string
	Sequence uint64 // of the event that has the key, or of the first one of the batch; 0: the batch repeats it
	Problem  string
}

// Error says what is wrong.
func (e *KeyError) Error() string {
	text := "batpak: idempotency key: " + e.Problem
	if e.Sequence != 0 {
		text = fmt.Sprintf("%s (sequence %d)", text, e.Sequence)
	}
	return text
}

// Is reports whether target is [ErrIdempotencyConflict].
func (e *KeyError) Is(target error) bool { return target == ErrIdempotencyConflict }
