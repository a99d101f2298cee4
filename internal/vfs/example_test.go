// This file holds the life of a file whose content is stored through a mapping.

package vfs_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/batpak/batpak/internal/fault"
	"github.com/batpak/batpak/internal/mmap"
	"github.com/batpak/batpak/internal/vfs"
)

func Example() {
	parent, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(parent)
	if err := run(filepath.Join(parent, "store")); err != nil {
		log.Fatal(err)
	}
	// Output: stored, and there to stay
}

func run(path string) error {
	dir, err := vfs.OpenDir(path, true)
	if err != nil {
		return err
	}
	defer dir.Close()
	lock, err := dir.Lock("LOCK", true)
	if err != nil {
		return err // errors.Is(err, vfs.ErrLocked) if another has it
	}
	defer lock.Unlock()

	// Under a temporary name until it is whole.
	file, err := dir.Create("segment.tmp")
	if err != nil {
		return err
	}
	defer file.Close()
	const size = 1 << 20
	if err := file.Reserve(size); err != nil {
		return err // errors.Is(err, vfs.ErrNoSpace) on a full disk
	}
	mapping, err := file.Map(size, mmap.ReadWrite)
	if err != nil {
		return err
	}
	defer mapping.Unmap()
	unit := []byte("stored, and there to stay\x00\x00\x00\x00\x00\x00\x00") // a multiple of 8 bytes
	if err := fault.Guard(func() { mapping.Store(4096, unit) }); err != nil {
		return err
	}
	if err := file.SyncData(); err != nil {
		return err // never to be repeated
	}
	if err := dir.Rename("segment.tmp", "segment"); err != nil {
		return err
	}
	if err := dir.Sync(); err != nil {
		return err
	}

	read := make([]byte, 25)
	if _, err := file.ReadAt(read, 4096); err != nil {
		return err
	}
	fmt.Println(string(read))
	return nil
}
