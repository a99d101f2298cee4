// This file holds clause: one term of a region as the index looks for it.

package index

import (
	"math"

	"github.com/batpak/batpak/event"
)

// clause is a conjunction, with what it asks for resolved to names and hashes.
type clause struct {
	entity    string // "": any
	prefix    string // of the entity; "": any
	scope     string // "": any
	tags      []string
	kinds     []event.Kind
	category  uint16
	inAny     bool // no category is asked for
	gate      event.GateOutcome
	sequences [2]uint64 // both included, as all ranges here
	clocks    [2]uint64
	times     [2]int64
	timed     bool
	clocked   bool

	entityHash uint64
	scopeHash  uint64
	tagHashes  []uint64
	listed     listing // of the entity
	over       bool    // no part that is left can have any of it
}

func newClause(t event.Term) clause {
	c := clause{gate: 0, tags: t.Tags(), kinds: t.Kinds()}
	c.entity, _ = t.Entity()
	c.prefix, _ = t.EntityPrefix()
	c.scope, _ = t.Scope()
	c.gate, _ = t.Gate()
	category, ok := t.Category()
	c.category, c.inAny = category, !ok
	c.sequences[0], c.sequences[1] = t.Sequences()
	c.clocks[0], c.clocks[1] = t.Clocks()
	c.times[0], c.times[1] = t.Times()
	c.timed = c.times != [2]int64{math.MinInt64, math.MaxInt64}
	c.clocked = c.entity != "" && (c.clocks[0] > 1 || c.clocks[1] != math.MaxUint64)
	if c.entity != "" {
		c.entityHash = Hash(Entity, c.entity)
		c.listed = listing{kind: Entity, hash: c.entityHash}
	}
	if c.scope != "" {
		c.scopeHash = Hash(Scope, c.scope)
	}
	for _, tag := range c.tags {
		c.tagHashes = append(c.tagHashes, Hash(Tag, tag))
	}
	return c
}

// hasKind reports whether the clause asks for a kind as this one.
func (c *clause) hasKind(k event.Kind) bool {
	if !c.inAny {
		return k.Category() == c.category
	}
	if c.kinds == nil {
		return true
	}
	for _, wanted := range c.kinds {
		if wanted == k {
			return true
		}
	}
	return false
}

// within returns the ordinals, both included, that the clause leaves of so many of a part.
func (c *clause) within(first uint64, limit uint32) (from, to uint32, ok bool) {
	last := first + uint64(limit) - 1
	if limit == 0 || c.sequences[0] > last || c.sequences[1] < first {
		return 0, 0, false
	}
	if c.sequences[0] > first {
		from = uint32(c.sequences[0] - first)
	}
	return from, uint32(min(c.sequences[1], last) - first), true
}

// overlaps reports whether a zone may have an event of the clause's times.
func (c *clause) overlaps(z zone) bool { return z.lowest <= c.times[1] && z.highest >= c.times[0] }
