// This file holds what a clause selects in a tail: the chain of a name leads, and the records tell of each of its events
// what else is asked; without a name, all records are looked through.

package index

import "slices"

// test is what a clause asks of a record.
type test struct {
	clause        *clause
	entity, scope uint32   // slots; 0: any
	prefixed      []uint64 // slots of entities, one bit each; nil: any
	kinds, gates  bool     // whether they are asked for
}

func (x *test) passes(r *record) bool {
	return (x.entity == 0 || r.entity == x.entity) && (x.scope == 0 || r.scope == x.scope) &&
		(!x.gates || r.gate == x.clause.gate) && (!x.kinds || x.clause.hasKind(r.kind)) &&
		(x.prefixed == nil || x.hasSlot(r.entity))
}

// find looks up the clause's names and appends the slots of the tags; false: a name that no event has.
func (x *test) find(t *Tail, tags []uint32) ([]uint32, bool) {
	c := x.clause
	if c.entity != "" {
		if x.entity = t.find(Entity, c.entityHash, c.entity); x.entity == 0 {
			return tags, false
		}
	}
	if c.scope != "" {
		if x.scope = t.find(Scope, c.scopeHash, c.scope); x.scope == 0 {
			return tags, false
		}
	}
	for i, tag := range c.tags {
		slot := t.find(Tag, c.tagHashes[i], tag)
		if slot == 0 {
			return tags, false
		}
		tags = append(tags, slot)
	}
	return tags, true
}

func (x *test) hasSlot(slot uint32) bool {
	return int(slot/64) < len(x.prefixed) && x.prefixed[slot/64]>>(slot%64)&1 != 0
}

// trivial reports whether every record passes.
func (x *test) trivial() bool {
	return x.entity == 0 && x.scope == 0 && !x.gates && !x.kinds && x.prefixed == nil
}

// fromTail adds to an empty selection what the clause selects of the visible ordinals, of which the zones have ended that
// are given. most bounds how many are taken of an entity's chain from its end; when there are more, the lowest that was
// taken is returned.
func (k *picker) fromTail(t *Tail, zones uint32, most int) (lowest uint32, more bool, err error) {
	c := k.clause
	x := test{clause: c, kinds: c.kinds != nil || !c.inAny, gates: c.gate != 0}
	tags, ok := x.find(t, make([]uint32, 0, 16))
	if !ok {
		return 0, false, nil
	}
	if c.prefix != "" {
		x.prefixed = k.slotsWith(t)
	}
	switch {
	case x.entity != 0:
		lowest, more = k.chain(t, x.entity, &x, most)
		k.meet(t, tags)
	case len(tags) != 0:
		k.chain(t, tags[0], &x, 0)
		k.meet(t, tags[1:])
	case x.scope != 0:
		k.chain(t, x.scope, &x, 0)
	case x.trivial():
		k.out.setRange(k.from, k.to)
	default:
		k.scan(t, &x)
	}
	return lowest, more, k.byTime(func(i uint32) (zone, error) { return t.zone(i), nil }, zones)
}

// chain selects the events of a slot that pass, at most so many from the end if most is not 0.
func (k *picker) chain(t *Tail, slot uint32, x *test, most int) (lowest uint32, more bool) {
	list := k.out.list
	t.descend(slot, k.to+1, func(ordinal uint32) bool {
		if ordinal < k.from {
			return false
		}
		if most != 0 && len(list) == most {
			more = true
			return false
		}
		if x.passes(t.record(ordinal)) {
			list = append(list, ordinal)
		}
		return true
	})
	if more {
		lowest = list[len(list)-1]
	}
	slices.Reverse(list)
	k.out.list = list
	return lowest, more
}

// meet leaves of the selected list what has all the tags.
func (k *picker) meet(t *Tail, tags []uint32) {
	for _, slot := range tags {
		if len(k.out.list) <= fewEvents {
			return
		}
		k.bits = zeroed(k.bits, k.out.events)
		t.descend(slot, k.to+1, func(ordinal uint32) bool {
			k.bits[ordinal/64] |= 1 << (ordinal % 64)
			return ordinal > k.from
		})
		k.out.list = slices.DeleteFunc(k.out.list, func(ordinal uint32) bool {
			return k.bits[ordinal/64]>>(ordinal%64)&1 == 0
		})
	}
}

// scan selects the events whose records pass.
func (k *picker) scan(t *Tail, x *test) {
	k.out.bits = zeroed(k.out.bits, k.out.events)
	k.out.form = asBits
	for ordinal := k.from; ordinal <= k.to; ordinal++ {
		if r := t.record(ordinal); r.entity != 0 && x.passes(r) {
			k.out.bits[ordinal/64] |= 1 << (ordinal % 64)
		}
	}
}

// slotsWith returns the slots of the entities whose names have the clause's prefix.
func (k *picker) slotsWith(t *Tail) []uint64 {
	k.slots = append(k.slots[:0], 0) // not nil
	t.slots(Entity, k.to+1, func(slot uint32, name []byte) bool {
		if k.clause.hasPrefix(name) {
			for int(slot/64) >= len(k.slots) {
				k.slots = append(k.slots, 0)
			}
			k.slots[slot/64] |= 1 << (slot % 64)
		}
		return true
	})
	return k.slots
}
