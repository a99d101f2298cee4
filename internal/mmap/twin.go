// This file holds Twin: heap memory in the place of a file's pages.
//
// States of a byte: clean (equal to the file) or dirty (stored since the last successful flush). Stores make bytes
// dirty; Flush and Cut make them clean. The mutex guards the dirty ranges and every access to the memory that is made
// here. Readers of Mapping.Bytes take no lock: a reader is ordered behind a store by the word that it loads or the
// watermark that it read, exactly as with real memory, and the race detector can tell when it is not.

package mmap

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Twin is zeroed heap memory, 8-byte aligned, of fixed length, that stands in for the pages of a file. All mappings
// made from one Twin share it. All methods may be called concurrently.
type Twin struct {
	mu      sync.Mutex
	data    []byte
	dirty   []span // disjoint only after merging
	merged  int    // len(dirty) after the last merge
	onStore func(offset int, unit []byte)
}

// span is the range [from, to) of bytes.
type span struct{ from, to int }

// NewTwin returns a Twin of length bytes, 1 or more; less panics. onStore, if given, is told of every store through
// [Mapping.Store] right after it was made; it runs under the Twin's lock, sees the stores in their order, must not keep
// unit, and must not call the Twin.
func NewTwin(length int, onStore func(offset int, unit []byte)) *Twin {
	if length < 1 {
		panic(fmt.Sprintf("mmap: a twin of %d bytes", length))
	}
	words := make([]uint64, (length+word-1)/word) // words, so that it is aligned for atomic access
	return &Twin{
		data:    unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), length),
		onStore: onStore,
	}
}

// Len returns the length in bytes.
func (t *Twin) Len() int { return len(t.data) }

// Map returns a mapping of the first length bytes; a length outside 1..Len panics. onUnmap, if given, is called once
// by the mapping's first Unmap, which returns its error.
func (t *Twin) Map(length int, mode Mode, onUnmap func() error) *Mapping {
	if length < 1 || length > len(t.data) {
		panic(fmt.Sprintf("mmap: a mapping of %d bytes of a twin of %d", length, len(t.data)))
	}
	return &Mapping{data: t.data[:length:length], mode: mode, twin: t, onUnmap: onUnmap}
}

// store is Mapping.Store for heap memory; the range was checked.
func (t *Twin) store(offset int, unit []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	target := t.data[offset : offset+len(unit)]
	copy(target[word:], unit[word:])
	atomic.StoreUint64((*uint64)(unsafe.Pointer(&target[0])), binary.NativeEndian.Uint64(unit))
	t.mark(span{offset, offset + len(unit)})
	if t.onStore != nil {
		t.onStore(offset, unit)
	}
}

// mark adds a dirty range. Appends extend the last one; a scatter of small ones is merged whenever their number has
// doubled, which keeps the cost of a store constant on average.
func (t *Twin) mark(s span) {
	if n := len(t.dirty); n > 0 && t.dirty[n-1].from <= s.from && s.from <= t.dirty[n-1].to {
		t.dirty[n-1].to = max(t.dirty[n-1].to, s.to)
		return
	}
	t.dirty = append(t.dirty, s)
	if len(t.dirty) > 2*t.merged+64 {
		t.merge()
	}
}

// merge sorts the dirty ranges and joins those that touch.
func (t *Twin) merge() {
	slices.SortFunc(t.dirty, func(a, b span) int { return a.from - b.from })
	kept := t.dirty[:0]
	for _, s := range t.dirty {
		if n := len(kept); n > 0 && s.from <= kept[n-1].to {
			kept[n-1].to = max(kept[n-1].to, s.to)
			continue
		}
		kept = append(kept, s)
	}
	t.dirty, t.merged = kept, len(kept)
}

// flushPiece bounds how much Flush copies at once, in bytes.
const flushPiece = 1 << 20

// Flush hands every range that was stored to since the last successful Flush to write, merged and in ascending order,
// in pieces of 1 MiB at most, each once, and nothing else. What write failed on, and what came behind it, stays
// dirty, and the error is returned. Stores may go on meanwhile. Two flushes at once are the caller's to prevent: the
// older bytes of one could be written after the newer bytes of the other.
func (t *Twin) Flush(write func(p []byte, offset int64) error) error {
	t.mu.Lock()
	t.merge()
	pending := t.dirty
	t.dirty, t.merged = nil, 0
	t.mu.Unlock()

	var piece []byte
	for len(pending) > 0 {
		s := span{pending[0].from, min(pending[0].to, pending[0].from+flushPiece)}
		t.mu.Lock() // copied under the lock, since stores to the same bytes may go on
		piece = append(piece[:0], t.data[s.from:s.to]...)
		t.mu.Unlock()
		if err := write(piece, int64(s.from)); err != nil {
			t.mu.Lock()
			t.dirty = append(t.dirty, pending...)
			t.merge()
			t.mu.Unlock()
			return err
		}
		if pending[0].from = s.to; pending[0].from == pending[0].to {
			pending = pending[1:]
		}
	}
	return nil
}

// ReadAt copies the bytes at offset to p as far as the Twin reaches and returns their number.
func (t *Twin) ReadAt(p []byte, offset int64) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if offset < 0 || offset >= int64(len(t.data)) {
		return 0
	}
	return copy(p, t.data[offset:])
}

// WriteAt copies p to offset as far as the Twin reaches. The bytes are what the file holds: they don't become dirty.
func (t *Twin) WriteAt(p []byte, offset int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if offset < 0 || offset >= int64(len(t.data)) {
		return
	}
	copy(t.data[offset:], p)
}

// Cut zeroes everything from offset on and forgets that it was dirty: the file was truncated there.
func (t *Twin) Cut(offset int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if offset < 0 || offset >= int64(len(t.data)) {
		return
	}
	end := int(offset)
	clear(t.data[end:])
	kept := t.dirty[:0]
	for _, s := range t.dirty {
		if s.to = min(s.to, end); s.from < s.to {
			kept = append(kept, s)
		}
	}
	t.dirty = kept
}
