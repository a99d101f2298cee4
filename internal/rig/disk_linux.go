// This file holds file systems for tests, and where on their device a file lies.

package rig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// MountMemory mounts a file system in memory that holds so many bytes at an existing directory.
func MountMemory(target string, size int64) error {
	if err := unix.Mount("none", target, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size)); err != nil {
		return &fs.PathError{Op: "mount tmpfs", Path: target, Err: err}
	}
	return nil
}

// Unmount unmounts what is mounted at a directory. Who is using it may go on.
func Unmount(target string) error {
	if err := unix.Unmount(target, unix.MNT_DETACH); err != nil {
		return &fs.PathError{Op: "unmount", Path: target, Err: err}
	}
	return nil
}

// BlockSize is what [Blocks] and [Punch] count in, in bytes.
const BlockSize = 4096

// Blocks returns for every block of a file on an ext4 with blocks of BlockSize bytes which block of the device holds it,
// from the first to before the last, and 0 for one that nothing was written to.
func Blocks(path string, first, last int64) (_ []int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var blocks []int64
	for block := first; block < last; block++ {
		number := int32(block)
		const fibmap = 1 // linux/fs.h
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), fibmap, uintptr(unsafe.Pointer(&number))); errno != 0 {
			return nil, &fs.PathError{Op: "find block of", Path: path, Err: errno}
		}
		blocks = append(blocks, int64(number))
	}
	return blocks, nil
}

// Punch gives a block of a file back to its file system: it reads zeros, and takes new space when it is written.
func Punch(f *os.File, block int64) error {
	const mode = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE
	if err := unix.Fallocate(int(f.Fd()), mode, block*BlockSize, BlockSize); err != nil {
		return &fs.PathError{Op: "punch", Path: f.Name(), Err: err}
	}
	return nil
}

// Fill makes a file at path and writes to it until its file system has no room for another byte. Removing it makes
// that room again.
func Fill(path string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for piece := make([]byte, 64<<10); len(piece) > 0; {
		if _, err := f.Write(piece); errors.Is(err, unix.ENOSPC) {
			piece = piece[:len(piece)/2]
		} else if err != nil {
			return err
		}
	}
	return f.Sync()
}
