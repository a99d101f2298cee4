// This file holds claims: what conditional appends say, and whether it is true of a history, judged without any index.

package crash

import (
	"fmt"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// claimKind says what is claimed.
type claimKind uint8

const (
	ownClock    claimKind = iota + 1 // the item's own entity has this clock, with the items before it
	ownLast                          // the item's own entity has this newest event
	entityClock                      // an entity has this clock, before the unit
	entityLast                       // an entity has this newest event, before the unit
	noneAfter                        // an area has no event after a sequence, before the unit
	claimKinds
)

// claim is what must be true for an append to be stored. It is stored with the event, so that it can be judged again
// wherever that is. Its fields are exported for saving.
type claim struct {
	Kind   claimKind
	What   uint8  // entity, or area
	Number uint64 // clock, or sequence
	ID     event.ID
}

// own reports whether the claim is about the entity that the event itself is of.
func (c *claim) own() bool { return c.Kind == ownClock || c.Kind == ownLast }

// byID reports whether the claim names an event by its id.
func (c *claim) byID() bool { return c.Kind == ownLast || c.Kind == entityLast }

// expectation returns what the claim says of an entity, for the engine.
func (c *claim) expectation() engine.Expectation {
	if c.byID() {
		return engine.ExpectLastID(c.ID)
	}
	return engine.ExpectClock(c.Number)
}

// condition returns a claim that is not about the own entity, for the engine.
func (c *claim) condition() engine.Condition {
	if c.Kind == noneAfter {
		return engine.NoneAfter(areas[c.What].region, c.Number)
	}
	return engine.EntityIs(coordinates[c.What].Entity(), c.expectation())
}

// String says what is claimed.
func (c *claim) String() string {
	switch {
	case c.Kind == noneAfter:
		return fmt.Sprintf("that nothing is in %s after %d", areas[c.What].region, c.Number)
	case c.byID():
		return fmt.Sprintf("that %s ends with %s", coordinates[c.What], c.ID)
	}
	return fmt.Sprintf("that %s has clock %d", coordinates[c.What], c.Number)
}

// area is a region that claims are about, and the same region judged by what the simulator knows of an event.
type area struct {
	region event.Region
	has    func(s stamp, clock uint64) bool
}

// areas are numbered by their place. The last one is everything.
var areas = func() (all []area) {
	kinds := [3]event.Kind{event.Data, event.Data + 1, event.Data + 2}
	add := func(r event.Region, has func(s stamp, clock uint64) bool) { all = append(all, area{r, has}) }
	for i := range entities {
		name, j, kind := coordinates[i].Entity(), (i+1)%entities, kinds[i%len(kinds)]
		add(event.Entity(name), func(s stamp, _ uint64) bool { return s.entity() == i })
		add(event.Entity(name).Kind(kind), func(s stamp, _ uint64) bool { return s.entity() == i && s.kind() == kind })
		add(event.EntityPrefix(name).Tags("green"), func(s stamp, _ uint64) bool { return s.entity() == i && s.tagged("green") })
		add(event.Scope("crash").Entity(name).Clocks(5, 40), func(s stamp, clock uint64) bool { return s.entity() == i && clock >= 5 && clock <= 40 })
		add(event.Union(event.Entity(name), event.Entity(coordinates[j].Entity())), func(s stamp, _ uint64) bool { return s.entity() == i || s.entity() == j })
		add(event.Union(event.Entity(name), event.OfKind(kind).Tags("blue")), func(s stamp, _ uint64) bool {
			return s.entity() == i || s.kind() == kind && s.tagged("blue")
		})
	}
	for _, kind := range kinds {
		add(event.OfKind(kind), func(s stamp, _ uint64) bool { return s.kind() == kind })
		add(event.EntityPrefix("entity-").Kind(kind).Tags("blue", "green"), func(s stamp, _ uint64) bool {
			return s.kind() == kind && s.tagged("blue") && s.tagged("green")
		})
	}
	add(event.Tagged("blue"), func(s stamp, _ uint64) bool { return s.tagged("blue") })
	add(event.Tagged("green", "blue"), func(s stamp, _ uint64) bool { return s.tagged("blue") && s.tagged("green") })
	add(event.Union(event.Tagged("green"), event.OfKind(kinds[0])), func(s stamp, _ uint64) bool { return s.tagged("green") || s.kind() == kinds[0] })
	add(event.Entity("nobody"), func(stamp, uint64) bool { return false })
	add(event.Nothing(), func(stamp, uint64) bool { return false })
	add(event.InCategory(kinds[0].Category()), func(stamp, uint64) bool { return true })
	add(event.Everything(), func(stamp, uint64) bool { return true })
	return all
}()

// head is an entity's newest event; zero: there is none.
type head struct {
	ID       event.ID
	Hash     event.Hash
	Sequence uint64
	Clock    uint64
}

// fact is what is known of an event beside its entry.
type fact struct {
	clock       uint64
	depth       uint32
	correlation event.ID
	cause       uint64 // sequence; 0: none
}

// history is events in their order, and what they come to.
type history struct {
	held  []entry
	facts []fact // of each
	heads [entities]head
	keys  map[keyName]int // index of the event, or of the first one of the batch, that has the key
}

// placed is a history as a unit found it.
type placed struct {
	n     int // so many events
	heads [entities]head
}

func (h *history) now() placed { return placed{len(h.held), h.heads} }

// add adds an event.
func (h *history) add(e entry, f fact) {
	h.heads[e.Stamp.entity()] = head{e.ID, e.Hash, e.Sequence, f.clock}
	h.held, h.facts = append(h.held, e), append(h.facts, f)
}

// find returns the index of the event with a sequence, -1 if there is none.
func (h *history) find(sequence uint64) int {
	for i := len(h.held) - 1; i >= 0 && h.held[i].Sequence >= sequence; i-- {
		if h.held[i].Sequence == sequence {
			return i
		}
	}
	return -1
}

// against returns what stands against a claim of an item of this entity, if before is what its unit found; empty: it is true.
func (h *history) against(c *claim, entity int, before *placed) string {
	switch c.Kind {
	case noneAfter:
		for i := before.n - 1; i >= 0 && h.held[i].Sequence > c.Number; i-- {
			if areas[c.What].has(h.held[i].Stamp, h.facts[i].clock) {
				return fmt.Sprintf("sequence %d is", h.held[i].Sequence)
			}
		}
		return ""
	case ownClock, ownLast:
		return c.differs(&h.heads[entity])
	}
	return c.differs(&before.heads[c.What])
}

// differs says in what an entity is not as claimed.
func (c *claim) differs(at *head) string {
	if c.byID() && at.ID != c.ID || !c.byID() && at.Clock != c.Number {
		return fmt.Sprintf("it has clock %d and ends with %s, sequence %d", at.Clock, at.ID, at.Sequence)
	}
	return ""
}
