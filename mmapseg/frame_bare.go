// Events without any optional field, which most are: what their frames say, without decoding.

package mmapseg

import (
	"encoding/binary"

	"github.com/batpak/batpak/event"
)

// Bare is what an event frame says that has an event hash and no other optional field, beside what [Frame] has methods for. The slices
// are borrowed from the frame.
type Bare struct {
	Entity, Scope []byte
	Payload       []byte
	Kind          event.Kind
	Codec         event.Codec
	Flags         event.Flags
}

// Bare returns what such a frame says. ok is false for every other frame, and for one that does not hold what it should; then
// [Decoder.Event] tells. That the names are UTF-8 is not looked at.
func (f *Frame) Bare() (b Bare, ok bool) {
	all := f.Bytes[:min(f.Length, len(f.Bytes))]
	if f.Type != FrameEvent || len(all) < eventFixed+len(event.Hash{}) {
		return b, false
	}
	le := binary.LittleEndian
	packed := le.Uint32(all[68:])
	entity, scope := int(packed&1023)+1, int(packed>>10&1023)+1
	rest := all[eventFixed+len(event.Hash{}):]
	if le.Uint16(all[66:]) != fieldHash || entity+scope > len(rest) {
		return b, false
	}
	return Bare{
		Entity: rest[:entity], Scope: rest[entity : entity+scope], Payload: rest[entity+scope:],
		Kind: event.Kind(le.Uint16(all[64:])), Codec: event.Codec(packed >> 20 & 15), Flags: event.Flags(packed >> 24),
	}, true
}
