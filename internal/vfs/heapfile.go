// This file holds the file whose mappings are heap memory.
//
// States of the pages: unmapped (no twin; the file below holds everything) -> mapped (the twin holds the newest bytes of
// its range) -> unmapped, by the last Unmap, after writing back. States of a heapFile: open -> closed; the file below it
// stays open until the last mapping that was made through it is gone, since that is written back through it.

package vfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/batpak/batpak/internal/fault"
	"github.com/batpak/batpak/internal/mmap"
)

// pages is the memory of one file, shared by every heapFile that is that file.
type pages struct {
	users int // heapFiles whose base is open; guarded by heapDir.mu

	// mu guards what follows, and makes writing back, writing, cutting and reading serial: each of them leaves file
	// and memory in agreement, apart from what is dirty.
	mu       sync.Mutex
	twin     *mmap.Twin // nil: not mapped
	mappings int
	writers  map[*heapFile]int // read-write mappings by the file they were made through
}

// heapFile is one opening of a file.
type heapFile struct {
	base     File
	dir      *heapDir
	id       any
	pages    *pages
	writable bool

	// Guarded by pages.mu.
	closed  bool
	holders int // 1 while open, and 1 for each mapping
}

var _ File = (*heapFile)(nil)

func (f *heapFile) Name() string { return f.base.Name() }

func (f *heapFile) path() string { return filepath.Join(f.dir.Path(), f.Name()) }

// enter locks the pages for a call that needs the file to be open. If it fails nothing is locked.
func (f *heapFile) enter(operation string) error {
	f.pages.mu.Lock()
	if f.closed {
		f.pages.mu.Unlock()
		return failure(operation, f.path(), fs.ErrClosed)
	}
	return nil
}

func (f *heapFile) ReadAt(p []byte, offset int64) (int, error) {
	if err := f.enter("read"); err != nil {
		return 0, err
	}
	defer f.pages.mu.Unlock()
	n, err := f.base.ReadAt(p, offset)
	if f.pages.twin != nil {
		f.pages.twin.ReadAt(p[:n], offset)
	}
	return n, err
}

func (f *heapFile) WriteAt(p []byte, offset int64) (int, error) {
	if err := f.enter("write"); err != nil {
		return 0, err
	}
	defer f.pages.mu.Unlock()
	n, err := f.base.WriteAt(p, offset)
	if f.pages.twin != nil {
		f.pages.twin.WriteAt(p[:n], offset)
	}
	return n, err
}

func (f *heapFile) Size() (int64, error) {
	if err := f.enter("size of"); err != nil {
		return 0, err
	}
	defer f.pages.mu.Unlock()
	return f.base.Size()
}

func (f *heapFile) Truncate(size int64) error {
	if err := f.enter("truncate"); err != nil {
		return err
	}
	defer f.pages.mu.Unlock()
	if err := f.base.Truncate(size); err != nil {
		return err
	}
	if f.pages.twin != nil {
		f.pages.twin.Cut(size)
	}
	return nil
}

func (f *heapFile) Reserve(size int64) error {
	if err := f.enter("reserve"); err != nil {
		return err
	}
	defer f.pages.mu.Unlock()
	return f.base.Reserve(size)
}

func (f *heapFile) SyncData() error { return f.sync("sync data", f.base.SyncData) }
func (f *heapFile) SyncAll() error  { return f.sync("sync", f.base.SyncAll) }

// sync writes back, then syncs the file below, outside the lock: stores and writes go on during a sync.
func (f *heapFile) sync(operation string, base func() error) error {
	if err := f.enter(operation); err != nil {
		return err
	}
	err := f.pages.writeBack()
	f.pages.mu.Unlock()
	if err != nil {
		return err
	}
	return base()
}

// writeBack writes what is dirty through any of the files that it may have been stored through. The lock is held.
func (p *pages) writeBack() error {
	for f := range p.writers {
		return f.writeBack()
	}
	return nil // nobody can store
}

func (f *heapFile) writeBack() error {
	size, err := f.base.Size()
	if err != nil {
		return err
	}
	return f.pages.twin.Flush(func(b []byte, offset int64) error {
		if offset+int64(len(b)) > size {
			return failure("write back", f.path(), fmt.Errorf("%w: %d bytes were stored at %d, behind the end of the file at %d",
				fault.ErrMapFault, len(b), offset, size))
		}
		_, err := f.base.WriteAt(b, offset)
		return err
	})
}

func (f *heapFile) Map(length int64, mode mmap.Mode) (*mmap.Mapping, error) {
	const operation = "map"
	if err := f.enter(operation); err != nil {
		return nil, err
	}
	defer f.pages.mu.Unlock()
	if err := f.load(length, mode); err != nil {
		return nil, failure(operation, f.path(), err)
	}
	f.holders++
	f.pages.mappings++
	if mode == mmap.ReadWrite {
		f.pages.writers[f]++
	}
	return f.pages.twin.Map(int(length), mode, func() error { return f.unmap(mode) }), nil
}

// load checks a mapping that is asked for and fills the memory if it is the first.
func (f *heapFile) load(length int64, mode mmap.Mode) error {
	switch {
	case mode != mmap.ReadOnly && mode != mmap.ReadWrite:
		return fmt.Errorf("mode %d is neither read-only nor read-write: %w", uint8(mode), fs.ErrInvalid)
	case mode == mmap.ReadWrite && !f.writable:
		return syscall.EACCES // as the kernel says
	}
	size, err := f.base.Size()
	if err != nil {
		return err
	}
	if length < 1 || length > size {
		return fmt.Errorf("%w: length %d, must be 1 to the file's size of %d bytes", mmap.ErrRange, length, size)
	}
	if f.pages.twin != nil {
		if mapped := f.pages.twin.Len(); length > int64(mapped) {
			return fmt.Errorf("%w: %d bytes of heap memory, while the file is mapped with %d", errors.ErrUnsupported, length, mapped)
		}
		return nil
	}
	twin := mmap.NewTwin(int(size), nil)
	if err := fill(twin, f.base); err != nil {
		return err
	}
	f.pages.twin = twin
	return nil
}

// sparse is a File that knows where it was never written to.
type sparse interface {
	// nextData returns the first range at or behind offset in which the file may hold anything but zeros; an empty one:
	// there is none.
	nextData(offset int64) (from, to int64, err error)
}

// fill copies the file to the twin. What is zero already is not touched, so that a segment that was reserved and never
// written takes no memory, and little time where the file knows that it wasn't.
func fill(twin *mmap.Twin, from File) error {
	known, ok := from.(sparse)
	if !ok {
		return fillRange(twin, from, 0, twin.Len())
	}
	for offset := int64(0); offset < int64(twin.Len()); {
		start, end, err := known.nextData(offset)
		if err != nil || start == end || start >= int64(twin.Len()) {
			return err
		}
		if err := fillRange(twin, from, int(start), int(min(end, int64(twin.Len())))); err != nil {
			return err
		}
		offset = end
	}
	return nil
}

// fillRange copies [offset, end).
func fillRange(twin *mmap.Twin, from File, offset, end int) error {
	const pieceLength = 64 << 10
	piece, zeros := make([]byte, min(pieceLength, end-offset)), make([]byte, min(pieceLength, end-offset))
	for offset < end {
		n, err := from.ReadAt(piece[:min(pieceLength, end-offset)], int64(offset))
		if !bytes.Equal(piece[:n], zeros[:n]) {
			twin.WriteAt(piece[:n], int64(offset))
		}
		offset += n
		if err == io.EOF {
			return nil // cut meanwhile: zeros
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unmap is the end of one mapping that was made through f.
func (f *heapFile) unmap(mode mmap.Mode) error {
	p := f.pages
	p.mu.Lock()
	var err error
	if mode == mmap.ReadWrite {
		err = f.writeBack()
		if p.writers[f]--; p.writers[f] == 0 {
			delete(p.writers, f)
		}
	}
	if p.mappings--; p.mappings == 0 {
		p.twin = nil
	}
	p.mu.Unlock()
	return both(err, f.release())
}

func (f *heapFile) Close() error {
	p := f.pages
	p.mu.Lock()
	if f.closed {
		p.mu.Unlock()
		return nil
	}
	f.closed = true
	err := p.writeBack()
	p.mu.Unlock()
	return both(err, f.release())
}

// release lets go of the file below when the last of the opening and its mappings is gone.
func (f *heapFile) release() error {
	f.pages.mu.Lock()
	f.holders--
	last := f.holders == 0
	f.pages.mu.Unlock()
	if !last {
		return nil
	}
	err := f.base.Close()
	f.dir.detach(f)
	return err
}
