// This file holds the filter of a list of hashes: it says of most hashes that are not in the list that they are not.
//
// It is a Bloom filter in blocks of 64 bytes (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters,
// 2007), each of eight words in each of which a hash has one bit. A lookup touches one cache line. A block has the room of
// 51.2 hashes at 10 bits each; about 1 of 100 hashes that are not in the list pass.
//
//	block   the hash, as a fraction of 2^64, of the number of blocks
//	bits    hash * 0x9E3779B97F4A7C15 mod 2^64: the highest 6 bits choose the bit of word 0, the next 6 that of word 1, ...
//
// A list is sorted by hash, and higher hashes are never in lower blocks: whoever writes a list from its beginning to its
// end writes the filter in the same way.

package index

import (
	"encoding/binary"
	"math/bits"
)

const (
	filterBlockSize = 64 // bytes
	filterBits      = 10 // for each hash
	filterWords     = filterBlockSize / 8
	// filterMix spreads the bits of a hash that its block leaves open. It is 2^64 divided by the golden ratio, odd.
	filterMix = 0x9E3779B97F4A7C15
)

// filterBlocks returns the number of blocks for so many hashes, at most 2^32 of them.
func filterBlocks(count uint64) uint64 {
	return (count*filterBits + 8*filterBlockSize - 1) / (8 * filterBlockSize)
}

// filterBlockOf returns the block of a hash. blocks is not 0.
func filterBlockOf(hash, blocks uint64) uint64 {
	block, _ := bits.Mul64(hash, blocks)
	return block
}

// filterAdd sets the bits of a hash in its block.
func filterAdd(block []byte, hash uint64) {
	_ = block[filterBlockSize-1]
	for word, mixed := 0, hash*filterMix; word < filterWords; word++ {
		mixed = bits.RotateLeft64(mixed, 6)
		binary.LittleEndian.PutUint64(block[8*word:], binary.LittleEndian.Uint64(block[8*word:])|1<<(mixed&63))
	}
}

// filterPasses reports whether the bits of a hash are set in its block.
func filterPasses(block []byte, hash uint64) bool {
	_ = block[filterBlockSize-1]
	for word, mixed := 0, hash*filterMix; word < filterWords; word++ {
		mixed = bits.RotateLeft64(mixed, 6)
		if binary.LittleEndian.Uint64(block[8*word:])>>(mixed&63)&1 == 0 {
			return false
		}
	}
	return true
}
