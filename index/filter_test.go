// Filters: they pass everything that is in the list, and little else.

package index

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// filterOf returns the filter of hashes.
func filterOf(hashes []uint64) []byte {
	blocks := filterBlocks(uint64(len(hashes)))
	filter := make([]byte, blocks*filterBlockSize)
	for _, hash := range hashes {
		filterAdd(filter[filterBlockSize*filterBlockOf(hash, blocks):], hash)
	}
	return filter
}

func passesFilter(filter []byte, hash uint64) bool {
	at := filterBlockSize * filterBlockOf(hash, uint64(len(filter)/filterBlockSize))
	return filterPasses(filter[at:at+filterBlockSize], hash)
}

func TestAFilterPassesWhatIsInTheListAndLittleElse(t *testing.T) {
	source := rand.New(rand.NewPCG(5, 5))
	for _, count := range []int{1, 2, 51, 52, 1000, 300_000} {
		hashes := []uint64{math.MaxUint64}
		for len(hashes) < count {
			hashes = append(hashes, source.Uint64())
		}
		filter := filterOf(hashes)
		for _, hash := range hashes {
			if !passesFilter(filter, hash) {
				t.Fatalf("%d hashes: %x is stopped", count, hash)
			}
		}
		const strangers = 100_000
		passed := 0
		for range strangers {
			if passesFilter(filter, source.Uint64()) {
				passed++
			}
		}
		if passed > strangers*15/1000 {
			t.Errorf("%d hashes: %d of %d others pass", count, passed, strangers)
		}
	}
}

func TestBlocksOfAFilterFollowTheOrderOfHashes(t *testing.T) {
	source := rand.New(rand.NewPCG(5, 6))
	for _, blocks := range []uint64{1, 2, 3, 1000, filterBlocks(maxCount)} {
		hashes := []uint64{0, math.MaxUint64}
		for range 1000 {
			hashes = append(hashes, source.Uint64())
		}
		slices.Sort(hashes)
		last := uint64(0)
		for _, hash := range hashes {
			block := filterBlockOf(hash, blocks)
			if block < last || block >= blocks {
				t.Fatalf("block %d of %d follows %d", block, blocks, last)
			}
			last = block
		}
	}
}
