// This file holds Index and Part: the list of parts, and the one change that a part goes through.
//
// A part begins with a Tail and goes over to a Table, once, when its segment is sealed (Part.Seal); one whose segment
// was sealed when the store was opened has a Table from the beginning. A Table that turns out to be damaged is replaced
// by a Tail that was built from the frames (Part.Rebuilt), for good.

package index

import (
	"sync"
	"sync/atomic"
)

// Identity names a segment as tables know it.
type Identity struct {
	Number     uint64
	Generation uint32
	Salt       uint64
}

// Part is the index of one segment.
type Part struct {
	// Segment names the part's segment.
	Segment Identity
	// First is the sequence of ordinal 0.
	First uint64

	tail  atomic.Pointer[Tail]  // nil once there is a table
	table atomic.Pointer[Table] // nil while there is a tail
	// read runs a function that reads the mapped bytes of the table, with the segment held and faults made errors.
	read func(fn func()) error
}

// NewPart returns a part that begins with a tail. read runs a function while the segment's mapped bytes can be read; it
// is used once the part is sealed.
func NewPart(segment Identity, first uint64, tail *Tail, read func(fn func()) error) *Part {
	p := &Part{Segment: segment, First: first, read: read}
	p.tail.Store(tail)
	return p
}

// NewSealedPart returns a part that has its table.
func NewSealedPart(segment Identity, first uint64, table *Table, read func(fn func()) error) *Part {
	p := &Part{Segment: segment, First: first, read: read}
	p.table.Store(table)
	return p
}

// source returns the part's tail or, when it has none, its table.
func (p *Part) source() (*Tail, *Table) {
	for {
		if tail := p.tail.Load(); tail != nil {
			return tail, nil
		}
		if table := p.table.Load(); table != nil {
			return nil, table
		} // else it is just being rebuilt
	}
}

// Tail returns the part's tail, nil once it is sealed.
func (p *Part) Tail() *Tail { return p.tail.Load() }

// Seal puts a table in the place of the tail, which readers that have it go on to use.
func (p *Part) Seal(table *Table) {
	p.table.Store(table)
	p.tail.Store(nil)
}

// Rebuilt puts a tail that was built from the frames in the place of a damaged table.
func (p *Part) Rebuilt(tail *Tail) {
	p.tail.Store(tail)
	p.table.Store(nil)
}

// Sealed reports whether the part has a table.
func (p *Part) Sealed() bool { return p.tail.Load() == nil }

// Index is the list of parts and of the runs over them. The zero Index is empty. Reading takes no lock; changes may be
// made by several goroutines.
type Index struct {
	parts  atomic.Pointer[[]*Part] // replaced as a whole, never changed in place
	runs   atomic.Pointer[[]*Run]  // ascending, none overlaps another; replaced as a whole
	change sync.Mutex
}

// AddPart puts a part behind the others.
func (x *Index) AddPart(p *Part) {
	x.change.Lock()
	defer x.change.Unlock()
	old := x.Parts()
	list := append(make([]*Part, 0, len(old)+1), old...)
	list = append(list, p)
	x.parts.Store(&list)
}

// Parts returns the parts in the order of their sequences. The slice must not be changed.
func (x *Index) Parts() []*Part {
	if list := x.parts.Load(); list != nil {
		return *list
	}
	return nil
}

// Runs returns the runs in the order of what they cover. The slice must not be changed.
func (x *Index) Runs() []*Run {
	if list := x.runs.Load(); list != nil {
		return *list
	}
	return nil
}

// SetRuns replaces the runs by others.
func (x *Index) SetRuns(runs []*Run) {
	x.change.Lock()
	defer x.change.Unlock()
	x.runs.Store(&runs)
}
