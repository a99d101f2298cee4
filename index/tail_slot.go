// This file holds the slots of a tail: the trie in which they are found, and their names.
//
// A slot stands for one entity, scope, tag or link. The directory leads by the first bits of a hash to a slot; from there
// every two bits more lead to one of four children. It is never rehashed: a new slot takes the first free
// place on its way, with one store. Slots whose hashes are equal follow each other on the child of bits that ran out.

package index

import (
	"encoding/binary"
	"sync/atomic"
)

// slot is 40 bytes. A lookup that finds it reads the first 12, and adding an event writes the 4 behind them.
type slot struct {
	hash uint64
	name uint32 // where its name stands; of a link, which has none, its type
	// newest is, of an entity or a scope, the ordinal + 1 of its newest event; the records lead to those before. 0: it
	// has none (yet). Of a tag or a link it is a node; 0: it has only its first event.
	newest   atomic.Uint32
	first    uint32 // the ordinal of its first event; of an entity or a scope it counts once newest is not 0
	older    uint32 // the slot of the same type that was inserted before
	children [4]atomic.Uint32
}

// node is an event of a tag or a link that is not its first.
type node struct {
	ordinal  uint32
	previous uint32 // node; 0: the slot's first event comes before
}

// Names stand in chunks, none across two. In front of each is a header of 8 bytes: the index of an entity's head (32
// bits), the length (16), the type (8).
const (
	nameChunk  = 32 << 10 // bytes; the largest size that Go allocates from lists of free ones
	nameUnit   = 8        // names stand at multiples of it, so that 32 bits reach far enough
	nameUnits  = nameChunk / nameUnit
	nameHeader = 8
	firstName  = uint32(lastType) + 1 // what is smaller is the type of a link
)

// slot returns a slot that was published.
func (t *Tail) slot(i uint32) *slot { return &t.slotChunks.chunk(i / chunkLen)[i%chunkLen] }

// root returns where a hash's way begins.
func (t *Tail) root(hash uint64) *atomic.Uint32 { return &t.roots[hash>>((64-t.bits)&63)] }

// find returns the slot of a term; 0: there is none.
func (t *Tail) find(typ Type, hash uint64, name string) uint32 {
	i := t.root(hash).Load()
	for rest := hash << (t.bits & 63); i != 0; rest <<= 2 {
		s := t.slot(i)
		if s.hash == hash && t.matches(s.name, typ, name) {
			return i
		}
		i = s.children[rest>>62].Load()
	}
	return 0
}

// matches reports whether what stands for a slot's name is of this type and name.
func (t *Tail) matches(at uint32, typ Type, name string) bool {
	if at < firstName {
		return at == uint32(typ)
	}
	b := t.nameChunks.chunk(at / nameUnits)[at%nameUnits*nameUnit:]
	return binary.LittleEndian.Uint64(b)>>32 == uint64(typ)<<16|uint64(len(name)) && string(b[nameHeader:][:len(name)]) == name
}

// enter returns the slot of a term. If there is none it inserts one, with its first event, and reports that.
func (t *Tail) enter(term *term, first uint32) (i uint32, inserted bool) {
	at := t.root(term.hash)
	for rest := term.hash << (t.bits & 63); ; rest <<= 2 {
		if i = at.Load(); i == 0 {
			break
		}
		s := t.slot(i)
		if s.hash == term.hash && t.matches(s.name, term.kind, term.name) {
			return i, false
		}
		at = &s.children[rest>>62]
	}
	i = t.slotEnd
	t.slotEnd++
	t.slotChunks.reserve(i/chunkLen, &t.short)
	s, newest := t.slot(i), &t.newestOf[term.kind]
	s.hash, s.first, s.older = term.hash, first, newest.Load()
	s.name = uint32(term.kind)
	if term.kind < firstLink {
		s.name = t.addName(term)
	}
	at.Store(i)
	newest.Store(i)
	return i, true
}

// addName copies a term's name, and gives an entity its head.
func (t *Tail) addName(term *term) uint32 {
	at, units := t.nameEnd, uint32(nameHeader+len(term.name)+nameUnit-1)/nameUnit
	if at%nameUnits+units > nameUnits {
		at = (at + nameUnits - 1) / nameUnits * nameUnits
	}
	t.nameChunks.reserve(at/nameUnits, &t.short)
	t.nameEnd = at + units
	header := uint64(len(term.name))<<32 | uint64(term.kind)<<48
	if term.kind == Entity {
		t.headChunks.reserve(t.headEnd/chunkLen, &t.short)
		header |= uint64(t.headEnd)
		t.headEnd++
	}
	b := t.nameChunks.chunk(at / nameUnits)[at%nameUnits*nameUnit:]
	binary.LittleEndian.PutUint64(b, header)
	copy(b[nameHeader:], term.name)
	return at
}

// header returns the header of a slot's name and what follows it.
func (t *Tail) header(slot uint32) (uint64, []byte) {
	at := t.slot(slot).name
	b := t.nameChunks.chunk(at / nameUnits)[at%nameUnits*nameUnit:]
	return binary.LittleEndian.Uint64(b), b[nameHeader:]
}

// head returns the head of an entity's slot. It is the writer's, and everybody's once nothing is added any more.
func (t *Tail) head(slot uint32) *Head {
	header, _ := t.header(slot)
	i := uint32(header)
	return &t.headChunks.chunk(i / chunkLen)[i%chunkLen]
}

// typeOf returns the type of a slot.
func (t *Tail) typeOf(slot uint32) Type {
	if at := t.slot(slot).name; at < firstName {
		return Type(at)
	}
	header, _ := t.header(slot)
	return Type(header >> 48)
}

// name returns the name of a slot; it is empty for a link. It must not be changed, and is valid for the tail's life.
func (t *Tail) name(slot uint32) []byte {
	if t.slot(slot).name < firstName {
		return nil
	}
	header, b := t.header(slot)
	n := uint16(header >> 32)
	return b[:n:n]
}
