// This file holds dictionaryWriter: it lays out the section that dictionary reads.

package index

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/RoaringBitmap/roaring/v2"
)

// dictionaryWriter takes the names of one type in ascending order. It is used once.
type dictionaryWriter struct {
	kind     Type
	events   uint32 // of the segment
	count    uint32 // of names
	last     []byte
	names    []byte // blocks
	index    []byte
	postings []byte
	set      *roaring.Bitmap
}

func newDictionaryWriter(kind Type, events uint32) *dictionaryWriter {
	return &dictionaryWriter{kind: kind, events: events, set: roaring.New()}
}

// add takes a name and the ordinals of its events, ascending, at least one; firstClock is the clock of the first one for
// an entity, 0 for unknown and for other types. An error means that the caller broke this.
func (w *dictionaryWriter) add(name []byte, ordinals []uint32, firstClock uint64) error {
	if len(name) == 0 || len(name) > longest(w.kind) || bytes.Compare(name, w.last) <= 0 {
		return fmt.Errorf("index: a %s's name has %d bytes or comes behind a larger one", w.kind, len(name))
	}
	if len(ordinals) == 0 || ordinals[len(ordinals)-1] >= w.events || !ascend(ordinals) {
		return fmt.Errorf("index: the %d ordinals of a %s do not ascend below %d", len(ordinals), w.kind, w.events)
	}
	shared := 0
	if w.count%blockNames == 0 {
		w.mark()
	} else {
		for shared < len(w.last) && w.last[shared] == name[shared] {
			shared++
		} // it ends before name does: no name is a piece of a smaller one
	}
	w.count++
	w.last = append(w.last[:0], name...)
	rest := len(name) - shared
	w.names = append(w.names, byte(min(shared, mostShared)<<3|(min(rest, mostRest)-1)))
	if shared >= mostShared {
		w.varint(uint64(shared - mostShared))
	}
	if rest >= mostRest {
		w.varint(uint64(rest - mostRest))
	}
	w.names = append(w.names, name[shared:]...)
	if w.kind == Entity && firstClock != 1 {
		w.varint(uint64(len(ordinals))<<1 | 1)
		w.varint(firstClock)
	} else {
		w.varint(uint64(len(ordinals)) << 1)
	}
	if len(ordinals) == 1 {
		w.varint(uint64(ordinals[0]))
		return nil
	}
	size, err := w.post(ordinals)
	w.varint(uint64(size))
	return err
}

// mark begins a block, or ends the last one.
func (w *dictionaryWriter) mark() {
	w.index = binary.LittleEndian.AppendUint32(w.index, uint32(len(w.names))) // finish refuses more than that
	w.index = binary.LittleEndian.AppendUint32(w.index, uint32(len(w.postings)))
}

// post appends the postings of several ordinals and returns their size.
func (w *dictionaryWriter) post(ordinals []uint32) (int, error) {
	if len(ordinals) < bitmapFrom {
		from, next := len(w.postings), uint32(0)
		for _, ordinal := range ordinals {
			w.postings = binary.AppendUvarint(w.postings, uint64(ordinal-next))
			next = ordinal + 1
		}
		return len(w.postings) - from, nil
	}
	w.postings = pad(w.postings)
	w.set.Clear()
	w.set.AddMany(ordinals)
	w.set.RunOptimize()
	b, err := w.set.ToBytes()
	w.postings = append(w.postings, b...)
	return len(b), err
}

// finish returns the section.
func (w *dictionaryWriter) finish() ([]byte, error) {
	w.mark()
	if uint64(len(w.names)) > math.MaxUint32 || uint64(len(w.postings)) > math.MaxUint32 {
		return nil, fmt.Errorf("index: the dictionary of type %s has %d bytes of names and %d of postings, at most 4 GiB of each can be",
			w.kind, len(w.names), len(w.postings))
	}
	le := binary.LittleEndian
	section := make([]byte, dictionaryHeader, align(int64(dictionaryHeader+len(w.names)))+int64(len(w.index)+len(w.postings)))
	le.PutUint32(section[0:], w.count)
	le.PutUint32(section[4:], uint32(len(w.names)))
	le.PutUint32(section[8:], uint32(len(w.postings)))
	le.PutUint32(section[12:], w.events)
	le.PutUint32(section[16:], blockNames)
	section = pad(append(section, w.names...))
	section = append(section, w.index...)
	return append(section, w.postings...), nil
}

func (w *dictionaryWriter) varint(v uint64) { w.names = binary.AppendUvarint(w.names, v) }

// pad appends zeros up to a multiple of 8.
func pad(b []byte) []byte { return append(b, make([]byte, align(int64(len(b)))-int64(len(b)))...) }

// ascend reports whether each ordinal is larger than the one before it.
func ascend(ordinals []uint32) bool {
	for i := 1; i < len(ordinals); i++ {
		if ordinals[i] <= ordinals[i-1] {
			return false
		}
	}
	return true
}
