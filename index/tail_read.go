// This file holds what readers ask a tail. limit is the number of visible ordinals; the reader learnt it through the
// watermark before it asks.

package index

import "slices"

// record returns the record of a visible ordinal.
func (t *Tail) record(ordinal uint32) *record {
	return &t.recordChunks.chunk(ordinal / chunkLen)[ordinal%chunkLen]
}

// descend calls fn with the ordinals below limit of an entity, a scope, a tag or a link, descending, until it returns
// false.
func (t *Tail) descend(slot, limit uint32, fn func(ordinal uint32) bool) {
	if slot == 0 {
		return // what was not found has no events
	}
	s, typ := t.slot(slot), t.typeOf(slot)
	at := s.newest.Load()
	if typ == Entity || typ == Scope {
		for at != 0 {
			ordinal := at - 1
			if ordinal < limit && !fn(ordinal) {
				return
			}
			if r := t.record(ordinal); typ == Entity {
				at = r.entityPrevious
			} else {
				at = r.scopePrevious
			}
		}
		return
	}
	for at != 0 {
		n := t.nodeChunks.chunk(at / chunkLen)[at%chunkLen]
		if n.ordinal < limit && !fn(n.ordinal) {
			return
		}
		at = n.previous
	}
	if s.first < limit {
		fn(s.first)
	}
}

// ordinals appends the ordinals below limit of an entity, a scope, a tag or a link, ascending, without holes.
func (t *Tail) ordinals(dst []uint32, slot, limit uint32) []uint32 {
	from := len(dst)
	t.descend(slot, limit, func(ordinal uint32) bool {
		dst = append(dst, ordinal)
		return true
	})
	slices.Reverse(dst[from:])
	return dst
}

// newest returns the highest ordinal below limit of an entity, a scope, a tag or a link; false: there is none.
func (t *Tail) newest(slot, limit uint32) (ordinal uint32, ok bool) {
	t.descend(slot, limit, func(o uint32) bool {
		ordinal, ok = o, true
		return false
	})
	return ordinal, ok
}

// slots calls fn with every slot of a type that has an event below limit, in no order, until it returns false. The name
// is empty for links; it must not be changed.
func (t *Tail) slots(typ Type, limit uint32, fn func(slot uint32, name []byte) bool) {
	for i := t.newestOf[typ].Load(); i != 0; {
		s := t.slot(i)
		if t.begun(s, typ) && s.first < limit && !fn(i, t.name(i)) {
			return
		}
		i = s.older
	}
}

// begun reports whether a slot has an event, visible or not.
func (t *Tail) begun(s *slot, typ Type) bool {
	return typ != Entity && typ != Scope || s.newest.Load() != 0
}

// scan calls fn with the ordinals from one on and below limit that have an event, ascending, until it returns false.
func (t *Tail) scan(from, limit uint32, fn func(ordinal uint32, r *record) bool) {
	for from < limit {
		chunk := t.recordChunks.chunk(from / chunkLen)
		at := from % chunkLen
		records := chunk[at:min(chunkLen, uint64(at)+uint64(limit-from))]
		for i := range records {
			if r := &records[i]; r.entity != 0 && !fn(from+uint32(i), r) {
				return
			}
		}
		from += uint32(len(records))
	}
}
