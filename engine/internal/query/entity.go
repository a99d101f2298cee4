// This file holds what is asked about entities and scopes as a whole: their names, clocks and heads.

package query

import (
	"errors"
	"iter"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// Entities yields the names of the entities that have visible events and begin with prefix, bytewise, in the order of their
// bytes. Behind them it yields a [mmapseg.CorruptError] for events of which nothing is known. Another error ends the loop.
func (r *Reader) Entities(prefix string) iter.Seq2[string, error] {
	return r.names(index.Entity, prefix)
}

// Scopes yields the names of the scopes that have visible events, in the order of their bytes, and damage as Entities does.
func (r *Reader) Scopes() iter.Seq2[string, error] { return r.names(index.Scope, "") }

func (r *Reader) names(kind index.Type, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if r.closed.Load() {
			yield("", r.ended)
			return
		}
		names, err := r.finder.Names(kind, prefix, r.set.Visible)
		if err != nil {
			yield("", r.translate(err))
			return
		}
		for {
			if r.closed.Load() {
				yield("", r.ended)
				return
			}
			name, ok, err := names.Next()
			switch {
			case err != nil:
				yield("", r.translate(err))
				return
			case !ok:
				r.mayLack(names.Unknown(), yield)
				return
			case !yield(name, nil):
				return
			}
		}
	}
}

// mayLack yields the damage because of which names may not have been listed: what opening found, and what the index does not
// know.
func (r *Reader) mayLack(unknown []index.HoleError, yield func(string, error) bool) {
	for _, d := range r.damage {
		if d.First != 0 && !yield("", d) {
			return
		}
	}
	for i := range unknown {
		hole := &unknown[i]
		if len(r.damaged(hole.First, hole.Last)) == 0 && !yield("", r.unknown(hole)) {
			return
		}
	}
}

// Clock returns the clock of the entity's newest visible event, 0 without one. It is a [mmapseg.CorruptError] if a damaged
// event may be a newer one.
func (r *Reader) Clock(entity string) (uint64, error) {
	for ev, err := range r.Query(event.Entity(entity), Options{Backward: true, Limit: 1, Check: true}) {
		return ev.Position.Clock, err
	}
	return 0, nil
}

// Newest is an entity's newest event.
type Newest struct {
	Sequence uint64
	ID       event.ID
	Clock    uint64
}

// Newest finds the newest event of an entity up to a visible sequence; zero: it has none. It is a [mmapseg.CorruptError] if a
// damaged event may be a newer one.
func (r *Reader) Newest(entity string, last uint64) (Newest, error) {
	if r.closed.Load() {
		return Newest{}, r.ended
	}
	if last == 0 {
		return Newest{}, nil
	}
	if sequence, sure := r.finder.NewestUnsealed(entity, index.Hash(index.Entity, entity), last); sure && len(r.damage) == 0 {
		if sequence == 0 {
			return Newest{}, nil
		}
		h, err := r.at(sequence)
		if err != nil {
			return Newest{}, err
		}
		defer r.release(h.buf)
		return Newest{sequence, h.frame.ID(), h.frame.Clock()}, nil
	}
	for ev, err := range r.Query(event.Entity(entity).Sequences(0, last), Options{Backward: true, Limit: 1, Check: true}) {
		return Newest{ev.Sequence, ev.ID, ev.Position.Clock}, err
	}
	return Newest{}, nil
}

// Head returns the state of an entity, whose hash is given, before the part of the index that has this tail: that
// of its newest event there, the zero Head if it has none. If no part has the tail any more the answer is outdated, as
// the tail is.
//
// Errors: a [mmapseg.CorruptError] if that event is damaged, or may be one of those that are; those of reading.
func (r *Reader) Head(entity string, hash uint64, tail *index.Tail) (index.Head, error) {
	var ev event.Event
	head, known, err := r.finder.Before(tail, entity, hash, func(sequence uint64) (bool, error) {
		h, err := r.at(sequence)
		if errors.Is(err, mmapseg.ErrNotFound) {
			return true, nil // the index vouches for nothing
		}
		if err != nil {
			return false, err
		}
		defer r.release(h.buf)
		if err := r.decoder.Event(&h.frame, h.segment.Name(), &ev); err != nil {
			return false, err
		}
		return ev.Entity() != entity, nil // another one's hash
	})
	var hole *index.HoleError
	switch {
	case errors.As(err, &hole):
		return index.Head{}, r.unknown(hole)
	case err != nil:
		return index.Head{}, r.translate(err)
	case !known && ev.Sequence != 0 && ev.Entity() == entity:
		head = index.Head{Clock: ev.Position.Clock, Hash: ev.Hash}
	}
	return head, nil
}

// unknown makes of events of which the index knows nothing the damage that they are.
func (r *Reader) unknown(hole *index.HoleError) error {
	if known := r.damaged(hole.First, hole.Last); len(known) > 0 {
		return known[0]
	}
	h, err := r.at(hole.First)
	switch {
	case mmapseg.IsDamage(err):
		return err
	case err == nil:
		r.release(h.buf)
	}
	corrupt := &mmapseg.CorruptError{First: hole.First, Last: hole.Last, Problem: "events of which nothing is known"}
	for _, segment := range r.set.Segments() {
		if segment.Floor <= hole.First {
			corrupt.Segment = segment.Name()
		}
	}
	return corrupt
}
