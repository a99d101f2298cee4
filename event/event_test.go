// Tests of stored events.

package event_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/payload"
)

func TestACloneOwnsItsMemory(t *testing.T) {
	original := matchedEvent()
	clone := original.Clone()
	if !reflect.DeepEqual(clone, original) {
		t.Fatalf("got %+v", clone)
	}
	original.Tags[0], original.Metadata[0], original.Payload[0], original.Gate.Gates[0] = "x", 'x', 'x', "x"
	original.Gate.Reason = "x"
	if !reflect.DeepEqual(clone, matchedEvent()) {
		t.Errorf("changing the original changed the clone: %+v", clone)
	}
	if empty := (event.Event{Tags: []string{}, Payload: []byte{}}).Clone(); empty.Tags != nil || empty.Payload != nil {
		t.Errorf("empty slices became %#v, %#v", empty.Tags, empty.Payload)
	}
}

func TestResetKeepsNothingButCapacity(t *testing.T) {
	ev := matchedEvent()
	ev.Reset()
	if len(ev.Tags)+len(ev.Metadata)+len(ev.Payload) != 0 || cap(ev.Tags) < 3 || cap(ev.Metadata) < 4 || cap(ev.Payload) < 8 {
		t.Errorf("got %d of %d, %d of %d, %d of %d", len(ev.Tags), cap(ev.Tags), len(ev.Metadata), cap(ev.Metadata), len(ev.Payload), cap(ev.Payload))
	}
	ev.Tags, ev.Metadata, ev.Payload = nil, nil, nil
	if !reflect.DeepEqual(ev, event.Event{}) || !ev.IsZero() {
		t.Errorf("kept %+v", ev)
	}
}

func TestAnEventPrintsItsPlaceAndNotItsContent(t *testing.T) {
	ev := matchedEvent()
	if got, want := ev.String(), "#7 0xF001 player:alice@room:dungeon 1:2:3@5000.4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !ev.Time().Equal(time.Unix(5, 0)) || ev.Time().Location() != time.UTC {
		t.Errorf("time is %s", ev.Time())
	}
	if ev.IsZero() {
		t.Error("an event is not zero")
	}
}

func TestTheDraftOfAnEventHasTheDigestOfItsRequest(t *testing.T) {
	for name, change := range map[string]func(*event.Draft){
		"root":           func(d *event.Draft) { d.Correlation, d.Cause = event.ID{}, event.ID{} },
		"reaction":       func(*event.Draft) {},
		"cause in batch": func(d *event.Draft) { d.Cause, d.CauseInBatch = event.ID{}, 2 },
	} {
		request := fullDraft()
		change(&request)
		stored := event.Event{
			Header: event.Header{
				ID: event.MakeID(9, 9, 9), Kind: request.Kind, Flags: request.Flags, Codec: request.Codec, Version: request.Version,
				Position: event.Position{Lane: request.Lane}, Correlation: request.Correlation, Cause: request.Cause, CauseInBatch: request.CauseInBatch,
			},
			Coordinate: request.Coordinate, Tags: request.Tags, Metadata: request.Metadata, Key: request.Key, Payload: request.Payload,
		}
		if stored.Correlation.IsZero() {
			stored.Correlation = stored.ID // as a store does
		}
		if stored.CauseInBatch != 0 {
			stored.Cause = event.MakeID(8, 8, 8)
		}
		draft := stored.Draft()
		if err := draft.Validate(0); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if digest(draft) != digest(request) {
			t.Errorf("%s: the digest changed", name)
		}
	}
}

func TestPayloadsAreDecodedByTheirCodec(t *testing.T) {
	packed, err := payload.AppendMessagePack(nil, map[string]int{"x": 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		codec   event.Codec
		payload []byte
	}{{event.CodecJSON, []byte(`{"x":10}`)}, {event.CodecMessagePack, packed}} {
		ev := event.Event{Header: event.Header{Codec: c.codec}, Payload: c.payload}
		var point struct {
			X int `json:"x"`
		}
		if err := ev.Decode(&point); err != nil || point.X != 10 {
			t.Errorf("%v: got %+v, %v", c.codec, point, err)
		}
		v, err := ev.Value()
		if want := map[string]any{"x": int64(10)}; err != nil || !reflect.DeepEqual(v, any(want)) {
			t.Errorf("%v: got %#v, %v", c.codec, v, err)
		}
		ev.Payload = append(ev.Payload[:len(ev.Payload):len(ev.Payload)], 0)
		if err := ev.Decode(&point); !errors.Is(err, event.ErrUndecodable) {
			t.Errorf("%v with a byte more: %v", c.codec, err)
		}
		var typed *event.DecodeError
		if _, err := ev.Value(); !errors.As(err, &typed) {
			t.Errorf("%v with a byte more: %v", c.codec, err)
		}
	}
	raw := event.Event{Payload: []byte{1, 2}}
	var b []byte
	v, err := raw.Value()
	if err2 := raw.Decode(&b); err != nil || err2 != nil || !reflect.DeepEqual(v, any(b)) || string(b) != "\x01\x02" {
		t.Errorf("raw: got %v, %v, %v, %v", b, v, err, err2)
	}
	raw.Payload[0] = 9
	if b[0] != 1 || v.([]byte)[0] != 1 {
		t.Error("decoded raw bytes share memory with the event")
	}
}

func TestATombstoneHasNoPayloadToDecode(t *testing.T) {
	ev := matchedEvent()
	ev.Tombstone, ev.Payload = true, nil
	_, valueErr := ev.Value()
	for _, err := range []error{ev.Decode(new(any)), valueErr} {
		var typed *event.TombstoneError
		if !errors.Is(err, event.ErrTombstone) || !errors.As(err, &typed) || typed.ID != ev.ID || typed.Sequence != 7 {
			t.Errorf("got %v", err)
		}
		if want := "batpak: event 00000000000170008000080000000003 at 7: payload was dropped, only its tombstone is left"; err.Error() != want {
			t.Errorf("got %s", err)
		}
	}
}

func TestHasTagsAsksForAll(t *testing.T) {
	ev := matchedEvent()
	if !ev.HasTags() || !ev.HasTags("loot") || !ev.HasTags("combat", "boss") || ev.HasTags("boss", "none") {
		t.Error("HasTags is wrong")
	}
}
