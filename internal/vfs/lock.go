// This file holds the lock of a real directory.
//
// States: held -> released. The lock belongs to the open file, so only Unlock and the end of the process release it.
//
// The lock file holds a record of fixed length: the holder's process id, padded with spaces, and a newline; spaces only
// when the last holder left in order. Fixed, so that on a full disk a file that was written once can be again.

package vfs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/batpak/batpak/hooks"
)

// lock is a held lock of a real directory.
type lock struct {
	file      *file
	exclusive bool

	mu       sync.Mutex
	released bool
}

const pidLength = 16 // bytes of the record

// lockAttempts bounds how often a replaced lock file is opened anew. Nobody replaces it in good faith even once.
const lockAttempts = 16

func (d *directory) Lock(name string, exclusive bool) (Lock, error) {
	const operation = "lock"
	if err := checkName(operation, name); err != nil {
		return nil, err
	}
	for range lockAttempts {
		f, err := d.openLock(name, exclusive)
		if err != nil {
			if exclusive {
				return nil, unwritable(operation, d.at(name), err)
			}
			return nil, failure(operation, d.at(name), err)
		}
		current, err := d.acquire(f, exclusive)
		if err == nil && current {
			return &lock{file: f, exclusive: exclusive}, nil
		}
		if err = both(err, f.Close()); err != nil {
			return nil, failure(operation, d.at(name), err)
		}
	}
	return nil, failure(operation, d.at(name), fmt.Errorf("the file was replaced %d times meanwhile", lockAttempts))
}

// openLock opens the lock file. Without O_EXCL: two processes may both want to create it.
func (d *directory) openLock(name string, exclusive bool) (*file, error) {
	if exclusive {
		return d.open(name, unix.O_RDWR|unix.O_CREAT)
	}
	return d.open(name, unix.O_RDONLY)
}

// acquire locks the open file, and reports whether it is still the one that its name names: if it was renamed over or
// removed between opening and locking, somebody else can hold the lock of the file that stands there now.
func (d *directory) acquire(f *file, exclusive bool) (current bool, err error) {
	err = hold(f.conn, func(fd int) error {
		held, byExclusive, err := tryLock(fd, exclusive)
		if err != nil {
			return err
		}
		if hooks.Enabled && hooks.Planted(hooks.LockNotTaken) {
			held = false
		}
		if held {
			return &LockedError{Path: f.path, PID: f.holder(byExclusive)}
		}
		current, err = d.names(f.name, fd)
		if hooks.Enabled && hooks.Planted(hooks.LockNotRechecked) {
			current = true
		}
		return err
	})
	if err != nil || !current || !exclusive {
		return current, err
	}
	return true, f.writeHolder(strconv.Itoa(os.Getpid()))
}

// names reports whether name is an entry for the open file.
func (d *directory) names(name string, fd int) (bool, error) {
	var open, named unix.Stat_t
	if err := unix.Fstat(fd, &open); err != nil {
		return false, err
	}
	err := d.hold(func(directory int) error {
		return unix.Fstatat(directory, name, &named, unix.AT_SYMLINK_NOFOLLOW)
	})
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	return err == nil && open.Dev == named.Dev && open.Ino == named.Ino, err
}

// holder returns the process id in the file, 0 if there is none to be believed.
func (f *file) holder(exclusive bool) int {
	if !exclusive {
		return 0
	}
	record := make([]byte, pidLength)
	n, err := f.file.ReadAt(record, 0)
	if err != nil && err != io.EOF {
		return 0 // that it is locked is the news
	}
	pid, err := strconv.ParseInt(strings.TrimSpace(string(record[:n])), 10, 32)
	if err != nil || pid < 1 {
		return 0
	}
	return int(pid)
}

// writeHolder writes the record.
func (f *file) writeHolder(pid string) error {
	_, err := f.file.WriteAt(holderRecord(pid), 0)
	return err
}

// holderRecord is the content of the file.
func holderRecord(pid string) []byte { return fmt.Appendf(nil, "%-*s\n", pidLength-1, pid) }

func (l *lock) Unlock() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.released {
		return nil // the record is the next holder's by now
	}
	l.released = true
	var erased error
	if l.exclusive {
		erased = l.file.writeHolder("")
	}
	// Explicitly, and not only by closing: a child that is just being started shares the open file.
	released := hold(l.file.conn, unlock)
	return failure("unlock", l.file.path, both(both(erased, released), l.file.Close()))
}
