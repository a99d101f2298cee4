// This file holds what is on a disk and in the page cache above it, and every change of that. The changes depend on the
// state and the Op only, so that a journal makes the same state again.

package simdisk

import (
	"bytes"
	"maps"
	"slices"
)

// state is everything that survives a process.
type state struct {
	owner    *owner
	moment   uint64 // number of the last change
	newest   uint64 // number of the inode that was made last
	lastSync uint64
	names    map[string][]entry
	inodes   map[uint64]*inode
	syncs    map[uint64]*syncing
}

// entry is what a name may stand for on the disk since a moment; of a list the first is durable, the last what processes
// see.
type entry struct {
	moment uint64
	inode  uint64 // 0: nothing
}

// inode is a file.
type inode struct {
	owner *owner
	sizes []extent // the first is durable, the last what processes see
	pages []*page
}

// extent is the size of a file since a moment.
type extent struct {
	moment uint64
	size   int64
}

// syncing is a sync that has begun. It never changes.
type syncing struct {
	inode   uint64 // 0: the directory
	moment  uint64 // what happened later is not covered
	pages   []int  // that were dirty
	dropped []drop
	all     bool
}

// drop is a page that a truncation dropped at a moment.
type drop struct {
	page   int
	moment uint64
}

func newState() state {
	return state{
		owner:  new(owner),
		names:  make(map[string][]entry),
		inodes: make(map[uint64]*inode),
		syncs:  make(map[uint64]*syncing),
	}
}

// clone returns a copy. From now on both copy what they change.
func (s *state) clone() state {
	c := *s
	s.owner, c.owner = new(owner), new(owner)
	c.names, c.inodes, c.syncs = maps.Clone(s.names), maps.Clone(s.inodes), maps.Clone(s.syncs)
	return c
}

// lookup returns the inode that processes see under a name, 0 if there is none.
func (s *state) lookup(name string) uint64 {
	if list := s.names[name]; len(list) > 0 {
		return list[len(list)-1].inode
	}
	return 0
}

// own returns an inode for changing it, nil if there is none.
func (s *state) own(number uint64) *inode {
	i := s.inodes[number]
	if i != nil && i.owner != s.owner {
		i = &inode{owner: s.owner, sizes: i.sizes, pages: slices.Clone(i.pages)}
		s.inodes[number] = i
	}
	return i
}

func (i *inode) size() int64 { return i.sizes[len(i.sizes)-1].size }

// cache returns what processes see of a page.
func (i *inode) cache(n int) *block {
	if n >= len(i.pages) || i.pages[n] == nil {
		return nil
	}
	return i.pages[n].cache
}

// page returns a page for changing it.
func (i *inode) page(n int) *page {
	if more := n + 1 - len(i.pages); more > 0 {
		i.pages = append(i.pages, make([]*page, more)...)
	}
	p := i.pages[n]
	switch {
	case p == nil:
		p = &page{owner: i.owner}
	case p.owner == i.owner:
		return p
	default:
		c := *p
		c.owner, c.private, c.log = i.owner, false, slices.Clip(p.log)
		p = &c
	}
	i.pages[n] = p
	return p
}

// apply makes a change.
func (s *state) apply(op *Op) {
	if op.Kind == OpNote {
		return
	}
	s.moment++
	switch op.Kind {
	case OpCreate:
		s.newest = max(s.newest, op.Inode)
		s.inodes[op.Inode] = &inode{owner: s.owner, sizes: []extent{{moment: s.moment}}}
		s.name(op.Name, op.Inode)
	case OpRename:
		if op.Name != op.NewName {
			s.name(op.NewName, s.lookup(op.Name))
			s.name(op.Name, 0)
		}
	case OpRemove:
		s.name(op.Name, 0)
	case OpDirSync:
		s.lastSync = max(s.lastSync, op.Sync)
		s.syncs[op.Sync] = &syncing{moment: s.moment}
	case OpDirSynced:
		s.directorySynced(op)
	default:
		if i := s.own(op.Inode); i != nil {
			s.change(i, op)
		}
	}
}

// change makes a change of a file.
func (s *state) change(i *inode, op *Op) {
	switch op.Kind {
	case OpStore, OpWrite:
		s.write(i, op)
	case OpResize:
		s.resize(i, op.Size)
	case OpSync:
		s.lastSync = max(s.lastSync, op.Sync)
		s.syncs[op.Sync] = s.begin(i, op)
	case OpSynced:
		if run := s.syncs[op.Sync]; run != nil {
			delete(s.syncs, op.Sync)
			s.end(i, run, op.Result)
		}
	}
}

// name gives a name to an inode, or to nothing.
func (s *state) name(name string, inode uint64) {
	list := s.names[name]
	s.names[name] = append(slices.Clip(list), entry{s.moment, inode})
	if len(list) == 0 { // the name was free for sure
		s.names[name] = []entry{{}, {s.moment, inode}}
	}
}

// write copies bytes to the page cache. A store does not reach behind the end of the file, and dirties only what it
// changes.
func (s *state) write(i *inode, op *Op) {
	data, kind := op.Data, copied
	if op.Kind == OpStore {
		data = data[:max(0, min(int64(len(data)), i.size()-op.Offset))]
		if !op.Torn {
			kind = started
		}
	} else if end := op.Offset + int64(len(data)); end > i.size() {
		s.resize(i, end)
	}
	for at := op.Offset; len(data) > 0; {
		n, in := int(at/PageSize), int(at%PageSize)
		part := data[:min(len(data), PageSize-in)]
		same := equal(i.cache(n), in, part)
		if op.Kind == OpWrite || !same {
			i.page(n).dirty = true
		}
		if !same {
			i.page(n).put(s.moment, in, part, kind)
		}
		kind = copied
		data, at = data[len(part):], at+int64(len(part))
	}
}

// equal reports whether a block holds b at an offset.
func equal(in *block, at int, b []byte) bool {
	return bytes.Equal(bytesOf(in)[at:at+len(b)], b)
}

// resize sets the size that processes see. What a shorter file loses is zeros when it grows again.
func (s *state) resize(i *inode, size int64) {
	before := i.size()
	if size == before {
		return
	}
	i.sizes = append(slices.Clip(i.sizes), extent{s.moment, size})
	if size > before {
		return
	}
	n := int(size / PageSize)
	if in := int(size % PageSize); in > 0 {
		if !equal(i.cache(n), in, zeros[in:]) {
			p := i.page(n)
			p.dirty = true
			p.put(s.moment, in, zeros[in:], copied)
		}
		n++
	}
	for ; n < len(i.pages); n++ {
		if i.pages[n] != nil {
			i.page(n).drop(s.moment)
		}
	}
}
