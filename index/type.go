// This file holds what events are found by, and the hash of it.

package index

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/batpak/batpak/event"
)

// Type says which property of an event a name is one of.
type Type uint8

// The types. Values up to Gate have their names in the index. Of those behind it only hashes are kept: what they lead
// to is confirmed in the event.
const (
	Entity      Type = iota + 1 // the entity's name
	Scope                       // the scope's name
	Kind                        // two bytes, big-endian
	Tag                         // the tag
	Gate                        // the outcome of the gate record, one byte; events without one have none
	Key                         // the idempotency key
	Cause                       // the 16 bytes of the cause's id
	Correlation                 // the 16 bytes of a correlation that is not the event's own id
	Imported                    // the 16 bytes of an id that was given, not made by the store
)

// The types that have lists of hashes: Entity, and those behind Gate.
const (
	firstLink = Key
	lastType  = Imported
)

// linked reports whether runs list the type.
func (t Type) linked() bool { return t == Entity || t >= firstLink && t <= lastType }

// String returns the type's name in lower case.
func (t Type) String() string {
	names := [...]string{"", "entity", "scope", "kind", "tag", "gate", "key", "cause", "correlation", "imported id"}
	if int(t) < len(names) && t != 0 {
		return names[t]
	}
	return fmt.Sprintf("Type(%d)", uint8(t))
}

// Hash returns the hash by which a name of a type is found: the XXH64 of the name, mixed with the type. It stands in
// files.
func Hash(t Type, name string) uint64 { return mix(xxhash.Sum64String(name), t) }

// HashID is [Hash] for a name that is an id.
func HashID(t Type, id event.ID) uint64 { return mix(xxhash.Sum64(id[:]), t) }

// mix makes hashes of equal names of different types differ. The multiplier is odd, so that no two hashes of one type
// become equal.
func mix(hash uint64, t Type) uint64 {
	hash ^= uint64(t) * 0x9E3779B97F4A7C15
	hash *= 0xD6E8FEB86659FD93
	return hash ^ hash>>32
}

// kindName returns the name under which a kind is indexed.
func kindName(k event.Kind) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(k)))
}

// gateName returns the name under which an outcome is indexed.
func gateName(o event.GateOutcome) string { return string([]byte{byte(o)}) }
