// A file prepared exactly as segments are: reserved with fallocate, mapped, its pages
// populated for writing in windows, the directory synced, and synced early where
// the policy waits for syncs.

package floor

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/batpak/batpak/internal/mmap"
	"github.com/batpak/batpak/internal/vfs"
)

// populateWindow is how much one populate call brings in, in bytes.
const populateWindow = 1 << 20

// Prepared is a prepared file and its mapping.
type Prepared struct {
	directory vfs.Dir
	file      vfs.File
	mapping   *mmap.Mapping
	size      int
}

// fileNumber makes names that are unique within the process.
var fileNumber atomic.Uint64

// Prepare makes a file of size bytes in directory, which must exist. earlySync adds
// the sync that converts the reserved extents; the pages are populated again
// after it, since it write-protects them.
func Prepare(directory string, size int, earlySync bool) (_ *Prepared, err error) {
	p := &Prepared{size: size}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("preparing a file of %d bytes: %w", size, err), p.Close())
		}
	}()
	if err := p.create(directory); err != nil {
		return nil, err
	}
	if err := p.Populate(); err != nil {
		return nil, err
	}
	if earlySync {
		if err := p.file.SyncData(); err != nil {
			return nil, err
		}
		if err := p.Populate(); err != nil {
			return nil, err
		}
	}
	return p, p.directory.Sync()
}

// create makes the file as far as its mapping, pages not populated.
func (p *Prepared) create(directory string) (err error) {
	if p.directory, err = vfs.OpenDir(directory, false); err != nil {
		return err
	}
	name := fmt.Sprintf("floor-%d-%d", os.Getpid(), fileNumber.Add(1))
	if p.file, err = p.directory.Create(name); err != nil {
		return err
	}
	if err := p.file.Reserve(int64(p.size)); err != nil {
		return err
	}
	p.mapping, err = p.file.Map(int64(p.size), mmap.ReadWrite)
	return err
}

// Populate brings all pages into memory, ready for stores. After a sync, the
// kernel's own ones included, that is needed again.
func (p *Prepared) Populate() error {
	for at := 0; at < p.size; at += populateWindow {
		if err := p.mapping.PopulateWrite(at, min(populateWindow, p.size-at)); err != nil {
			return err
		}
	}
	return nil
}

// Size returns the size of the file in bytes.
func (p *Prepared) Size() int { return p.size }

// Mapping returns the mapping, valid until Unmap or Close.
func (p *Prepared) Mapping() *mmap.Mapping { return p.mapping }

// Unmap gives the mapping back and keeps the file.
func (p *Prepared) Unmap() error {
	mapping := p.mapping
	p.mapping = nil
	if mapping == nil {
		return nil
	}
	return mapping.Unmap()
}

// Close unmaps, closes and removes the file.
func (p *Prepared) Close() error {
	err := p.Unmap()
	if p.file != nil {
		err = errors.Join(err, p.file.Close(), p.directory.Remove(p.file.Name()))
		p.file = nil
	}
	if p.directory != nil {
		err = errors.Join(err, p.directory.Close())
		p.directory = nil
	}
	return err
}
