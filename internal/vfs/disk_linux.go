// This file holds what reaching the disk means on Linux: reserving, syncing, the kind of file system.

package vfs

import (
	"errors"
	"fmt"
	"math"

	"golang.org/x/sys/unix"
)

// reserve allocates [0, size). Mode 0 is the one that reserves and extends; ftruncate reserves nothing.
func reserve(fd int, size int64) error { return unix.Fallocate(fd, 0, 0, size) }

// syncData is one fdatasync, never repeated.
func syncData(fd int) error { return unix.Fdatasync(fd) }

// syncAll is one fsync, never repeated.
func syncAll(fd int) error { return unix.Fsync(fd) }

// nextData returns the first range at or behind offset that was written to, an empty one if none was. It moves the
// descriptor's offset, which nothing else uses.
func nextData(fd int, offset int64) (from, to int64, err error) {
	if from, err = unix.Seek(fd, offset, unix.SEEK_DATA); errors.Is(err, unix.ENXIO) {
		return offset, offset, nil
	} else if err != nil {
		return offset, math.MaxInt64, nil // to the file's end, wherever that is
	}
	if to, err = unix.Seek(fd, from, unix.SEEK_HOLE); err != nil {
		return from, math.MaxInt64, nil
	}
	return from, to, nil
}

// fileSystem names the file system of fd and says whether it is copy-on-write. XFS writes in place except to
// blocks shared by a reflink, which the store never makes. The numbers are those of linux/magic.h and of OpenZFS.
func fileSystem(fd int) (name string, copyOnWrite bool) {
	var status unix.Statfs_t
	if err := uninterrupted(func() error { return unix.Fstatfs(fd, &status) }); err != nil {
		return "unknown", false
	}
	switch magic := uint32(status.Type); magic {
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs", true
	case 0x2fc12fc1:
		return "zfs", true
	case unix.BCACHEFS_SUPER_MAGIC:
		return "bcachefs", true
	case unix.EXT4_SUPER_MAGIC:
		return "ext4", false // ext2 and ext3 say the same
	case unix.XFS_SUPER_MAGIC:
		return "xfs", false
	case unix.TMPFS_MAGIC:
		return "tmpfs", false
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlayfs", false
	case unix.F2FS_SUPER_MAGIC:
		return "f2fs", false
	case unix.NFS_SUPER_MAGIC:
		return "nfs", false
	case unix.FUSE_SUPER_MAGIC:
		return "fuse", false
	default:
		return fmt.Sprintf("type 0x%x", magic), false
	}
}
