// This file holds the room of a file system, on Linux and macOS.

package volume

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Room is what a file system has, in bytes.
type Room struct {
	Free  uint64 // what this process may still take; an administrator may have more
	Total uint64
}

// RoomOf returns the room of the file system that holds path, which must exist. The error names the path.
func RoomOf(path string) (Room, error) {
	var status unix.Statfs_t
	for {
		err := unix.Statfs(path, &status)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return Room{}, fmt.Errorf("asking for the room at %s: %w", path, err)
		}
		block := uint64(status.Bsize)
		return Room{Free: status.Bavail * block, Total: status.Blocks * block}, nil
	}
}
