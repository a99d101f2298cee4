// This file holds the real file.
//
// States: open -> closed. os.File keeps a descriptor that is in use from being closed under the call.

package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/mmap"
)

// file is a File on disk.
type file struct {
	name string
	path string
	file *os.File
	conn syscall.RawConn
}

var _ File = (*file)(nil)

// newFile takes over a blocking descriptor, also if it fails.
func newFile(descriptor int, name, path string) (*file, error) {
	f := os.NewFile(uintptr(descriptor), path)
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, both(err, f.Close())
	}
	return &file{name: name, path: path, file: f, conn: conn}, nil
}

func (f *file) Name() string { return f.name }

// inode is the identity of a file on disk.
type inode struct{ device, number uint64 }

func (f *file) identity() (any, error) {
	var status unix.Stat_t
	err := hold(f.conn, func(fd int) error { return unix.Fstat(fd, &status) })
	return inode{uint64(status.Dev), status.Ino}, failure("identify", f.path, err)
}

// nextData asks the file system. One that can't say takes everything for data.
func (f *file) nextData(offset int64) (from, to int64, err error) {
	err = hold(f.conn, func(fd int) error {
		from, to, err = nextData(fd, offset)
		return err
	})
	return from, to, failure("find data in", f.path, err)
}

func (f *file) ReadAt(p []byte, offset int64) (int, error) {
	n, err := f.file.ReadAt(p, offset)
	return n, failure("read", f.path, err)
}

func (f *file) WriteAt(p []byte, offset int64) (int, error) {
	n, err := f.file.WriteAt(p, offset)
	return n, failure("write", f.path, err)
}

func (f *file) Size() (int64, error) {
	var status unix.Stat_t
	err := hold(f.conn, func(fd int) error {
		return uninterrupted(func() error { return unix.Fstat(fd, &status) })
	})
	return status.Size, failure("size of", f.path, err)
}

func (f *file) Truncate(size int64) error {
	return failure("truncate", f.path, hold(f.conn, func(fd int) error {
		return uninterrupted(func() error { return unix.Ftruncate(fd, size) })
	}))
}

func (f *file) Reserve(size int64) error {
	if size == 0 {
		return nil
	}
	return failure("reserve", f.path, hold(f.conn, func(fd int) error {
		if size < 0 {
			return fmt.Errorf("size %d is negative: %w", size, fs.ErrInvalid)
		}
		if hooks.Enabled && hooks.Planted(hooks.ReserveByTruncate) {
			return unix.Ftruncate(fd, size)
		}
		return uninterrupted(func() error { return reserve(fd, size) })
	}))
}

func (f *file) SyncData() error {
	return failure("sync data", f.path, hold(f.conn, syncData))
}

func (f *file) SyncAll() error {
	return failure("sync", f.path, hold(f.conn, syncAll))
}

func (f *file) Map(length int64, mode mmap.Mode) (*mmap.Mapping, error) {
	if length > math.MaxInt {
		return nil, failure("map", f.path, fmt.Errorf("%w: %d bytes don't fit the address space", mmap.ErrRange, length))
	}
	m, err := mmap.Map(f.file, int(length), mode)
	if err != nil {
		return nil, failure("map", f.path, err)
	}
	return m, nil
}

func (f *file) Close() error {
	if err := f.file.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return failure("close", f.path, err)
	}
	return nil
}
