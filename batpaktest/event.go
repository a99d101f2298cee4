// This file holds Event: what a test says has happened, or expects to.

package batpaktest

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// Event is an event as a test writes it down, made by [NewEvent] or [Typed]: where, of which kind, with which value, and what
// [Event.With] and [Event.CausedBy] add to that. It is what a case of [Fold] or [React] stores as history, and what it
// compares reactions with.
//
// A stored event is equal to it if its payload is the one that storing the value gives, in whatever order a map or an encoding has its
// parts: no field more and none less. All that the Event does not say, the stored one must not have: no tags, metadata, key and so on.
type Event struct {
	at      event.Coordinate
	kind    event.Kind
	value   any
	options engine.AppendOptions
	cause   uint64 // sequence of it; 0: none is said, or options.Cause is it
	add     func(*engine.Batch) *engine.Item
	decode  func(event.Event) (any, error)
}

// NewEvent returns an event whose value is stored as [engine.Store.Append] stores it; nil stands for a payload that holds
// nil.
func NewEvent(at event.Coordinate, kind event.Kind, value any) Event {
	return Event{
		at: at, kind: kind, value: value,
		add: func(b *engine.Batch) *engine.Item { return b.Add(at, kind, value) },
		decode: func(ev event.Event) (any, error) {
			if value == nil {
				return ev.Value()
			}
			into := reflect.New(reflect.TypeOf(value))
			err := ev.Decode(into.Interface())
			return into.Elem().Interface(), err
		},
	}
}

// Typed returns an event of a typed kind. The case needs [engine.Options].Registry; see [FoldCase.Options] and [ReactCase.Options].
func Typed[T any](kind engine.Type[T], at event.Coordinate, value T) Event {
	return Event{
		at: at, kind: kind.Kind(), value: value,
		add:    func(b *engine.Batch) *engine.Item { return kind.AddTo(b, at, value) },
		decode: func(ev event.Event) (any, error) { return kind.Decode(ev) },
	}
}

// Tagged returns the event with these tags in place of its own. What it is compared with must have the same ones, in their order.
func (e Event) Tagged(tags ...string) Event {
	e.options.Tags = slices.Clone(tags)
	return e
}

// With returns the event with those options that are not zero, and the others as they are, as [engine.Item.With] does. A reaction must
// have the same tags, metadata, flags, version, correlation, cause, lane and key. Expect, Conditions and Gate are no part of that: they only
// say how history is stored.
//
// A version that is not given is that of the type in an event of [Typed]. A correlation that is not given is that of
// the cause, or none.
func (e Event) With(options engine.AppendOptions) Event {
	o := &e.options
	o.Flags, o.Version, o.Lane = cmp.Or(options.Flags, o.Flags), cmp.Or(options.Version, o.Version), cmp.Or(options.Lane, o.Lane)
	o.Correlation, o.Key = cmp.Or(options.Correlation, o.Correlation), cmp.Or(options.Key, o.Key)
	o.Expect, o.Wait = cmp.Or(options.Expect, o.Expect), cmp.Or(options.Wait, o.Wait)
	if !options.Cause.IsZero() {
		o.Cause, e.cause = options.Cause, 0
	}
	if options.Tags != nil {
		o.Tags = slices.Clone(options.Tags)
	}
	if options.Metadata != nil {
		o.Metadata = bytes.Clone(options.Metadata)
	}
	if options.Conditions != nil {
		o.Conditions = slices.Clone(options.Conditions)
	}
	if options.Gate != nil {
		o.Gate = options.Gate
	}
	return e
}

// CausedBy returns the event as one that the event with this sequence caused. The events of a case have theirs from 1, those of Given before
// those of When, and the reactions behind them: where one event is given and one comes, the first reaction has 3. A reaction
// that does not say its cause is expected to be caused by the event that it answers. 0 takes back what was said.
func (e Event) CausedBy(sequence uint64) Event {
	e.cause, e.options.Cause = sequence, event.ID{}
	return e
}

// store appends events one after the other, behind the one with the sequence after, and returns the sequence of the last.
func store(s *engine.Store, events []Event, after uint64) (last uint64, err error) {
	last = after
	for _, e := range events {
		if e.add == nil {
			return last, fmt.Errorf("event %d is the zero Event; they are made by NewEvent and Typed", last+1)
		}
		options := e.options
		if e.cause != 0 {
			cause, err := s.At(e.cause)
			if err != nil {
				return last, fmt.Errorf("the cause of event %d, %s of %s: %w", last+1, e.kind, e.at, err)
			}
			options.Cause = cause.ID
		}
		var batch engine.Batch
		e.add(&batch).With(options)
		receipts, err := s.AppendBatch(&batch)
		if err != nil {
			return last, fmt.Errorf("store event %d, %s of %s: %w", last+1, e.kind, e.at, err)
		}
		if receipts[0].Duplicate {
			return last, fmt.Errorf("event %d, %s of %s, is there already: an earlier one has the key %q", last+1, e.kind, e.at, options.Key)
		}
		last = receipts[0].Sequence
	}
	return last, nil
}
