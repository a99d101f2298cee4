// The directory in which a command works, removed when it ends.

package main

import (
	"fmt"
	"os"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/host"
)

type workplace struct{ path string }

// newWorkplace makes a directory of its own in base, which must exist. Memory file
// systems get a warning: what is synced there is not.
func (s *session) newWorkplace(base string) (*workplace, error) {
	path, err := os.MkdirTemp(base, ".batpak-bench-*")
	if err != nil {
		return nil, fmt.Errorf("no place to work: %w", err)
	}
	if mount, err := host.MountOf(path); err == nil && mount.Volatile() {
		fmt.Fprintf(s.messages, "batpak-bench: warning: %s is on %s, where syncs cost nothing; choose a disk with --dir\n",
			base, mount.Type)
	}
	return &workplace{path}, nil
}

func (w *workplace) remove() error { return os.RemoveAll(w.path) }
