// This file holds Disk: the state, who uses it, and the figures about it.

package simdisk

import (
	"maps"
	"slices"
	"sync"
)

// PageSize is what a sync writes as a whole, SectorSize what reaches the disk as a whole, in bytes.
const (
	PageSize   = 4096
	SectorSize = 512
)

// Disk is a disk with one directory, and the page cache of the system that uses it. All methods may be called
// concurrently; none of them blocks.
type Disk struct {
	mu       sync.Mutex // guards everything here and in all mounts; taken after the lock of a twin, never before it
	state    state
	journal  *Journal
	capacity int64
	survey   survey

	// What processes have; none of it is copied.
	users   map[uint64]int // by inode: open files, mappings and locks
	views   map[uint64]*view
	locks   map[uint64]*holders
	running map[uint64]*running // by number of the sync
}

// New returns an empty disk.
func New() *Disk { return newDisk(newState()) }

func newDisk(s state) *Disk {
	return &Disk{
		state:   s,
		users:   make(map[uint64]int),
		views:   make(map[uint64]*view),
		locks:   make(map[uint64]*holders),
		running: make(map[uint64]*running),
	}
}

// Clone returns a copy of disk and page cache, without processes, journal and capacity. It costs a few microseconds: both
// share what neither changes.
func (d *Disk) Clone() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return newDisk(d.state.clone())
}

// Apply makes a change that was recorded on a copy of the disk as it was at that moment. There must be no mounts.
func (d *Disk) Apply(op Op) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.do(&op)
}

// do makes a change and records it. The lock is held.
func (d *Disk) do(op *Op) {
	d.state.apply(op)
	if d.journal != nil {
		d.journal.add(op)
	}
}

// SetCapacity bounds the bytes of all files together, holes counted, for everything that extends a file from now on:
// beyond, it fails with vfs.ErrNoSpace. Files that have neither a name nor a user don't count. 0 is without bound.
func (d *Disk) SetCapacity(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.capacity = bytes
}

// room reports whether a file may become size bytes long. The lock is held.
func (d *Disk) room(inode uint64, size int64) bool {
	if d.capacity <= 0 || size <= d.state.inodes[inode].size() {
		return true
	}
	used := size
	for other := range d.seen() {
		if other != inode {
			used += d.state.inodes[other].size()
		}
	}
	return used <= d.capacity
}

// seen returns the inodes that processes see under a name, or use. The lock is held.
func (d *Disk) seen() map[uint64]bool {
	seen := make(map[uint64]bool)
	for name := range d.state.names {
		if inode := d.state.lookup(name); inode != 0 {
			seen[inode] = true
		}
	}
	for inode := range d.users {
		seen[inode] = true
	}
	return seen
}

// prune forgets the files that nothing leads to any more. The lock is held.
func (d *Disk) prune() {
	reachable := d.seen()
	for _, list := range d.state.names {
		for _, e := range list {
			reachable[e.inode] = true
		}
	}
	maps.DeleteFunc(d.state.inodes, func(inode uint64, _ *inode) bool { return !reachable[inode] })
}

// Names returns the names that processes see, sorted.
func (d *Disk) Names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for name := range d.state.names {
		if d.state.lookup(name) != 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Content returns a copy of what processes read from a file, false if there is none of that name.
func (d *Disk) Content(name string) ([]byte, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.state.inodes[d.state.lookup(name)]
	if i == nil {
		return nil, false
	}
	b := make([]byte, i.size())
	i.read(b, 0)
	return b, true
}

// read copies what processes see to b, which ends at the end of the file or before.
func (i *inode) read(b []byte, offset int64) {
	for len(b) > 0 {
		n, in := int(offset/PageSize), int(offset%PageSize)
		length := min(len(b), PageSize-in)
		copy(b[:length], bytesOf(i.cache(n))[in:])
		b, offset = b[length:], offset+int64(length)
	}
}

// Damage replaces bytes of a file on the disk and in the page cache, as rot does: no sync is needed for it, no later
// version of these sectors stays possible, and no journal tells of it. The file must not be mapped. It reports
// whether there is such a file with these bytes.
func (d *Disk) Damage(name string, offset int64, b []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.state.own(d.state.lookup(name))
	if i == nil || offset < 0 || int64(len(b)) > i.size()-offset {
		return false
	}
	for len(b) > 0 {
		n, in := int(offset/PageSize), int(offset%PageSize)
		part := b[:min(len(b), PageSize-in)]
		i.page(n).damage(in, part)
		b, offset = b[len(part):], offset+int64(len(part))
	}
	return true
}

// damage replaces bytes in the cache and on the disk. The sectors that they are in are durable then.
func (p *page) damage(at int, b []byte) {
	first, last := at/SectorSize, (at+len(b)-1)/SectorSize
	copy(p.writableCache()[at:], b)
	durable := *bytesOf(p.durable)
	copy(durable[first*SectorSize:(last+1)*SectorSize], p.cache[first*SectorSize:])
	p.durable = &durable
	p.log = slices.DeleteFunc(slices.Clone(p.log), func(c piece) bool { return first <= c.sector() && c.sector() <= last })
}

// Stat is what there is on a disk.
type Stat struct {
	Files      int    // that processes see
	Bytes      int64  // of these files
	DirtyPages int    // that the next syncs would write
	Places     int    // at which a power cut has a choice
	Changes    uint64 // that were made, those before a power cut counted
}

// Stat counts.
func (d *Disk) Stat() Stat {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.survey.take(&d.state)
	s := Stat{Changes: d.state.moment, Places: len(d.survey.places)}
	for name := range d.state.names {
		if i := d.state.inodes[d.state.lookup(name)]; i != nil {
			s.Files++
			s.Bytes += i.size()
		}
	}
	for _, i := range d.state.inodes {
		for _, p := range i.pages {
			if p != nil && p.dirty {
				s.DirtyPages++
			}
		}
	}
	return s
}
