// This file holds dictionary: the sorted names of one type, each with its postings, read in place.
//
// All integers are little-endian; "varint" is the unsigned varint of protocol buffers.
//
//	0        24            aligned to 8                      end
//	+--------+-------------+--------------------+------------+
//	| header | name blocks | index              | postings   |
//	+--------+-------------+--------------------+------------+
//
//	header    u32 names          u32 bytes of name blocks   u32 bytes of postings
//	          u32 events of the segment   u32 names in a block (16)   u32 zero
//	index     for each block, and once more for the end:
//	          u32 offset of its first name from the first name block's first byte
//	          u32 offset of its postings from the first byte of the postings
//
// A block holds 16 names, the last one what is left. The names ascend bytewise, in a block and from block to block. Of
// each name stands what it does not share with the one before it in the block:
//
//	u8 shared<<3 | rest-1   shared: bytes in common with the name before, all that there are; 0 for the first of a block
//	                        rest: bytes that follow, at least 1; together the length of the name
//	varint                  only if the five bits of shared are 31: what shared has beyond 31
//	varint                  only if the three bits of rest - 1 are 7: what rest has beyond 8
//	rest bytes
//	varint events<<1 | given
//	varint                  only if given: the clock of the first event, 0 for unknown. Not given it is 1, for entities;
//	                        other types have none
//	varint                  of a name with one event: its ordinal; of others: the bytes of its postings
//
// The postings of the names follow each other in the order of the names, see postings.go.

package index

import (
	"encoding/binary"
	"fmt"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/checked"
)

const (
	dictionaryHeader = 24
	indexEntry       = 8
	blockNames       = 16

	mostShared, mostRest = 31, 8 // lengths of pieces of names from which on they need more than their bits
)

// longest returns the length of the longest name of a type.
func longest(t Type) int {
	return [...]int{Entity: event.MaxName, Scope: event.MaxName, Kind: 2, Tag: event.MaxTag, Gate: 1}[t]
}

// dictionary is an open dictionary section. It is a value of places; nothing is held.
type dictionary struct {
	data     checked.Range
	kind     Type
	events   uint32
	names    uint32
	blocks   uint32
	index    int64 // where the index begins
	postings int64 // where the postings begin
}

// dictionary opens the dictionary of a type of which the table has one.
func (t *Table) dictionary(kind Type) (dictionary, error) {
	return openDictionary(t.dictionaries[kind-Entity], kind, t.events)
}

// openDictionary reads the header.
func openDictionary(data checked.Range, kind Type, events uint32) (dictionary, error) {
	d := dictionary{data: data, kind: kind, events: events}
	b, err := data.At(0, dictionaryHeader)
	if err != nil {
		return d, err
	}
	le := binary.LittleEndian
	d.names = le.Uint32(b)
	d.blocks = (d.names-1)/blockNames + 1
	if d.names == 0 {
		d.blocks = 0
	}
	d.index = align(dictionaryHeader + int64(le.Uint32(b[4:])))
	d.postings = d.index + (int64(d.blocks)+1)*indexEntry
	if end := d.postings + int64(le.Uint32(b[8:])); end != data.Len() || le.Uint32(b[12:]) != events || le.Uint32(b[16:]) != blockNames {
		return d, d.damaged("has %d bytes, its header says %d; names in a block %d, events %d of %d",
			data.Len(), end, le.Uint32(b[16:]), le.Uint32(b[12:]), events)
	}
	return d, nil
}

func (d *dictionary) damaged(format string, args ...any) error {
	return &TableError{Section: sectionOf(d.kind), Problem: fmt.Sprintf(format, args...)}
}

// align rounds up to a multiple of 8.
func align(n int64) int64 { return (n + 7) &^ 7 }

// place returns where the names of a block begin and end, and where its postings do.
func (d *dictionary) place(number uint32) (from, to, postings, end int64, err error) {
	at := d.index + int64(number)*indexEntry
	b, err := d.data.At(at, at+2*indexEntry)
	if err != nil {
		return 0, 0, 0, 0, err
	}
	le := binary.LittleEndian
	from, to = dictionaryHeader+int64(le.Uint32(b)), dictionaryHeader+int64(le.Uint32(b[8:]))
	postings, end = d.postings+int64(le.Uint32(b[4:])), d.postings+int64(le.Uint32(b[12:]))
	if from >= to || to > d.index || postings > end || end > d.data.Len() {
		err = d.damaged("has block %d outside its bytes", number)
	}
	return from, to, postings, end, err
}

// block opens a block for reading from its first name on.
func (d *dictionary) block(number uint32) (r blockReader, err error) {
	from, to, postings, end, err := d.place(number)
	if err != nil {
		return r, err
	}
	r = blockReader{d: d, at: postings, end: end, left: blockNames}
	if number == d.blocks-1 {
		r.left = int(d.names - number*blockNames)
	}
	r.rest, err = d.data.At(from, to)
	return r, err
}

// first returns the first name of a block.
func (d *dictionary) first(number uint32) ([]byte, error) {
	from, to, _, _, err := d.place(number)
	if err != nil {
		return nil, err
	}
	b, err := d.data.At(from, to)
	if err != nil {
		return nil, err
	}
	r := blockReader{d: d, rest: b}
	_, name, err := r.name() // shares nothing, as there is none before
	return name, err
}

// lookIn returns the block in which a name is if it is anywhere: the last one that begins with it or with a smaller
// name; false if there is none.
func (d *dictionary) lookIn(name string) (uint32, bool, error) {
	low, high := uint32(0), d.blocks
	for low < high {
		middle := low + (high-low)/2
		first, err := d.first(middle)
		if err != nil {
			return 0, false, err
		}
		if string(first) <= name {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low - 1, low > 0, nil
}

// find returns the postings of a name. It copies no name: what is known of each is how much of it the name that is
// looked for begins with.
func (d *dictionary) find(name string) (postings, bool, error) {
	number, ok, err := d.lookIn(name)
	if !ok {
		return postings{}, false, err
	}
	r, err := d.block(number)
	if err != nil {
		return postings{}, false, err
	}
	for matched := 0; r.left > 0; { // the bytes in common with the last name, which was smaller
		shared, rest, err := r.name()
		if err != nil {
			return postings{}, false, err
		}
		if shared < matched { // it differs from the last name, and so from this one, in an earlier byte, and is larger
			return postings{}, false, nil
		}
		p, err := r.postings()
		if err != nil {
			return postings{}, false, err
		}
		if shared > matched { // it is smaller in the same byte as the last name
			continue
		}
		common := 0
		for wanted := name[matched:]; common < len(rest) && common < len(wanted) && rest[common] == wanted[common]; {
			common++
		}
		matched += common
		switch {
		case common == len(rest) && matched == len(name):
			return p, true, nil
		case common < len(rest) && (matched == len(name) || rest[common] > name[matched]):
			return postings{}, false, nil
		}
	}
	return postings{}, false, nil
}

// blockReader reads the names of a block, one after the other: name, then postings, for each.
type blockReader struct {
	d       *dictionary
	rest    []byte // what is not read
	left    int    // names not read
	last    int    // length of the last name
	at, end int64  // of the postings of the names not read
}

// name returns how many bytes the next name shares with the last one, and the bytes that follow, in place.
func (r *blockReader) name() (shared int, rest []byte, err error) {
	if len(r.rest) > 0 {
		lengths := r.rest[0]
		r.rest = r.rest[1:]
		shared, ok := r.length(int(lengths>>3), mostShared)
		n, ok2 := r.length(int(lengths&7)+1, mostRest)
		if ok && ok2 && shared <= r.last && n <= len(r.rest) && shared+n <= longest(r.d.kind) {
			rest, r.rest = r.rest[:n], r.rest[n:]
			r.last = shared + n
			return shared, rest, nil
		}
	}
	return 0, nil, r.d.damaged("has a name that is cut off or of a length that none has")
}

// length returns a length that stands in bits if it is below the most that they hold, and else goes on behind them.
func (r *blockReader) length(n, most int) (int, bool) {
	if n < most {
		return n, true
	}
	more, ok := r.varint()
	return most + int(more), ok && more <= event.MaxName
}

// postings returns where the postings of the name are that was read last.
func (r *blockReader) postings() (postings, error) {
	r.left--
	p := postings{data: r.d.data, kind: r.d.kind, events: r.d.events}
	count, ok := r.varint()
	if p.count = uint32(count >> 1); !ok || p.count == 0 || count>>1 > uint64(r.d.events) {
		return p, r.d.damaged("has a name with %d of %d events", count>>1, r.d.events)
	}
	given := count&1 != 0
	switch {
	case given && r.d.kind == Entity:
		p.firstClock, ok = r.varint()
	case given:
		ok = false
	case r.d.kind == Entity:
		p.firstClock = 1
	}
	place, ok2 := r.varint()
	switch {
	case !ok || !ok2:
		return p, r.d.damaged("has a name whose postings have no place")
	case p.count == 1:
		if p.only = uint32(place); place >= uint64(r.d.events) {
			return p, r.d.damaged("has ordinal %d of %d", place, r.d.events)
		}
	default:
		if p.count >= bitmapFrom {
			r.at = align(r.at) // as the postings begin at a multiple of 8 too
		}
		if r.at > r.end || place > uint64(r.end-r.at) {
			return p, r.d.damaged("has a name with %d bytes of postings, which is more than there are", place)
		}
		p.from, p.to = r.at, r.at+int64(place)
		r.at = p.to
	}
	if r.left == 0 && (len(r.rest) != 0 || r.at != r.end) {
		return p, r.d.damaged("has bytes behind the last name of a block")
	}
	return p, nil
}

func (r *blockReader) varint() (uint64, bool) {
	if len(r.rest) > 0 && r.rest[0] < 0x80 {
		v := r.rest[0]
		r.rest = r.rest[1:]
		return uint64(v), true
	}
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		return 0, false
	}
	r.rest = r.rest[n:]
	return v, true
}
