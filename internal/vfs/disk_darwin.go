// This file holds what reaching the disk means on macOS: reserving, syncing, the kind of file system.

package vfs

import (
	"errors"
	"math"

	"golang.org/x/sys/unix"
)

// reserve allocates up to size from the last allocated block on, contiguous if that can be had, and extends the file.
// Holes before that block can't be filled on this system; the store reserves files when they are new.
func reserve(fd int, size int64) error {
	var status unix.Stat_t
	if err := unix.Fstat(fd, &status); err != nil {
		return err
	}
	const blockSize = 512 // of st_blocks, whatever the file system's own is
	if missing := size - status.Blocks*blockSize; missing > 0 {
		request := unix.Fstore_t{
			Flags:   unix.F_ALLOCATECONTIG | unix.F_ALLOCATEALL,
			Posmode: unix.F_PEOFPOSMODE,
			Length:  missing,
		}
		if unix.FcntlFstore(uintptr(fd), unix.F_PREALLOCATE, &request) != nil {
			request.Flags = unix.F_ALLOCATEALL
			if err := unix.FcntlFstore(uintptr(fd), unix.F_PREALLOCATE, &request); err != nil {
				return err
			}
		}
	}
	if status.Size >= size {
		return nil
	}
	return unix.Ftruncate(fd, size)
}

// nextData takes everything for data.
func nextData(_ int, offset int64) (from, to int64, err error) { return offset, math.MaxInt64, nil }

// syncData is syncAll: fsync and fdatasync don't reach the disk here.
func syncData(fd int) error { return syncAll(fd) }

// syncAll asks the disk to write its cache. A file system that has no such request (a network share) says so without
// having tried to write anything; then, and only then, there is fsync.
func syncAll(fd int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_FULLFSYNC, 0)
	if errors.Is(err, unix.ENOTSUP) {
		return unix.Fsync(fd)
	}
	return err
}

// fileSystem names the file system of fd and says whether it is copy-on-write.
func fileSystem(fd int) (name string, copyOnWrite bool) {
	var status unix.Statfs_t
	if err := uninterrupted(func() error { return unix.Fstatfs(fd, &status) }); err != nil {
		return "unknown", false
	}
	name = unix.ByteSliceToString(status.Fstypename[:])
	return name, name == "apfs" || name == "zfs"
}
