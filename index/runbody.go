// This file holds runBody: sorted lists of hashes, read in place. It is the content of a run file and of the section
// "links" of a footer.

package index

import (
	"encoding/binary"
	"fmt"
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
	// maxCount bounds the entries of a list, and maxSpan what values are taken from.
	maxCount, maxSpan = 1 << 32, 1 << 32
)

// runList is where one list lies: its filter, its hashes, and for each hash a value.
type runList struct {
	count                  uint64
	filter, hashes, values int64 // offsets
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
		places[i] = runList{
			count:  count,
			filter: piece(filterBlockSize * filterBlocks(count)),
			hashes: piece(hashSize * count),
			values: piece(valueSize * count),
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
	at, err := b.search(l, hash)
	if err != nil {
		return dst, err
	}
	return b.collect(dst, l, hash, at, b.base+b.span)
}

// between is lookup for the values from first to last.
func (b *runBody) between(dst []uint64, t Type, hash, first, last uint64) ([]uint64, error) {
	l := &b.lists[listOf(t)]
	if passes, err := b.passes(l, hash); !passes || last < b.base || first > last {
		return dst, err
	}
	low, err := b.search(l, hash)
	if err != nil {
		return dst, err
	}
	high, err := b.behind(l, hash)
	if err != nil {
		return dst, err
	}
	for low < high {
		middle := low + (high-low)/2
		value, err := b.value(l, middle)
		if err != nil {
			return dst, err
		}
		if value < first {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return b.collect(dst, l, hash, low, last)
}

// newest returns the highest value of a hash; false: it is not in the list.
func (b *runBody) newest(t Type, hash uint64) (value uint64, ok bool, err error) {
	l := &b.lists[listOf(t)]
	if passes, err := b.passes(l, hash); !passes {
		return 0, false, err
	}
	behind, err := b.behind(l, hash)
	if err != nil || behind == 0 {
		return 0, false, err
	}
	found, err := b.hash(l, behind-1)
	if err != nil || found != hash {
		return 0, false, err
	}
	value, err = b.value(l, behind-1)
	return value, err == nil, err
}

// passes reports whether the hash may be in the list.
func (b *runBody) passes(l *runList, hash uint64) (bool, error) {
	blocks := filterBlocks(l.count)
	if blocks == 0 {
		return false, nil
	}
	at := l.filter + filterBlockSize*int64(filterBlockOf(hash, blocks))
	block, err := b.data.At(at, at+filterBlockSize)
	if err != nil {
		return false, err
	}
	return filterPasses(block, hash), nil
}

// hash returns the hash of an entry.
func (b *runBody) hash(l *runList, entry uint64) (uint64, error) {
	at := l.hashes + hashSize*int64(entry)
	p, err := b.data.At(at, at+hashSize)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(p), nil
}

// value returns the value of an entry, with the base added.
func (b *runBody) value(l *runList, entry uint64) (uint64, error) {
	at := l.values + valueSize*int64(entry)
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

// Searching: hashes are as good as evenly distributed, so that an interpolation lands about the square root of the
// distance away from the place. Where they are not, because somebody chose names for that, what is left is a binary
// search.
const (
	interpolations = 3
	firstGallop    = 4 // entries
	linear         = 8 // entries: a cache line
)

// search returns the first entry whose hash is not below the given one; the count if there is none.
func (b *runBody) search(l *runList, hash uint64) (uint64, error) {
	low, high := uint64(0), l.count // below low all are below the hash, from high on none is
	guess, _ := bits.Mul64(hash, l.count)
	upward := false
	for range interpolations {
		if low >= high {
			return low, nil
		}
		found, err := b.hash(l, guess)
		if err != nil {
			return 0, err
		}
		if upward = found < hash; upward {
			low = guess + 1
			distance, _ := bits.Mul64(hash-found, l.count)
			guess = min(low+distance, max(high, 1)-1)
		} else {
			high = guess
			distance, _ := bits.Mul64(found-hash, l.count)
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
		found, err := b.hash(l, probe)
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
	rest, err := b.data.At(l.hashes+hashSize*int64(low), l.hashes+hashSize*int64(high))
	if err != nil {
		return 0, err
	}
	for len(rest) > 0 && binary.LittleEndian.Uint64(rest) < hash {
		rest = rest[hashSize:]
		low++
	}
	return low, nil
}

// behind returns the first entry whose hash is above the given one.
func (b *runBody) behind(l *runList, hash uint64) (uint64, error) {
	if hash+1 == 0 {
		return l.count, nil
	}
	return b.search(l, hash+1)
}

// collectMost is how many entries are looked at in one go.
const collectMost = checked.BlockSize / hashSize

// collect appends the values from an entry on that have the hash, up to last.
func (b *runBody) collect(dst []uint64, l *runList, hash, entry, last uint64) ([]uint64, error) {
	kept := len(dst)
	for window := uint64(linear); entry < l.count; window = min(2*window, collectMost) {
		n := min(window, l.count-entry)
		hashes, err := b.data.At(l.hashes+hashSize*int64(entry), l.hashes+hashSize*int64(entry+n))
		if err != nil {
			return dst[:kept], err
		}
		same := uint64(0)
		for same < n && binary.LittleEndian.Uint64(hashes[hashSize*same:]) == hash {
			same++
		}
		from := l.values + valueSize*int64(entry)
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
