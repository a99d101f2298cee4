// This file holds composing: the units that somebody appends, and what they claim.

package crash

import (
	"math/rand/v2"

	"github.com/batpak/batpak/event"
)

// maxItems is how many events a batch has at most.
const maxItems = 30

// scout is what the one who composes knows of the store. It may be outdated.
type scout interface {
	head(entity int) head
	last() (sequence uint64)       // a sequence after which nothing is known
	effect() event.ID              // an event to be the cause of others; zero: there is none
	taken() (key keyName, ok bool) // the key of a unit that is stored
}

// composer makes units. What it makes follows from what it is asked and its random numbers.
type composer struct {
	random  *rand.Rand
	lane    uint32
	version uint32 // of the next event that is neither keyed nor bulky, counted from 1
	number  uint32 // of the next one that is, less 1
	mixed   bool   // not only events of which nothing is asked
}

// one in so many units of a composer is longer than a segment, if it may be.
const bulky = 60

// compose returns a unit.
func (c *composer) compose(w scout) *unit {
	r := c.random
	if !c.mixed {
		return c.alone(w, 10)
	}
	switch pick := r.IntN(20); {
	case c.lane>>4&3 == uint32(large) && r.IntN(bulky) == 0:
		u := c.batchOf(maxItems, stamp{c.lane | bulkyLane, c.number + 1})
		c.number += maxItems
		return u
	case pick < 3:
		return c.batch()
	case pick < 7:
		u := c.any(w)
		c.conditions(u, w)
		return u
	case pick < 8:
		u := c.any(w)
		if u.Cause = w.effect(); !u.Cause.IsZero() {
			u.Reacts = true
		}
		return u
	case pick < 11:
		return c.keyed(w)
	case pick < 12:
		if key, ok := w.taken(); ok {
			return c.taker(w, key)
		}
	}
	return c.alone(w, 10)
}

// goOn takes the stamps of a unit that was stored.
func (c *composer) goOn(u *unit) {
	if u.First.ordered() && u.First.Lane == c.lane {
		c.version += uint32(len(u.Items))
	}
}

// alone returns a single event, one in so many with a cause.
func (c *composer) alone(w scout, caused int) *unit {
	u := alone(stamp{c.lane, c.version}, event.ID{})
	if c.random.IntN(caused) == 0 {
		u.Cause = w.effect()
	}
	return u
}

// any returns an event or a batch.
func (c *composer) any(w scout) *unit {
	if c.random.IntN(3) == 0 {
		return c.batch()
	}
	return c.alone(w, 10)
}

// batch returns a batch, few of which are long.
func (c *composer) batch() *unit {
	n := 2 + c.random.IntN(4)
	if c.random.IntN(10) == 0 {
		n = 2 + c.random.IntN(maxItems-1)
	}
	return c.batchOf(n, stamp{c.lane, c.version})
}

func (c *composer) batchOf(n int, first stamp) *unit {
	u := &unit{First: first, Batch: true, Items: make([]item, n)}
	for i := 1; i < n; i++ {
		if c.random.IntN(3) == 0 {
			u.Items[i].Cause = uint8(1 + c.random.IntN(i))
		}
	}
	return u
}

// keyed returns a unit with keys.
func (c *composer) keyed(w scout) *unit {
	u := c.any(w)
	u.First = stamp{c.lane | keyedLane, c.number + 1}
	c.number += uint32(len(u.Items))
	whole := u.Batch && c.random.IntN(3) > 0
	u.Key = whole
	if !whole || c.random.IntN(3) == 0 {
		for i := range u.Items {
			u.Items[i].Key = true
		}
	}
	if c.random.IntN(3) == 0 {
		c.conditions(u, w)
	}
	return u
}

// taker returns a unit with the key of another one, among others.
func (c *composer) taker(w scout, key keyName) *unit {
	u := c.keyed(w)
	if u.Key && c.random.IntN(2) == 0 {
		u.Taken = key
		return u
	}
	i := c.random.IntN(len(u.Items))
	u.Items[i].Key, u.Items[i].Taken = true, key
	return u
}

// conditions makes claims, most of which are true if what is known is not outdated.
func (c *composer) conditions(u *unit, w scout) {
	r := c.random
	before := make(map[int]uint64) // items of an entity
	for i := range u.Items {
		entity := u.stamp(i).entity()
		if r.IntN(len(u.Items)+1) < 2 {
			u.Items[i].Claims = append(u.Items[i].Claims, c.own(w, entity, before[entity]))
		}
		if r.IntN(2*len(u.Items)) == 0 {
			u.Items[i].Claims = append(u.Items[i].Claims, c.other(w))
		}
		before[entity]++
	}
	if u.Batch && r.IntN(2) == 0 {
		u.Claims = append(u.Claims, c.other(w))
	}
}

// own returns a claim about the entity that the item itself is of, with so many items of it before.
func (c *composer) own(w scout, entity int, before uint64) claim {
	head := w.head(entity)
	if before == 0 && c.random.IntN(2) == 0 {
		return claim{Kind: ownLast, What: uint8(entity), ID: head.ID}
	}
	return claim{Kind: ownClock, What: uint8(entity), Number: c.nearly(head.Clock + before)}
}

// other returns a claim about anything.
func (c *composer) other(w scout) claim {
	r := c.random
	entity := r.IntN(entities)
	switch r.IntN(4) {
	case 0:
		return claim{Kind: entityClock, What: uint8(entity), Number: c.nearly(w.head(entity).Clock)}
	case 1:
		return claim{Kind: entityLast, What: uint8(entity), ID: w.head(entity).ID}
	}
	after := w.last()
	if r.IntN(3) == 0 {
		after -= min(after, uint64(r.IntN(12)))
	}
	return claim{Kind: noneAfter, What: uint8(r.IntN(len(areas))), Number: after}
}

// nearly returns a clock that now and then is another one.
func (c *composer) nearly(clock uint64) uint64 {
	switch c.random.IntN(12) {
	case 0:
		return clock + 1
	case 1:
		return clock - min(clock, 1)
	}
	return clock
}
