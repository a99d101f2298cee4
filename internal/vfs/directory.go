// This file holds the real directory.
//
// States: open -> closed. Every call holds the descriptor for its time, so that Close never frees a number in use.

package vfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/batpak/batpak/hooks"
)

// directory is a Dir on disk.
type directory struct {
	path  string
	owner uint32
	file  *os.File
	conn  syscall.RawConn
}

var _ Dir = (*directory)(nil)

func (d *directory) Path() string { return d.path }

// at returns the path of a name, for messages.
func (d *directory) at(name string) string { return filepath.Join(d.path, name) }

// hold calls fn with the directory's descriptor, which stays open meanwhile.
func (d *directory) hold(fn func(fd int) error) error { return hold(d.conn, fn) }

// hold calls fn with the descriptor of conn, which stays open meanwhile, or returns fs.ErrClosed.
func hold(conn syscall.RawConn, fn func(fd int) error) error {
	var err error
	if conn.Control(func(fd uintptr) { err = fn(int(fd)) }) != nil {
		return fs.ErrClosed // the only thing that Control fails of
	}
	return err
}

// uninterrupted calls fn until it does not fail of a signal. Never for syncs: see the package's text.
func uninterrupted(fn func() error) error {
	for {
		if err := fn(); err != unix.EINTR {
			return err
		}
	}
}

func (d *directory) Create(name string) (File, error) {
	const operation = "create"
	if err := checkName(operation, name); err != nil {
		return nil, err
	}
	f, err := d.open(name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return nil, unwritable(operation, d.at(name), err)
	}
	return f, nil
}

func (d *directory) Open(name string, writable bool) (File, error) {
	const operation = "open"
	if err := checkName(operation, name); err != nil {
		return nil, err
	}
	if writable {
		f, err := d.open(name, unix.O_RDWR)
		if err != nil {
			return nil, unwritable(operation, d.at(name), err)
		}
		return f, nil
	}
	f, err := d.open(name, unix.O_RDONLY)
	if err != nil {
		return nil, failure(operation, d.at(name), err)
	}
	return f, nil
}

// open opens a regular file of the directory, and only that.
func (d *directory) open(name string, flags int) (*file, error) {
	var f *file
	err := d.hold(func(fd int) error {
		opened, err := openRegular(fd, d.at(name), name, flags, d.owner)
		if err != nil {
			return err
		}
		f, err = newFile(opened, name, d.at(name))
		return err
	})
	return f, err
}

// openRegular returns a descriptor of the regular file called name in the directory. It neither follows a link nor waits
// for the other end of a FIFO. The descriptor blocks.
func openRegular(directory int, path, name string, flags int, owner uint32) (int, error) {
	flags |= unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC | unix.O_NOCTTY
	if hooks.Enabled && hooks.Planted(hooks.LinksFollowed) {
		flags &^= unix.O_NOFOLLOW
	}
	var opened int
	err := uninterrupted(func() (err error) {
		opened, err = unix.Openat(directory, name, flags, 0o600)
		return err
	})
	if err != nil {
		if flags&unix.O_EXCL == 0 {
			// A link, a socket or a directory fails with an error number that does not say so.
			var status unix.Stat_t
			if unix.Fstatat(directory, name, &status, unix.AT_SYMLINK_NOFOLLOW) == nil && kindOf(&status) != unix.S_IFREG {
				return -1, &NotRegularError{Path: path, Found: describe(kindOf(&status))}
			}
		}
		return -1, err
	}
	if err := checkRegular(opened, path, owner); err != nil {
		unix.Close(opened) // nothing was written
		return -1, err
	}
	return opened, nil
}

// checkRegular checks what was opened and makes it blocking: os.NewFile would poll for it otherwise.
func checkRegular(opened int, path string, owner uint32) error {
	var status unix.Stat_t
	if err := unix.Fstat(opened, &status); err != nil {
		return err
	}
	if kind := kindOf(&status); kind != unix.S_IFREG {
		return &NotRegularError{Path: path, Found: describe(kind)}
	}
	if !trusted(status.Uid, owner, uint32(unix.Geteuid())) {
		return &OwnerError{Path: path, Owner: status.Uid, Want: owner}
	}
	return unix.SetNonblock(opened, false)
}

// trusted reports whether a file's owner is one who may have put it there: the directory's owner, this process, or root,
// who can do so anyway.
func trusted(file, directory, process uint32) bool {
	return file == directory || file == process || file == 0
}

func kindOf(status *unix.Stat_t) uint32 { return uint32(status.Mode) & unix.S_IFMT }

// describe names a kind of file.
func describe(kind uint32) string {
	switch kind {
	case unix.S_IFREG:
		return "a regular file"
	case unix.S_IFDIR:
		return "a directory"
	case unix.S_IFLNK:
		return "a symbolic link"
	case unix.S_IFIFO:
		return "a FIFO"
	case unix.S_IFSOCK:
		return "a socket"
	case unix.S_IFBLK, unix.S_IFCHR:
		return "a device"
	}
	return "something unknown"
}

func (d *directory) Rename(oldName, newName string) error {
	const operation = "rename"
	if err := both(checkName(operation, oldName), checkName(operation, newName)); err != nil {
		return err
	}
	return unwritable(operation, d.at(oldName), d.hold(func(fd int) error {
		return uninterrupted(func() error { return unix.Renameat(fd, oldName, fd, newName) })
	}))
}

func (d *directory) Remove(name string) error {
	const operation = "remove"
	if err := checkName(operation, name); err != nil {
		return err
	}
	return unwritable(operation, d.at(name), d.hold(func(fd int) error {
		return uninterrupted(func() error { return unix.Unlinkat(fd, name, 0) })
	}))
}

func (d *directory) List() ([]string, error) {
	var names []string
	err := d.hold(func(fd int) error {
		// A descriptor of its own, since the position in a directory belongs to the open file.
		var again int
		err := uninterrupted(func() (err error) {
			again, err = unix.Openat(fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
			return err
		})
		if err != nil {
			return err
		}
		reading := os.NewFile(uintptr(again), d.path)
		names, err = reading.Readdirnames(-1)
		return both(err, reading.Close())
	})
	if err != nil {
		return nil, failure("list", d.path, err)
	}
	slices.Sort(names)
	return names, nil
}

func (d *directory) Sync() error {
	return failure("sync directory", d.path, d.hold(syncAll))
}

func (d *directory) CopyOnWrite() (string, bool) {
	name, copyOnWrite := "unknown", false
	// A file system that does not answer stays unknown: the answer only decides what is said at open.
	_ = d.hold(func(fd int) error {
		name, copyOnWrite = fileSystem(fd)
		return nil
	})
	return name, copyOnWrite
}

func (d *directory) Close() error {
	if err := d.file.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return failure("close directory", d.path, err)
	}
	return nil
}
