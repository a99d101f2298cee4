// This file holds limits of this process.

package rig

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Limit is a resource of which a process may have only so much.
type Limit int

const (
	// OpenFiles is one more than the highest descriptor.
	OpenFiles Limit = unix.RLIMIT_NOFILE
	// FileSize is how long a file may become, in bytes.
	FileSize Limit = unix.RLIMIT_FSIZE
	// AddressSpace is how much may be mapped, in bytes, the process's own heap included.
	AddressSpace Limit = unix.RLIMIT_AS
)

// Lower sets the limit, and returns what sets it to what it was.
func Lower(l Limit, to uint64) (restore func() error, err error) {
	var old unix.Rlimit
	if err := unix.Getrlimit(int(l), &old); err != nil {
		return nil, fmt.Errorf("get limit %d: %w", l, err)
	}
	lowered := unix.Rlimit{Cur: to, Max: old.Max}
	if err := unix.Setrlimit(int(l), &lowered); err != nil {
		return nil, fmt.Errorf("set limit %d to %d: %w", l, to, err)
	}
	return func() error { return unix.Setrlimit(int(l), &old) }, nil
}

// Mapped returns how much this process has mapped, in bytes: what AddressSpace is about.
func Mapped() (uint64, error) {
	status, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var pages uint64
	if _, err := fmt.Sscan(string(status), &pages); err != nil {
		return 0, fmt.Errorf("read /proc/self/statm: %w", err)
	}
	return pages * uint64(os.Getpagesize()), nil
}
