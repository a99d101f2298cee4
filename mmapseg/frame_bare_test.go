// Bare events are those without optional fields, and say what decoding them says.

package mmapseg

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
)

// mustBeBare compares what a frame says by itself with what decoding it says.
func mustBeBare(t *rapid.T, d *Decoder, f *Frame) {
	var ev event.Event
	must(t, d.Event(f, "file", &ev))
	hash, hashed := f.EventHash()
	bare := event.Event{Header: event.Header{
		ID: ev.ID, Sequence: ev.Sequence, Timestamp: ev.Timestamp, Kind: ev.Kind, Flags: ev.Flags, Codec: ev.Codec, Correlation: ev.ID,
		Position: event.Position{Clock: ev.Position.Clock, Wall: ev.ID.Wall(), Counter: ev.ID.Counter()}, Hash: ev.Hash,
	}}
	plain := hashed && ev.Header == bare.Header && len(ev.Tags) == 0 && len(ev.Metadata) == 0 && ev.Key == "" && ev.Gate == nil
	if _, dropped := f.PrevHash(); dropped {
		plain = false
	}
	b, ok := f.Bare()
	if ok != plain {
		t.Fatalf("bare %v, it is %+v", ok, ev)
	}
	if ok && (string(b.Entity) != ev.Entity() || string(b.Scope) != ev.Scope() || !bytes.Equal(b.Payload, ev.Payload) || b.Kind != ev.Kind ||
		b.Codec != ev.Codec || b.Flags != ev.Flags || hash != ev.Hash) {
		t.Fatalf("got %+v, want %+v", b, ev)
	}
}

func TestABareEventSaysWhatDecodingItSays(t *testing.T) {
	salt, decoder := testSaltOf(4), NewDecoder()
	rapid.Check(t, func(t *rapid.T) {
		unit, _, _, _ := drawFields(t, salt)
		f, bad := parseFrame(unit, salt, HeaderSize, int64(len(unit)))
		if bad != problemNone {
			t.Fatalf("not sound: %s", bad)
		}
		mustBeBare(t, decoder, &f)

		name := rapid.StringMatching(`[a-z]{1,40}`)
		d := event.Draft{
			Coordinate: event.MustAt(name.Draw(t, "entity"), name.Draw(t, "scope")), Kind: 0xF123, Codec: event.CodecJSON,
			Flags: event.Flags(rapid.Byte().Draw(t, "flags")), Payload: rapid.SliceOf(rapid.Byte()).Draw(t, "payload"),
		}
		unit, e := EncodeEvent(nil, &d, &EventOptions{Hashing: rapid.Bool().Draw(t, "hashing"), InBatch: rapid.Bool().Draw(t, "in a batch")})
		e.Assign(unit, &Assigned{Sequence: 9, Clock: 8, Timestamp: -7, ID: event.MakeID(6, 5, 4), Hash: testHash(3)}, salt, HeaderSize, 2)
		f, bad = parseFrame(unit, salt, HeaderSize, int64(len(unit)))
		if bad != problemNone {
			t.Fatalf("not sound: %s", bad)
		}
		mustBeBare(t, decoder, &f)
		for n := range f.Length {
			short := f
			short.Length = n
			if b, ok := short.Bare(); ok && len(b.Payload) >= len(d.Payload) {
				t.Fatalf("%d bytes of %d: %+v", n, f.Length, b)
			}
		}
	})
}
