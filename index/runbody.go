// This file holds runBody: sorted lists of hashes, read in place. It is the content of a run file and of the section
// "links" of a footer.

package index

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"github.com/batpak/batpak/internal/checked"
)

// lists is the number of types that have a list.
const lists = 1 + int(lastType-firstLink) + 1

// listTypes are the types of the lists in their order.
var listTypes = [lists]Type{Entity, Key, Cause, Correlation, Imported}

// listOf returns the place of a type's list.
func listOf(t Type) int {
	if !t.linked() {
		panic("index: no list of hashes for " + t.String())
	}
	if t == Entity {
		return 0
	}
	return int(t-firstLink) + 1
}

const (
	hashSize  = 8
	valueSize = 4
	entrySize = hashSize + valueSize
	// maxCount bounds the entries of a list, and maxSpan what values are taken from.
	maxCount, maxSpan = 1 << 32, 1 << 32
)

// Entries stand in leaves, all but the last of which are full: first the hashes of the leaf, then their values, so that
// what is read of an entry is in one page. A fence is the first hash of a leaf; a list of one leaf has none.
const (
	leafSize    = checked.BlockSize
	leafEntries = leafSize / entrySize
)

// leavesOf returns how many leaves so many entries take, and how many bytes.
func leavesOf(count uint64) (leaves, size uint64) {
	full, rest := count/leafEntries, count%leafEntries
	if rest == 0 {
		return full, leafSize * full
	}
	return full + 1, leafSize*full + entrySize*rest
}

// fencesOf returns how many fences a list with so many entries has.
func fencesOf(count uint64) uint64 {
	if leaves, _ := leavesOf(count); leaves > 1 {
		return leaves
	}
	return 0
}

// runList is where one list lies.
type runList struct {
	count                  uint64
	filter, fences, leaves int64 // offsets
}

// leaf returns where a leaf begins, and how many entries it has.
func (l *runList) leaf(number uint64) (at int64, entries uint64) {
	return l.leaves + leafSize*int64(number), min(leafEntries, l.count-leafEntries*number)
}

// hashAt returns where the hash of an entry stands.
func (l *runList) hashAt(entry uint64) int64 {
	at, _ := l.leaf(entry / leafEntries)
	return at + hashSize*int64(entry%leafEntries)
}

// valueAt returns where the value of an entry stands.
func (l *runList) valueAt(entry uint64) int64 {
	at, entries := l.leaf(entry / leafEntries)
	return at + hashSize*int64(entries) + valueSize*int64(entry%leafEntries)
}

// layOut returns the places of lists with so many entries, the first of which begins at start, and where the last one
// ends. Each of the three pieces of a list begins at a multiple of align, and the end is one. false: a count is too high.
func layOut(counts [lists]uint64, start, align int64) (places [lists]runList, end int64, ok bool) {
	end = start
	piece := func(size uint64) (at int64) {
		at = end
		end = (end + int64(size) + align - 1) / align * align
		return at
	}
	for i, count := range counts {
		if count > maxCount {
			return places, 0, false
		}
		_, leaves := leavesOf(count)
		places[i] = runList{
			count:  count,
			filter: piece(filterBlockSize * filterBlocks(count)),
			fences: piece(hashSize * fencesOf(count)),
			leaves: piece(leaves),
		}
	}
	return places, end, true
}

// runBody is the lists over their bytes. The methods read mapped bytes and may be called concurrently. A type without a
// list panics. Errors are *[checked.DamageError]: a block's checksum is wrong, or entries contradict themselves.
type runBody struct {
	data  checked.Range
	base  uint64 // is added to every value
	span  uint64 // values are below it
	lists [lists]runList
}

// lookup appends the values of a hash to dst, ascending.
func (b *runBody) lookup(dst []uint64, t Type, hash uint64) ([]uint64, error) {
	l := &b.lists[listOf(t)]
	if passes, err := b.passes(l, hash); !passes {
		return dst, err
	}
	return b.find(dst, l, hash)
}

// find is lookup of a hash that passed the filter.
func (b *runBody) find(dst []uint64, l *runList, hash uint64) ([]uint64, error) {
	at, err := b.search(l, hash)
	if err != nil {
		return dst, err
	}
	return b.collect(dst, l, hash, at, b.base+b.span)
}

// passes reports whether the hash may be in the list.
func (b *runBody) passes(l *runList, hash uint64) (bool, error) {
	block, err := b.filterBlock(l, hash)
	return block != nil && filterPasses(block, hash), err
}

// filterBlock returns the block of the filter that a hash belongs to; nil if the list is empty.
func (b *runBody) filterBlock(l *runList, hash uint64) ([]byte, error) {
	blocks := filterBlocks(l.count)
	if blocks == 0 {
		return nil, nil
	}
	at := l.filter + filterBlockSize*int64(filterBlockOf(hash, blocks))
	return b.data.At(at, at+filterBlockSize)
}

// hash returns the hash of an entry.
func (b *runBody) hash(l *runList, entry uint64) (uint64, error) { return b.hashAt(l.hashAt(entry)) }

func (b *runBody) hashAt(at int64) (uint64, error) {
	p, err := b.data.At(at, at+hashSize)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(p), nil
}

// value returns the value of an entry, with the base added.
func (b *runBody) value(l *runList, entry uint64) (uint64, error) {
	at := l.valueAt(entry)
	p, err := b.data.At(at, at+valueSize)
	if err != nil {
		return 0, err
	}
	value := uint64(binary.LittleEndian.Uint32(p))
	if value >= b.span {
		return 0, b.contradiction(at, fmt.Sprintf("value %d of %d", value, b.span))
	}
	return b.base + value, nil
}

func (b *runBody) contradiction(offset int64, problem string) error {
	return &checked.DamageError{Offset: offset, Problem: problem}
}

// search returns the first entry whose hash is not below the given one; the count if there is none.
func (b *runBody) search(l *runList, hash uint64) (uint64, error) {
	number, low, high := uint64(0), uint64(0), uint64(math.MaxUint64) // of the leaf, and about its bounds
	if fences := fencesOf(l.count); fences > 0 {
		behind, err := b.searchFences(l, fences, hash)
		if err != nil || behind == 0 {
			return 0, err
		}
		number = behind - 1
		if low, err = b.hashAt(l.fences + hashSize*int64(number)); err != nil {
			return 0, err
		}
		if behind < fences {
			if high, err = b.hashAt(l.fences + hashSize*int64(behind)); err != nil {
				return 0, err
			}
		}
	}
	at, entries := l.leaf(number)
	leaf, err := b.data.At(at, at+entrySize*int64(entries))
	if err != nil {
		return 0, err
	}
	entry, _ := searchLeaf(leaf, hash, low, high)
	return leafEntries*number + entry, nil
}

// Searching among fences: hashes are as good as evenly distributed, so that an interpolation lands about the square root of the
// distance away from the place. Where they are not, because somebody chose names for that, what is left is a binary
// search.
const (
	interpolations = 2
	firstGallop    = 4 // fences, entries
	linear         = 8 // fences, entries: a cache line
)

// searchFences returns the first of the fences that is not below a hash; their number if there is none.
func (b *runBody) searchFences(l *runList, fences, hash uint64) (uint64, error) {
	low, high := uint64(0), fences // below low all are below the hash, from high on none is
	guess, _ := bits.Mul64(hash, fences)
	upward := false
	for range interpolations {
		if low >= high {
			return low, nil
		}
		found, err := b.hashAt(l.fences + hashSize*int64(guess))
		if err != nil {
			return 0, err
		}
		if upward = found < hash; upward {
			low = guess + 1
			distance, _ := bits.Mul64(hash-found, fences)
			guess = min(low+distance, max(high, 1)-1)
		} else {
			high = guess
			distance, _ := bits.Mul64(found-hash, fences)
			guess -= min(distance+1, guess-low)
		}
	}
	return b.gallop(l, hash, low, high, upward)
}

// gallop goes on where interpolating ended: the place is in low..high, upward from low or downward from high, and
// probably near.
func (b *runBody) gallop(l *runList, hash, low, high uint64, upward bool) (uint64, error) {
	galloping, step := true, uint64(firstGallop)
	for high-low > linear {
		probe := low + (high-low)/2
		if galloping && step < (high-low)/2 {
			if upward {
				probe = low + step
			} else {
				probe = high - step
			}
			step *= 4
		}
		found, err := b.hashAt(l.fences + hashSize*int64(probe))
		if err != nil {
			return 0, err
		}
		if found < hash {
			low = probe + 1
		} else {
			high = probe
		}
		galloping = galloping && upward == (found < hash)
	}
	rest, err := b.data.At(l.fences+hashSize*int64(low), l.fences+hashSize*int64(high))
	if err != nil {
		return 0, err
	}
	for len(rest) > 0 && binary.LittleEndian.Uint64(rest) < hash {
		rest = rest[hashSize:]
		low++
	}
	return low, nil
}

// searchLeaf returns the place of the first hash of a leaf that is not below one; the number of entries if there is none. All are
// about between low and high, evenly, which says where it is likely to be. touched is what was read of there at once, so that
// the waiting for memory overlaps; it is returned so that the loads are not left out.
func searchLeaf(leaf []byte, hash, low, high uint64) (entry uint64, touched byte) {
	n := uint64(len(leaf) / entrySize)
	below := func(entry uint64) bool { return binary.LittleEndian.Uint64(leaf[hashSize*entry:]) < hash }
	guess := uint64(0)
	if hash > low && high > low {
		guess = n - 1
		if hash < high {
			up, down := bits.Mul64(hash-low, n)
			guess, _ = bits.Div64(up, down, high-low)
		}
	}
	touched = leaf[hashSize*guess] + leaf[hashSize*min(guess+firstGallop, n-1)] + leaf[hashSize*(guess-min(guess, firstGallop))] +
		leaf[hashSize*n+valueSize*guess]
	first, last := uint64(0), n // below first all are below the hash, from last on none is
	for step := uint64(firstGallop); guess < n; step *= 2 {
		if below(guess) {
			if first = guess + 1; last < n {
				break
			}
			guess += step
		} else {
			if last = guess; first > 0 || guess == 0 {
				break
			}
			guess -= min(step, guess)
		}
	}
	for last-first > linear {
		if middle := first + (last-first)/2; below(middle) {
			first = middle + 1
		} else {
			last = middle
		}
	}
	for first < last && below(first) {
		first++
	}
	return first, touched
}

// behind returns the first entry whose hash is above the given one.
func (b *runBody) behind(l *runList, hash uint64) (uint64, error) {
	if hash+1 == 0 {
		return l.count, nil
	}
	return b.search(l, hash+1)
}

// collect appends the values from an entry on that have the hash, up to last.
func (b *runBody) collect(dst []uint64, l *runList, hash, entry, last uint64) ([]uint64, error) {
	kept := len(dst)
	for window := uint64(linear); entry < l.count; window = min(2*window, leafEntries) {
		n := min(window, l.count-entry, leafEntries-entry%leafEntries) // of one leaf
		from := l.hashAt(entry)
		hashes, err := b.data.At(from, from+hashSize*int64(n))
		if err != nil {
			return dst[:kept], err
		}
		same := uint64(0)
		for same < n && binary.LittleEndian.Uint64(hashes[hashSize*same:]) == hash {
			same++
		}
		from = l.valueAt(entry)
		values, err := b.data.At(from, from+valueSize*int64(same))
		if err != nil {
			return dst[:kept], err
		}
		for ; len(values) > 0; values = values[valueSize:] {
			value := uint64(binary.LittleEndian.Uint32(values))
			if value >= b.span || len(dst) > kept && b.base+value <= dst[len(dst)-1] {
				return dst[:kept], b.contradiction(from, fmt.Sprintf("value %d is out of order, or not below %d", value, b.span))
			}
			if b.base+value > last {
				return dst, nil
			}
			dst = append(dst, b.base+value)
		}
		if same < n {
			break
		}
		entry += n
	}
	return dst, nil
}
