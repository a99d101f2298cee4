// The section of a segment's lists, and finding a place in a list whatever its hashes are.

package index

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batpak/batpak/internal/checked"
)

// distributions are lists of hashes, sorted, that interpolation meets or should not trip over.
func distributions(n int) map[string][]uint64 {
	source := rand.New(rand.NewPCG(6, 6))
	all := map[string][]uint64{}
	for i := range uint64(n) {
		all["even"] = append(all["even"], i*(math.MaxUint64/uint64(n)))
		all["random"] = append(all["random"], source.Uint64())
		all["few"] = append(all["few"], source.Uint64N(5)<<61)
		all["low"] = append(all["low"], i)
		all["high"] = append(all["high"], math.MaxUint64-i)
		all["powers"] = append(all["powers"], 1<<(i%64))
		all["one"] = append(all["one"], 77<<50)
		all["ends"] = append(all["ends"], (i%2)*math.MaxUint64)
	}
	for _, hashes := range all {
		slices.Sort(hashes)
	}
	return all
}

// bodyOf returns a body whose list of keys has the hashes, with values 0, 1, 2, ...
func bodyOf(t *testing.T, hashes []uint64) *runBody {
	t.Helper()
	var entries [lists][]link
	for i, hash := range hashes {
		entries[listOf(Key)] = append(entries[listOf(Key)], link{hash, uint32(i)})
	}
	b, err := openLinks(checked.Of(encodeLists(&entries)), uint32(len(hashes)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAPlaceIsFoundInAnyDistribution(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 8, 9, 100, leafEntries - 1, leafEntries, leafEntries + 1, 2 * leafEntries, 2*leafEntries + 1, 5000} {
		for name, hashes := range distributions(n) {
			b := bodyOf(t, hashes)
			l := &b.lists[listOf(Key)]
			ask := []uint64{0, 1, math.MaxUint64, math.MaxUint64 - 1, 1 << 63}
			for _, hash := range hashes {
				ask = append(ask, hash-1, hash, hash+1)
			}
			for _, hash := range ask {
				want, present := slices.BinarySearch(hashes, hash)
				if got, err := b.search(l, hash); err != nil || got != uint64(want) {
					t.Fatalf("%s, %d hashes: %x is at %d, want %d, error %v", name, n, hash, got, want, err)
				}
				last, ok, err := b.newest(Key, hash)
				if err != nil || ok != present || ok && (hashes[last] != hash || int(last)+1 < n && hashes[last+1] == hash) {
					t.Fatalf("%s, %d hashes: newest of %x is %d, %v, error %v", name, n, hash, last, ok, err)
				}
			}
		}
	}
}

func TestAHashOfManyEventsIsFoundWhole(t *testing.T) {
	hashes := append(make([]uint64, 3000), math.MaxUint64) // 0, 3000 times
	b := bodyOf(t, hashes)
	all, err := b.lookup(nil, Key, 0)
	if err != nil || len(all) != 3000 || all[0] != 0 || all[2999] != 2999 {
		t.Errorf("%d found, error %v", len(all), err)
	}
	some, err := b.between([]uint64{5}, Key, 0, 1490, 1492)
	if err != nil || !slices.Equal(some, []uint64{5, 1490, 1491, 1492}) {
		t.Errorf("found %v, error %v", some, err)
	}
}

func TestEntriesAreSortedWhateverTheirDistribution(t *testing.T) {
	source := rand.New(rand.NewPCG(6, 7))
	for name, hashes := range distributions(3000) {
		var entries []link
		for i, hash := range hashes {
			entries = append(entries, link{hash, uint32(i)})
		}
		want := slices.Clone(entries)
		entries = append(entries, entries[100:200]...) // said twice
		source.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		if got := sortLinks(entries); !slices.Equal(got, want) {
			t.Errorf("%s: %d entries, want %d", name, len(got), len(want))
		}
	}
	if got := sortLinks(nil); len(got) != 0 {
		t.Errorf("of nothing %v came", got)
	}
}

func TestASectionOfListsIsOfItsSize(t *testing.T) {
	var entries [lists][]link
	for i := range uint32(1000) {
		entries[0] = append(entries[0], link{uint64(i) << 54, i})
	}
	data := encodeLists(&entries)
	if want := linksHeader + 20*filterBlockSize + 3*hashSize + 2*leafSize + 318*entrySize; len(data) != want {
		t.Errorf("1000 entries take %d bytes, want %d", len(data), want)
	}
	for _, other := range [][]byte{nil, data[:linksHeader-1], data[:linksHeader], data[:len(data)-1], append(slices.Clone(data), 0)} {
		if _, err := openLinks(checked.Of(other), 1000); !errors.Is(err, checked.ErrDamaged) {
			t.Errorf("%d bytes: %v", len(other), err)
		}
	}
	for _, count := range []uint64{1001, maxCount, maxCount + 1, math.MaxUint64} {
		var counts [lists]uint64
		counts[lists-1] = count
		forged := slices.Clone(data)
		putCounts(forged, counts)
		if _, err := openLinks(checked.Of(forged), 1000); !errors.Is(err, checked.ErrDamaged) {
			t.Errorf("a count of %d: %v", count, err)
		}
	}
}
