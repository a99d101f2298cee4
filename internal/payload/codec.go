// This file holds the codec numbers, which package event exports and segments store.

package payload

import "strconv"

// Codec says how a payload is encoded. The numbers are stored in segments and never change.
type Codec uint8

// The codecs.
const (
	Raw         Codec = 0 // bytes without a meaning to the store
	JSON        Codec = 1 // one JSON text
	MessagePack Codec = 2 // one MessagePack value
)

// String returns "raw", "json", "messagepack", or "codec(n)".
func (c Codec) String() string {
	switch c {
	case Raw:
		return "raw"
	case JSON:
		return "json"
	case MessagePack:
		return "messagepack"
	}
	return "codec(" + strconv.Itoa(int(c)) + ")"
}
