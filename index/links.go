// This file holds the section "links" of a footer: the lists of hashes of one segment, which runs are merged from.
//
//	0        40      64
//	+--------+-------+--------+--------+--------+--------+- ... -+
//	| counts | zeros | filter | fences | leaves | filter |       |
//	| 5 u64  |       |   of the entity list     | of the key list ...
//	+--------+-------+--------+--------+--------+--------+- ... -+
//
// All integers are little-endian. The lists come in the order entity, key, cause, correlation, imported id; what is in
// their pieces is told in docs/format/run.md. Each piece begins at a multiple of 8 from the section's first byte, with
// zeros before it where needed. The counts alone determine where everything lies. Values are ordinals.

package index

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"github.com/batpak/batpak/internal/checked"
)

const (
	linksHeader = 64
	linksAlign  = 8
)

// openLinks returns the lists of a segment with so many events. The values that it finds are ordinals. It reads mapped
// bytes; the error is a *[checked.DamageError].
func openLinks(data checked.Range, events uint32) (*runBody, error) {
	header, err := data.At(0, linksHeader)
	if err != nil {
		return nil, err
	}
	places, end, ok := layOut(readCounts(header), linksHeader, linksAlign)
	if !ok || end != data.Len() {
		return nil, &checked.DamageError{Problem: fmt.Sprintf("lists of %d bytes in a section of %d", end, data.Len())}
	}
	return &runBody{data: data, span: uint64(events), lists: places}, nil
}

// readCounts reads the counts of the lists.
func readCounts(p []byte) (counts [lists]uint64) {
	for i := range counts {
		counts[i] = binary.LittleEndian.Uint64(p[8*i:])
	}
	return counts
}

// putCounts writes the counts of the lists.
func putCounts(p []byte, counts [lists]uint64) {
	for i, count := range counts {
		binary.LittleEndian.PutUint64(p[8*i:], count)
	}
}

// encodeLinks hands the section of a tail's lists to add, which keeps the data. The writer may call it, and everybody
// once nothing is added any more.
func encodeLinks(t *Tail, add func(kind, version uint32, data []byte)) {
	limit := t.Events()
	var entries [lists][]link
	var ordinals []uint32
	for i, typ := range listTypes {
		t.slots(typ, limit, func(slot uint32, _ []byte) bool {
			hash := t.slot(slot).hash
			if typ == Entity { // in the table are the others
				if ordinal, ok := t.newest(slot, limit); ok {
					entries[i] = append(entries[i], link{hash, ordinal})
				}
				return true
			}
			ordinals = t.ordinals(ordinals[:0], slot, limit)
			for _, ordinal := range ordinals {
				entries[i] = append(entries[i], link{hash, ordinal})
			}
			return true
		})
	}
	add(sectionLinks, linksVersion, encodeLists(&entries))
}

// link is one entry of a list.
type link struct {
	hash    uint64
	ordinal uint32
}

// encodeLists returns the section of lists, which it sorts.
func encodeLists(entries *[lists][]link) []byte {
	var counts [lists]uint64
	for i := range entries {
		entries[i] = sortLinks(entries[i])
		counts[i] = uint64(len(entries[i]))
	}
	places, end, ok := layOut(counts, linksHeader, linksAlign)
	if !ok {
		panic("index: more entries than ordinals")
	}
	data := make([]byte, end)
	putCounts(data, counts)
	for i := range entries {
		place := &places[i]
		filter := data[place.filter:place.fences]
		blocks, fences := filterBlocks(counts[i]), fencesOf(counts[i])
		for n, e := range entries[i] {
			n := uint64(n)
			filterAdd(filter[filterBlockSize*filterBlockOf(e.hash, blocks):], e.hash)
			binary.LittleEndian.PutUint64(data[place.hashAt(n):], e.hash)
			binary.LittleEndian.PutUint32(data[place.valueAt(n):], e.ordinal)
			if fences > 0 && n%leafEntries == 0 {
				binary.LittleEndian.PutUint64(data[place.fences+hashSize*int64(n/leafEntries):], e.hash)
			}
		}
	}
	return data
}

// sortLinks returns the entries by hash, then by ordinal, without repetitions. It first puts each where the distribution
// of hashes makes it belong, roughly, which leaves short pieces to be sorted, or long ones that already are.
func sortLinks(entries []link) []link {
	const piece = 4 // entries, on average
	pieces := uint64(len(entries)/piece) + 1
	ends := make([]uint32, pieces)
	for _, e := range entries {
		at, _ := bits.Mul64(e.hash, pieces)
		ends[at]++
	}
	sum := uint32(0)
	for i, n := range ends {
		ends[i] = sum // for now the beginning
		sum += n
	}
	sorted := make([]link, len(entries))
	for _, e := range entries {
		at, _ := bits.Mul64(e.hash, pieces)
		sorted[ends[at]] = e
		ends[at]++
	}
	from := uint32(0)
	for _, end := range ends {
		if part := sorted[from:end]; !slices.IsSortedFunc(part, compareLinks) {
			slices.SortFunc(part, compareLinks)
		}
		from = end
	}
	return slices.Compact(sorted)
}

func compareLinks(a, b link) int {
	if order := cmp.Compare(a.hash, b.hash); order != 0 {
		return order
	}
	return cmp.Compare(a.ordinal, b.ordinal)
}
