// This file holds the locking call of Linux: a lock of the open file description over the whole file.

package vfs

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// tryLock takes the lock or reports that it is held, and then whether its holder is an exclusive one.
func tryLock(fd int, exclusive bool) (held, byExclusive bool, err error) {
	wanted := wholeFile(unix.F_RDLCK)
	if exclusive {
		wanted.Type = unix.F_WRLCK
	}
	err = uninterrupted(func() error { return unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &wanted) })
	if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EACCES) {
		return false, false, err
	}
	// If the holder is gone meanwhile the type is F_UNLCK: it was held when asked.
	err = uninterrupted(func() error { return unix.FcntlFlock(uintptr(fd), unix.F_OFD_GETLK, &wanted) })
	return true, wanted.Type == unix.F_WRLCK, err
}

// unlock gives the lock back.
func unlock(fd int) error {
	released := wholeFile(unix.F_UNLCK)
	return uninterrupted(func() error { return unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &released) })
}

func wholeFile(kind int16) unix.Flock_t {
	return unix.Flock_t{Type: kind, Whence: io.SeekStart} // length 0: to the end, wherever that is
}
