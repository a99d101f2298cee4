// This file holds the two hashes that the store-wide Merkle tree is made of.

package event

import "github.com/zeebo/blake3"

// Prefixes that keep leaves and inner nodes of the tree apart, as in RFC 6962, section 2.1.
const (
	leafPrefix = 0x00
	nodePrefix = 0x01
)

// LeafHash returns the hash of a leaf of the Merkle tree of RFC 6962's shape with BLAKE3 in place
// of SHA-256: BLAKE3(0x00, event hash). It does not allocate.
func LeafHash(eventHash Hash) Hash {
	var preimage [1 + 32]byte
	preimage[0] = leafPrefix
	copy(preimage[1:], eventHash[:])
	return blake3.Sum256(preimage[:])
}

// NodeHash returns the hash of an inner node of the tree: BLAKE3(0x01, left, right). It does not
// allocate.
func NodeHash(left, right Hash) Hash {
	var preimage [1 + 32 + 32]byte
	preimage[0] = nodePrefix
	copy(preimage[1:33], left[:])
	copy(preimage[33:65], right[:])
	return blake3.Sum256(preimage[:])
}
