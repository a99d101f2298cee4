// Parked events: those that a reactor put aside, and the records that say so.

package engine

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
)

// parkedRecord is the payload of a record.
type parkedRecord struct {
	Reactor  string `codec:"reactor"`
	Sequence uint64 `codec:"sequence"`
	Attempts int    `codec:"attempts"`
	Problem  string `codec:"problem"`
}

// maxProblem bounds the text of a record, in bytes: it must fit into any batch.
const maxProblem = 1024

// parkingPlace returns the entity of a reactor's records. The longest name of a reactor fits.
func parkingPlace(reactor string) string { return "parked:" + reactor }

// mayPark reports whether an event may be put aside for an error. It is not for lack of room, which is no fault of the event; and not if it is itself a
// record: two reactors that can't deal with the records of each other would go on without end.
func (r *Reactor) mayPark(ev *event.Event, err error) bool {
	return r.options.OnError.Park && ev.Kind != event.EffectError && !errors.Is(err, ErrNoSpace) && !errors.Is(err, ErrLimit)
}

// park puts an event aside. The record has the key that the reactions would have: of an event there is the one or the other.
func (r *Reactor) park(ev *event.Event, failure *ReactorError) error {
	if hooks.Enabled && hooks.Planted(hooks.ParkedForgotten) {
		r.parked.Add(1)
		return nil
	}
	record := new(Batch)
	record.Add(event.TrustedAt(r.parking, ev.Scope()), event.EffectError, parkedRecord{
		Reactor: r.options.Name, Sequence: ev.Sequence, Attempts: failure.Attempts, Problem: shortened(failure.Cause.Error()),
	}).own = true
	stored, err := r.append(ev, record)
	switch {
	case err != nil && r.over():
		return errStopped
	case err != nil:
		return errors.Join(failure, fmt.Errorf("park it: %w", err))
	case stored != 0:
		r.parked.Add(1)
		r.store.logger.Warn("reactor: event parked", "reactor", r.options.Name, "sequence", ev.Sequence, "attempts", failure.Attempts, "error", failure.Cause)
	}
	r.events.Add(1)
	return nil
}

// shortened returns a text of at most maxProblem bytes of valid UTF-8.
func shortened(text string) string {
	if len(text) <= maxProblem {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	const more = "..."
	return strings.ToValidUTF8(text[:maxProblem-len(more)], "") + more
}

// Parked is an event that a reactor put aside.
type Parked struct {
	Event    event.ID // of the event
	Sequence uint64   // of the event
	Attempts int
	Problem  string      // text of the last error, at most 1,024 bytes
	Record   event.Event // that says so; its slices are valid until the next step
}

// Parked yields the events that the reactor of a name put aside, in the order in which it did. Each has a record: an event of kind
// [event.EffectError], caused by the one that was put aside, in its scope, of the entity "parked:" with the reactor's name. Nothing else
// ever has that kind, and no record is taken back: who deals with parked events appends what came of it.
//
// The errors are those of [Store.Query]; [OptionError] for a name that no reactor has. The reactor need not run.
func (s *Store) Parked(reactor string) iter.Seq2[Parked, error] {
	return func(yield func(Parked, error) bool) {
		if reactor == "" || len(reactor) > MaxCursorName {
			yield(Parked{}, &OptionError{"reactor", fmt.Sprintf("a name of %d bytes", len(reactor)), fmt.Sprintf("1 to %d bytes", MaxCursorName)})
			return
		}
		for ev, err := range s.Query(event.Entity(parkingPlace(reactor)).Kind(event.EffectError), ReadOptions{}) {
			var record parkedRecord
			if err == nil {
				err = ev.Decode(&record)
			}
			if err != nil {
				if !yield(Parked{}, err) {
					return
				}
				continue
			}
			if !yield(Parked{Event: ev.Cause, Sequence: record.Sequence, Attempts: record.Attempts, Problem: record.Problem, Record: ev}, nil) {
				return
			}
		}
	}
}
