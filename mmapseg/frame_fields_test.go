package mmapseg

// Single fields are those that decoding finds, whatever else the frame has.

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
)

// drawFields returns a random event frame and what it was made of.
func drawFields(t *rapid.T, salt Salt) ([]byte, event.Draft, EventOptions, Assigned) {
	some := func(name string) bool { return rapid.Bool().Draw(t, name) }
	d := event.Draft{Coordinate: event.MustAt("player:alice", "room"), Kind: 0x1001, Payload: []byte("payload")}
	o := EventOptions{Hashing: some("hashing"), StoresPrevHash: some("previous"), Imported: some("imported"), Tombstone: some("tombstone")}
	a := Assigned{Sequence: 20, Clock: 3, ID: event.ID{7}, Hash: testHash(1), PrevHash: testHash(2)}
	if some("depth") {
		o.Depth = 4
	}
	if some("lane") {
		d.Lane = 5
	}
	if some("version") {
		d.Version = 6
	}
	if some("correlation") {
		d.Correlation = event.ID{1}
	}
	switch rapid.IntRange(0, 2).Draw(t, "cause") {
	case 1:
		d.Cause, o.CauseSequence = event.ID{2}, 3
	case 2:
		d.CauseInBatch, a.Cause, a.CauseAt = 2, event.ID{3}, 19
	}
	if o.Tombstone {
		o.PayloadHash, o.PayloadSize = testHash(3), 77
	}
	if some("tags") {
		d.Tags = []string{"one", "two"}
	}
	if some("metadata") {
		d.Metadata = bytes.Repeat([]byte("m"), rapid.IntRange(1, 600).Draw(t, "metadata's length"))
	}
	if some("key") {
		d.Key, o.Request = string(bytes.Repeat([]byte("k"), rapid.IntRange(1, event.MaxKey).Draw(t, "key's length"))), testHash(4)
	}
	if some("gate") {
		gate, err := (&event.GateRecord{Outcome: event.GateBypassed, Gates: []string{"rate"}, Reason: "why"}).AppendBinary(nil)
		must(t, err)
		o.Gate = gate
	}
	unit, e := EncodeEvent(nil, &d, &o)
	e.Assign(unit, &a, salt, HeaderSize, 0)
	return unit, d, o, a
}

func TestSingleFieldsOfAFrameAreThoseThatItWasMadeOf(t *testing.T) {
	salt := testSaltOf(3)
	rapid.Check(t, func(t *rapid.T) {
		unit, d, o, a := drawFields(t, salt)
		f, bad := parseFrame(unit, salt, HeaderSize, int64(len(unit)))
		if bad != problemNone {
			t.Fatalf("not sound: %s", bad)
		}
		key, request, ok := f.Key()
		if ok != (d.Key != "") || string(key) != d.Key || request != o.Request {
			t.Fatalf("key %q %v %v", key, request, ok)
		}
		if h, ok := f.PrevHash(); ok != o.StoresPrevHash || ok && h != a.PrevHash {
			t.Fatalf("previous hash %v %v", h, ok)
		}
		if h, size, ok := f.Tombstone(); ok != o.Tombstone || h != o.PayloadHash || size != o.PayloadSize {
			t.Fatalf("tombstone %v %d %v", h, size, ok)
		}
		if gate, ok := f.GateRecord(); ok != (o.Gate != nil) || !bytes.Equal(gate, o.Gate) {
			t.Fatalf("gate record %x %v", gate, ok)
		}
	})
}

func TestSingleFieldsOfAFrameThatIsTooShortAreNotThere(t *testing.T) {
	salt, offset := testSaltOf(3), int64(HeaderSize)
	whole := richEvent(t, salt, offset)
	for n := minEventLength; n < len(whole); n++ {
		f := Frame{Type: FrameEvent, Offset: offset, Length: n, Bytes: whole[:n]}
		if key, _, ok := f.Key(); ok && string(key) != "key" {
			t.Errorf("%d bytes: key %q", n, key)
		}
		if h, ok := f.PrevHash(); ok && h != testHash(2) {
			t.Errorf("%d bytes: previous hash %v", n, h)
		}
		if gate, ok := f.GateRecord(); ok {
			if record, err := event.DecodeGateRecord(gate); err != nil || record.Reason != "why" {
				t.Errorf("%d bytes: gate record %x", n, gate)
			}
		}
		f.Tombstone()
	}
}

func TestSingleFieldsOfAnyBytesDoNotPanic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes")
		f := Frame{Type: FrameEvent, Length: rapid.IntRange(0, 400).Draw(t, "length"), Bytes: b}
		f.Key()
		f.PrevHash()
		f.Tombstone()
		f.GateRecord()
	})
}
