// This file holds opening a real directory, and making it durably.

package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// OpenDir opens the directory at path.
//
// With create, a missing directory is made, and every missing parent, all readable and writable by their owner only
// (0700), and the entries are made durable, that of a directory that was there included: whoever made it may have
// died before it was. (Only a parent of an existing directory that may not be read is left alone.) Without create
// nothing is changed, and the directory may be read-only; what needs to write fails then.
//
// path may lead through symbolic links but must not end in one (*NotDirectoryError, as for anything else that is no
// directory). fs.ErrNotExist if it is missing, or dangles; ErrNotDirectory if a parent is none; ErrUnwritable if it
// can't be made.
//
// In a race build the directory is HeapBacked.
func OpenDir(path string, create bool) (Dir, error) {
	d, err := openDirectory(path, create)
	if err != nil {
		return nil, err
	}
	if raceDetector {
		return HeapBacked(d), nil
	}
	return d, nil
}

// openDirectory opens the real directory in every build.
func openDirectory(path string, create bool) (*directory, error) {
	const operation = "open directory"
	if path == "" {
		return nil, &fs.PathError{Op: operation, Path: path, Err: fmt.Errorf("the path is empty: %w", fs.ErrInvalid)}
	}
	path = filepath.Clean(path) // a trailing slash would resolve a link
	made := false
	if create {
		var err error
		if made, err = makeDirectory(path); err != nil {
			return nil, err
		}
	}
	fd, err := openDescriptor(unix.AT_FDCWD, path, unix.O_NOFOLLOW)
	if err != nil {
		return nil, failure(operation, path, explain(path, err))
	}
	var status unix.Stat_t
	if err := unix.Fstat(fd, &status); err != nil {
		unix.Close(fd)
		return nil, failure(operation, path, err)
	}
	if create && !made {
		if err := syncParent(fd); err != nil && !errors.Is(err, fs.ErrPermission) {
			unix.Close(fd)
			return nil, failure("sync parent of directory", path, err)
		}
	}
	d := &directory{path: path, owner: status.Uid, file: os.NewFile(uintptr(fd), path)}
	if d.conn, err = d.file.SyscallConn(); err != nil {
		return nil, failure(operation, path, both(err, d.file.Close()))
	}
	return d, nil
}

// openDescriptor opens a directory for reading.
func openDescriptor(at int, path string, flags int) (int, error) {
	var fd int
	err := uninterrupted(func() (err error) {
		fd, err = unix.Openat(at, path, flags|unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	return fd, err
}

// explain returns a better error than err for a path that could not be opened as a directory, if there is one.
func explain(path string, err error) error {
	var status unix.Stat_t
	if unix.Lstat(path, &status) != nil || kindOf(&status) == unix.S_IFDIR {
		return err
	}
	return &NotDirectoryError{Path: path, Found: describe(kindOf(&status))}
}

// makeDirectory makes the directory at path and every missing parent, each durable before the next, and reports
// whether path was missing. Whatever else is there already is left for opening to judge.
func makeDirectory(path string) (bool, error) {
	const operation = "make directory"
	if _, err := os.Lstat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	parent := filepath.Dir(path)
	existed := true
	if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) && parent != path {
		if existed, err = makeParent(parent); err != nil {
			return false, err
		}
	}
	if existed {
		// It can be the last one that a process made before it died.
		if err := syncEntry(parent); err != nil && !errors.Is(err, fs.ErrPermission) {
			return false, failure("sync parent of directory", parent, err)
		}
	}
	err := uninterrupted(func() error { return unix.Mkdir(path, 0o700) })
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return false, unwritable(operation, path, err)
	}
	return true, failure("sync parent of directory", path, syncEntry(path))
}

// makeParent is makeDirectory that reports whether the directory was there.
func makeParent(path string) (existed bool, err error) {
	made, err := makeDirectory(path)
	return !made, err
}

// syncEntry makes the entry of the directory at path durable.
func syncEntry(path string) error {
	fd, err := openDescriptor(unix.AT_FDCWD, path, 0)
	if err != nil {
		return err
	}
	return both(syncParent(fd), unix.Close(fd))
}

// syncParent makes the entry of an open directory durable: it syncs what ".." names, which is right behind a link too.
func syncParent(fd int) error {
	parent, err := openDescriptor(fd, "..", 0)
	if err != nil {
		return err
	}
	return both(syncAll(parent), unix.Close(parent))
}
