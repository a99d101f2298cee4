// This file holds how reactions are compared with the events that are expected, and shown beside them.

package batpaktest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// expectation is an event that is expected, with what storing it gives.
type expectation struct {
	Event
	stored event.Event
}

// reaction is an event that was stored while a function answered another one.
type reaction struct {
	event.Event
	answers  uint64   // sequence of the event that was answered; 0: it is not known
	inherits event.ID // the correlation of its cause; zero: it has none
}

// expect stores what is expected of reactions, without what ties it to other events, and returns it with what it became.
func expect(s *engine.Store, events []Event) ([]expectation, error) {
	alone := slices.Clone(events)
	for i := range alone {
		o := alone[i].options
		alone[i].cause = 0
		alone[i].options = engine.AppendOptions{Tags: o.Tags, Metadata: o.Metadata, Flags: o.Flags, Version: o.Version, Lane: o.Lane}
	}
	if _, err := store(s, alone, 0); err != nil {
		return nil, err
	}
	stored, err := after(s, 0)
	if err != nil {
		return nil, err
	}
	expected := make([]expectation, len(events))
	for i, e := range events {
		expected[i] = expectation{e, stored[i]}
	}
	return expected, nil
}

// equals reports whether a reaction is the event that is expected.
func (e expectation) equals(r reaction) bool {
	return r.Coordinate == e.at && r.Kind == e.kind && slices.Equal(aspects(&e, nil), aspects(&e, &r)) && e.samePayload(r.Event)
}

// samePayload reports whether a payload says what the expected one does.
func (e expectation) samePayload(ev event.Event) bool {
	if ev.Codec == e.stored.Codec && bytes.Equal(ev.Payload, e.stored.Payload) {
		return true
	}
	want, wrong := e.stored.Value()
	got, err := ev.Value()
	if wrong != nil || err != nil || !reflect.DeepEqual(want, got) {
		return false
	}
	_, err = e.decode(ev)
	return err == nil
}

// alike reports whether two stores' reactions say the same.
func alike(a, b reaction) bool {
	return a.Coordinate == b.Coordinate && a.Kind == b.Kind && a.Version == b.Version && a.Flags == b.Flags && a.Position.Lane == b.Position.Lane &&
		a.Key == b.Key && slices.Equal(a.Tags, b.Tags) && a.CauseSequence == b.CauseSequence &&
		a.Codec == b.Codec && slices.Equal(a.Payload, b.Payload) && slices.Equal(a.Metadata, b.Metadata)
}

// compared returns what is expected and what was found, as lines for a comparison, each event beside the one in its place.
func compared(expected []expectation, reactions []reaction) (want, got []string) {
	for i := range max(len(expected), len(reactions)) {
		var e *expectation
		var r *reaction
		if i < len(expected) {
			e = &expected[i]
		}
		if i < len(reactions) {
			r = &reactions[i]
		}
		wanted, found := values(e, r)
		if e != nil {
			want = append(want, describe(e.at, e.kind, aspects(e, nil), wanted)...)
		}
		if r != nil {
			got = append(got, describe(r.Coordinate, r.Kind, aspects(e, r), found)...)
		}
	}
	return want, got
}

// shown is what was found, as lines, each event beside what is expected in its place.
func shown(expected []expectation, reactions []reaction) []string {
	_, lines := compared(expected[:min(len(expected), len(reactions))], reactions)
	return lines
}

// values returns the value of an event that is expected and that of a reaction, either of which may be nil, as lines that
// differ where the payloads do.
func values(e *expectation, r *reaction) (want, got []string) {
	if e != nil {
		want = render(e.value)
	}
	switch {
	case r == nil:
		return want, nil
	case e == nil || e.kind != r.Kind:
		return want, decoded(r.Value())
	case e.samePayload(r.Event):
		return want, want
	}
	got = decoded(e.decode(r.Event))
	if slices.Equal(want, got) { // the type does not show what is too much, or missing
		return decoded(e.stored.Value()), decoded(r.Value())
	}
	return want, got
}

// decoded is what decoding an event gave, as lines.
func decoded(value any, err error) []string {
	if err != nil {
		return []string{fmt.Sprintf("not decoded: %v", err)}
	}
	return render(value)
}

// aspects returns what an event has beside its value, as lines that are equal if it is what is expected: of the reaction if
// that is not nil, else of what is expected, which may be nil beside a reaction.
func aspects(e *expectation, r *reaction) (lines []string) {
	add := func(is bool, format string, arguments ...any) {
		if is {
			lines = append(lines, fmt.Sprintf(format, arguments...))
		}
	}
	if e == nil {
		e = &expectation{}
	}
	of := &e.stored
	if r != nil {
		of = &r.Event
	}
	add(len(of.Tags) > 0, "tags %q", of.Tags)
	add(len(of.Metadata) > 0, "metadata %s", octets(of.Metadata))
	add(of.Flags != 0, "flags %s", of.Flags)
	add(of.Version != e.stored.Version || e.options.Version != 0, "version %d", of.Version)
	add(of.Position.Lane != 0, "lane %d", of.Position.Lane)
	if r == nil {
		add(e.options.Key != "", "key %q", e.options.Key)
		add(!e.options.Correlation.IsZero(), "correlation %s", e.options.Correlation)
		add(!e.options.Cause.IsZero(), "caused by %s", e.options.Cause)
		add(e.cause != 0, "caused by event %d", e.cause)
		return lines
	}
	add(r.Key != "", "key %q", r.Key)
	add(!e.options.Correlation.IsZero() || r.Correlation != r.ID && r.Correlation != r.inherits, "correlation %s", r.Correlation)
	switch {
	case !e.options.Cause.IsZero():
		add(true, "caused by %s", r.Cause)
	case e.cause == 0 && r.CauseSequence == r.answers:
	case r.CauseSequence == 0:
		add(true, "caused by no event, in answer to event %d", r.answers)
	case e.cause == 0:
		add(true, "caused by event %d, in answer to event %d", r.CauseSequence, r.answers)
	default:
		add(true, "caused by event %d", r.CauseSequence)
	}
	return lines
}

// describe is an event as lines of text.
func describe(at event.Coordinate, kind event.Kind, aspects, value []string) []string {
	lines := []string{fmt.Sprintf("%s at %s", kind, at)}
	for _, part := range [...][]string{aspects, value} {
		for _, line := range part {
			lines = append(lines, "  "+line)
		}
	}
	return lines
}
