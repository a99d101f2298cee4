// This file holds Directory, the disk as one process sees it.
//
// States: running -> killed, by Kill or by the change that KillAfter forbids. Closing it changes nothing but that: files,
// locks and mappings go on.

package simdisk

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/batpak/batpak/internal/vfs"
)

// ErrKilled: the process that made the call was killed.
var ErrKilled = errors.New("simdisk: the process was killed")

// Directory is a process and the directory that it has open: a [vfs.Dir]. Its mappings are heap memory, shared by all
// processes that map the file. A file that is mapped can't be mapped with a greater length than it had at the first
// mapping, and only one process at a time maps a file for writing (both errors.ErrUnsupported). Touching memory behind the
// end of a file that was cut does not fault, and what is stored there is lost.
type Directory struct {
	disk *Disk

	// Guarded by Disk.mu.
	closed bool
	killed bool
	left   int64 // changes that KillAfter still allows; negative: any number
	onSync func(name string) error
	users  map[uint64]int // what of Disk.users is of this process
	locked map[*lock]bool
	end    chan struct{} // closed when killed
}

var _ vfs.Dir = (*Directory)(nil)

// Mount starts a process that has the directory open. A sync that began in a process that is not there, as on a copy, has
// not happened.
func (d *Disk) Mount() *Directory {
	d.mu.Lock()
	defer d.mu.Unlock()
	for number := range d.state.syncs {
		if d.running[number] == nil {
			d.synced(number, SyncAborted)
		}
	}
	return &Directory{disk: d, left: -1, users: make(map[uint64]int), locked: make(map[*lock]bool), end: make(chan struct{})}
}

// Kill ends the process: every later call fails with ErrKilled, except those that let go of something, which do nothing. What
// it stores goes nowhere, its locks are free, a sync that is running has not happened. What is in the page cache stays.
// Other processes that have a file mapped which this one mapped for writing see no later changes of it there.
func (d *Directory) Kill() {
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	d.kill()
}

// KillAfter kills the process after n more changes, in the middle of the next one: of a store or a write a part may have
// reached the page cache. Beginning and ending a sync are a change each. A negative n takes the bound away.
func (d *Directory) KillAfter(n int64) {
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	d.left = n
}

// Killed reports whether the process was killed.
func (d *Directory) Killed() bool {
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	return d.killed
}

// OnSync sets what every later sync of this process calls, when its pages are clean already and not yet on the disk: with
// the file's name as it was opened, or "." for the directory. It holds no lock, may block and may use the disk. If it returns an
// error, the sync fails with it. nil: nothing is called.
func (d *Directory) OnSync(fn func(name string) error) {
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	d.onSync = fn
}

// kill ends the process. The lock is held.
func (d *Directory) kill() {
	if d.killed {
		return
	}
	d.killed = true
	for number, run := range d.disk.running {
		if run.by == d {
			d.disk.synced(number, SyncAborted)
		}
	}
	for inode, v := range d.disk.views {
		if v.writer == d {
			v.detached = true
			delete(d.disk.views, inode)
		}
	}
	for l := range d.locked {
		l.release()
	}
	for inode, n := range d.users {
		d.disk.leave(inode, n)
	}
	clear(d.users)
	close(d.end)
}

// change counts a change that is about to be made; if it may not be made the process is dead. The lock is held.
func (d *Directory) change() error {
	switch {
	case d.killed:
		return ErrKilled
	case d.left == 0:
		d.kill()
		return ErrKilled
	case d.left > 0:
		d.left--
	}
	return nil
}

// use and unuse count what the process has of a file. The lock is held.
func (d *Directory) use(inode uint64) {
	d.users[inode]++
	d.disk.users[inode]++
}

func (d *Directory) unuse(inode uint64) {
	if d.killed {
		return // kill did
	}
	if d.users[inode]--; d.users[inode] == 0 {
		delete(d.users, inode)
	}
	d.disk.leave(inode, 1)
}

// leave is the end of n uses of a file. The lock is held.
func (d *Disk) leave(inode uint64, n int) {
	if d.users[inode] -= n; d.users[inode] == 0 {
		delete(d.users, inode)
	}
}

// Path returns what messages call the directory.
func (d *Directory) Path() string { return "simulated disk" }

// failure says which operation failed on what.
func (d *Directory) failure(operation, name string, err error) error {
	return &fs.PathError{Op: operation, Path: filepath.Join(d.Path(), name), Err: err}
}

// with calls fn with the lock held, if the directory is open and the names are names.
func (d *Directory) with(operation string, fn func() error, names ...string) error {
	for _, name := range names {
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
			return &fs.PathError{Op: operation, Path: name, Err: vfs.ErrName}
		}
	}
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	var err error
	switch {
	case d.killed:
		err = ErrKilled
	case d.closed:
		err = fs.ErrClosed
	default:
		err = fn()
	}
	var locked *vfs.LockedError
	if err != nil && !errors.As(err, &locked) { // which says everything already
		return d.failure(operation, strings.Join(names, " "), err)
	}
	return err
}

// Create makes a file, empty and open for writing.
func (d *Directory) Create(name string) (vfs.File, error) {
	var f *file
	err := d.with("create", func() (err error) {
		if d.disk.state.lookup(name) != 0 {
			return fs.ErrExist
		}
		f, err = d.create(name)
		return err
	}, name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// create makes a file. The lock is held.
func (d *Directory) create(name string) (*file, error) {
	if err := d.change(); err != nil {
		return nil, err
	}
	d.disk.do(&Op{Kind: OpCreate, Name: name, Inode: d.disk.state.newest + 1})
	return d.opened(name, true), nil
}

// opened is an opening of the file of a name. The lock is held.
func (d *Directory) opened(name string, writable bool) *file {
	f := &file{dir: d, inode: d.disk.state.lookup(name), name: name, writable: writable}
	d.use(f.inode)
	return f
}

// Open opens a file.
func (d *Directory) Open(name string, writable bool) (vfs.File, error) {
	var f *file
	err := d.with("open", func() error {
		if d.disk.state.lookup(name) == 0 {
			return fs.ErrNotExist
		}
		f = d.opened(name, writable)
		return nil
	}, name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Rename moves a file.
func (d *Directory) Rename(oldName, newName string) error {
	return d.with("rename", func() error {
		if d.disk.state.lookup(oldName) == 0 {
			return fs.ErrNotExist
		}
		if err := d.change(); err != nil {
			return err
		}
		d.disk.do(&Op{Kind: OpRename, Name: oldName, NewName: newName})
		return nil
	}, oldName, newName)
}

// Remove unlinks a file.
func (d *Directory) Remove(name string) error {
	return d.with("remove", func() error {
		if d.disk.state.lookup(name) == 0 {
			return fs.ErrNotExist
		}
		if err := d.change(); err != nil {
			return err
		}
		d.disk.do(&Op{Kind: OpRemove, Name: name})
		return nil
	}, name)
}

// List returns the names, sorted.
func (d *Directory) List() (names []string, err error) {
	if err := d.with("list", func() error { return nil }); err != nil {
		return nil, err
	}
	return d.disk.Names(), nil
}

// Sync makes the names durable.
func (d *Directory) Sync() error {
	return d.sync("sync", ".", &d.closed, &Op{Kind: OpDirSync})
}

// CopyOnWrite returns "simulated disk" and false: what is reserved is written in place.
func (d *Directory) CopyOnWrite() (fileSystem string, copyOnWrite bool) { return d.Path(), false }

// Close lets go of the directory.
func (d *Directory) Close() error {
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	d.closed = true
	return nil
}

// errNoSpace is what extending beyond the capacity fails with.
var errNoSpace = fmt.Errorf("%w: %w", vfs.ErrNoSpace, syscall.ENOSPC)
