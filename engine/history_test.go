// history: what a store must hold, as a plain slice, and what must be true of any
// store's events whatever was appended.

package engine_test

import (
	"fmt"
	"reflect"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// failer is what testing.T and rapid.T have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// history is the list of events that were acknowledged, in the order of their
// sequences.
type history []event.Event

// expected returns the event that a draft and the receipt for it make.
func expected(d *event.Draft, cause *event.Event, r engine.Receipt) event.Event {
	ev := event.Event{
		Header: event.Header{
			ID: r.ID, Sequence: r.Sequence, Timestamp: r.Timestamp, Kind: d.Kind, Flags: d.Flags, Codec: d.Codec,
			Version: d.Version, Position: r.Position, Correlation: d.Correlation, Cause: d.Cause, Hash: r.Hash,
		},
		Coordinate: d.Coordinate, Tags: d.Tags, Metadata: d.Metadata, Payload: d.Payload,
	}
	if ev.Correlation.IsZero() {
		ev.Correlation = r.ID
	}
	if cause != nil {
		ev.CauseSequence = cause.Sequence
	}
	return ev.Clone()
}

// difference says in what two events differ; "" in nothing.
func difference(got, want event.Event) string {
	got, want = got.Clone(), want.Clone()
	if reflect.DeepEqual(got, want) {
		return ""
	}
	if reflect.DeepEqual(got.Payload, want.Payload) {
		return fmt.Sprintf("got %+v, want %+v", got, want)
	}
	got.Payload, want.Payload = nil, nil
	return fmt.Sprintf("the payloads differ; got %+v, want %+v", got, want)
}

// all reads the events of a range; the test fails at an error.
func all(t failer, s *engine.Store, first, last uint64, o engine.ReadOptions) history {
	t.Helper()
	var events history
	for ev, err := range s.Events(first, last, o) {
		if err != nil {
			t.Fatalf("events %d to %d %+v: %v", first, last, o, err)
		}
		events = append(events, ev.Clone())
	}
	return events
}

// mustEqual fails the test unless both hold the same events.
func mustEqual(t failer, got, want history) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if d := difference(got[i], want[i]); d != "" {
			t.Fatalf("event %d of %d: %s", i, len(want), d)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
}

// mustBeSound fails the test unless sequences, ids and the HLC ascend, the clocks of
// every entity count from 1 without a gap, depths follow causes, and, with hashing,
// every hash is the link of its entity's chain, computed from what the event says.
func mustBeSound(t failer, events history, hashing bool) {
	t.Helper()
	heads := make(map[string]event.Event)
	byID := make(map[event.ID]event.Event)
	var last event.Event
	var scratch []byte
	for _, ev := range events {
		head := heads[ev.Entity()]
		link := event.Link{
			Prev: head.Hash, ID: ev.ID, Timestamp: ev.Timestamp, Sequence: ev.Sequence, Clock: ev.Position.Clock,
			Depth: ev.Position.Depth, Wall: ev.Position.Wall, Counter: ev.Position.Counter,
		}
		draft := ev.Draft()
		link.Digest, scratch = event.Digest(scratch, &draft, event.PayloadHash(ev.Payload))
		var want event.Hash
		if hashing {
			want = link.Hash()
		}
		cause, known := byID[ev.Cause]
		switch {
		case ev.Sequence <= last.Sequence:
			t.Fatalf("sequence %d behind %d", ev.Sequence, last.Sequence)
		case last.Sequence != 0 && ev.ID.Compare(last.ID) <= 0:
			t.Fatalf("sequence %d: id %s behind %s", ev.Sequence, ev.ID, last.ID)
		case last.Sequence != 0 && !before(last.Position, ev.Position):
			t.Fatalf("sequence %d: position %s behind %s", ev.Sequence, ev.Position, last.Position)
		case ev.Position.Clock != head.Position.Clock+1:
			t.Fatalf("sequence %d: clock %d of %s behind %d", ev.Sequence, ev.Position.Clock, ev.Entity(), head.Position.Clock)
		case ev.Hash != want:
			t.Fatalf("sequence %d: hash %s, want %s", ev.Sequence, ev.Hash, want)
		case ev.Cause.IsZero() && ev.Position.Depth != 0:
			t.Fatalf("sequence %d: depth %d without a cause", ev.Sequence, ev.Position.Depth)
		case !ev.Cause.IsZero() && (!known || ev.CauseSequence != cause.Sequence || ev.Position.Depth != cause.Position.Depth+1):
			t.Fatalf("sequence %d: cause %s at %d, depth %d; the cause is %s", ev.Sequence, ev.Cause, ev.CauseSequence, ev.Position.Depth, cause)
		}
		heads[ev.Entity()], byID[ev.ID], last = ev, ev, ev
	}
}

// before reports whether a comes before b on the hybrid logical clock.
func before(a, b event.Position) bool {
	return a.Wall < b.Wall || a.Wall == b.Wall && a.Counter < b.Counter
}

// between returns the events with sequences from first to last, 0 being an open
// end.
func (h history) between(first, last uint64) history {
	var events history
	for _, ev := range h {
		if ev.Sequence >= first && (last == 0 || ev.Sequence <= last) {
			events = append(events, ev)
		}
	}
	return events
}

// reversed returns the events from the last to the first.
func (h history) reversed() history {
	events := make(history, 0, len(h))
	for i := len(h) - 1; i >= 0; i-- {
		events = append(events, h[i])
	}
	return events
}
