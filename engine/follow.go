// What all that follows the log has in common: where it begins, and what it is told of events that are gone.

package engine

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/engine/internal/follow"
	"github.com/batpak/batpak/event"
)

// Start says where following begins. The zero value is where the function that takes it says.
type Start struct {
	kind     startKind
	sequence uint64
}

type startKind uint8

const (
	fromDefault startKind = iota
	fromBeginning
	fromNow
	fromAfter
)

// FromBeginning begins with the first event that there is.
func FromBeginning() Start { return Start{kind: fromBeginning} }

// FromNow begins with the first event that becomes visible after the call.
func FromNow() Start { return Start{kind: fromNow} }

// FromAfter begins with the first event whose sequence is above this one, which must have been given: 0 is the
// beginning.
func FromAfter(sequence uint64) Start { return Start{kind: fromAfter, sequence: sequence} }

// String names the start.
func (f Start) String() string {
	switch f.kind {
	case fromBeginning:
		return "from the beginning"
	case fromNow:
		return "from now"
	case fromAfter:
		return fmt.Sprintf("from after %d", f.sequence)
	}
	return "default"
}

// ErrLost: events that a reader may have been given were lost in an unclean end. The error is a [LossError].
var ErrLost = errors.New("batpak: events were lost in an unclean end")

// ErrDiverged: a position is not one of this store: it belongs to another one, or to a state of this
// one that is gone, as after an older copy of the directory was put in its place.
var ErrDiverged = errors.New("batpak: position of another store")

// LossError says that the sequences of a range were given up after an unclean end, and that whoever gets it
// may have been given events that had some of them. No event has them now, and none will. It is [ErrLost].
type LossError struct {
	Position    uint64 // up to which the reader had come, as far as is known
	First, Last uint64 // the range, both inclusive
}

// Error names the position and the range.
func (e *LossError) Error() string {
	return fmt.Sprintf("%v: sequences %d to %d, read up to %d before", ErrLost, e.First, e.Last, e.Position)
}

// Is reports whether target is [ErrLost].
func (e *LossError) Is(target error) bool { return target == ErrLost }

// static returns what waiting for events fails with where nothing is ever appended.
func static(options Options) error {
	if options.ReadOnly {
		return fmt.Errorf("nothing is appended: %w", ErrReadOnly)
	}
	return nil
}

// eventsOf is how followers read.
func (s *Store) eventsOf(region event.Region) follow.Walk { return s.reader.Walk(region) }

// endFollowing ends everything that follows the log. It waits for no function of the user's.
func (s *Store) endFollowing() error {
	s.hub.Close()
	s.crew.Wait()
	s.endProjecting()
	return s.cursors.close()
}
