// This file holds the locks that files stand for.

package simdisk

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/batpak/batpak/internal/vfs"
)

// holders is who has the lock of an inode: an exclusive one, or some that share it.
type holders struct {
	exclusive bool
	shared    int
}

// lock is a held lock: held -> released, by Unlock or by the end of its process. Disk.mu guards it.
type lock struct {
	dir       *Directory
	inode     uint64
	exclusive bool
	released  bool
}

// Lock takes a lock.
func (d *Directory) Lock(name string, exclusive bool) (vfs.Lock, error) {
	var l *lock
	err := d.with("lock", func() (err error) {
		l, err = d.lock(name, exclusive)
		return err
	}, name)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// lock takes a lock. The lock of the disk is held.
func (d *Directory) lock(name string, exclusive bool) (*lock, error) {
	disk := d.disk
	inode := disk.state.lookup(name)
	if inode == 0 {
		if !exclusive {
			return nil, fs.ErrNotExist
		}
		f, err := d.create(name)
		if err != nil {
			return nil, err
		}
		inode = f.inode
		d.unuse(inode)
	}
	h := disk.locks[inode]
	if h == nil {
		h = &holders{}
	}
	switch {
	case h.exclusive:
		return nil, &vfs.LockedError{Path: filepath.Join(d.Path(), name), PID: os.Getpid()}
	case exclusive && h.shared > 0:
		return nil, &vfs.LockedError{Path: filepath.Join(d.Path(), name)}
	case exclusive:
		if err := d.sign(inode); err != nil {
			return nil, err
		}
		h.exclusive = true
	default:
		h.shared++
	}
	l := &lock{dir: d, inode: inode, exclusive: exclusive}
	disk.locks[inode] = h
	d.locked[l] = true
	d.use(inode)
	return l, nil
}

// sign writes the process id into the file of a lock, as long as it is another one. The lock of the disk is held.
func (d *Directory) sign(inode uint64) error {
	record := fmt.Appendf(nil, "%-15d\n", os.Getpid())
	if i := d.disk.state.inodes[inode]; i.size() == int64(len(record)) {
		there := make([]byte, len(record))
		if i.read(there, 0); string(there) == string(record) {
			return nil
		}
	}
	if !d.disk.room(inode, int64(len(record))) {
		return errNoSpace
	}
	if err := d.change(); err != nil {
		return err
	}
	d.disk.do(&Op{Kind: OpWrite, Inode: inode, Data: record})
	return nil
}

// Unlock gives the lock back. The record in the file stays.
func (l *lock) Unlock() error {
	l.dir.disk.mu.Lock()
	defer l.dir.disk.mu.Unlock()
	if !l.released {
		l.release()
		l.dir.unuse(l.inode)
	}
	return nil
}

// release gives the lock back. The lock of the disk is held.
func (l *lock) release() {
	l.released = true
	delete(l.dir.locked, l)
	h := l.dir.disk.locks[l.inode]
	if l.exclusive {
		h.exclusive = false
	} else {
		h.shared--
	}
	if h.shared == 0 && !h.exclusive {
		delete(l.dir.disk.locks, l.inode)
	}
}
