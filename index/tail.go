// This file holds Tail, the index of an unsealed segment: what its writer does.
//
// A tail only grows. One goroutine at a time writes, within the commit section; readers take no lock:
//
//   - What never changes once it is written (a slot's hash and name, a record, a node) is written before the atomic
//     store that makes it known: of a slot's index in the trie, of a slot's newest, of the watermark of visible events.
//   - What changes after that is atomic: children, newest, the newest slot of a type.
//   - Readers come with a limit, the number of visible ordinals that they learnt of through the watermark. They
//     may see what lies above it and pass over it.
//
// What belongs to the writer alone lies on cache lines of its own.

package index

import (
	"math/bits"
	"sync/atomic"

	"github.com/batpak/batpak/event"
)

// Tail is the index of an unsealed segment, on the heap.
type Tail struct {
	roots []atomic.Uint32 // slots by the first bits of the hash
	bits  uint8           // how many those are

	slotChunks   arena[[chunkLen]slot]
	nameChunks   arena[[nameChunk]byte]
	recordChunks arena[[chunkLen]record] // by ordinal
	nodeChunks   arena[[chunkLen]node]
	zoneChunks   arena[[chunkLen]zone]
	holeChunks   arena[[chunkLen]hole]
	headChunks   arena[[chunkLen]Head] // the writer's, but for HeadOf
	short        atomic.Bool           // an arena has no spare chunk

	_ [64]byte
	writer
	_ [64]byte
}

// writer is what changes with every event or slot. All but the atomic values is the writer's alone.
type writer struct {
	events    uint32
	slotEnd   uint32 // the next slot, and so on
	nodeEnd   uint32
	headEnd   uint32
	zoneEnd   uint32
	nameEnd   uint32 // in units of nameUnit
	counter   uint32
	wall      uint64 // with counter: HLC of the newest event
	openZone  *zone  // the newest
	holeCount atomic.Uint32
	newestOf  [lastType + 1]atomic.Uint32 // the newest slot of each type
}

// Elements in a chunk. They take 8 to 40 bytes, which makes chunks of 4 to 20 KiB: sizes that Go allocates without
// rounding, from lists of free ones.
const chunkLen = 512

// Directory entries: one for so many bytes of the segment, and at least so many.
const (
	rootBytes = 4096
	minRoots  = 64
)

// record is an event: 20 bytes. A record without an entity is of an ordinal without an event, or of a hole.
type record struct {
	entity         uint32 // slot
	scope          uint32 // slot
	entityPrevious uint32 // ordinal + 1 of the entity's event before; 0: none in this segment
	scopePrevious  uint32 // the same of the scope
	kind           event.Kind
	gate           event.GateOutcome // 0: no gate record
}

// NewTail returns an empty tail for a segment of size bytes. The size is no limit; it says how finely the first step
// of a lookup divides.
func NewTail(size int64) *Tail {
	n := max(minRoots, min(size/rootBytes, 1<<24))
	t := &Tail{bits: uint8(bits.Len64(uint64(n - 1)))}
	t.roots = make([]atomic.Uint32, 1<<t.bits)
	t.slotEnd, t.nodeEnd, t.nameEnd = 1, 1, firstName // 0 is none
	t.slotChunks.grow(0, &t.short)                    // what every event needs
	t.nameChunks.grow(0, &t.short)
	t.recordChunks.grow(0, &t.short)
	t.zoneChunks.grow(0, &t.short)
	t.headChunks.grow(0, &t.short)
	t.short.Store(false) // no spare ones before a first chunk is full: most segments of small stores never get there
	return t
}

// Resolve looks up the entry's terms, as many as are in the tail, and reports whether its entity is. It may be called
// by any goroutine that has the entry; what it does not find, Enter and Add look for again.
func (t *Tail) Resolve(e *Entry) bool {
	if t.short.Load() {
		t.prepare()
	}
	for i := range e.terms {
		term := &e.terms[i]
		if term.kind == 0 {
			continue // a cause without its id
		}
		term.slot = t.find(term.kind, term.hash, term.name)
	}
	e.resolved = t
	return e.terms[0].slot != 0
}

// prepare makes the spare chunks that are missing.
func (t *Tail) prepare() {
	if !t.short.CompareAndSwap(true, false) {
		return // another does
	}
	t.slotChunks.prepare(func(c *[chunkLen]slot) { clear(c[:]) })
	t.recordChunks.prepare(func(c *[chunkLen]record) { clear(c[:]) })
	t.nodeChunks.prepare(func(c *[chunkLen]node) { clear(c[:]) })
	t.nameChunks.prepare(func(c *[nameChunk]byte) { clear(c[:]) })
	t.zoneChunks.prepare(func(c *[chunkLen]zone) { clear(c[:]) })
	t.headChunks.prepare(func(c *[chunkLen]Head) { clear(c[:]) })
}

// Enter returns the head of the entry's entity, which the caller brings up to date when it adds the event. An entity that
// is not in the tail is inserted with e.Head. Only the writer may call it. The head stays where it is for the tail's
// life.
func (t *Tail) Enter(e *Entry) *Head {
	if e.resolved != t {
		t.Resolve(e)
	}
	entity := &e.terms[0]
	if entity.slot == 0 {
		var inserted bool
		if entity.slot, inserted = t.enter(entity, 0); inserted {
			*t.head(entity.slot) = e.Head
		}
	}
	return t.head(entity.slot)
}

// Add adds the event of an entry that was entered, at its place. Only the writer may call it, with ordinals that ascend;
// one that is passed over has no event. Readers that keep to their limit do not find the event before its ordinal is
// visible. It panics on an entry that was not entered, on one that lacks the cause for which room was made, and on an
// ordinal that was used.
func (t *Tail) Add(e *Entry, p Place) {
	if e.resolved != t || e.terms[0].slot == 0 || p.Ordinal < t.events || e.cause != 0 && e.terms[e.cause].kind == 0 {
		panic("index: an entry that was not entered or lacks its cause, or an ordinal that was used")
	}
	if scope := &e.terms[1]; scope.slot == 0 {
		scope.slot, _ = t.enter(scope, 0)
	}
	t.recordChunks.reserve(p.Ordinal/chunkLen, &t.short)
	r, entity, scope := t.record(p.Ordinal), t.slot(e.terms[0].slot), t.slot(e.terms[1].slot)
	r.entity, r.scope = e.terms[0].slot, e.terms[1].slot
	r.entityPrevious, r.scopePrevious = entity.newest.Load(), scope.newest.Load()
	r.kind, r.gate = e.kind, e.gate
	t.addToZone(p)
	t.events = p.Ordinal + 1

	entity.publish(r.entityPrevious, p.Ordinal)
	scope.publish(r.scopePrevious, p.Ordinal)
	for i := 2; i < len(e.terms); i++ {
		t.hang(&e.terms[i], p.Ordinal)
	}
}

// publish makes an event the newest of an entity or a scope.
func (s *slot) publish(previous, ordinal uint32) {
	if previous == 0 {
		s.first = ordinal // nobody reads it before there is a newest
	}
	s.newest.Store(ordinal + 1)
}

// hang makes an event the newest of a tag or a link.
func (t *Tail) hang(term *term, ordinal uint32) {
	if term.slot == 0 {
		var inserted bool
		if term.slot, inserted = t.enter(term, ordinal); inserted {
			return
		}
	}
	s, i := t.slot(term.slot), t.nodeEnd
	t.nodeChunks.reserve(i/chunkLen, &t.short)
	t.nodeChunks.chunk(i / chunkLen)[i%chunkLen] = node{ordinal, s.newest.Load()}
	t.nodeEnd++
	s.newest.Store(i)
}

// Hole adds the ordinals from one to another, both included, as of events that can't be read: they may be anything. Only
// the writer may call it. The ordinals ascend with those of Add; it panics where they do not.
func (t *Tail) Hole(from, to uint32) {
	if from < t.events || to < from {
		panic("index: a hole where there are events, or that ends before it begins")
	}
	t.recordChunks.reserve(to/chunkLen, &t.short)
	t.addHoleToZones(from, to)
	n := t.holeCount.Load()
	t.holeChunks.reserve(n/chunkLen, &t.short)
	t.holeChunks.chunk(n / chunkLen)[n%chunkLen] = hole{from, to}
	t.holeCount.Store(n + 1)
	t.events = to + 1
}

// HeadOf returns an entity's head; false: it was never entered. It may be called once nothing is added any more.
func (t *Tail) HeadOf(hash uint64, entity string) (Head, bool) {
	slot := t.find(Entity, hash, entity)
	if slot == 0 {
		return Head{}, false
	}
	return *t.head(slot), true
}

// Events returns the number of ordinals that were used, with holes. The writer may call it, and everybody once nothing
// is added any more.
func (t *Tail) Events() uint32 { return t.events }

// Head returns the head of the entry's entity: that in the tail, or else e.Head. Only the writer may call it.
func (t *Tail) Head(e *Entry) Head {
	if e.resolved != t {
		t.Resolve(e)
	}
	entity := &e.terms[0]
	if entity.slot == 0 {
		entity.slot = t.find(entity.kind, entity.hash, entity.name)
	}
	if entity.slot == 0 {
		return e.Head
	}
	return *t.head(entity.slot)
}
