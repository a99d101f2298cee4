// Finding events: by id, by region, by entity; and what there is to be found.

package engine

import (
	"fmt"
	"iter"

	"github.com/batpak/batpak/engine/internal/query"
	"github.com/batpak/batpak/event"
)

// Get returns a copy of the event with this id, which is the caller's.
//
// Errors: [ErrNotFound] when no visible event has it; [ErrCorrupt] when the events
// that may have it are damaged; [ErrMapFault]; [ErrClosed].
func (s *Store) Get(id event.ID) (event.Event, error) {
	var ev event.Event
	if err := s.GetIDInto(id, &ev); err != nil {
		return event.Event{}, err
	}
	return ev, nil
}

// GetIDInto reads the event with this id into an event whose memory it reuses, as
// [Store.GetInto] does for a sequence. The errors are those of [Store.Get].
func (s *Store) GetIDInto(id event.ID, into *event.Event) error {
	if err := s.reader.ByIDInto(id, into); err != nil {
		return fmt.Errorf("id %s: %w", id, err)
	}
	return nil
}

// Query yields the events that the region selects, in the order of their sequences,
// as far as they are visible when the loop begins. The slices of an event are valid
// until the next step; [event.Event.Clone] keeps one.
//
// The index that leaves the fewest events to look at is used, and what the region
// asks beyond it is compared event by event; a region that no index can narrow, such
// as [event.Everything], reads all.
//
// An error is yielded in place of an event and ends the loop, but for
// [ErrCorrupt]: that names the sequences that are skipped, and going on reads
// behind them. Nothing is held between two steps: leaving the loop early, a panic in
// its body, or never going on costs nothing.
func (s *Store) Query(region event.Region, options ReadOptions) iter.Seq2[event.Event, error] {
	if err := options.check(); err != nil {
		return func(yield func(event.Event, error) bool) { yield(event.Event{}, err) }
	}
	return s.reader.Query(region, query.Options{
		Backward: options.Direction == Backward, Limit: options.Limit, Check: !options.SkipChecks,
	})
}

// Stream yields the events of one entity, in the order of their clocks, in whatever
// scope: a [Store.Query] of [event.Entity].
func (s *Store) Stream(entity string, options ReadOptions) iter.Seq2[event.Event, error] {
	return s.Query(event.Entity(entity), options)
}

// Entities yields the names of the entities that have visible events and whose name
// begins with prefix, bytewise, in the order of their bytes; all of them for an empty
// one. Behind them, [ErrCorrupt] is yielded for every range of sequences of which not
// even the index tells anything: those events may have further names. [ErrMapFault] and
// [ErrClosed] end the loop.
func (s *Store) Entities(prefix string) iter.Seq2[string, error] { return s.reader.Entities(prefix) }

// Scopes yields the names of the scopes that have visible events, in the order of
// their bytes, and errors as [Store.Entities] does.
func (s *Store) Scopes() iter.Seq2[string, error] { return s.reader.Scopes() }

// Clock returns the clock of the entity's newest visible event, 0 for an entity that
// has none. Errors: [ErrCorrupt], [ErrMapFault], [ErrClosed].
func (s *Store) Clock(entity string) (uint64, error) {
	clock, err := s.reader.Clock(entity)
	if err != nil {
		return 0, fmt.Errorf("clock of an entity: %w", err)
	}
	return clock, nil
}
