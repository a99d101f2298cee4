// Tests that what runs for every append and every event read does not allocate.

package event_test

import (
	"testing"
	"time"

	"github.com/batpak/batpak/event"
)

// sink keeps results alive, so that the compiler computes them.
var sink event.Hash

func TestTheHotPathDoesNotAllocate(t *testing.T) {
	plain, full, link := plainDraft(), fullDraft(), goldenLink()
	gated := link
	gated.Gate = goldenGateRecord().Digest()
	large := fullDraft()
	large.Metadata = make([]byte, event.MaxMetadata)
	payload := make([]byte, 300)
	scratch := make([]byte, 0, 8192)
	ev := matchedEvent()
	region := event.Union(
		event.Entity("nobody").Kind(1, 2, 3),
		event.EntityPrefix("player:").Scope("room:dungeon").Kind(0xF002, 0xF001).Tags("combat", "boss").Clocks(1, 9).
			Sequences(5, 0).Between(time.Unix(0, 0), time.Unix(10, 0)).FromGate(event.GateBypassed),
	)
	validate := func(d *event.Draft) func() {
		return func() {
			if err := d.Validate(0); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, fn := range map[string]func(){
		"Validate":              validate(&plain),
		"Validate, every field": validate(&full),
		"Digest":                func() { sink, scratch = event.Digest(scratch, &plain, event.Hash{}) },
		"Digest, every field":   func() { sink, scratch = event.Digest(scratch, &full, event.Hash{}) },
		"Digest, large":         func() { sink, scratch = event.Digest(scratch, &large, event.Hash{}) },
		"PayloadHash":           func() { sink = event.PayloadHash(payload) },
		"Link.Hash":             func() { sink = link.Hash() },
		"Link.Hash, gated":      func() { sink = gated.Hash() },
		"GateRecord.Digest":     func() { sink = goldenRecord.Digest() },
		"LeafHash":              func() { sink = event.LeafHash(sink) },
		"NodeHash":              func() { sink = event.NodeHash(sink, sink) },
		"Region.Matches": func() {
			if !region.Matches(&ev) {
				t.Fatal("no match")
			}
		},
		"Event.Reset": func() { ev2 := ev; ev2.Reset() },
		"Event.Draft": func() { _ = ev.Draft() },
	} {
		if n := testing.AllocsPerRun(100, fn); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

var goldenRecord = goldenGateRecord()

// matchedEvent is an event with every field.
func matchedEvent() event.Event {
	return event.Event{
		Header: event.Header{
			ID: event.MakeID(1, 2, 3), Sequence: 7, Timestamp: 5_000_000, Kind: 0xF001, Flags: event.Replay, Codec: event.CodecJSON,
			Version: 2, Position: event.Position{Depth: 1, Lane: 2, Clock: 3, Wall: 5000, Counter: 4},
			Correlation: event.MakeID(1, 1, 1), Cause: event.MakeID(1, 1, 2), CauseSequence: 6, Hash: event.PayloadHash(nil),
		},
		Coordinate: event.MustAt("player:alice", "room:dungeon"),
		Tags:       []string{"boss", "loot", "combat"}, Metadata: []byte("meta"), Key: "key", Gate: goldenGateRecord(),
		Payload: []byte(`{"x":10}`),
	}
}
