// This file holds finding what has an idempotency key. The index leads to events by the key's hash, also to the first
// event of a batch by that of the batch's key; the key itself is compared in the event's frame, or in the begin frame.

package query

import (
	"errors"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// Holder is who has an idempotency key.
type Holder struct {
	First   uint64 // sequence of the event, or of the batch's first one
	Events  uint32 // of the batch; 0: the key is that of the event
	Request event.Hash
	Wall    uint64 // HLC of the event at First, milliseconds
}

// ByKey finds the newest event, or batch, up to a sequence that has a key; false: none has. last is visible. A
// [mmapseg.CorruptError]: an event that can't be read may have the key, and is newer than any other that has it.
func (r *Reader) ByKey(key string, last uint64) (Holder, bool, error) {
	if r.closed.Load() {
		return Holder{}, false, r.ended
	}
	if key == "" || last == 0 {
		return Holder{}, false, nil
	}
	var holder Holder
	err := r.finder.Keyed(index.Hash(index.Key, key), last, func(sequence uint64) (bool, error) {
		found, err := r.holder(key, sequence)
		if err == nil && found.First != 0 {
			holder = found
		}
		return holder.First == 0, err
	})
	if err == nil && len(r.damage) > 0 {
		err = r.mayHaveKey(holder.First+1, last)
	}
	if err != nil {
		return Holder{}, false, r.noKey(err)
	}
	return holder, holder.First != 0, nil
}

// noKey makes of why a key can't be told what the caller is told.
func (r *Reader) noKey(err error) error {
	if hole := (*index.HoleError)(nil); errors.As(err, &hole) {
		err = r.unknown(hole)
	}
	return r.translate(err)
}

// holder returns what has the key at a sequence; zeros: it has another one of the same hash.
func (r *Reader) holder(key string, sequence uint64) (Holder, error) {
	h, err := r.at(sequence)
	if errors.Is(err, mmapseg.ErrNotFound) {
		return Holder{}, nil // the index vouches for nothing
	}
	if err != nil {
		return Holder{}, err
	}
	defer r.release(h.buf)
	found := Holder{First: sequence}
	found.Wall, _ = h.frame.HLC()
	own, request, ok := h.frame.Key()
	if ok && string(own) == key {
		found.Request = request
		return found, nil
	}
	if !h.frame.InBatch() {
		return Holder{}, nil
	}
	begin, ok, err := h.segment.BatchBegin(&h.frame)
	switch {
	case err != nil:
		return Holder{}, err
	case ok && begin.Key == key:
		found.Events, found.Request = begin.Events, begin.Request
		return found, nil
	case !ok && !r.inBatch(&h):
		return Holder{}, &mmapseg.CorruptError{Segment: h.segment.Name(), Offset: h.frame.Offset, First: sequence, Last: sequence,
			Problem: "the begin frame of the batch that begins with this event can't be read"}
	}
	return Holder{}, nil
}

// inBatch reports whether an event of a batch is surely not its first: it stands right behind another one.
func (r *Reader) inBatch(h *hit) bool {
	before, err := r.at(h.frame.Sequence() - 1)
	if err != nil {
		return false
	}
	defer r.release(before.buf)
	return before.segment == h.segment && before.frame.InBatch() && before.frame.End() == h.frame.Offset
}

// mayHaveKey returns the damage that opening found among the sequences from first to last and of which no part of the
// index knows anything.
func (r *Reader) mayHaveKey(first, last uint64) error {
	for _, d := range r.damaged(first, last) {
		if !r.finder.Knows(max(d.First, first), min(d.Last, last)) {
			return d
		}
	}
	return nil
}
