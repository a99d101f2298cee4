// This file holds the codec of a payload.

package event

import "github.com/batpak/batpak/internal/payload"

// Codec says how an event's payload is encoded. It is recorded with every event. The zero value is
// [CodecRaw].
type Codec uint8

// The codecs.
const (
	CodecRaw         = Codec(payload.Raw)         // 0: bytes without a meaning to the store
	CodecJSON        = Codec(payload.JSON)        // 1: one JSON text
	CodecMessagePack = Codec(payload.MessagePack) // 2: one MessagePack value
)

// Valid reports whether the codec is one of the three.
func (c Codec) Valid() bool { return c <= CodecMessagePack }

// String returns "raw", "json" or "messagepack", and "codec(n)" for an unknown one.
func (c Codec) String() string { return payload.Codec(c).String() }

// Extension is a MessagePack value of a type that MessagePack leaves to applications, as [Event.Value]
// returns it. It can be encoded again.
type Extension = payload.Extension
