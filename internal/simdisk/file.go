// This file holds the opening of a file by one process.
//
// States: open -> closed. Disk.mu guards everything.

package simdisk

import (
	"fmt"
	"io"
	"io/fs"
	"slices"
	"syscall"

	"github.com/batpak/batpak/internal/vfs"
)

// file is one opening.
type file struct {
	dir      *Directory
	inode    uint64
	name     string
	writable bool
	closed   bool
}

var _ vfs.File = (*file)(nil)

// Name returns the name that it was opened with.
func (f *file) Name() string { return f.name }

// with calls fn with the lock held and the file open.
func (f *file) with(operation string, fn func(i *inode) error) error {
	f.dir.disk.mu.Lock()
	defer f.dir.disk.mu.Unlock()
	var err error
	switch {
	case f.dir.killed:
		err = ErrKilled
	case f.closed:
		err = fs.ErrClosed
	default:
		err = fn(f.dir.disk.state.inodes[f.inode])
	}
	if err == nil || err == io.EOF {
		return err
	}
	return f.dir.failure(operation, f.name, err)
}

// ReadAt reads what is in the page cache.
func (f *file) ReadAt(p []byte, offset int64) (n int, err error) {
	err = f.with("read", func(i *inode) error {
		switch {
		case offset < 0:
			return negative("offset", offset)
		case len(p) == 0:
			return nil
		case offset >= i.size():
			return io.EOF
		}
		n = int(min(int64(len(p)), i.size()-offset))
		i.read(p[:n], offset)
		if n < len(p) {
			return io.EOF
		}
		return nil
	})
	return n, err
}

func negative(what string, n int64) error {
	return fmt.Errorf("%s %d is negative: %w", what, n, fs.ErrInvalid)
}

// WriteAt writes to the page cache. The pages are dirty then, whatever they held.
func (f *file) WriteAt(p []byte, offset int64) (n int, err error) {
	var memory *view
	err = f.with("write", func(*inode) error {
		switch {
		case offset < 0:
			return negative("offset", offset)
		case !f.writable:
			return syscall.EBADF // as the kernel says
		case len(p) == 0:
			return nil
		case !f.dir.disk.room(f.inode, offset+int64(len(p))):
			return errNoSpace
		}
		op := Op{Kind: OpWrite, Inode: f.inode, Offset: offset, Data: slices.Clone(p)}
		if err := f.dir.change(); err != nil {
			f.dir.part(op)
			return err
		}
		f.dir.disk.do(&op)
		n, memory = len(p), f.dir.disk.views[f.inode]
		return nil
	})
	if memory != nil {
		memory.twin.WriteAt(p, offset)
	}
	return n, err
}

// part makes what a kill in the middle leaves of a write or a store that KillAfter forbids: nothing, the first bytes, or all
// but the first word. The lock is held.
func (d *Directory) part(op Op) {
	if d.left != 0 || len(op.Data) < 3*word {
		return
	}
	d.left = -1 // this was the one
	chance := d.disk.state.moment
	words := uint64(len(op.Data)/word - 1)
	if op.Kind == OpStore {
		op.Torn, op.Data, op.Offset = true, op.Data[word:], op.Offset+word
	}
	switch chance % 3 {
	case 0:
		return
	case 1:
		op.Data = op.Data[:word*(1+chance/3%words)]
	}
	d.disk.do(&op)
}

// Size returns the size that processes see.
func (f *file) Size() (size int64, err error) {
	err = f.with("size of", func(i *inode) error {
		size = i.size()
		return nil
	})
	return size, err
}

// Truncate sets the size.
func (f *file) Truncate(size int64) error {
	var memory *view
	err := f.with("truncate", func(i *inode) error {
		if !f.writable {
			return syscall.EINVAL // as the kernel says
		}
		if err := f.resize(i, size); err != nil {
			return err
		}
		memory = f.dir.disk.views[f.inode]
		return nil
	})
	if memory != nil {
		memory.twin.Cut(size)
	}
	return err
}

// Reserve makes the file at least size bytes long.
func (f *file) Reserve(size int64) error {
	return f.with("reserve", func(i *inode) error {
		switch {
		case size < 0:
			return negative("size", size)
		case !f.writable:
			return syscall.EBADF
		case size <= i.size():
			return nil
		}
		return f.resize(i, size)
	})
}

func (f *file) resize(i *inode, size int64) error {
	switch {
	case size < 0:
		return negative("size", size)
	case size == i.size():
		return nil
	case !f.dir.disk.room(f.inode, size):
		return errNoSpace
	}
	if err := f.dir.change(); err != nil {
		return err
	}
	f.dir.disk.do(&Op{Kind: OpResize, Inode: f.inode, Size: size})
	return nil
}

// SyncData makes content, and a size that is not shorter than before, durable.
func (f *file) SyncData() error {
	return f.dir.sync("sync data", f.name, &f.closed, &Op{Kind: OpSync, Inode: f.inode})
}

// SyncAll makes content and size durable.
func (f *file) SyncAll() error {
	return f.dir.sync("sync", f.name, &f.closed, &Op{Kind: OpSync, Inode: f.inode, All: true})
}

// Close lets go of the file.
func (f *file) Close() error {
	f.dir.disk.mu.Lock()
	defer f.dir.disk.mu.Unlock()
	if !f.closed {
		f.closed = true
		f.dir.unuse(f.inode)
	}
	return nil
}
