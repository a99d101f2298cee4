// Decoding of event frames. The checksum, where it was checked, says that the
// bytes are as written; the bounds are checked here all the same, so that no
// input makes decoding read beyond the frame or allocate more than it holds.

package mmapseg

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/batpak/batpak/event"
)

// Decoder turns event frames into events. Its strings come from a table of names
// seen before, so that decoding allocates only for new ones. It may be used by
// several goroutines at once.
type Decoder struct{ names names }

// Sequence returns the sequence of an event frame without decoding it.
func (f *Frame) Sequence() uint64 { return binary.LittleEndian.Uint64(f.Bytes[24:]) }

// ID returns the id of an event frame without decoding it.
func (f *Frame) ID() event.ID { return event.ID(f.Bytes[48:64]) }

// Timestamp returns the time of an event frame in microseconds.
func (f *Frame) Timestamp() int64 { return int64(binary.LittleEndian.Uint64(f.Bytes[40:])) }

// HLC returns the hybrid logical clock of an event frame without decoding it:
// milliseconds since the Unix epoch, and the counter within the millisecond.
func (f *Frame) HLC() (wall uint64, counter uint32) {
	bits := f.Bytes[66]
	if bits&fieldImported == 0 {
		id := f.ID()
		return id.Wall(), id.Counter()
	}
	at := eventFixed + int(assignedSize[bits&15]) - 12
	if at+12 > len(f.Bytes) {
		return 0, 0 // an unchecked frame
	}
	return binary.LittleEndian.Uint64(f.Bytes[at:]), binary.LittleEndian.Uint32(f.Bytes[at+8:])
}

// EventHash returns the event hash of an event frame; ok is false in a store
// without hashing.
func (f *Frame) EventHash() (h event.Hash, ok bool) {
	if f.Bytes[66]&fieldHash == 0 || len(f.Bytes) < eventFixed+32 {
		return h, false
	}
	return event.Hash(f.Bytes[eventFixed : eventFixed+32]), true
}

// foundBy are the fields by whose content an event can be found, beside the names and the kind that every event has.
const foundBy = fieldCause | fieldImported | fieldCorrelation | fieldCauseInBatch | fieldTags | fieldKey | fieldGate

// Plain returns what an event frame is found by if that is its entity, scope and kind alone; the names are
// borrowed from the frame. ok is false if there is more, or the frame does not hold what it should: then [Decoder.Event]
// tells. It is the quick way through many frames.
func (f *Frame) Plain() (entity, scope []byte, kind event.Kind, ok bool) {
	b := f.Bytes[:f.Length]
	le := binary.LittleEndian
	if f.Type != FrameEvent || len(b) < minEventLength || le.Uint16(b[66:])&(foundBy|^uint16(fieldsKnown)) != 0 {
		return nil, nil, 0, false
	}
	bits, packed := le.Uint16(b[66:]), le.Uint32(b[68:])
	at := eventFixed + int(assignedSize[bits&15])
	for bit, size := range [...]int{4: 4, 5: 4, 6: 4, 9: 36} { // depth, lane, version, tombstone
		if bits>>bit&1 != 0 {
			at += size
		}
	}
	if bits&fieldMetadata != 0 {
		if at+2 > len(b) {
			return nil, nil, 0, false
		}
		at += 2 + int(le.Uint16(b[at:]))
	}
	scopeAt := at + int(packed&1023) + 1
	end := scopeAt + int(packed>>10&1023) + 1
	if end > len(b) || !utf8.Valid(b[at:scopeAt]) || !utf8.Valid(b[scopeAt:end]) {
		return nil, nil, 0, false
	}
	return b[at:scopeAt], b[scopeAt:end], event.Kind(le.Uint16(b[64:])), true
}

// Clock returns the clock of an event frame without decoding it.
func (f *Frame) Clock() uint64 { return binary.LittleEndian.Uint64(f.Bytes[32:]) }

// Event decodes an event frame into ev, whose Payload and Metadata are borrowed
// from the frame and whose Tags reuse ev's memory. file names the segment in
// errors.
func (d *Decoder) Event(f *Frame, file string, ev *event.Event) error {
	if detail := d.decode(f, ev); detail != "" {
		return contentError(f, file, detail)
	}
	return nil
}

// decode returns what is wrong with the frame, or "".
func (d *Decoder) decode(f *Frame, ev *event.Event) string {
	b := f.Bytes[:f.Length]
	if f.Type != FrameEvent || len(b) < minEventLength {
		return "too short for an event"
	}
	le := binary.LittleEndian
	bits := le.Uint16(b[66:])
	packed := le.Uint32(b[68:])
	entity, scope := int(packed&1023)+1, int(packed>>10&1023)+1
	fixed := eventFixed + int(assignedSize[bits&15])
	if bits&^fieldsKnown != 0 || fixed > len(b) {
		return "fields that this version does not have"
	}
	ev.Sequence = le.Uint64(b[24:])
	ev.Timestamp = int64(le.Uint64(b[40:]))
	ev.ID = event.ID(b[48:64])
	ev.Kind = event.Kind(le.Uint16(b[64:]))
	ev.Codec = event.Codec(packed >> 20 & 15)
	ev.Flags = event.Flags(packed >> 24)
	ev.Position = event.Position{Clock: le.Uint64(b[32:]), Wall: ev.ID.Wall(), Counter: ev.ID.Counter()}
	ev.Version, ev.Correlation = 0, ev.ID
	ev.Cause, ev.CauseSequence, ev.CauseInBatch = event.ID{}, 0, 0
	ev.Imported, ev.Tombstone = false, false
	ev.Tags, ev.Metadata, ev.Key, ev.Gate = ev.Tags[:0], nil, "", nil
	ev.Hash = event.Hash{}
	if bits&fieldHash != 0 {
		ev.Hash = event.Hash(b[eventFixed : eventFixed+32])
	}
	rest := b[fixed:]
	if bits&^fieldHash != 0 {
		decodeAssigned(b, bits, fixed, ev)
		var detail string
		if rest, detail = d.optional(rest, bits, ev); detail != "" {
			return detail
		}
	}
	if entity+scope > len(rest) {
		return "names longer than the frame"
	}
	// In a stream of one entity it is the event before's. Names of many entities differ at their ends.
	before := ev.Entity()
	if len(before) != entity || before[entity-1] != rest[entity-1] ||
		string(rest[:entity]) != before || string(rest[entity:entity+scope]) != ev.Scope() {
		coordinate, ok := d.names.coordinate(rest[:entity+scope], entity)
		if !ok {
			return "names that are not UTF-8"
		}
		ev.Coordinate = coordinate
	}
	ev.Payload = rest[entity+scope:]
	return ""
}

func decodeAssigned(b []byte, bits uint16, fixed int, ev *event.Event) {
	le := binary.LittleEndian
	if bits&fieldCause != 0 {
		at := causeOffset(bits)
		ev.Cause = event.ID(b[at : at+16])
		ev.CauseSequence = le.Uint64(b[at+16:])
	}
	if bits&fieldImported != 0 {
		ev.Imported = true
		ev.Position.Wall, ev.Position.Counter = le.Uint64(b[fixed-12:]), le.Uint32(b[fixed-4:])
	}
}

// optional decodes the fixed optional fields and returns what follows them.
func (d *Decoder) optional(rest []byte, bits uint16, ev *event.Event) ([]byte, string) {
	f := fields{b: rest}
	if bits&fieldDepth != 0 {
		ev.Position.Depth = f.u32()
	}
	if bits&fieldLane != 0 {
		ev.Position.Lane = f.u32()
	}
	if bits&fieldVersion != 0 {
		ev.Version = f.u32()
	}
	if bits&fieldCorrelation != 0 {
		ev.Correlation = event.ID(f.bytes16())
	}
	if bits&fieldCauseInBatch != 0 {
		ev.CauseInBatch = f.u16()
	}
	if bits&fieldTombstone != 0 {
		ev.Tombstone = true
		f.take(36)
	}
	if bits&fieldTags != 0 && !d.tags(f.take(int(f.u16())), ev) {
		return nil, "tags out of bounds"
	}
	if bits&fieldMetadata != 0 {
		ev.Metadata = f.take(int(f.u16()))
	}
	if bits&fieldKey != 0 {
		ev.Key = string(f.take(int(f.u8())))
		f.take(32)
	}
	if bits&fieldGate != 0 {
		record, err := event.DecodeGateRecord(f.take(int(f.u16())))
		if err != nil {
			return nil, "gate record: " + err.Error()
		}
		ev.Gate = record
	}
	if f.short {
		return nil, "optional fields longer than the frame"
	}
	return f.b, ""
}

// tags decodes a tags field, whose length was taken off already.
func (d *Decoder) tags(b []byte, ev *event.Event) bool {
	f := fields{b: b}
	count := int(f.u8())
	if count == 0 || count > event.MaxTags {
		return false
	}
	for range count {
		tag := f.take(int(f.u8()))
		if f.short || len(tag) == 0 || len(tag) > event.MaxTag || !utf8.Valid(tag) {
			return false
		}
		ev.Tags = append(ev.Tags, d.names.tag(tag))
	}
	return f.done()
}
