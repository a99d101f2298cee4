package mmapseg

// Event frames whose checksums are right and whose content is not, and the table of names.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
)

// reseal gives an event frame's bytes, which may have been changed, a new length and right checksums.
func reseal(frame []byte, length int, salt Salt, offset int64) []byte {
	frame = append(bytes.Clone(frame[:min(length, len(frame))]), make([]byte, max(0, length-len(frame)))...)
	frame = append(frame, make([]byte, align(length)-length)...)
	_, seed := salt.seeds(offset)
	fixed := min(len(frame), eventFixed)
	if len(frame) > 66 {
		fixed = min(len(frame), eventFixed+int(assignedSize[frame[66]&15]))
	}
	body := crc(seed^crc(0, frame[fixed:]), frame[framePrefix:fixed])
	putPrefix(frame, FrameEvent, 0, length, 0, body, salt, offset)
	return frame
}

// richEvent is an event frame with every optional field.
func richEvent(tb tester, salt Salt, offset int64) []byte {
	gate, err := (&event.GateRecord{Outcome: event.GateBypassed, Gates: []string{"rate"}, Reason: "why"}).AppendBinary(nil)
	must(tb, err)
	d := event.Draft{
		Coordinate: event.MustAt("player:alice", "room:dungeon"), Kind: 0x1001, Flags: event.Replay, Codec: event.CodecJSON, Version: 3, Lane: 2,
		Tags: []string{"one", "two"}, Metadata: []byte("meta"), Key: "key", Correlation: event.ID{1}, CauseInBatch: 2, Payload: []byte(`{"a":1}`),
	}
	unit, e := EncodeEvent(nil, &d, &EventOptions{
		Hashing: true, Depth: 4, Imported: true, Request: event.Hash{5}, Gate: gate, StoresPrevHash: true,
	})
	e.Assign(unit, &Assigned{Sequence: 20, Clock: 3, Timestamp: 8, ID: event.ID{7}, Hash: testHash(1), PrevHash: testHash(2), Cause: event.ID{9}, CauseAt: 3, Wall: 5, Counter: 6}, salt, offset, 0)
	return unit
}

// decodeForged decodes a frame with right checksums.
func decodeForged(tb tester, b []byte, salt Salt, offset int64) (event.Event, error) {
	tb.Helper()
	f, bad := parseFrame(b, salt, offset, int64(len(b)))
	if bad != problemNone {
		tb.Fatalf("not sound: %s", bad)
	}
	var ev event.Event
	err := NewDecoder().Event(&f, "x.seg", &ev)
	return ev, err
}

func TestAnEventFrameThatIsTooShortForItsFieldsIsRefused(t *testing.T) {
	salt, offset := testSaltOf(3), int64(HeaderSize)
	whole := richEvent(t, salt, offset)
	length := int(leWord(whole) >> 32)
	payload := len(`{"a":1}`)
	for n := minEventLength; n < length; n++ {
		b := reseal(whole, n, salt, offset)
		f, bad := parseFrame(b, salt, offset, int64(len(b)))
		if bad == problemBody {
			continue // shorter than its assigned fields, which the checksum could not cover
		}
		if bad != problemNone {
			t.Fatalf("%d of %d bytes: %s", n, length, bad)
		}
		var ev event.Event
		err := NewDecoder().Event(&f, "x.seg", &ev)
		if n < length-payload && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d of %d bytes: %v", n, length, err)
		}
		if n >= length-payload && (err != nil || len(ev.Payload) != n-(length-payload)) {
			t.Errorf("%d of %d bytes: %v, payload of %d", n, length, err, len(ev.Payload))
		}
	}
}

func TestContentThatNoWriterWritesIsRefused(t *testing.T) {
	salt, offset := testSaltOf(3), int64(HeaderSize)
	whole := richEvent(t, salt, offset)
	length := int(leWord(whole) >> 32)
	find := func(text string) int { return bytes.Index(whole, []byte(text)) }
	for what, change := range map[string]func(b []byte){
		"field bit 14":                func(b []byte) { b[67] |= 0x40 },
		"field bit 15":                func(b []byte) { b[67] |= 0x80 },
		"entity longer than the rest": func(b []byte) { b[68], b[69] = 0xFF, b[69]|3 },
		"scope longer than the rest":  func(b []byte) { b[69] |= 0xFC; b[70] |= 0x0F },
		"entity that is not UTF-8":    func(b []byte) { b[find("player")] = 0xFF },
		"scope that is not UTF-8":     func(b []byte) { b[find("room")] = 0xFF },
		"tag that is not UTF-8":       func(b []byte) { b[find("one")] = 0xFF },
		"tags longer than the frame":  func(b []byte) { binary.LittleEndian.PutUint16(b[find("\x02\x03one")-2:], 60000) },
		"no tags in the tags field":   func(b []byte) { b[find("\x02\x03one")] = 0 },
		"17 tags":                     func(b []byte) { b[find("\x02\x03one")] = 17 },
		"fewer tags than bytes":       func(b []byte) { b[find("\x02\x03one")] = 1 },
		"an empty tag":                func(b []byte) { b[find("\x03one")] = 0 },
		"metadata too long":           func(b []byte) { binary.LittleEndian.PutUint16(b[find("meta")-2:], 60000) },
		"key longer than the frame":   func(b []byte) { b[find("\x03key")] = 255 },
		"unknown gate outcome":        func(b []byte) { b[find("\x01\x02\x01\x04rate")+1] = 9 },
	} {
		b := bytes.Clone(whole)
		change(b)
		if bytes.Equal(b, whole) {
			t.Fatalf("%s: nothing changed", what)
		}
		_, err := decodeForged(t, reseal(b, length, salt, offset), salt, offset)
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || corrupt.Segment != "x.seg" || corrupt.Offset != offset {
			t.Errorf("%s: %v", what, err)
		}
		if err != nil && strings.Contains(err.Error(), "meta") {
			t.Errorf("%s: the error shows content: %v", what, err)
		}
	}
}

func TestATagThatIsTooLongIsRefused(t *testing.T) {
	for size, fits := range map[int]bool{event.MaxTag: true, event.MaxTag + 1: false, 255: false} {
		d := event.Draft{Coordinate: event.MustAt("e", "s"), Kind: 0x1001, Tags: []string{long(size)}} // not validated
		unit, e := EncodeEvent(nil, &d, &EventOptions{})
		e.Assign(unit, &Assigned{Sequence: 1}, 1, HeaderSize, 0)
		if _, err := decodeForged(t, unit, 1, HeaderSize); (err == nil) != fits {
			t.Errorf("a tag of %d bytes: %v", size, err)
		}
	}
}

// TestNoContentMakesDecodingGoAstray decodes frames with random bodies and right checksums.
func TestNoContentMakesDecodingGoAstray(t *testing.T) {
	decoder := NewDecoder()
	rapid.Check(t, func(t *rapid.T) {
		salt, offset := testSaltOf(3), int64(HeaderSize)
		b := richEvent(t, salt, offset)
		for range rapid.IntRange(1, 12).Draw(t, "changes") {
			b[rapid.IntRange(66, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		b = reseal(b, rapid.IntRange(minEventLength, len(b)).Draw(t, "length"), salt, offset)
		f, bad := parseFrame(b, salt, offset, int64(len(b)))
		if bad != problemNone {
			return
		}
		var ev event.Event
		if err := decoder.Event(&f, "x.seg", &ev); err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatalf("%v", err)
			}
			return
		}
		if _, err := event.At(ev.Entity(), ev.Scope()); err != nil {
			t.Fatalf("a coordinate that At refuses: %v", err)
		}
		if err := event.ValidateTags(ev.Tags); err != nil {
			t.Fatalf("tags that a draft can't have: %v", err)
		}
		if n := len(ev.Payload) + len(ev.Metadata) + len(ev.Key); n > f.Length {
			t.Fatalf("%d bytes out of a frame of %d", n, f.Length)
		}
	})
}

func TestSeveralGoroutinesDecodeWithOneTableOfNames(t *testing.T) {
	salt, offset := testSaltOf(3), int64(HeaderSize)
	decoder := NewDecoder()
	var frames [][]byte
	for i := range 500 {
		name := "entity " + strings.Repeat("n", i%50) + string(rune('a'+i%26))
		d := event.Draft{Coordinate: event.MustAt(name, "scope "+string(rune('a'+i%7))), Kind: 0x1001, Tags: []string{name[:8]}}
		unit, e := EncodeEvent(nil, &d, &EventOptions{})
		e.Assign(unit, &Assigned{Sequence: uint64(i) + 1}, salt, offset, 0)
		frames = append(frames, unit)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			var ev event.Event
			for i, b := range frames {
				f, _ := parseFrame(b, salt, offset, int64(len(b)))
				if err := decoder.Event(&f, "", &ev); err != nil {
					t.Error(err)
				}
				want := "entity " + strings.Repeat("n", i%50) + string(rune('a'+i%26))
				if ev.Entity() != want || ev.Scope() != "scope "+string(rune('a'+i%7)) || ev.Tags[0] != want[:8] {
					t.Errorf("frame %d read as %v %v", i, ev, ev.Tags)
				}
			}
		})
	}
	group.Wait()
}

func TestTheTableOfNamesKeepsEntityAndScopeApart(t *testing.T) {
	decoder := NewDecoder()
	rapid.Check(t, func(t *rapid.T) {
		// Names that share all their bytes, cut at different places.
		text := rapid.StringMatching(`[ab]{2,6}`).Draw(t, "text")
		cut := rapid.IntRange(1, len(text)-1).Draw(t, "cut")
		at, ok := decoder.names.coordinate([]byte(text), cut)
		if !ok || at != event.MustAt(text[:cut], text[cut:]) {
			t.Fatalf("%q cut at %d became %v", text, cut, at)
		}
	})
}

// TestTheTagsOfAnEventStayInTheTable: which slots they take is random, and no two may push each other out every time.
func TestTheTagsOfAnEventStayInTheTable(t *testing.T) {
	for range 5 {
		decoder := NewDecoder()
		var tags [][]byte
		for i := range event.MaxTags {
			tags = append(tags, []byte{'t', byte('a' + i)})
		}
		read := func() {
			for _, tag := range tags {
				decoder.names.tag(tag)
			}
		}
		read()
		if n := testing.AllocsPerRun(10, read); n != 0 {
			t.Errorf("%v allocations for tags that were met before", n)
		}
	}
}
