// Reading.

package engine

import (
	"errors"
	"fmt"
	"iter"

	"github.com/batpak/batpak/engine/internal/query"
	"github.com/batpak/batpak/event"
)

// LostSequenceError says that a sequence lies in a range that an unclean end left open: no
// event has it, and none will. It is [ErrNotFound].
type LostSequenceError struct {
	Sequence    uint64
	First, Last uint64 // the range, both inclusive
}

// Error names the sequence and the range.
func (e *LostSequenceError) Error() string {
	return fmt.Sprintf("batpak: sequence %d was lost in an unclean end (%d to %d)", e.Sequence, e.First, e.Last)
}

// Is reports whether target is [ErrNotFound].
func (e *LostSequenceError) Is(target error) bool { return target == ErrNotFound }

// lostAt returns the error for a sequence that was given up, nil for any other.
func (s *Store) lostAt(sequence uint64) *LostSequenceError {
	for _, lost := range s.lost {
		if lost.Contains(sequence) {
			return &LostSequenceError{Sequence: sequence, First: lost.First, Last: lost.Last}
		}
	}
	return nil
}

// At returns a copy of the event with this sequence, which is the caller's.
//
// Errors: [ErrNotFound] when no visible event has it, a [LostSequenceError] when an
// unclean end gave it up; [ErrCorrupt] when its bytes are damaged; [ErrMapFault];
// [ErrClosed].
func (s *Store) At(sequence uint64) (event.Event, error) {
	var ev event.Event
	if err := s.GetInto(sequence, &ev); err != nil {
		return event.Event{}, err
	}
	return ev, nil
}

// GetInto reads the event with this sequence into an event whose memory it reuses;
// no memory is allocated when there is room, for an entity met before. The event
// is the caller's, not nil; it must not be one that an iterator yielded. The errors are
// those of [Store.At]; after one, into holds nothing of use.
func (s *Store) GetInto(sequence uint64, into *event.Event) error {
	err := s.reader.Into(sequence, into)
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrNotFound) {
		if lost := s.lostAt(sequence); lost != nil {
			return lost
		}
	}
	return fmt.Errorf("sequence %d: %w", sequence, err)
}

// Events yields the events with sequences from first to last, both inclusive, 0
// being an open end, as far as they are visible when the loop begins. A range that
// is inverted or beyond the end yields nothing. The slices of an event are valid
// until the next step; [event.Event.Clone] keeps one.
//
// An error is yielded in place of an event and ends the loop, but for
// [ErrCorrupt]: that names the sequences that are skipped, and going on reads
// behind them. Leaving the loop early releases everything.
func (s *Store) Events(first, last uint64, options ReadOptions) iter.Seq2[event.Event, error] {
	if err := options.check(); err != nil {
		return func(yield func(event.Event, error) bool) { yield(event.Event{}, err) }
	}
	return s.reader.Events(query.Range{
		First: first, Last: last, Backward: options.Direction == Backward, Limit: options.Limit, Check: !options.SkipChecks,
	})
}
