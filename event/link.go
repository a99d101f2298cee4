// This file holds event hashes, which link an event to its entity's history.

package event

import (
	"encoding/binary"

	"github.com/zeebo/blake3"
)

// Link is what an event hash covers: the digest of what the caller determined, and everything that
// the store assigned.
type Link struct {
	Prev      Hash   // event hash of the entity's previous event; zeros at its first
	Digest    Hash   // see [Digest]
	Gate      Hash   // digest of the gate record; zeros: there is none
	ID        ID     // id of the event
	Timestamp int64  // see [Header]
	Sequence  uint64 // see [Header]
	Clock     uint64 // see [Position], as are the following
	Depth     uint32
	Wall      uint64
	Counter   uint32
}

// Sizes of a link's preimage: two blocks of BLAKE3 without a gate record.
const (
	linkSize      = 128
	gatedLinkSize = linkSize + 32
)

// Hash returns the event hash, BLAKE3 over 128 bytes, integers little-endian:
//
//	offset  size
//	0       8     "batpak:e", or "batpak:g" with a gate record
//	8       32    prev
//	40      32    digest
//	72      16    id
//	88      8     timestamp
//	96      8     sequence
//	104     8     clock
//	112     4     depth
//	116     8     wall
//	124     4     counter
//	128     32    gate, only if it is not zeros
//
// The lane is in the digest, since the caller determines it. Hash does not allocate.
func (l *Link) Hash() Hash {
	if l.Gate.IsZero() {
		var preimage [linkSize]byte
		l.put(&preimage, linkTag)
		return blake3.Sum256(preimage[:])
	}
	var preimage [gatedLinkSize]byte
	l.put((*[linkSize]byte)(preimage[:linkSize]), gatedLinkTag)
	copy(preimage[linkSize:], l.Gate[:])
	return blake3.Sum256(preimage[:])
}

func (l *Link) put(dst *[linkSize]byte, tag string) {
	copy(dst[0:8], tag)
	copy(dst[8:40], l.Prev[:])
	copy(dst[40:72], l.Digest[:])
	copy(dst[72:88], l.ID[:])
	binary.LittleEndian.PutUint64(dst[88:96], uint64(l.Timestamp))
	binary.LittleEndian.PutUint64(dst[96:104], l.Sequence)
	binary.LittleEndian.PutUint64(dst[104:112], l.Clock)
	binary.LittleEndian.PutUint32(dst[112:116], l.Depth)
	binary.LittleEndian.PutUint64(dst[116:124], l.Wall)
	binary.LittleEndian.PutUint32(dst[124:128], l.Counter)
}
