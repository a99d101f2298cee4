// This file holds Memory and the disk below it. Its files are in memoryfile.go.

package vfs

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
)

// Memory is a directory that lives in memory, for tests and for stores that need not outlast the process. It is made by
// [NewMemory]. Its mappings are heap memory with the properties that [HeapBacked] describes.
//
// It outlasts Close, which does nothing: what closes its directory and opens it again finds everything. A lock is
// released by Unlock only. Syncs do nothing but write back what was stored.
type Memory struct {
	*heapDir
	disk *memoryDisk
}

// NewMemory returns an empty directory without a bound.
func NewMemory() *Memory {
	disk := &memoryDisk{files: make(map[string]*content)}
	return &Memory{heapDir: newHeapDir(disk), disk: disk}
}

// SetCapacity bounds the bytes of all files together, holes counted, for everything that extends a file from now on:
// Reserve, WriteAt and Truncate fail with ErrNoSpace beyond. 0 is without bound; files that are there already stay.
func (m *Memory) SetCapacity(bytes int64) {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	m.disk.capacity = bytes
}

// memoryDisk is the Dir below Memory, without mappings.
type memoryDisk struct {
	mu       sync.Mutex // guards everything below, the contents too
	files    map[string]*content
	used     int64 // bytes of all contents that are named or open
	capacity int64 // 0: none
}

// content is what a file holds. It goes when it has neither a name nor an opening.
type content struct {
	bytes []byte // up to the last one that was ever written; what follows are zeros, which take no memory
	size  int64
	named bool
	open  int

	// The holders of the lock that it stands for: an exclusive one, or some that share it.
	exclusive bool
	shared    int
}

var _ Dir = (*memoryDisk)(nil)

func (d *memoryDisk) Path() string { return "memory" }

func (d *memoryDisk) at(name string) string { return filepath.Join(d.Path(), name) }

func (d *memoryDisk) Create(name string) (File, error) {
	const operation = "create"
	if err := checkName(operation, name); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[name] != nil {
		return nil, failure(operation, d.at(name), fs.ErrExist)
	}
	d.files[name] = &content{named: true}
	return d.open(name, true), nil
}

func (d *memoryDisk) Open(name string, writable bool) (File, error) {
	const operation = "open"
	if err := checkName(operation, name); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[name] == nil {
		return nil, failure(operation, d.at(name), fs.ErrNotExist)
	}
	return d.open(name, writable), nil
}

func (d *memoryDisk) open(name string, writable bool) *memoryFile {
	c := d.files[name]
	c.open++
	return &memoryFile{disk: d, content: c, name: name, writable: writable}
}

func (d *memoryDisk) Rename(oldName, newName string) error {
	const operation = "rename"
	if err := both(checkName(operation, oldName), checkName(operation, newName)); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	moved := d.files[oldName]
	if moved == nil {
		return failure(operation, d.at(oldName), fs.ErrNotExist)
	}
	if oldName == newName {
		return nil
	}
	d.unname(newName)
	delete(d.files, oldName)
	d.files[newName] = moved
	return nil
}

func (d *memoryDisk) Remove(name string) error {
	const operation = "remove"
	if err := checkName(operation, name); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[name] == nil {
		return failure(operation, d.at(name), fs.ErrNotExist)
	}
	d.unname(name)
	return nil
}

// unname takes the name from whatever has it.
func (d *memoryDisk) unname(name string) {
	if c := d.files[name]; c != nil {
		delete(d.files, name)
		c.named = false
		d.drop(c)
	}
}

// drop gives the space of a content back that has neither a name nor an opening.
func (d *memoryDisk) drop(c *content) {
	if !c.named && c.open == 0 {
		d.used -= c.size
		c.bytes, c.size = nil, 0
	}
}

func (d *memoryDisk) List() ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.files)), nil
}

func (d *memoryDisk) Sync() error                 { return nil }
func (d *memoryDisk) CopyOnWrite() (string, bool) { return "memory", false }
func (d *memoryDisk) Close() error                { return nil }

func (d *memoryDisk) Lock(name string, exclusive bool) (Lock, error) {
	const operation = "lock"
	if err := checkName(operation, name); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.files[name]
	if c == nil {
		if !exclusive {
			return nil, failure(operation, d.at(name), fs.ErrNotExist)
		}
		c = &content{named: true}
		d.files[name] = c
	}
	switch {
	case c.exclusive:
		return nil, &LockedError{Path: d.at(name), PID: os.Getpid()}
	case exclusive && c.shared > 0:
		return nil, &LockedError{Path: d.at(name)}
	case exclusive:
		if err := d.resize(c, pidLength); err != nil {
			return nil, failure(operation, d.at(name), err)
		}
		c.write(holderRecord(strconv.Itoa(os.Getpid())), 0)
		c.exclusive = true
	default:
		c.shared++
	}
	return &memoryLock{disk: d, content: c, exclusive: exclusive}, nil
}

// memoryLock is a held lock: held -> released.
type memoryLock struct {
	disk      *memoryDisk
	content   *content
	exclusive bool
	released  bool // guarded by memoryDisk.mu
}

func (l *memoryLock) Unlock() error {
	l.disk.mu.Lock()
	defer l.disk.mu.Unlock()
	if l.released {
		return nil
	}
	l.released = true
	if l.exclusive {
		l.content.exclusive = false
		l.content.write(holderRecord(""), 0)
		return nil
	}
	l.content.shared--
	return nil
}

// resize sets the size of a content; new bytes are zeros. Extending beyond the capacity is ENOSPC.
func (d *memoryDisk) resize(c *content, size int64) error {
	if size < 0 {
		return fmt.Errorf("size %d is negative: %w", size, fs.ErrInvalid)
	}
	more := size - c.size
	if more > 0 && d.capacity > 0 && d.used+more > d.capacity {
		return syscall.ENOSPC
	}
	d.used += more
	c.size = size
	if size < int64(len(c.bytes)) {
		if c.bytes = c.bytes[:size]; cap(c.bytes) > 2*len(c.bytes) {
			c.bytes = slices.Clone(c.bytes)
		}
	}
	return nil
}

// read copies what is there from offset on, which lies within the size, and returns how much that was.
func (c *content) read(p []byte, offset int64) int {
	p = p[:min(int64(len(p)), c.size-offset)]
	n := 0
	if offset < int64(len(c.bytes)) {
		n = copy(p, c.bytes[offset:])
	}
	clear(p[n:])
	return len(p)
}

// write copies p to offset, as far as the size reaches, and returns how much that was.
func (c *content) write(p []byte, offset int64) int {
	p = p[:max(min(int64(len(p)), c.size-offset), 0)]
	if more := offset + int64(len(p)) - int64(len(c.bytes)); more > 0 {
		c.bytes = append(c.bytes, make([]byte, more)...)
	}
	return copy(c.bytes[offset:], p)
}
