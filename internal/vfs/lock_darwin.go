// This file holds the locking call of macOS: flock, which also belongs to the open file.

package vfs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// tryLock takes the lock or reports that it is held. Who holds it can't be asked; the record of the file is believed,
// which the last exclusive holder erased unless it died.
func tryLock(fd int, exclusive bool) (held, byExclusive bool, err error) {
	how := unix.LOCK_SH
	if exclusive {
		how = unix.LOCK_EX
	}
	err = uninterrupted(func() error { return unix.Flock(fd, how|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, true, nil
	}
	return false, false, err
}

// unlock gives the lock back.
func unlock(fd int) error {
	return uninterrupted(func() error { return unix.Flock(fd, unix.LOCK_UN) })
}
