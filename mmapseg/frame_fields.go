// Single fields of event frames, without decoding the rest: what a frame is found by and what its hash is made of. As
// in decoding, the bounds are checked whatever the checksum said.

package mmapseg

import (
	"encoding/binary"

	"github.com/batpak/batpak/event"
)

// Key returns the idempotency key of an event frame, borrowed from it, and the digest of the request that it
// stands for. ok is false if the event has none of its own, or the frame does not hold what it should.
func (f *Frame) Key() (key []byte, request event.Hash, ok bool) {
	rest, ok := f.field(fieldKey)
	if !ok || len(rest) == 0 {
		return nil, request, false
	}
	n := int(rest[0])
	if n == 0 || 1+n+len(request) > len(rest) {
		return nil, request, false
	}
	return rest[1 : 1+n], event.Hash(rest[1+n : 1+n+len(request)]), true
}

// PrevHash returns the hash of the entity's previous event, which a frame has only where that event was dropped.
func (f *Frame) PrevHash() (h event.Hash, ok bool) {
	b := f.Bytes[:min(f.Length, len(f.Bytes))]
	bits, ok := fieldsOf(b)
	at := eventFixed + int(assignedSize[bits&fieldHash])
	if !ok || bits&fieldPrevHash == 0 || at+len(h) > len(b) {
		return h, false
	}
	return event.Hash(b[at : at+len(h)]), true
}

// Tombstone returns the digest and the size in bytes of the payload that was taken out of an event frame. ok is false
// if none was, or the frame does not hold what it should.
func (f *Frame) Tombstone() (payload event.Hash, size uint32, ok bool) {
	rest, ok := f.field(fieldTombstone)
	if !ok || len(rest) < len(payload)+4 {
		return payload, 0, false
	}
	return event.Hash(rest[:len(payload)]), binary.LittleEndian.Uint32(rest[len(payload):]), true
}

// GateRecord returns the encoded gate record of an event frame, borrowed from it. ok is false if it has
// none, or the frame does not hold what it should.
func (f *Frame) GateRecord() (encoded []byte, ok bool) {
	rest, ok := f.field(fieldGate)
	if !ok || len(rest) < 2 {
		return nil, false
	}
	n := int(binary.LittleEndian.Uint16(rest))
	if n == 0 || 2+n > len(rest) {
		return nil, false
	}
	return rest[2 : 2+n], true
}

// fieldsOf returns the fields word of an event frame's bytes.
func fieldsOf(b []byte) (bits uint16, ok bool) {
	if len(b) < minEventLength {
		return 0, false
	}
	bits = binary.LittleEndian.Uint16(b[66:])
	return bits, bits&^fieldsKnown == 0
}

// fixedSize is the size of the optional fields, by their bits, whose size does not depend on what they hold.
var fixedSize = [14]uint8{4: 4, 5: 4, 6: 4, 7: 16, 8: 2, 9: 36}

// field returns the bytes of an event frame from one of the fields that the caller fixes on; ok is false if it does not
// have the field, or ends before.
func (f *Frame) field(wanted uint16) (rest []byte, ok bool) {
	b := f.Bytes[:min(f.Length, len(f.Bytes))]
	bits, ok := fieldsOf(b)
	if !ok || f.Type != FrameEvent || bits&wanted == 0 {
		return nil, false
	}
	at := eventFixed + int(assignedSize[bits&15])
	for bit := 4; 1<<bit < int(wanted); bit++ {
		switch here := uint16(1) << bit; {
		case bits&here == 0:
		case here&(fieldTags|fieldMetadata) != 0:
			if at+2 > len(b) {
				return nil, false
			}
			at += 2 + int(binary.LittleEndian.Uint16(b[at:]))
		case here == fieldKey:
			if at >= len(b) {
				return nil, false
			}
			at += 1 + int(b[at]) + 32
		default:
			at += int(fixedSize[bit])
		}
	}
	if at > len(b) {
		return nil, false
	}
	return b[at:], true
}
