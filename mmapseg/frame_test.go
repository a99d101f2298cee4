package mmapseg

// What makes bytes a sound frame, and that nothing else does.

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
)

const sampleOffset = int64(HeaderSize + 80)

// sampleFrames returns one frame of every kind, all encoded for sampleOffset.
func sampleFrames(tb tester, salt Salt) map[string][]byte {
	at := Place{Salt: salt, Offset: sampleOffset, Mark: MakeMark(7, HeaderSize)}
	frames := map[string][]byte{
		"open":   AppendOpen(nil, &OpenFrame{Incarnation: 3, Ahead: 9, LastSequence: 20, Lost: Range{11, 20}, Ancestors: []Ancestor{{Parted: 4}}}, at),
		"close":  AppendClose(nil, &CloseFrame{Incarnation: 3, LastSequence: 20}, at),
		"end":    AppendEnd(nil, &EndFrame{LastSequence: 20, NextNumber: 8, NextSalt: 5, Reason: EndCut}, at),
		"commit": AppendBatchCommit(nil, &BatchCommit{Events: 2, Bytes: 200, FirstSequence: 21, CRC: 77}, at),
		"gap":    AppendGap(nil, &GapFrame{Range: Range{3, 9}, Sections: []GapSection{{Type: 1, Bytes: []byte("abc")}}}, at),
	}
	var err error
	frames["begin"], err = AppendBatchBegin(nil, &BatchBegin{Events: 2, Bytes: 200, FirstSequence: 21, Key: "key"}, at)
	must(tb, err)
	for name, o := range map[string]EventOptions{
		"event": {}, "event with a hash": {Hashing: true}, "event in a batch": {Hashing: true, InBatch: true},
		"imported event": {Hashing: true, Imported: true, StoresPrevHash: true, Depth: 4}, "tombstone": {Tombstone: true},
	} {
		for _, size := range []int{0, 5, 51} {
			d := event.Draft{Coordinate: event.MustAt("player:alice", "room"), Kind: 0x1001, Payload: testPayload(3, size)}
			if o.Imported {
				d.Cause, d.Tags, d.Metadata, d.Key = event.ID{9}, []string{"a", "b"}, []byte{1}, "k"
			}
			unit, e := EncodeEvent(nil, &d, &o)
			e.Assign(unit, &Assigned{Sequence: 20, Clock: 3, ID: event.ID{7}, Hash: testHash(1), PrevHash: testHash(2), Wall: 5}, salt, sampleOffset, at.Mark)
			frames[fmt.Sprintf("%s, payload of %d", name, size)] = unit
		}
	}
	return frames
}

// sound reports whether b is accepted as a whole frame at sampleOffset.
func sound(b []byte, salt Salt, offset int64) bool {
	_, bad := parseFrame(b, salt, offset, int64(len(b)))
	return bad == problemNone
}

func TestEveryFlippedBitOfAFrameIsDetected(t *testing.T) {
	salt := testSaltOf(7)
	for name, frame := range sampleFrames(t, salt) {
		if !sound(frame, salt, sampleOffset) {
			t.Fatalf("%s: not sound as encoded", name)
		}
		for bit := range len(frame) * 8 {
			frame[bit/8] ^= 1 << (bit % 8)
			if sound(frame, salt, sampleOffset) {
				t.Errorf("%s: accepted with bit %d of byte %d flipped", name, bit%8, bit/8)
			}
			frame[bit/8] ^= 1 << (bit % 8)
		}
	}
}

func TestTwoFlippedBitsOfAFrameAreDetected(t *testing.T) {
	salt := testSaltOf(7)
	frame := sampleFrames(t, salt)["event with a hash, payload of 5"]
	for first := range len(frame) * 8 {
		frame[first/8] ^= 1 << (first % 8)
		for second := first + 1; second < len(frame)*8; second += 1 + second%7 {
			frame[second/8] ^= 1 << (second % 8)
			if sound(frame, salt, sampleOffset) {
				t.Errorf("accepted with bits %d and %d flipped", first, second)
			}
			frame[second/8] ^= 1 << (second % 8)
		}
		frame[first/8] ^= 1 << (first % 8)
	}
}

func TestAFrameIsSoundOnlyWhereItWasWritten(t *testing.T) {
	salt := testSaltOf(7)
	for name, frame := range sampleFrames(t, salt) {
		for offset := int64(HeaderSize); offset < HeaderSize+1<<16; offset += FrameAlign {
			if offset != sampleOffset && sound(frame, salt, offset) {
				t.Errorf("%s: sound at offset %d", name, offset)
			}
		}
		for _, offset := range []int64{sampleOffset + 1<<31, sampleOffset + 1<<33, MaxSize - 4096} {
			if sound(frame, salt, offset) {
				t.Errorf("%s: sound at offset %d", name, offset)
			}
		}
		for bit := range 64 {
			if sound(frame, salt^1<<bit, sampleOffset) {
				t.Errorf("%s: sound with bit %d of the salt flipped", name, bit)
			}
		}
		if sound(frame, 0, sampleOffset) || sound(frame, testSaltOf(8), sampleOffset) {
			t.Errorf("%s: sound in another segment", name)
		}
	}
}

func TestATruncatedFrameIsNotSound(t *testing.T) {
	salt := testSaltOf(7)
	for name, frame := range sampleFrames(t, salt) {
		for n := range frame {
			if sound(frame[:n], salt, sampleOffset) {
				t.Errorf("%s: sound with %d of %d bytes", name, n, len(frame))
			}
			if _, bad := parseFrame(frame, salt, sampleOffset, int64(n)); bad == problemNone {
				t.Errorf("%s: sound with room for %d of %d bytes", name, n, len(frame))
			}
			torn := append(bytes.Clone(frame[:n]), make([]byte, len(frame)-n)...)
			if !bytes.Equal(torn, frame) && sound(torn, salt, sampleOffset) {
				t.Errorf("%s: sound with zeros behind %d bytes", name, n)
			}
		}
	}
}

func TestAFrameWithoutItsFirstWordIsNoFrame(t *testing.T) {
	salt := testSaltOf(7)
	for name, frame := range sampleFrames(t, salt) {
		clear(frame[:8]) // stored last, so what a crash leaves out first
		if _, bad := parseFrame(frame, salt, sampleOffset, int64(len(frame))); bad != problemZero {
			t.Errorf("%s: %q", name, bad)
		}
	}
}

func TestZerosNeverParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := make([]byte, 8*rapid.IntRange(0, 600).Draw(t, "words"))
		salt := Salt(rapid.Uint64().Draw(t, "salt"))
		offset := 8 * rapid.Int64Range(0, MaxSize/8).Draw(t, "offset")
		if sound(b, salt, offset) {
			t.Fatalf("%d zeros are a frame at %d with salt %x", len(b), offset, uint64(salt))
		}
	})
}

// TestNoTwoOffsetsShareASeed holds what crc.go says about its multipliers.
func TestNoTwoOffsetsShareASeed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		salt := Salt(rapid.Uint64().Draw(t, "salt"))
		a := 8 * rapid.Int64Range(0, MaxSize/8-1).Draw(t, "a")
		b := 8 * rapid.Int64Range(0, MaxSize/8-1).Draw(t, "b")
		headerA, bodyA := salt.seeds(a)
		headerB, bodyB := salt.seeds(b)
		if (headerA == headerB) != (a == b) || (bodyA == bodyB) != (a == b) {
			t.Fatalf("offsets %d and %d: %x %x, %x %x", a, b, headerA, headerB, bodyA, bodyB)
		}
	})
}

// TestTheSplitChecksumIsThatOfTheReorderedBody holds the argument of crc.go: the CRC of an event's body is the plain one
// of its two parts the other way round, with a seed mixed in that does not depend on the bytes.
func TestTheSplitChecksumIsThatOfTheReorderedBody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		assigned, fixed := rapid.SliceOf(rapid.Byte()).Draw(t, "assigned"), rapid.SliceOf(rapid.Byte()).Draw(t, "fixed")
		seed := rapid.Uint32().Draw(t, "seed")
		split := crc(seed^crc(0, fixed), assigned)
		reordered := crc(0, append(bytes.Clone(fixed), assigned...))
		zeros := make([]byte, len(assigned))
		mixed := crc(seed, zeros) ^ crc(0, zeros)
		if split != reordered^mixed {
			t.Fatalf("split %08x, reordered %08x, seed's share %08x", split, reordered, mixed)
		}
	})
}

func TestMarksCompareLikePositions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (uint64, int64) {
			return rapid.Uint64Range(0, 1<<32-1).Draw(t, name+" segment"), 8 * rapid.Int64Range(0, MaxSize/8).Draw(t, name+" offset")
		}
		segmentA, offsetA := draw("a")
		segmentB, offsetB := draw("b")
		a, b := MakeMark(segmentA, offsetA), MakeMark(segmentB, offsetB)
		if uint64(a.Segment()) != segmentA || a.Offset() != offsetA {
			t.Fatalf("%d:%d became %d:%d", segmentA, offsetA, a.Segment(), a.Offset())
		}
		if before := segmentA < segmentB || segmentA == segmentB && offsetA < offsetB; (a < b) != before {
			t.Fatalf("%d:%d and %d:%d compare wrongly", segmentA, offsetA, segmentB, offsetB)
		}
	})
}

func TestFramesOfALaterVersionAreRefusedByName(t *testing.T) {
	salt := testSaltOf(7)
	forge := func(kind FrameType, flags uint8) error {
		frame := make([]byte, 96)
		_, seed := salt.seeds(HeaderSize)
		putPrefix(frame, kind, flags, len(frame), 0, crc(seed, frame[framePrefix:]), salt, HeaderSize)
		if kind == FrameEvent {
			putPrefix(frame, kind, flags, len(frame), 0, crc(seed^crc(0, frame[eventFixed:]), frame[framePrefix:eventFixed]), salt, HeaderSize)
		}
		image := append(make([]byte, HeaderSize), frame...)
		scanner := NewScanner(Memory(image), salt, "x.seg", HeaderSize, int64(len(image)))
		_, ok, err := scanner.Next()
		if ok != (err == nil) || err != nil && scanner.Offset() != HeaderSize {
			t.Errorf("type %d: ok %v with error %v, scanner at %d", kind, ok, err, scanner.Offset())
		}
		return err
	}
	for kind := FrameEvent; kind <= FrameGap; kind++ {
		must(t, forge(kind, 0))
	}
	must(t, forge(FrameEvent, frameInBatch))
	for name, err := range map[string]error{
		"unknown type": forge(FrameGap+1, 0), "type 0": forge(0, 0), "event flags": forge(FrameEvent, 2), "control flags": forge(FrameEnd, frameInBatch),
	} {
		var version *VersionError
		if !errors.Is(err, ErrVersion) || !errors.As(err, &version) || version.File != "x.seg" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
