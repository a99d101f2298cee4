// The directory in which something is measured: made, locked while somebody works in it, removed, by a later run if need be.

package perfgates

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/perfgates/internal/host"
)

const (
	workplacePrefix = ".batpak-bench-"
	workplaceLock   = "lock" // held for as long as the process works there

	// workplaceAttempts bounds how often others who remove what is left take a new directory for that.
	workplaceAttempts = 16
)

// workplace is the directory in which something is measured, removed when that ends.
type workplace struct {
	path string
	held vfs.Lock
}

// newWorkplace makes a directory of its own in base, which must exist. Those that processes left there which were killed are removed, and
// said. Memory file systems get a warning: what is synced there is not.
func newWorkplace(base string, warn func(string)) (*workplace, error) {
	if base == "" {
		base = "."
	}
	if warn == nil {
		warn = func(string) {}
	}
	removeLeft(base, warn)
	for range workplaceAttempts {
		path, err := os.MkdirTemp(base, workplacePrefix+"*")
		if err != nil {
			return nil, fmt.Errorf("no place to work: %w", err)
		}
		held, err := lockWorkplace(path, true)
		// Before it was locked, another run may have taken it for one that was left.
		if errors.Is(err, vfs.ErrLocked) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("no place to work: %w", err), os.RemoveAll(path))
		}
		if mount, err := host.MountOf(path); err == nil && mount.Volatile() {
			warn(fmt.Sprintf("%s is on %s, where syncs cost nothing; choose a disk", base, mount.Type))
		}
		return &workplace{path, held}, nil
	}
	return nil, fmt.Errorf("no place to work: in %s others removed each of %d new directories", base, workplaceAttempts)
}

func (w *workplace) remove() error { return errors.Join(os.RemoveAll(w.path), w.held.Unlock()) }

// removeLeft removes the workplaces of which nobody holds the lock. One without a lock is just being made. What can't be removed is somebody
// else's, or will be tried again.
func removeLeft(base string, warn func(string)) {
	entries, err := os.ReadDir(base)
	if err != nil {
		return // making a directory there fails with more to say
	}
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), workplacePrefix) {
			continue
		}
		path := filepath.Join(base, entry.Name())
		// Shared: it needs the file to be there.
		held, err := lockWorkplace(path, false)
		if err != nil {
			continue
		}
		if err := errors.Join(os.RemoveAll(path), held.Unlock()); err != nil {
			warn(fmt.Sprintf("%s was left by a process that was killed, and can't be removed: %v", path, err))
			continue
		}
		warn(fmt.Sprintf("removed %s, which was left by a process that was killed", path))
	}
}

func lockWorkplace(path string, exclusive bool) (vfs.Lock, error) {
	directory, err := vfs.OpenDir(path, false)
	if err != nil {
		return nil, err
	}
	held, err := directory.Lock(workplaceLock, exclusive)
	if closing := directory.Close(); closing != nil && err == nil {
		return nil, errors.Join(closing, held.Unlock())
	}
	return held, err
}
