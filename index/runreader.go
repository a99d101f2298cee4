// This file holds what a RunWriter reads with: one list of an input from its beginning to its end, and the order in which
// several are merged.

package index

import (
	"encoding/binary"
	"fmt"

	"github.com/batpak/batpak/internal/checked"
)

// readWindow is how many entries of an input are copied at once; nothing is held between two copies.
const readWindow = 2048

// listReader reads one list of an input. Its entries are checked to be in order: what a run says must not depend
// on how it came into being.
type listReader struct {
	input *mergeInput
	list  *runList
	read  uint64 // entries that were copied

	hashes, values []byte // what is left of the window
	buffer         [readWindow * (hashSize + valueSize)]byte

	begun bool
	hash  uint64 // the entry at hand
	value uint32
	err   error
}

func newListReader(input *mergeInput, list int) *listReader {
	return &listReader{input: input, list: &input.body.lists[list]}
}

// next goes to the next entry; false: there is none, or err is set.
func (r *listReader) next() bool {
	if len(r.hashes) == 0 {
		if r.read == r.list.count {
			return false
		}
		if r.err = r.fill(); r.err != nil {
			return false
		}
	}
	hash, value := binary.LittleEndian.Uint64(r.hashes), binary.LittleEndian.Uint32(r.values)
	r.hashes, r.values = r.hashes[hashSize:], r.values[valueSize:]
	if uint64(value) >= r.input.body.span || r.begun && (hash < r.hash || hash == r.hash && value <= r.value) {
		entry := r.read - uint64(len(r.hashes)/hashSize) - 1
		r.err = r.failed(&checked.DamageError{
			Offset:  r.list.hashes + hashSize*int64(entry),
			Problem: fmt.Sprintf("entry %d is out of order, or its value %d is not below %d", entry, value, r.input.body.span),
		})
		return false
	}
	r.begun, r.hash, r.value = true, hash, value
	return true
}

// fill copies the next window.
func (r *listReader) fill() error {
	n := min(readWindow, r.list.count-r.read)
	r.hashes, r.values = r.buffer[:hashSize*n], r.buffer[hashSize*readWindow:][:valueSize*n]
	var failed error
	err := r.input.read(func() {
		failed = firstError(
			r.copy(r.hashes, r.list.hashes+hashSize*int64(r.read)),
			r.copy(r.values, r.list.values+valueSize*int64(r.read)))
	})
	if err = firstError(err, failed); err != nil {
		return r.failed(err)
	}
	r.read += n
	return nil
}

func (r *listReader) copy(dst []byte, at int64) error {
	src, err := r.input.body.data.At(at, at+int64(len(dst)))
	copy(dst, src)
	return err
}

func (r *listReader) failed(err error) error { return &InputError{r.input.place, err} }

// mergeQueue is a heap of readers, each at an entry; the first is at the lowest. Of equal hashes that of the earlier
// input is lower, since its sequences are.
type mergeQueue []*listReader

func (q mergeQueue) less(i, j int) bool {
	if q[i].hash != q[j].hash {
		return q[i].hash < q[j].hash
	}
	return q[i].input.place < q[j].input.place
}

// push adds a reader.
func (q *mergeQueue) push(r *listReader) {
	*q = append(*q, r)
	for i := len(*q) - 1; i > 0; {
		parent := (i - 1) / 2
		if !q.less(i, parent) {
			break
		}
		(*q)[i], (*q)[parent] = (*q)[parent], (*q)[i]
		i = parent
	}
}

// pop removes the first reader; the one that takes its place has to sink.
func (q *mergeQueue) pop() {
	last := len(*q) - 1
	(*q)[0] = (*q)[last]
	*q = (*q)[:last]
}

// sink moves the first reader, whose entry changed, to where it belongs.
func (q mergeQueue) sink() {
	for i := 0; ; {
		lowest := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(q); child++ {
			if q.less(child, lowest) {
				lowest = child
			}
		}
		if lowest == i {
			return
		}
		q[i], q[lowest] = q[lowest], q[i]
		i = lowest
	}
}
