// This file holds what a clause selects in a table: the name with the fewest events leads, and the other names leave of
// these what they have in common.

package index

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// picker finds what a clause selects in a part. Its memory is used again for the next part.
type picker struct {
	clause   *clause
	from, to uint32     // ordinals that are wanted, both included
	out      *selection // of the part's visible ordinals
	listed   bool       // a run says that the entity, or one with its hash, is in the part
	// All clocks of the entity in the part are above or below those that are wanted.
	above, below bool

	factors  []factor
	postings []postings
	list     []uint32
	bits     []uint64
	prefixed []uint64
	slots    []uint64 // of a tail
}

// factor is one thing that a clause asks for: the events of any of some names.
type factor struct {
	first, behind int // in postings
	events        uint64
}

// What is left to be looked at in the frames. Reading an event costs about as much as taking this many ordinals out of a
// bitmap; below so many events it is not worth asking for more names.
const (
	frameCost = 128
	fewEvents = 64
	// prefixCost is from how many events on the entities with a prefix are looked up.
	prefixCost = 1024
)

// errEnough ends a walk whose result would be of no use.
var errEnough = errors.New("index: enough")

// fromTable adds to an empty selection what the clause selects. It is called inside the part's read.
func (k *picker) fromTable(t *Table) error {
	k.factors, k.postings = k.factors[:0], k.postings[:0]
	c := k.clause
	if c.entity != "" && !k.listed {
		if passes, err := t.mayHave(Entity, c.entityHash); err != nil || !passes {
			return err
		}
	}
	if c.entity != "" && c.clocked {
		if done, err := k.byClock(t); done || err != nil {
			return err
		}
	}
	if ok, err := k.gather(t); err != nil || !ok {
		return err
	}
	slices.SortFunc(k.factors, func(a, b factor) int { return cmp.Compare(a.events, b.events) })
	if err := k.combine(t); err != nil {
		return err
	}
	return k.byTime(t.zone, zonesOf(t.events))
}

// mayHave reports whether a hash passes the filter of its list, which costs less than looking for the name.
func (t *Table) mayHave(kind Type, hash uint64) (bool, error) {
	links, err := t.links()
	if err != nil {
		return false, err
	}
	return links.passes(&links.lists[listOf(kind)], hash)
}

// byClock takes a range of an entity's clocks, which count its events, out of its postings. done is false if the table
// does not know where they begin.
func (k *picker) byClock(t *Table) (done bool, err error) {
	p, ok, err := t.find(Entity, k.clause.entity)
	if err != nil || !ok {
		return true, err
	}
	if p.firstClock == 0 {
		return false, nil
	}
	low, high := k.clause.clocks[0], k.clause.clocks[1]
	switch {
	case high < p.firstClock:
		k.above = true
		return true, nil
	case low > p.firstClock && low-p.firstClock >= uint64(p.count):
		k.below = true
		return true, nil
	}
	if k.list, err = p.appendTo(k.list[:0]); err != nil {
		return true, err
	}
	last := min(high-p.firstClock, uint64(p.count)-1)
	k.out.list = append(k.out.list, k.list[max(low, p.firstClock)-p.firstClock:last+1]...)
	k.out.crop(k.from, k.to)
	return true, k.byTime(t.zone, zonesOf(t.events))
}

// gather looks up the names that the clause asks for; false: one that no event has.
func (k *picker) gather(t *Table) (bool, error) {
	c := k.clause
	names := []struct {
		kind Type
		name string
		ask  bool
	}{{Entity, c.entity, c.entity != ""}, {Scope, c.scope, c.scope != ""}, {Gate, gateName(c.gate), c.gate != 0}}
	for _, n := range names {
		if !n.ask {
			continue
		}
		if ok, err := k.one(t, n.kind, n.name); err != nil || !ok {
			return false, err
		}
	}
	for _, tag := range c.tags {
		if ok, err := k.one(t, Tag, tag); err != nil || !ok {
			return false, err
		}
	}
	if c.kinds == nil && c.inAny {
		return true, nil
	}
	return k.kinds(t)
}

// one adds the factor of a single name.
func (k *picker) one(t *Table, kind Type, name string) (bool, error) {
	p, ok, err := t.find(kind, name)
	if err == nil && ok {
		k.begin()
		k.add(p)
	}
	return ok, err
}

// kinds adds the factor of any of the kinds.
func (k *picker) kinds(t *Table) (bool, error) {
	k.begin()
	if !k.clause.inAny {
		err := t.prefixed(Kind, "", func(name []byte, p postings) error {
			if uint16(name[0]>>4) == k.clause.category {
				k.add(p)
			}
			return nil
		})
		return k.factors[len(k.factors)-1].events > 0, err
	}
	for _, kind := range k.clause.kinds {
		p, ok, err := t.find(Kind, kindName(kind))
		if err != nil {
			return false, err
		}
		if ok {
			k.add(p)
		}
	}
	return k.factors[len(k.factors)-1].events > 0, nil
}

func (k *picker) begin() {
	k.factors = append(k.factors, factor{len(k.postings), len(k.postings), 0})
}

func (k *picker) add(p postings) {
	k.postings = append(k.postings, p)
	last := &k.factors[len(k.factors)-1]
	last.behind++
	last.events += uint64(p.count)
}

// combine selects the events of the first factor, the smallest one, that the others leave.
func (k *picker) combine(t *Table) error {
	if len(k.factors) == 0 {
		k.out.setRange(k.from, k.to)
		if k.clause.prefix == "" {
			return nil
		}
		useful, err := k.markPrefixed(t)
		if useful {
			k.out.bits, k.prefixed = k.prefixed, k.out.bits
			k.out.form = asBits
			k.out.crop(k.from, k.to)
		}
		return err
	}
	lead := k.factors[0]
	prefix := k.clause.prefix != "" && lead.events > prefixCost
	if lead.events <= fewEvents || len(k.factors) == 1 && !prefix && lead.events < uint64(t.events/sparse) {
		return k.take(lead)
	}
	k.out.bits = zeroed(k.out.bits, k.out.events)
	k.out.form = asBits
	if err := k.markFactor(k.out.bits, lead); err != nil {
		return err
	}
	for _, f := range k.factors[1:] {
		if f.events/frameCost > lead.events {
			break
		}
		k.bits = zeroed(k.bits, k.out.events)
		if err := k.markFactor(k.bits, f); err != nil {
			return err
		}
		and(k.out.bits, k.bits)
	}
	if prefix {
		useful, err := k.markPrefixed(t)
		if err != nil {
			return err
		}
		if useful {
			and(k.out.bits, k.prefixed)
		}
	}
	k.out.crop(k.from, k.to)
	return nil
}

func and(dst, b []uint64) {
	for i := range dst {
		dst[i] &= b[i]
	}
}

// take selects all events of a factor.
func (k *picker) take(f factor) (err error) {
	for _, p := range k.postings[f.first:f.behind] {
		if k.out.list, err = p.appendTo(k.out.list); err != nil {
			return err
		}
	}
	if f.behind-f.first > 1 {
		slices.Sort(k.out.list)
		k.out.list = slices.Compact(k.out.list)
	}
	k.out.crop(k.from, k.to)
	return nil
}

// markFactor sets the bits of a factor's visible events.
func (k *picker) markFactor(b []uint64, f factor) error {
	for _, p := range k.postings[f.first:f.behind] {
		if err := p.mark(b, k.out.events); err != nil {
			return err
		}
	}
	return nil
}

// markPrefixed sets in prefixed the events of the entities whose names have the clause's prefix; false: it is so many that
// leaving out the others is no gain.
func (k *picker) markPrefixed(t *Table) (useful bool, err error) {
	k.prefixed = zeroed(k.prefixed, k.out.events)
	events := uint64(0)
	err = t.prefixed(Entity, k.clause.prefix, func(_ []byte, p postings) error {
		if events += uint64(p.count); events > uint64(t.events)/2 {
			return errEnough
		}
		return p.mark(k.prefixed, k.out.events)
	})
	if errors.Is(err, errEnough) {
		return false, nil
	}
	return err == nil, err
}

// byTime takes away the ordinals of zones, of which there are so many, without an event of the clause's times.
func (k *picker) byTime(at func(i uint32) (zone, error), zones uint32) error {
	if !k.clause.timed {
		return nil
	}
	s := k.out
	if s.form == asList {
		return k.listByTime(at, zones)
	}
	s.spread()
	for i := k.from / zoneEvents; i <= k.to/zoneEvents && i < zones; i++ {
		words := s.bits[i*zoneWords : min((i+1)*zoneWords, uint32(len(s.bits)))]
		if !slices.ContainsFunc(words, func(word uint64) bool { return word != 0 }) {
			continue
		}
		z, err := at(i)
		if err != nil {
			return err
		}
		if !k.clause.overlaps(z) {
			clear(words)
		}
	}
	return nil
}

// zoneWords is the length of a zone in bits of a selection.
const zoneWords = zoneEvents / 64

func (k *picker) listByTime(at func(i uint32) (zone, error), zones uint32) error {
	kept := k.out.list[:0]
	last, overlaps := ^uint32(0), true
	for _, ordinal := range k.out.list {
		if i := ordinal / zoneEvents; i != last {
			last, overlaps = i, true
			if i < zones {
				z, err := at(i)
				if err != nil {
					return err
				}
				overlaps = k.clause.overlaps(z)
			}
		}
		if overlaps {
			kept = append(kept, ordinal)
		}
	}
	k.out.list = kept
	return nil
}

// hasPrefix reports whether a name begins with the clause's prefix.
func (c *clause) hasPrefix(name []byte) bool {
	return len(name) >= len(c.prefix) && strings.HasPrefix(string(name[:len(c.prefix)]), c.prefix)
}
