// The causal graph as it is walked: causes, effects, conversations.

package engine

import (
	"iter"

	"github.com/batpak/batpak/engine/internal/query"
	"github.com/batpak/batpak/event"
)

// GraphOptions bound a walk through the causal graph. The zero value is no bound.
type GraphOptions struct {
	// Depth is how many steps from the event the walk goes at most; 0: to the end. Negative
	// values are refused. [Store.Graph] bounds effects by it, and not causes.
	Depth int
	// Limit is how many events come of it at most; 0: no limit. Negative values are
	// refused.
	Limit int
}

func (o *GraphOptions) check() error {
	switch {
	case o.Depth < 0:
		return &OptionError{"Depth", o.Depth, "0 (to the end) or more"}
	case o.Limit < 0:
		return &OptionError{"Limit", o.Limit, "0 (no limit) or more"}
	}
	return nil
}

// Causes yields what led to the event with this id: its cause, the cause of that, and so
// on up to the root, which has none. The event itself is not among them, so that a root
// yields nothing. Every step reads one event where its effect says that it is. The slices
// of an event are valid until the next step; [event.Event.Clone] keeps one.
//
// An error is yielded in place of an event and ends the loop: [ErrNotFound] when no
// visible event has the id, or a cause is not in the store any more; [ErrCorrupt] when
// one is damaged, or is not the event that its effect names; [ErrInvalid] for options;
// [ErrMapFault]; [ErrClosed]. Nothing is held between two steps.
func (s *Store) Causes(id event.ID, options GraphOptions) iter.Seq2[event.Event, error] {
	if err := options.check(); err != nil {
		return failed(err)
	}
	limit := options.Limit
	if options.Depth != 0 && (limit == 0 || options.Depth < limit) {
		limit = options.Depth
	}
	return s.reader.Causes(id, limit)
}

// Effects yields what came of the event with this id, breadth-first: the events that name
// it as their cause, then those that name these, and so on; level by level, each in the
// order of sequences, as far as they are visible when the loop begins. Every event comes
// once, and the event itself is not among them. Causes in the same batch count like any
// others. The slices of an event are valid until the next step; [event.Event.Clone] keeps
// one.
//
// Effects are found through the index, at a cost that follows from how many there are and
// not from the size of the store. The loop remembers the events of two levels, 24 bytes
// each. An id that is an event's no more, but still a cause's, is as good as any.
//
// An error is yielded in place of an event and ends the loop, but for [ErrCorrupt]: that
// names sequences that can't be read, and going on reads behind them. It comes for
// damaged effects, and on the first level for all behind the event of which nothing is
// known, not even by the index; each damage once. What damaged events caused is not found.
// [ErrNotFound]: neither an event nor a cause has the id. [ErrInvalid] for options;
// [ErrMapFault]; [ErrClosed]. Nothing is held between two steps.
func (s *Store) Effects(id event.ID, options GraphOptions) iter.Seq2[event.Event, error] {
	if err := options.check(); err != nil {
		return failed(err)
	}
	return s.reader.Effects(id, options.Depth, options.Limit)
}

// Correlated yields the conversation that the event with this id is part of: all events
// that have the same correlation, this one among them, in the order of their sequences
// and as far as they are visible when the loop begins. If no event has the id, it is taken
// for a correlation, which need not be the id of an event. The slices of an event are valid
// until the next step; [event.Event.Clone] keeps one.
//
// They are found through the index, at a cost that follows from how many are asked for and
// not from the size of the store.
//
// An error is yielded in place of an event and ends the loop, but for [ErrCorrupt]: that
// names the sequences that are skipped, and going on reads behind them. Where it is the
// event with the id that is damaged, the loop goes on with the id as the correlation.
// [ErrNotFound]: neither an event nor a correlation has the id. [ErrInvalid] for options;
// [ErrMapFault]; [ErrClosed]. Nothing is held between two steps.
func (s *Store) Correlated(id event.ID, options ReadOptions) iter.Seq2[event.Event, error] {
	if err := options.check(); err != nil {
		return failed(err)
	}
	return s.reader.Correlated(id, query.Options{
		Backward: options.Direction == Backward, Limit: options.Limit, Check: !options.SkipChecks,
	})
}

// failed returns a loop that yields an error and ends.
func failed(err error) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) { yield(event.Event{}, err) }
}
