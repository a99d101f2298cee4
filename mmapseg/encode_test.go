package mmapseg

// Event frames: what goes in comes out, without allocating, at the documented cost.

import (
	"bytes"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
)

// written is an event frame that was encoded, with all that went into it.
type written struct {
	draft    event.Draft
	options  EventOptions
	assigned Assigned
	gate     *event.GateRecord
}

var (
	anyID   = rapid.Custom(func(t *rapid.T) event.ID { return event.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")) })
	anyHash = rapid.Custom(func(t *rapid.T) event.Hash {
		return event.Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
	})
	anyName = rapid.OneOf(rapid.StringN(1, 40, 60), rapid.SampledFrom([]string{"a", long(1024), long(1023)}))
)

func long(n int) string { return string(bytes.Repeat([]byte("x"), n)) }

// drawDraft draws a valid draft; every combination of optional fields can come out.
func drawDraft(t *rapid.T) event.Draft {
	d := event.Draft{
		Coordinate: event.MustAt(anyName.Draw(t, "entity"), anyName.Draw(t, "scope")),
		Kind:       rapid.SampledFrom([]event.Kind{0x1000, 0xCFFF, 0xF001, 0xE0A0}).Draw(t, "kind"),
		Flags:      event.Flags(rapid.Byte().Draw(t, "flags")), Codec: event.Codec(rapid.IntRange(0, 2).Draw(t, "codec")),
		Payload: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "payload"),
	}
	has := rapid.Uint8().Draw(t, "fields")
	if has&1 != 0 {
		d.Version = rapid.Uint32Min(1).Draw(t, "version")
	}
	if has&2 != 0 {
		d.Lane = rapid.Uint32Min(1).Draw(t, "lane")
	}
	if has&4 != 0 {
		d.Tags = rapid.SliceOfN(rapid.StringN(1, 30, 128), 1, event.MaxTags).Draw(t, "tags")
	}
	if has&8 != 0 {
		d.Metadata = rapid.SliceOfN(rapid.Byte(), 1, 4096).Draw(t, "metadata")
	}
	if has&16 != 0 {
		d.Key = rapid.StringN(1, 60, event.MaxKey).Draw(t, "key")
	}
	if has&32 != 0 {
		d.Correlation = anyID.Draw(t, "correlation")
	}
	switch has >> 6 {
	case 1:
		d.Cause = anyID.Draw(t, "cause")
	case 2:
		d.CauseInBatch = rapid.Uint16Min(1).Draw(t, "cause in batch")
	}
	must(t, d.Validate(0))
	return d
}

// drawWritten draws everything that a frame can hold.
func drawWritten(t *rapid.T) written {
	w := written{draft: drawDraft(t)}
	o, a := &w.options, &w.assigned
	*o = EventOptions{
		Hashing: rapid.Bool().Draw(t, "hashing"), Depth: rapid.SampledFrom([]uint32{0, 1, 1 << 31}).Draw(t, "depth"),
		Imported: rapid.Bool().Draw(t, "imported"), InBatch: rapid.Bool().Draw(t, "in batch"),
		StoresPrevHash: rapid.Bool().Draw(t, "stores previous hash"), Tombstone: rapid.Bool().Draw(t, "tombstone"),
	}
	*a = Assigned{
		Sequence: rapid.Uint64().Draw(t, "sequence"), Clock: rapid.Uint64().Draw(t, "clock"), Timestamp: rapid.Int64().Draw(t, "timestamp"),
		ID: anyID.Draw(t, "own id"),
	}
	if w.draft.Key != "" {
		o.Request = anyHash.Draw(t, "request")
	}
	if !w.draft.Cause.IsZero() {
		o.CauseSequence = rapid.Uint64().Draw(t, "cause sequence")
	}
	if w.draft.CauseInBatch != 0 {
		a.Cause, a.CauseAt = anyID.Draw(t, "assigned cause"), rapid.Uint64().Draw(t, "cause at")
	}
	if o.Hashing {
		a.Hash = anyHash.Draw(t, "event hash")
	}
	if o.StoresPrevHash {
		a.PrevHash = anyHash.Draw(t, "previous hash")
	}
	if o.Imported {
		a.Wall, a.Counter = rapid.Uint64().Draw(t, "wall"), rapid.Uint32().Draw(t, "counter")
	}
	if o.Tombstone {
		o.PayloadHash, o.PayloadSize = event.PayloadHash(w.draft.Payload), uint32(len(w.draft.Payload))
	}
	if rapid.Bool().Draw(t, "gated") {
		w.gate = &event.GateRecord{Outcome: event.GateBypassed, Gates: []string{"rate", "quota"}, Reason: rapid.StringN(1, 20, 60).Draw(t, "reason")}
		encoded, err := w.gate.AppendBinary(nil)
		must(t, err)
		o.Gate = encoded
	}
	return w
}

// event is what reading the frame must give.
func (w *written) event() event.Event {
	d, o, a := &w.draft, &w.options, &w.assigned
	ev := event.Event{Coordinate: d.Coordinate, Tags: d.Tags, Metadata: d.Metadata, Key: d.Key, Gate: w.gate, Payload: d.Payload}
	ev.Header = event.Header{
		ID: a.ID, Sequence: a.Sequence, Timestamp: a.Timestamp, Kind: d.Kind, Flags: d.Flags, Codec: d.Codec, Version: d.Version,
		Position:    event.Position{Depth: o.Depth, Lane: d.Lane, Clock: a.Clock, Wall: a.ID.Wall(), Counter: a.ID.Counter()},
		Correlation: d.Correlation, Cause: d.Cause, CauseSequence: o.CauseSequence, CauseInBatch: d.CauseInBatch,
		Hash: a.Hash, Imported: o.Imported, Tombstone: o.Tombstone,
	}
	if d.Correlation.IsZero() {
		ev.Correlation = a.ID
	}
	if d.CauseInBatch != 0 {
		ev.Cause, ev.CauseSequence = a.Cause, a.CauseAt
	}
	if o.Imported {
		ev.Position.Wall, ev.Position.Counter = a.Wall, a.Counter
	}
	if o.Tombstone {
		ev.Payload = nil
	}
	return ev
}

// plain makes events comparable: empty slices are nil.
func plain(ev event.Event) event.Event { return ev.Clone() }

func TestAnEventComesOutOfItsFrameAsItWentIn(t *testing.T) {
	decoder := NewDecoder()
	var got event.Event // used again, so that what is left of the one before would show
	rapid.Check(t, func(t *rapid.T) {
		w := drawWritten(t)
		before := bytes.Repeat([]byte{0xAA}, 8*rapid.IntRange(0, 20).Draw(t, "words before"))
		base := int64(8 * rapid.IntRange(0, 1<<31-1-600).Draw(t, "base"))
		salt, mark := Salt(rapid.Uint64().Draw(t, "salt")), Mark(rapid.Uint64().Draw(t, "mark"))
		unit, e := EncodeEvent(bytes.Clone(before), &w.draft, &w.options)
		e.Assign(unit, &w.assigned, salt, base, mark)

		if !bytes.Equal(unit[:len(before)], before) || e.Start != len(before) || len(unit) != e.Start+e.Size() {
			t.Fatalf("frame at %d of %d bytes in a unit of %d, %d before it", e.Start, e.Size(), len(unit), len(before))
		}
		offset := base + int64(e.Start)
		f, bad := parseFrame(unit[e.Start:], salt, offset, int64(e.Size()))
		if bad != problemNone || f.Offset != offset || f.Mark != mark || f.Length != e.Length || f.End() != offset+int64(e.Size()) {
			t.Fatalf("frame %+v: %s", f, bad)
		}
		must(t, f.known("test"))
		if f.InBatch() != w.options.InBatch || f.Sequence() != w.assigned.Sequence || f.ID() != w.assigned.ID ||
			f.Timestamp() != w.assigned.Timestamp || f.BodyCRC() != e.BodyCRC(unit) {
			t.Fatalf("fields read without decoding differ")
		}
		if h, ok := f.EventHash(); ok != w.options.Hashing || h != w.assigned.Hash {
			t.Fatalf("event hash %v %v", h, ok)
		}
		must(t, decoder.Event(&f, "test", &got))
		want := w.event()
		if !reflect.DeepEqual(plain(got), plain(want)) {
			t.Fatalf("read\n%+v\nwant\n%+v", got, want)
		}
		if wall, counter := f.HLC(); wall != want.Position.Wall || counter != want.Position.Counter {
			t.Fatalf("HLC %d.%d, want %v", wall, counter, want.Position)
		}
	})
}

func TestTheHashOfAnEventCanBeComputedAgainFromWhatIsRead(t *testing.T) {
	decoder := NewDecoder()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWritten(t)
		w.options.Hashing, w.options.Tombstone = true, false
		prev := anyHash.Draw(t, "previous")
		digest, _ := event.Digest(nil, &w.draft, event.PayloadHash(w.draft.Payload))
		want := w.event()
		link := linkOf(&want, prev, digest)
		w.assigned.Hash = link.Hash()

		unit, e := EncodeEvent(nil, &w.draft, &w.options)
		if string(e.Payload(unit, len(w.draft.Payload))) != string(w.draft.Payload) || string(e.Metadata(unit)) != string(w.draft.Metadata) {
			t.Fatalf("the frame's copies of payload or metadata differ")
		}
		e.Assign(unit, &w.assigned, testSaltOf(7), 4096, 0)
		f, bad := parseFrame(unit, testSaltOf(7), 4096, int64(len(unit)))
		if bad != problemNone {
			t.Fatalf("%s", bad)
		}
		var got event.Event
		must(t, decoder.Event(&f, "test", &got))
		draft := got.Draft()
		again, _ := event.Digest(nil, &draft, event.PayloadHash(got.Payload))
		if again != digest {
			t.Fatalf("the draft that was read has another digest:\n%+v\n%+v", draft, w.draft)
		}
		relink := linkOf(&got, prev, again)
		if relink.Hash() != got.Hash {
			t.Fatalf("the link that was read has another hash")
		}
	})
}

func testSaltOf(number uint64) Salt { return testHeader(number, MinSize).Salt }

func linkOf(ev *event.Event, prev, digest event.Hash) event.Link {
	link := event.Link{
		Prev: prev, Digest: digest, ID: ev.ID, Timestamp: ev.Timestamp, Sequence: ev.Sequence, Clock: ev.Position.Clock,
		Depth: ev.Position.Depth, Wall: ev.Position.Wall, Counter: ev.Position.Counter,
	}
	if ev.Gate != nil {
		link.Gate = ev.Gate.Digest()
	}
	return link
}

func TestAUnitOfSeveralFramesIsReadFrameByFrame(t *testing.T) {
	decoder := NewDecoder()
	rapid.Check(t, func(t *rapid.T) {
		items := make([]written, rapid.IntRange(1, 6).Draw(t, "items"))
		var unit []byte
		frames := make([]Encoded, len(items))
		for i := range items {
			items[i] = drawWritten(t)
			unit, frames[i] = EncodeEvent(unit, &items[i].draft, &items[i].options)
		}
		for i := range items {
			frames[i].Assign(unit, &items[i].assigned, 99, HeaderSize, 0)
		}
		image := append(make([]byte, HeaderSize), unit...)
		scanner := NewScanner(Memory(image), 99, "test", HeaderSize, int64(len(image)))
		for i := range items {
			f, ok, err := scanner.Next()
			must(t, err)
			if !ok {
				t.Fatalf("frame %d: %s", i, scanner.Problem())
			}
			var got event.Event
			must(t, decoder.Event(&f, "test", &got))
			if !reflect.DeepEqual(plain(got), plain(items[i].event())) {
				t.Fatalf("frame %d differs", i)
			}
		}
		if _, ok, err := scanner.Next(); ok || err != nil || scanner.Offset() != int64(len(image)) {
			t.Fatalf("something behind the last frame: %v %v", ok, err)
		}
	})
}

// TestARootEventCostsWhatTheFormatSays holds the figures of docs/format/segment.md.
func TestARootEventCostsWhatTheFormatSays(t *testing.T) {
	name := long(20)
	for _, payload := range []int{0, 1, 7, 8, 64, 1000} {
		draft := event.Draft{Coordinate: event.MustAt(name, name), Kind: 0x1001, Payload: make([]byte, payload)}
		for hashing, overhead := range map[bool]int{true: 144, false: 112} {
			unit, e := EncodeEvent(nil, &draft, &EventOptions{Hashing: hashing})
			if e.Length != overhead+payload || e.Size() != align(overhead+payload) || len(unit) != e.Size() {
				t.Errorf("hashing %v, payload %d: %d bytes, %d with padding; want an overhead of %d", hashing, payload, e.Length, e.Size(), overhead)
			}
		}
	}
}

func TestEncodingAndDecodingKnownNamesAllocatesNothing(t *testing.T) {
	draft := event.Draft{
		Coordinate: event.MustAt("player:alice", "room:dungeon"), Kind: 0x1001, Payload: make([]byte, 100), Version: 3, Lane: 1,
		Tags: []string{"one", "two"}, Metadata: []byte("meta"), Correlation: event.ID{1}, Cause: event.ID{2},
	}
	options := EventOptions{Hashing: true, Depth: 2, CauseSequence: 5}
	assigned := Assigned{Sequence: 9, Clock: 2, ID: event.ID{3}, Hash: event.Hash{4}}
	buffer := make([]byte, 0, 1024)
	decoder := NewDecoder()
	ev := event.Event{Tags: make([]string, 0, event.MaxTags)}
	for what, run := range map[string]func(){
		"encoding": func() {
			unit, e := EncodeEvent(buffer[:0], &draft, &options)
			e.Assign(unit, &assigned, 1, HeaderSize, 0)
		},
		"parsing and decoding": func() {
			unit := buffer[:align(int(leWord(buffer[:8])>>32))]
			f, bad := parseFrame(unit, 1, HeaderSize, int64(len(unit)))
			if bad != problemNone || decoder.Event(&f, "test", &ev) != nil {
				t.Fatal("not decoded")
			}
		},
	} {
		unit, e := EncodeEvent(buffer[:0], &draft, &options)
		e.Assign(unit, &assigned, 1, HeaderSize, 0)
		run() // the names become known
		if n := testing.AllocsPerRun(200, run); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
}
