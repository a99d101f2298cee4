// This file holds the memory of mapped files, and the way of a store from there to the page cache.
//
// States of a view: used -> gone, by its last Unmap; or detached, when the process that stores through it is killed: it
// belongs to those who still have it mapped then, and the page cache knows nothing more of it.

package simdisk

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"

	"github.com/batpak/batpak/internal/mmap"
)

// view is the memory that all mappings of a file share. Disk.mu guards it.
type view struct {
	inode    uint64
	twin     *mmap.Twin
	mappings int
	writer   *Directory // who maps it for writing
	writable int        // mappings
	detached bool
}

// Map maps the file.
func (f *file) Map(length int64, mode mmap.Mode) (m *mmap.Mapping, err error) {
	err = f.with("map", func(i *inode) error {
		m, err = f.mapping(i, length, mode)
		return err
	})
	return m, err
}

// mapping maps the file. The lock is held.
func (f *file) mapping(i *inode, length int64, mode mmap.Mode) (*mmap.Mapping, error) {
	disk := f.dir.disk
	v := disk.views[f.inode]
	switch {
	case mode != mmap.ReadOnly && mode != mmap.ReadWrite:
		return nil, fmt.Errorf("mode %d is neither read-only nor read-write: %w", uint8(mode), fs.ErrInvalid)
	case mode == mmap.ReadWrite && !f.writable:
		return nil, syscall.EACCES // as the kernel says
	case length < 1 || length > i.size():
		return nil, fmt.Errorf("%w: length %d, must be 1 to the file's size of %d bytes", mmap.ErrRange, length, i.size())
	case v != nil && length > int64(v.twin.Len()):
		return nil, fmt.Errorf("%w: %d bytes of memory, while the file is mapped with %d", errors.ErrUnsupported, length, v.twin.Len())
	case v != nil && mode == mmap.ReadWrite && v.writer != nil && v.writer != f.dir:
		return nil, fmt.Errorf("%w: another process maps the file for writing", errors.ErrUnsupported)
	}
	if v == nil {
		v = &view{inode: f.inode}
		v.twin = mmap.NewTwin(int(i.size()), func(offset int, unit []byte) { disk.stored(v, offset, unit) })
		for n, p := range i.pages {
			if p != nil && p.cache != nil {
				v.twin.WriteAt(p.cache[:], int64(n)*PageSize)
			}
		}
		disk.views[f.inode] = v
	}
	v.mappings++
	f.dir.use(f.inode)
	if mode == mmap.ReadWrite {
		v.writable++
		v.writer = f.dir
	}
	return v.twin.Map(int(length), mode, func() error { return f.unmap(v, mode) }), nil
}

// unmap is the end of a mapping.
func (f *file) unmap(v *view, mode mmap.Mode) error {
	disk := f.dir.disk
	disk.mu.Lock()
	defer disk.mu.Unlock()
	if mode == mmap.ReadWrite {
		if v.writable--; v.writable == 0 {
			v.writer = nil
		}
	}
	if v.mappings--; v.mappings == 0 && disk.views[v.inode] == v {
		delete(disk.views, v.inode)
	}
	f.dir.unuse(f.inode)
	return nil
}

// stored takes a store to the page cache. The lock of the twin is held, which keeps stores in order.
func (d *Disk) stored(v *view, offset int, unit []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if v.detached || v.writer == nil || v.writer.killed {
		return
	}
	op := Op{Kind: OpStore, Inode: v.inode, Offset: int64(offset), Data: slices.Clone(unit)}
	if err := v.writer.change(); err != nil {
		v.writer.part(op)
		return
	}
	d.do(&op)
}
