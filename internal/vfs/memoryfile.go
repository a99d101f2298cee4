// This file holds the file of a directory in memory, below its heap-backed mappings.
//
// States: open -> closed. The mutex of the disk guards everything.

package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"github.com/batpak/batpak/internal/mmap"
)

// memoryFile is one opening of a content.
type memoryFile struct {
	disk     *memoryDisk
	content  *content
	name     string
	writable bool
	closed   bool
}

var _ File = (*memoryFile)(nil)

func (f *memoryFile) Name() string { return f.name }

func (f *memoryFile) identity() (any, error) { return f.content, nil }

// nextData is the rest of what was written.
func (f *memoryFile) nextData(offset int64) (from, to int64, err error) {
	err = f.with("find data in", func() error {
		to = max(offset, int64(len(f.content.bytes)))
		return nil
	})
	return offset, to, err
}

// with calls fn with the disk locked and the file open.
func (f *memoryFile) with(operation string, fn func() error) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.closed {
		return failure(operation, f.disk.at(f.name), fs.ErrClosed)
	}
	return failure(operation, f.disk.at(f.name), fn())
}

func (f *memoryFile) ReadAt(p []byte, offset int64) (n int, err error) {
	err = f.with("read", func() error {
		switch {
		case offset < 0:
			return fmt.Errorf("offset %d is negative: %w", offset, fs.ErrInvalid)
		case len(p) == 0:
			return nil
		case offset >= f.content.size:
			return io.EOF
		}
		if n = f.content.read(p, offset); n < len(p) {
			return io.EOF
		}
		return nil
	})
	return n, err
}

func (f *memoryFile) WriteAt(p []byte, offset int64) (n int, err error) {
	err = f.with("write", func() error {
		switch {
		case offset < 0:
			return fmt.Errorf("offset %d is negative: %w", offset, fs.ErrInvalid)
		case !f.writable:
			return syscall.EBADF // as the kernel says
		case len(p) == 0:
			return nil
		}
		if end := offset + int64(len(p)); end > f.content.size {
			if err := f.disk.resize(f.content, end); err != nil {
				return err
			}
		}
		n = f.content.write(p, offset)
		return nil
	})
	return n, err
}

func (f *memoryFile) Size() (size int64, err error) {
	err = f.with("size of", func() error {
		size = f.content.size
		return nil
	})
	return size, err
}

func (f *memoryFile) Truncate(size int64) error {
	return f.with("truncate", func() error {
		if !f.writable {
			return syscall.EINVAL // as the kernel says
		}
		return f.disk.resize(f.content, size)
	})
}

func (f *memoryFile) Reserve(size int64) error {
	return f.with("reserve", func() error {
		switch {
		case size < 0:
			return fmt.Errorf("size %d is negative: %w", size, fs.ErrInvalid)
		case !f.writable:
			return syscall.EBADF
		case size <= f.content.size:
			return nil
		}
		return f.disk.resize(f.content, size)
	})
}

func (f *memoryFile) SyncData() error { return f.with("sync data", func() error { return nil }) }
func (f *memoryFile) SyncAll() error  { return f.with("sync", func() error { return nil }) }

// Map is the heap-backed directory's work, which never asks the file below.
func (f *memoryFile) Map(int64, mmap.Mode) (*mmap.Mapping, error) {
	return nil, failure("map", f.disk.at(f.name), errors.ErrUnsupported)
}

func (f *memoryFile) Close() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if !f.closed {
		f.closed = true
		f.content.open--
		f.disk.drop(f.content)
	}
	return nil
}
