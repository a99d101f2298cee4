// This file holds the flags that an application sets on an event.

package event

// Flags are stored with an event and returned as they were. They cause no behaviour of the store.
// Zero means none.
type Flags uint8

// Flags with a name. The other bits are free for the application.
const (
	RequiresAck   Flags = 1 << 0 // somebody has to acknowledge the event
	Transactional Flags = 1 << 1 // the event belongs to a transaction of the application
	Replay        Flags = 1 << 3 // the event was produced by a replay
)

// Has reports whether all given flags are set.
func (f Flags) Has(flags Flags) bool { return f&flags == flags }

// String returns the names joined by "|", and one hex number for the bits without a name, as in
// "requires-ack|0x40"; "none" for zero.
func (f Flags) String() string {
	if f == 0 {
		return "none"
	}
	text := ""
	for _, named := range [...]struct {
		flag Flags
		name string
	}{
		{RequiresAck, "requires-ack"},
		{Transactional, "transactional"},
		{Replay, "replay"},
	} {
		if f.Has(named.flag) {
			text = joinFlag(text, named.name)
		}
	}
	if rest := f &^ (RequiresAck | Transactional | Replay); rest != 0 {
		text = joinFlag(text, upperHex(uint16(rest), 2))
	}
	return text
}

func joinFlag(text, name string) string {
	if text == "" {
		return name
	}
	return text + "|" + name
}
