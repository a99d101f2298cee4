// This file holds the way from an event to what caused it, up to the root.

package query

import (
	"errors"
	"fmt"
	"iter"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// Causes yields the cause of the event with this id, the cause of that, and so on up to an event without one; at most limit
// events, 0 being no limit. An event is valid until the next step. An error ends the loop: [mmapseg.ErrNotFound] when there is
// no such event, or a cause is not there any more; a [mmapseg.CorruptError] when it is damaged, or is another event than
// the one that was named.
func (r *Reader) Causes(id event.ID, limit int) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		var ev event.Event
		if err := r.ByIDInto(id, &ev); err != nil {
			yield(event.Event{}, fmt.Errorf("id %s: %w", id, err))
			return
		}
		for steps := 0; !ev.Cause.IsZero() && (limit == 0 || steps < limit); steps++ {
			if err := r.causeOf(&ev); err != nil {
				yield(event.Event{}, err)
				return
			}
			if !yield(ev, nil) {
				return
			}
		}
	}
}

// causeOf reads an event's cause in its place. Sequences descend that way, so that it comes to an end whatever frames say.
func (r *Reader) causeOf(ev *event.Event) error {
	of, id, sequence := ev.Sequence, ev.Cause, ev.CauseSequence
	if sequence == 0 || sequence >= of {
		return r.contradiction(of, fmt.Sprintf("names sequence %d as its cause", sequence))
	}
	err := r.Into(sequence, ev)
	switch {
	case errors.Is(err, mmapseg.ErrNotFound):
		return fmt.Errorf("cause %s of sequence %d: sequence %d: %w", id, of, sequence, err)
	case err != nil:
		return fmt.Errorf("cause %s of sequence %d: %w", id, of, err)
	case ev.ID != id:
		return r.contradiction(of, fmt.Sprintf("names sequence %d as its cause %s, and that is event %s", sequence, id, ev.ID))
	}
	return nil
}

// contradiction returns the damage that an event is whose bytes are sound and say what can't be.
func (r *Reader) contradiction(sequence uint64, problem string) error {
	h, err := r.at(sequence)
	if err != nil {
		return err
	}
	defer r.release(h.buf)
	return &mmapseg.CorruptError{Segment: h.segment.Name(), Offset: h.frame.Offset, First: sequence, Last: sequence, Problem: problem}
}
