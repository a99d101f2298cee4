// This file holds finding an event by its id. Ids that the store made ascend with sequences; those that it was given are
// linked to in the index.

package query

import (
	"errors"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// Found is what an event's header tells to one that it may cause.
type Found struct {
	Sequence    uint64
	Depth       uint32
	Correlation event.ID
}

// ByID finds a visible event by its id. Errors: [mmapseg.ErrNotFound]; a [mmapseg.CorruptError] if the event may be one
// that is damaged.
func (r *Reader) ByID(id event.ID) (Found, error) {
	var ev event.Event
	if err := r.ByIDInto(id, &ev); err != nil {
		return Found{}, err
	}
	return Found{Sequence: ev.Sequence, Depth: ev.Position.Depth, Correlation: ev.Correlation}, nil
}

// IDOf returns the id of the event with a sequence. The errors are those of [Reader.Into].
func (r *Reader) IDOf(sequence uint64) (event.ID, error) {
	f, _, buf, err := r.frame(sequence)
	if err != nil {
		return event.ID{}, err
	}
	id := f.ID()
	r.release(buf)
	return id, nil
}

// ByIDInto reads the event with this id into an event whose memory it reuses. The errors are those of [Reader.ByID].
func (r *Reader) ByIDInto(id event.ID, into *event.Event) error {
	if r.closed.Load() {
		return r.ended
	}
	visible := r.set.Visible()
	hit, err := r.made(id, visible)
	if err != nil && !errors.Is(err, mmapseg.ErrNotFound) && !mmapseg.IsDamage(err) {
		return r.translate(err)
	}
	if err != nil {
		given, failed := r.given(id, visible)
		if failed != nil {
			if errors.Is(failed, mmapseg.ErrNotFound) {
				failed = err // damage, perhaps
			}
			return r.translate(failed)
		}
		hit = given
	}
	return r.decodeInto(&hit.frame, hit.segment, hit.buf, into)
}

// hit is a frame that was found, in a buffer that goes back with [Reader.release].
type hit struct {
	frame   mmapseg.Frame
	segment *mmapseg.Segment
	buf     *[]byte
}

// at returns the event with a sequence.
func (r *Reader) at(sequence uint64) (h hit, err error) {
	h.frame, h.segment, h.buf, err = r.frame(sequence)
	return h, err
}

// likelyLooks is how often the search looks where the event should be; from then on it halves what is left.
const likelyLooks = 4

// made finds an event whose id the store made, by the time in it.
func (r *Reader) made(id event.ID, visible uint64) (hit, error) {
	m := index.Moment{Wall: id.Wall(), Counter: id.Counter()}
	in, ok, err := r.finder.Around(m, visible)
	if err != nil {
		return hit{}, err
	}
	if !ok {
		last := visible
		if in.First > 0 {
			last = in.First - 1
		}
		return r.missed(id, visible, 1, last)
	}
	begin := in.First
	for looks := 0; ; looks++ {
		sequence, more := in.Next(m, looks >= likelyLooks)
		if !more && in.First == begin && in.Last >= begin {
			// Its moment is that of the stretch, which is a guess if its frame could not be read.
			if h, err := r.sweep(index.Stretch{First: begin, Last: begin}, id, nil); h.buf != nil || err != nil {
				return h, err
			}
		}
		if !more {
			return r.missed(id, visible, in.Last+1, in.Last+1)
		}
		found, err := r.at(sequence)
		if err != nil {
			if mmapseg.IsDamage(err) || errors.Is(err, mmapseg.ErrNotFound) {
				return r.sweep(in, id, err)
			}
			return hit{}, err
		}
		if found.frame.ID() == id {
			return found, nil
		}
		wall, counter := found.frame.HLC()
		r.release(found.buf)
		at := index.Moment{Wall: wall, Counter: counter}
		if at == m {
			return hit{}, mmapseg.ErrNotFound
		}
		in.Narrow(sequence, at, m)
	}
}

// missed looks where the search by time can't look, and returns the error for an event that would stand among the sequences
// from first to last.
func (r *Reader) missed(id event.ID, visible, first, last uint64) (hit, error) {
	stretches, err := r.finder.Unsure(visible)
	if err != nil {
		return hit{}, err
	}
	missing := error(mmapseg.ErrNotFound)
	for _, in := range stretches {
		h, err := r.sweep(in, id, nil)
		if h.buf != nil || err != nil && !mmapseg.IsDamage(err) {
			return h, err
		}
		if err != nil && in.First <= last && in.Last >= first {
			missing = err
		}
	}
	if known := r.damaged(first, last); len(known) > 0 {
		missing = known[0]
	}
	return hit{}, missing
}

// sweep looks at all events of a stretch. If it does not find the one, the error is cause, or the first damage where that is
// none.
func (r *Reader) sweep(in index.Stretch, id event.ID, cause error) (hit, error) {
	for sequence := in.First; sequence <= in.Last; sequence++ {
		found, err := r.at(sequence)
		switch {
		case err == nil && found.frame.ID() == id:
			return found, nil
		case err == nil:
			r.release(found.buf)
		case mmapseg.IsDamage(err):
			if !mmapseg.IsDamage(cause) {
				cause = err
			}
			sequence = behind(err, sequence, in.Last)
		case !mmapseg.IsDamage(err) && !errors.Is(err, mmapseg.ErrNotFound):
			return hit{}, err
		}
	}
	return hit{}, cause
}

// behind returns the last sequence of the damage that a sequence was found in, up to last: finding the others anew would
// search the same bytes again.
func behind(damage error, sequence, last uint64) uint64 {
	var corrupt *mmapseg.CorruptError
	if errors.As(damage, &corrupt) && corrupt.Last > sequence {
		return min(corrupt.Last, last)
	}
	return sequence
}

// given finds an event whose id the store was given.
func (r *Reader) given(id event.ID, visible uint64) (found hit, err error) {
	missing := error(mmapseg.ErrNotFound)
	err = r.finder.Linked(index.Imported, index.HashID(index.Imported, id), visible, func(sequence uint64) (bool, error) {
		h, err := r.at(sequence)
		switch {
		case err == nil && h.frame.ID() == id:
			found, missing = h, nil
			return false, nil
		case err == nil: // another one's hash
			r.release(h.buf)
		case mmapseg.IsDamage(err):
			missing = err
		case !errors.Is(err, mmapseg.ErrNotFound):
			return false, err
		}
		return true, nil
	})
	if err == nil {
		err = missing
	}
	return found, err
}
