// This file holds the digest of what the caller determines about an event.

package event

import (
	"encoding/binary"

	"github.com/zeebo/blake3"
)

// Domain tags: the first 8 bytes of every preimage, so that no hash of one sort can be one of
// another.
const (
	digestTag     = "batpak:d" // draft
	linkTag       = "batpak:e" // event without a gate record
	gatedLinkTag  = "batpak:g" // event with a gate record
	batchTag      = "batpak:b" // digests of a batch
	gateDigestTag = "batpak:p" // gate record
)

// Bits of the optional fields in a digest's preimage. Absent fields take no bytes there.
const (
	presentTags = 1 << iota
	presentMetadata
	presentKey
	presentCorrelation
	presentCause
	presentCauseInBatch
	presentLane
	presentVersion
)

// Digest returns the hash over everything that the caller determines about an event: two drafts are
// the same request exactly if their digests are equal. payload is the BLAKE3 hash of the payload as
// stored, see [PayloadHash]; the digest of a tombstone can be checked with the hash alone.
//
// The preimage, integers little-endian, is
//
//	8        "batpak:d"
//	2, 1, 1  kind, codec, flags
//	2        which optional fields are present, the first of them in bit 0
//	2 + n    length and bytes of the entity
//	2 + n    length and bytes of the scope
//	32       payload
//	then the optional fields, each only if present:
//	1 + ...  tags: their number, then of each 1 byte length and its bytes
//	2 + n    metadata
//	1 + n    key
//	16       correlation
//	16       cause, unless the cause is named by its place in the batch
//	2        place of the cause in the batch
//	4        lane
//	4        version
//
// An empty or zero field is absent. With names of 20 bytes and no optional fields this is 90 bytes,
// two blocks of BLAKE3.
//
// The preimage is built in scratch, which is returned, possibly grown, for the next call; Digest
// does not allocate if it has room for the preimage, 128 bytes in the usual case. The draft must be
// valid: lengths above the limits of [Draft.Validate] do not fit their fields.
func Digest(scratch []byte, d *Draft, payload Hash) (Hash, []byte) {
	scratch = appendPreimage(scratch[:0], d, payload)
	return blake3.Sum256(scratch), scratch
}

// PayloadHash returns the hash of a payload as [Digest] takes it: plain BLAKE3, without a domain
// tag, so that any tool can compare it. It does not allocate.
func PayloadHash(payload []byte) Hash { return blake3.Sum256(payload) }

func appendPreimage(dst []byte, d *Draft, payload Hash) []byte {
	present := d.present()
	dst = append(dst, digestTag...)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(d.Kind))
	dst = append(dst, byte(d.Codec), byte(d.Flags))
	dst = binary.LittleEndian.AppendUint16(dst, present)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(d.Coordinate.entity)))
	dst = append(dst, d.Coordinate.entity...)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(d.Coordinate.scope)))
	dst = append(dst, d.Coordinate.scope...)
	dst = append(dst, payload[:]...)
	if present != 0 {
		dst = appendOptional(dst, d, present)
	}
	return dst
}

func appendOptional(dst []byte, d *Draft, present uint16) []byte {
	if present&presentTags != 0 {
		dst = append(dst, byte(len(d.Tags)))
		for _, tag := range d.Tags {
			dst = append(dst, byte(len(tag)))
			dst = append(dst, tag...)
		}
	}
	if present&presentMetadata != 0 {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(len(d.Metadata)))
		dst = append(dst, d.Metadata...)
	}
	if present&presentKey != 0 {
		dst = append(dst, byte(len(d.Key)))
		dst = append(dst, d.Key...)
	}
	if present&presentCorrelation != 0 {
		dst = append(dst, d.Correlation[:]...)
	}
	if present&presentCause != 0 {
		dst = append(dst, d.Cause[:]...)
	}
	if present&presentCauseInBatch != 0 {
		dst = binary.LittleEndian.AppendUint16(dst, d.CauseInBatch)
	}
	if present&presentLane != 0 {
		dst = binary.LittleEndian.AppendUint32(dst, d.Lane)
	}
	if present&presentVersion != 0 {
		dst = binary.LittleEndian.AppendUint32(dst, d.Version)
	}
	return dst
}

func (d *Draft) present() uint16 {
	var present uint16
	if len(d.Tags) != 0 {
		present |= presentTags
	}
	if len(d.Metadata) != 0 {
		present |= presentMetadata
	}
	if d.Key != "" {
		present |= presentKey
	}
	if !d.Correlation.IsZero() {
		present |= presentCorrelation
	}
	switch {
	case d.CauseInBatch != 0:
		present |= presentCauseInBatch // the id is assigned by the store, so it is not the caller's
	case !d.Cause.IsZero():
		present |= presentCause
	}
	if d.Lane != 0 {
		present |= presentLane
	}
	if d.Version != 0 {
		present |= presentVersion
	}
	return present
}

// BatchDigest returns the hash over the digests of a batch's items in order: two batches are the
// same request exactly if it is equal. The digest of a batch of one is not that of its item.
func BatchDigest(digests []Hash) Hash {
	preimage := make([]byte, 0, len(batchTag)+len(digests)*len(Hash{}))
	preimage = append(preimage, batchTag...)
	for i := range digests {
		preimage = append(preimage, digests[i][:]...)
	}
	return blake3.Sum256(preimage)
}
