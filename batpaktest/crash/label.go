// This file holds labels: what the metadata of an event says of the unit that it was appended in, and what that claimed.

package crash

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/batpak/batpak/event"
)

// labelFlags say what a unit, or an item of it, is.
type labelFlags uint8

const (
	inBatch     labelFlags = 1 << iota // the unit is a batch
	unitKeyed                          // the batch has a key
	itemKeyed                          // the event has a key
	reacts                             // the unit reacts to an event that was there before
	labelsKnown = 1<<iota - 1
)

// label is what an event says of its unit. The zero label is that of an event that was appended alone and has
// nothing to say.
type label struct {
	flags        labelFlags
	items, index uint8 // of the unit, and of the event in it; items is 0 in the zero label
	cause        uint8 // item that caused it, counted from 1; 0: none did
	claims       []claim
}

// is reports whether a flag is set.
func (l *label) is(f labelFlags) bool { return l.flags&f != 0 }

// set sets a flag, if it is to be set.
func (l *label) set(f labelFlags, to bool) {
	if to {
		l.flags |= f
	}
}

// zero reports whether there is nothing to say.
func (l *label) zero() bool { return l.items == 0 }

// encode appends the label of an event with this stamp to dst.
func (l *label) encode(dst []byte, s stamp) []byte {
	dst = append(dst, byte(l.flags), l.items, l.index, l.cause, byte(len(l.claims)))
	for i := range l.claims {
		c := &l.claims[i]
		dst = append(dst, byte(c.Kind), c.What)
		dst = binary.LittleEndian.AppendUint64(dst, c.Number)
		if c.byID() {
			dst = append(dst, c.ID[:]...)
		}
	}
	return binary.LittleEndian.AppendUint32(dst, s.checksum(dst))
}

// checksum binds metadata to the event.
func (s stamp) checksum(metadata []byte) uint32 {
	var name [8]byte
	binary.LittleEndian.PutUint32(name[:], s.Lane)
	binary.LittleEndian.PutUint32(name[4:], s.Version)
	return crc32.Update(crc32.ChecksumIEEE(name[:]), crc32.IEEETable, metadata)
}

// decode reads the label of an event with this stamp, using the memory of the one before. It reports whether it is one.
func (l *label) decode(metadata []byte, s stamp) bool {
	*l = label{claims: l.claims[:0]}
	if len(metadata) == 0 {
		return true
	}
	n := len(metadata) - 4
	if n < 5 || s.checksum(metadata[:n]) != binary.LittleEndian.Uint32(metadata[n:]) {
		return false
	}
	l.flags, l.items, l.index, l.cause = labelFlags(metadata[0]), metadata[1], metadata[2], metadata[3]
	rest := metadata[5:n]
	for range metadata[4] {
		if len(rest) < 10 {
			return false
		}
		c := claim{Kind: claimKind(rest[0]), What: rest[1], Number: binary.LittleEndian.Uint64(rest[2:])}
		rest = rest[10:]
		if c.byID() {
			if len(rest) < len(event.ID{}) {
				return false
			}
			rest = rest[copy(c.ID[:], rest):]
		}
		if !c.sound() {
			return false
		}
		l.claims = append(l.claims, c)
	}
	return len(rest) == 0 && l.flags <= labelsKnown && l.index < l.items && l.cause <= l.index && (l.is(inBatch) || l.items == 1)
}

// sound reports whether the claim is one that can be judged.
func (c *claim) sound() bool {
	if c.Kind == noneAfter {
		return int(c.What) < len(areas)
	}
	return c.Kind > 0 && c.Kind < claimKinds && c.What < entities
}
