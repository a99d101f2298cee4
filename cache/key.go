// This file holds Key: what a state is a state of, and the hashes that the tiers go by.

package cache

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
	"github.com/zeebo/blake3"
)

// Key names a state. Two states with equal keys were folded alike from the events of one region. Any strings
// will do, empty ones and such that are not UTF-8 included.
type Key struct {
	Projection string // name of the fold
	Version    uint32 // of the fold
	Type       string // of the state, with what its encoding depends on
	Region     string // the region's text
}

// Hash returns the 64-bit hash that the tier in memory goes by. Keys that share it are told apart. It is XXH64 over the
// version and the hashes of the other fields, so that nothing that moves from one field to the next leaves it the same.
func (k *Key) Hash() uint64 {
	var b [28]byte
	binary.LittleEndian.PutUint64(b[0:], xxhash.Sum64String(k.Projection))
	binary.LittleEndian.PutUint64(b[8:], xxhash.Sum64String(k.Type))
	binary.LittleEndian.PutUint64(b[16:], xxhash.Sum64String(k.Region))
	binary.LittleEndian.PutUint32(b[24:], k.Version)
	return xxhash.Sum64(b[:])
}

// size returns the bytes of its strings.
func (k *Key) size() int64 { return int64(len(k.Projection) + len(k.Type) + len(k.Region)) }

// digest returns the 128 bits that a file's name is made of: BLAKE3 over the fields, each behind its length.
func (k *Key) digest() (d [16]byte) {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 256), k.Version)
	for _, field := range [...]string{k.Projection, k.Type, k.Region} {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(field)))
		b = append(b, field...)
	}
	sum := blake3.Sum256(b)
	copy(d[:], sum[:])
	return d
}
