// This file holds Watch: whether anything was added to a tail lately that a region selects.

package index

import "github.com/batpak/batpak/event"

// Watch is a region as conditional appends ask a tail about it: not which events it selects, but whether there may be
// one among the newest. It does not change and may be used by several goroutines at once.
type Watch struct {
	clauses []clause
}

// NewWatch returns a watch for a region.
func NewWatch(region event.Region) *Watch {
	w := &Watch{}
	for _, term := range region.Terms() {
		if c := newClause(term); len(c.tags) <= event.MaxTags { // no event has more
			w.clauses = append(w.clauses, c)
		}
	}
	return w
}

// Terms returns how many parts an event is compared with, one after the other.
func (w *Watch) Terms() int { return len(w.clauses) }

// Newest returns the highest ordinal from from on and below limit of an event that the region may select; false: it
// selects none of them. Entity, prefix, scope, kinds, category, tags and gate are compared exactly; ranges of clocks, of
// sequences and of times are not, so that an event outside them counts, and so does an event that could not be read back.
// It may be called by anyone who knows that the ordinals below limit were added, and by the writer in the commit section:
// it allocates nothing, and an exact entity, scope or tag without such an event costs one lookup. What has no name to
// begin with costs a look at each of the events.
func (w *Watch) Newest(t *Tail, from, limit uint32) (ordinal uint32, found bool) {
	next := from // what is below does not matter any more
	for i := range w.clauses {
		if o, ok := newestOf(&w.clauses[i], t, next, limit); ok {
			ordinal, found, next = o, true, o+1
		}
	}
	if len(w.clauses) != 0 {
		if o, ok := t.newestHole(next, limit); ok {
			return o, true
		}
	}
	return ordinal, found
}

// NewestLink returns the highest ordinal below limit of an event that a link, such as a key, leads to; false: there is
// none. It may be called as [Watch.Newest].
func (t *Tail) NewestLink(typ Type, hash uint64, limit uint32) (ordinal uint32, found bool) {
	return t.newest(t.find(typ, hash, ""), limit)
}

// newestOf returns the highest ordinal in a range that a clause may select.
func newestOf(c *clause, t *Tail, from, limit uint32) (uint32, bool) {
	if from >= limit {
		return 0, false
	}
	x := test{clause: c, kinds: c.kinds != nil || !c.inAny, gates: c.gate != 0}
	var slots [event.MaxTags]uint32
	tags, ok := x.find(t, slots[:0])
	if !ok {
		return 0, false
	}
	if x.entity == 0 && x.scope == 0 && len(tags) == 0 {
		return x.newest(t, from, limit)
	}
	var chains [event.MaxTags + 1]descent
	all := chains[:0]
	switch {
	case x.entity != 0:
		all = append(all, t.descentOf(x.entity))
	case x.scope != 0:
		all = append(all, t.descentOf(x.scope))
	}
	for _, slot := range tags {
		all = append(all, t.descentOf(slot))
	}
	for upTo := limit - 1; ; upTo-- {
		ordinal, ok := meeting(t, all, from, upTo)
		if !ok {
			return 0, false
		}
		if r := t.record(ordinal); x.passes(r) && c.hasPrefix(t.name(r.entity)) {
			return ordinal, true
		}
		if upTo = ordinal; upTo == from {
			return 0, false
		}
	}
}

// newest looks through all events of a range.
func (x *test) newest(t *Tail, from, limit uint32) (uint32, bool) {
	c := x.clause
	for limit > from {
		first := max(from, (limit-1)/chunkLen*chunkLen)
		records := t.recordChunks.chunk(first / chunkLen)[first%chunkLen:][:limit-first]
		for i := len(records) - 1; i >= 0; i-- {
			r := &records[i]
			if r.entity != 0 && x.passes(r) && (c.prefix == "" || c.hasPrefix(t.name(r.entity))) {
				return first + uint32(i), true
			}
		}
		limit = first
	}
	return 0, false
}

// meeting returns the highest ordinal in a range, both ends included, that is in all chains.
func meeting(t *Tail, chains []descent, from, upTo uint32) (uint32, bool) {
	for agreed := 0; agreed < len(chains); {
		for i := range chains {
			ordinal, ok := chains[i].atMost(t, upTo)
			if !ok || ordinal < from {
				return 0, false
			}
			if ordinal == upTo {
				agreed++
				continue
			}
			upTo, agreed = ordinal, 1 // the others are asked again
		}
	}
	return upTo, true
}

// descent is a way down the events of a slot.
type descent struct {
	at    uint32 // of an entity or a scope the next ordinal + 1, of a tag or a link the next node; 0: see first
	first uint32 // the ordinal + 1 that comes behind the nodes; 0: none
	typ   Type
}

func (t *Tail) descentOf(slot uint32) descent {
	s, d := t.slot(slot), descent{typ: t.typeOf(slot)}
	d.at = s.newest.Load()
	if d.typ != Entity && d.typ != Scope {
		d.first = s.first + 1
	}
	return d
}

// atMost goes down to the highest ordinal that is not above one; false: there is none.
func (d *descent) atMost(t *Tail, ordinal uint32) (uint32, bool) {
	for d.at != 0 {
		switch d.typ {
		case Entity:
			if d.at-1 <= ordinal {
				return d.at - 1, true
			}
			d.at = t.record(d.at - 1).entityPrevious
		case Scope:
			if d.at-1 <= ordinal {
				return d.at - 1, true
			}
			d.at = t.record(d.at - 1).scopePrevious
		default:
			n := t.nodeChunks.chunk(d.at / chunkLen)[d.at%chunkLen]
			if n.ordinal <= ordinal {
				return n.ordinal, true
			}
			d.at = n.previous
		}
	}
	return d.first - 1, d.first != 0 && d.first-1 <= ordinal
}

// newestHole returns the highest ordinal in a range of an event that could not be read back.
func (t *Tail) newestHole(from, limit uint32) (uint32, bool) {
	for i := t.holeCount.Load(); i > 0; i-- {
		h := t.holeChunks.chunk((i - 1) / chunkLen)[(i-1)%chunkLen]
		if h.to < from {
			return 0, false
		}
		if h.from < limit && from < limit {
			return min(h.to, limit-1), true
		}
	}
	return 0, false
}
