// This file holds populating and unloading pages on Linux, and advice on their size.

package mmap

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/batpak/batpak/internal/fault"
)

// populate brings in the pages of b, which begins at a page boundary.
func populate(b []byte, purpose purpose) error {
	advice := unix.MADV_POPULATE_READ
	if purpose == forWriting {
		advice = unix.MADV_POPULATE_WRITE
	}
	for {
		err := unix.Madvise(b, advice)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EINVAL):
			// The range is aligned and the mode fits, so the kernel is one from before 5.14 that has no such
			// advice. The pages come in by faults then.
			return nil
		case errors.Is(err, unix.EFAULT), errors.Is(err, unix.EHWPOISON):
			return fmt.Errorf("mmap: populate %d bytes for %s: %w: %w", len(b), purpose, fault.ErrMapFault, err)
		}
		return fmt.Errorf("mmap: populate %d bytes for %s: %w", len(b), purpose, err)
	}
}

// smallPages says that b is touched at random, which ends readahead for it, and with that large pages.
func smallPages(b []byte) error {
	if err := unix.Madvise(b, unix.MADV_RANDOM); err != nil {
		return fmt.Errorf("mmap: advise %d bytes: %w", len(b), err)
	}
	return nil
}

// unload takes the pages of b, which begins at a page boundary and is shared memory of a file, out of the page tables. What was stored into
// them stays in the file's cache.
func unload(b []byte) error {
	err := unix.Madvise(b, unix.MADV_DONTNEED)
	if err == nil || errors.Is(err, unix.EINVAL) { // the range is aligned, so its pages are locked in memory: they stay
		return nil
	}
	return fmt.Errorf("mmap: unload %d bytes: %w", len(b), err)
}
