// This file holds what a RunWriter reads with: one list of an input from its beginning to its end, and the order in which
// several are merged.

package index

import (
	"encoding/binary"
	"fmt"

	"github.com/batpak/batpak/internal/checked"
)

// readLeaves is how many leaves of an input are copied at once; nothing is held between two copies.
const readLeaves = 6

// listReader reads one list of an input. Its entries are checked to be in order: what a run says must not depend
// on how it came into being.
type listReader struct {
	input *mergeInput
	list  *runList
	taken uint64 // entries of the leaves that were begun

	hashes, values []byte // what is left of the leaf at hand
	leaves         []byte // that were copied and not begun
	buffer         [readLeaves * leafSize]byte

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
		if r.taken == r.list.count {
			return false
		}
		if r.err = r.begin(); r.err != nil {
			return false
		}
	}
	hash, value := binary.LittleEndian.Uint64(r.hashes), binary.LittleEndian.Uint32(r.values)
	r.hashes, r.values = r.hashes[hashSize:], r.values[valueSize:]
	if uint64(value) >= r.input.body.span || r.begun && (hash < r.hash || hash == r.hash && value <= r.value) {
		entry := r.taken - uint64(len(r.hashes)/hashSize) - 1
		r.err = r.failed(&checked.DamageError{
			Offset:  r.list.hashAt(entry),
			Problem: fmt.Sprintf("entry %d is out of order, or its value %d is not below %d", entry, value, r.input.body.span),
		})
		return false
	}
	r.begun, r.hash, r.value = true, hash, value
	return true
}

// begin takes the next leaf at hand.
func (r *listReader) begin() error {
	if len(r.leaves) == 0 {
		if err := r.fill(); err != nil {
			return err
		}
	}
	_, n := r.list.leaf(r.taken / leafEntries)
	leaf := r.leaves[:min(leafSize, len(r.leaves))]
	r.leaves = r.leaves[len(leaf):]
	r.hashes, r.values = leaf[:hashSize*n], leaf[hashSize*n:entrySize*n]
	r.taken += n
	return nil
}

// fill copies the next leaves.
func (r *listReader) fill() error {
	from, _ := r.list.leaf(r.taken / leafEntries)
	_, size := leavesOf(r.list.count)
	r.leaves = r.buffer[:min(int64(len(r.buffer)), r.list.leaves+int64(size)-from)]
	var failed error
	err := r.input.read(func() {
		var src []byte
		src, failed = r.input.body.data.At(from, from+int64(len(r.leaves)))
		copy(r.leaves, src)
	})
	if err = firstError(err, failed); err != nil {
		return r.failed(err)
	}
	return nil
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
