// This file holds stored events: what readers get.

package event

import (
	"slices"
	"strconv"
	"time"

	"github.com/batpak/batpak/internal/payload"
)

// Header is the part of a stored event that has a fixed size.
type Header struct {
	ID        ID     // unique; of the hybrid logical clock unless Imported
	Sequence  uint64 // position in the store, from 1, in commit order; 0: not stored
	Timestamp int64  // microseconds since the Unix epoch by the store's clock at append, as given

	Kind    Kind
	Flags   Flags
	Codec   Codec
	Version uint32 // schema version of the payload; 0: none

	Position Position

	Correlation   ID     // id of the conversation; the event's own id where none was given
	Cause         ID     // id of the event that caused this one; zero: none
	CauseSequence uint64 // sequence of the cause; 0: none
	CauseInBatch  uint16 // place of the cause in the same batch, from 1; 0: named by id, or none

	Hash Hash // event hash; zeros: hashing is off

	Imported  bool // id and timestamp were given by an importer
	Tombstone bool // the payload was dropped, its digest is kept
}

// Event is one stored event.
//
// Events are passed by value, and iterators fill the same memory again and again: the slices
// (Tags, Metadata, Payload) and the record behind Gate are borrowed and valid only until the
// iterator's next step. Everything else, all strings and the elements of Tags among it, is safe to
// keep. [Event.Clone] returns an event that owns its memory. Nothing borrowed may be written to.
type Event struct {
	Header
	Coordinate
	Tags     []string    // borrowed
	Metadata []byte      // borrowed
	Key      string      // idempotency key; empty: none
	Gate     *GateRecord // borrowed; nil: the event did not come through gates
	Payload  []byte      // borrowed; encoded as Codec says; empty for a tombstone
}

// Clone returns a deep copy that owns its memory. Empty slices become nil.
func (e Event) Clone() Event {
	e.Tags = append([]string(nil), e.Tags...)
	e.Metadata = append([]byte(nil), e.Metadata...)
	e.Payload = append([]byte(nil), e.Payload...)
	e.Gate = e.Gate.Clone()
	return e
}

// Reset empties the event for its next use and keeps the capacity of Tags, Metadata and Payload.
func (e *Event) Reset() {
	*e = Event{Tags: e.Tags[:0], Metadata: e.Metadata[:0], Payload: e.Payload[:0]}
}

// Time returns Timestamp in UTC.
func (e Event) Time() time.Time { return time.UnixMicro(e.Timestamp).UTC() }

// String returns one line for people that names the event but holds nothing of its payload,
// metadata or key, as in "#7 0xF001 player:alice@room:dungeon 0:0:3@1763875200000.0".
func (e Event) String() string {
	line := make([]byte, 0, 96)
	line = append(line, '#')
	line = strconv.AppendUint(line, e.Sequence, 10)
	line = append(line, ' ')
	line = appendHex(line, uint16(e.Kind), 4)
	line = append(line, ' ')
	line = append(line, e.Coordinate.String()...)
	line = append(line, ' ')
	return string(e.Position.appendText(line))
}

// IsZero reports whether the event is none: neither sequence nor coordinate.
func (e Event) IsZero() bool { return e.Sequence == 0 && e.Coordinate.IsZero() }

// Draft returns the draft that the event was made of, as far as [Digest] sees it: a correlation that
// is the event's own id, and a cause that the store found in the batch, were not the caller's. It
// borrows the event's memory.
func (e *Event) Draft() Draft {
	draft := Draft{
		Coordinate: e.Coordinate, Kind: e.Kind, Flags: e.Flags, Codec: e.Codec, Version: e.Version,
		Lane: e.Position.Lane, Tags: e.Tags, Metadata: e.Metadata, Key: e.Key,
		Correlation: e.Correlation, Cause: e.Cause, CauseInBatch: e.CauseInBatch, Payload: e.Payload,
	}
	if draft.Correlation == e.ID {
		draft.Correlation = ID{}
	}
	if draft.CauseInBatch != 0 {
		draft.Cause = ID{}
	}
	return draft
}

// Decode decodes the payload by its codec into the variable that into points to, which then shares
// no memory with the event. Several goroutines may decode one event.
//
//   - Raw: into is a *[]byte, a *any, or an encoding.BinaryUnmarshaler.
//   - JSON: into is what encoding/json accepts.
//   - MessagePack: struct fields go by their tag "msgpack", else "codec", else "json", and embedding
//     and "omitempty" work as with encoding/json. Integers must fit, fields that the payload does not
//     name stay as they are, and types with UnmarshalMsg, UnmarshalMsgpack, UnmarshalBinary or
//     UnmarshalText decode themselves; what they are given belongs to the event, so they copy what
//     they keep.
//
// It returns a [TombstoneError] for an event whose payload was dropped, and a [DecodeError] for
// bytes that are not one value of the codec or do not fit into the variable, parts of which may then
// be set. Malformed MessagePack costs no memory, whatever lengths it claims. What is well-formed takes
// the memory of the decoded value, which is refused above 64 MiB or, if that is more, 192 times
// the payload's length.
func (e Event) Decode(into any) error {
	if e.Tombstone {
		return &TombstoneError{ID: e.ID, Sequence: e.Sequence}
	}
	return payload.Decode(payload.Codec(e.Codec), e.Payload, into)
}

// Value decodes the payload into a value of the kind that JSON knows: nil, bool, string, int64, uint64
// where int64 is too small, float64, []any, map[string]any, and beside these []byte, time.Time and
// [Extension]. Keys of MessagePack maps that are no strings become decimal numbers, "true" or "false",
// or hex digits. A raw payload is a []byte. Errors and bounds are those of [Event.Decode].
func (e Event) Value() (any, error) {
	if e.Tombstone {
		return nil, &TombstoneError{ID: e.ID, Sequence: e.Sequence}
	}
	return payload.Generic(payload.Codec(e.Codec), e.Payload)
}

// HasTags reports whether the event has all of the tags.
func (e *Event) HasTags(tags ...string) bool {
	for _, tag := range tags {
		if !slices.Contains(e.Tags, tag) {
			return false
		}
	}
	return true
}
