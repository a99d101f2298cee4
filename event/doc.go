// Package event is the vocabulary of a store: coordinates, kinds, ids, positions, drafts, stored
// events, their hashes, and regions that select among them.
//
// A [Draft] is everything the caller determines about one event; an [Event] is what a store made
// of it. [Digest] covers the former, [Link.Hash] binds it to the entity's history, and a [Region]
// is the one predicate by which events are selected.
//
// # Payloads
//
// A payload is bytes with a [Codec]. Values that are no bytes are encoded as MessagePack in a
// deterministic way: equal values have equal bytes, so that a request can be recognised by its digest.
//
//   - Struct fields are named by the tag "msgpack", else "codec", else "json", else by the field, and
//     sorted; "omitempty", "omitzero", "-" and embedding work as with encoding/json.
//   - Keys of maps are sorted. They are strings, integers, bools, bytes, or of a type that encodes
//     as one of these.
//   - Integers take the shortest form, byte slices and arrays are bytes, and a time.Time is a timestamp
//     to the nanosecond, in UTC.
//   - A type encodes itself if it or a pointer to it has one of these methods, in this order: MarshalMsg
//     (of tinylib/msgp), MarshalMsgpack, AppendBinary or MarshalBinary (as bytes), AppendText or
//     MarshalText (as a string). A panic in it is an error. A struct that embeds such a type has its
//     method too and encodes as the embedded value alone, time.Time among them; name the field to
//     avoid that.
//
// Channels, functions, complex numbers, structs with unexported fields only, values that contain
// themselves and values nested deeper than 100 are refused with an [EncodeError] that names the path
// and the type. [Event.Decode] and [Event.Value] are the way back.
//
// # Errors
//
// Every error about input of this package is [ErrInvalid] to errors.Is, most of them as a
// [FieldError] that names the field, the value and the range.
//
// # Concurrency
//
// All types are plain values. Functions and methods may be called concurrently unless two of
// them are given the same memory and one writes it.
//
// The package knows what an event is and how it hashes. It never knows files, frames, segments,
// durability, or who reads and writes.
package event
