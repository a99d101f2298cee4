// Encoding of event frames in two steps: outside the commit section everything
// that the caller determines, with its CRC; inside it what the store assigns.

package mmapseg

import (
	"encoding/binary"

	"github.com/batpak/batpak/event"
)

// EventOptions are the fields of an event frame that neither the caller's draft
// holds nor the commit section assigns. The zero value is a root event of a
// store without hashing.
type EventOptions struct {
	Hashing        bool   // leave room for the event hash
	Depth          uint32 // steps to the causal root
	CauseSequence  uint64 // sequence of the draft's Cause
	Imported       bool   // id and time were given: the HLC is stored beside them
	InBatch        bool
	Request        event.Hash // request digest, stored with a key
	Gate           []byte     // encoded gate record
	Tombstone      bool       // the payload is gone; the next two stand for it
	PayloadHash    event.Hash
	PayloadSize    uint32
	StoresPrevHash bool // leave room for the hash of the entity's previous event
}

// Encoded is an event frame whose assigned fields are still zero. It refers to
// the buffer into which it was encoded by offset, so that the buffer may grow.
type Encoded struct {
	Start    int // of the frame in its buffer
	Length   int // without padding
	fixed    int // from Start: where the fixed part begins
	metadata int // from Start: where the metadata's length stands, if there is any
	request  int // from Start: where the request digest stands, if there is a key
	crc      uint32
	bits     uint16
	flags    uint8
}

// Size returns the room that the frame takes in a segment.
func (e *Encoded) Size() int { return align(e.Length) }

// EncodeEvent appends the frame of d to dst, assigned fields zero. The length of
// dst must be a multiple of 8, as frames leave it. The draft must have been
// validated, it is trusted here. No memory is allocated when dst has room.
func EncodeEvent(dst []byte, d *event.Draft, o *EventOptions) ([]byte, Encoded) {
	le := binary.LittleEndian
	start := len(dst)
	bits := fieldBits(d, o)
	fixed := eventFixed + int(assignedSize[bits&15])
	entity, scope := d.Coordinate.Entity(), d.Coordinate.Scope()

	var zeros [eventFixed + 100]byte
	dst = append(dst, zeros[:fixed]...)
	head := dst[start:]
	le.PutUint16(head[64:], uint16(d.Kind))
	le.PutUint16(head[66:], bits)
	le.PutUint32(head[68:], uint32(len(entity)-1)|uint32(len(scope)-1)<<10|uint32(d.Codec)<<20|uint32(d.Flags)<<24)
	if bits&fieldCause != 0 {
		at := causeOffset(bits)
		copy(head[at:], d.Cause[:])
		le.PutUint64(head[at+16:], o.CauseSequence)
	}
	metadata, request := 0, 0
	if bits>>4 != 0 {
		dst, metadata, request = appendOptional(dst, d, o, bits)
	}
	dst = append(dst, entity...)
	dst = append(dst, scope...)
	if !o.Tombstone {
		dst = append(dst, d.Payload...)
	}
	length := len(dst) - start
	dst = append(dst, zeros[:align(length)-length]...)
	e := Encoded{Start: start, Length: length, fixed: fixed, metadata: metadata - start, request: request - start, crc: crc(0, dst[start+fixed:]), bits: bits}
	if o.InBatch {
		e.flags = frameInBatch
	}
	return dst, e
}

// fieldBits says which optional fields a frame will have.
func fieldBits(d *event.Draft, o *EventOptions) (bits uint16) {
	for bit, present := range [14]bool{
		o.Hashing, o.StoresPrevHash, !d.Cause.IsZero() || d.CauseInBatch != 0, o.Imported,
		o.Depth != 0, d.Lane != 0, d.Version != 0, !d.Correlation.IsZero(), d.CauseInBatch != 0, o.Tombstone,
		len(d.Tags) != 0, len(d.Metadata) != 0, d.Key != "", len(o.Gate) != 0,
	} {
		if present {
			bits |= 1 << bit
		}
	}
	return bits
}

// causeOffset returns where in a frame the cause stands.
func causeOffset(bits uint16) int {
	return eventFixed + int(assignedSize[bits&(fieldHash|fieldPrevHash)])
}

// appendOptional appends the fixed optional fields, in the order of their bits,
// and returns where in dst the metadata and the request digest begin.
func appendOptional(dst []byte, d *event.Draft, o *EventOptions, bits uint16) (out []byte, metadata, request int) {
	le := binary.LittleEndian
	if bits&fieldDepth != 0 {
		dst = le.AppendUint32(dst, o.Depth)
	}
	if bits&fieldLane != 0 {
		dst = le.AppendUint32(dst, d.Lane)
	}
	if bits&fieldVersion != 0 {
		dst = le.AppendUint32(dst, d.Version)
	}
	if bits&fieldCorrelation != 0 {
		dst = append(dst, d.Correlation[:]...)
	}
	if bits&fieldCauseInBatch != 0 {
		dst = le.AppendUint16(dst, d.CauseInBatch)
	}
	if bits&fieldTombstone != 0 {
		dst = append(dst, o.PayloadHash[:]...)
		dst = le.AppendUint32(dst, o.PayloadSize)
	}
	if bits&fieldTags != 0 {
		at := len(dst)
		dst = append(dst, 0, 0, uint8(len(d.Tags)))
		for _, tag := range d.Tags {
			dst = append(dst, uint8(len(tag)))
			dst = append(dst, tag...)
		}
		le.PutUint16(dst[at:], uint16(len(dst)-at-2))
	}
	if bits&fieldMetadata != 0 {
		metadata = len(dst)
		dst = le.AppendUint16(dst, uint16(len(d.Metadata)))
		dst = append(dst, d.Metadata...)
	}
	if bits&fieldKey != 0 {
		dst = append(dst, uint8(len(d.Key)))
		dst = append(dst, d.Key...)
		request = len(dst)
		dst = append(dst, o.Request[:]...)
	}
	if bits&fieldGate != 0 {
		dst = le.AppendUint16(dst, uint16(len(o.Gate)))
		dst = append(dst, o.Gate...)
	}
	return dst, metadata, request
}

// SetRequest puts the request digest into the frame of an event with a key, which had
// to be encoded before the digest could be computed from it.
func (e *Encoded) SetRequest(unit []byte, request event.Hash) {
	frame := unit[e.Start : e.Start+align(e.Length)]
	copy(frame[e.request:], request[:])
	e.crc = crc(0, frame[e.fixed:])
}

// Assigned is what the commit section gives an event.
type Assigned struct {
	Sequence  uint64
	Clock     uint64
	Timestamp int64 // microseconds since the Unix epoch
	ID        event.ID
	Hash      event.Hash // event hash, where the frame has room for it
	PrevHash  event.Hash
	Cause     event.ID // for a cause in the same batch, else already encoded
	CauseAt   uint64
	Wall      uint64 // HLC, for imported events, else it is in ID
	Counter   uint32
}

// Assign fills in the assigned fields and the CRCs of a frame in unit, the buffer
// into which it was encoded; base is the offset in the segment at which the
// unit's first byte will stand.
func (e *Encoded) Assign(unit []byte, a *Assigned, salt Salt, base int64, mark Mark) {
	le := binary.LittleEndian
	frame := unit[e.Start : e.Start+align(e.Length)]
	le.PutUint64(frame[24:], a.Sequence)
	le.PutUint64(frame[32:], a.Clock)
	le.PutUint64(frame[40:], uint64(a.Timestamp))
	copy(frame[48:64], a.ID[:])
	if e.bits&fieldHash != 0 {
		copy(frame[eventFixed:eventFixed+32], a.Hash[:])
	}
	if e.bits&^fieldHash&15 != 0 {
		e.assignRare(frame, a)
	}
	offset := base + int64(e.Start)
	_, seed := salt.seeds(offset)
	body := crc(seed^e.crc, frame[framePrefix:e.fixed])
	putPrefix(frame, FrameEvent, e.flags, e.Length, mark, body, salt, offset)
}

// assignRare fills in the assigned fields that most events do not have.
func (e *Encoded) assignRare(frame []byte, a *Assigned) {
	le := binary.LittleEndian
	at := eventFixed + int(assignedSize[e.bits&fieldHash])
	if e.bits&fieldPrevHash != 0 {
		copy(frame[at:], a.PrevHash[:])
	}
	if e.bits&fieldCauseInBatch != 0 {
		at := causeOffset(e.bits)
		copy(frame[at:], a.Cause[:])
		le.PutUint64(frame[at+16:], a.CauseAt)
	}
	if e.bits&fieldImported != 0 {
		le.PutUint64(frame[e.fixed-12:], a.Wall)
		le.PutUint32(frame[e.fixed-4:], a.Counter)
	}
}

// BodyCRC returns the CRC of an assigned frame's body, which a batch's commit
// frame covers.
func (e *Encoded) BodyCRC(unit []byte) uint32 {
	return binary.LittleEndian.Uint32(unit[e.Start+16:])
}

// Payload returns the copy of the draft's payload, of size bytes, that the frame
// holds in unit.
func (e *Encoded) Payload(unit []byte, size int) []byte {
	end := e.Start + e.Length
	return unit[end-size : end : end]
}

// Metadata returns the copy of the draft's metadata that the frame holds in unit.
func (e *Encoded) Metadata(unit []byte) []byte {
	if e.bits&fieldMetadata == 0 {
		return nil
	}
	at := e.Start + e.metadata
	return unit[at+2 : at+2+int(binary.LittleEndian.Uint16(unit[at:]))]
}
