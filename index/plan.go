// This file holds Plan: which places are looked at to answer a query, part by part in the order of reading.
//
// For every part and every term of the region, the cheapest thing that the part knows leads: names of entities, scopes,
// kinds, tags and outcomes; the times of zones where there is nothing else; and runs say in which parts an entity is not. What
// terms select is united. No part is asked before those in front of it are read to their end.

package index

import (
	"math"

	"github.com/batpak/batpak/event"
)

// Query is what a plan is made for.
type Query struct {
	Region  event.Region
	Visible uint64 // the highest sequence that may be looked at; loaded before the plan is made
	// Backward is the direction, and Limit is how many events are wanted at most, 0 for all. That is a hint.
	Backward bool
	Limit    int
}

// Step is places of one part that are to be looked at, all of them, in the order in which they are given.
type Step struct {
	First uint64 // the sequence of ordinal 0
	// Ordinals are the places, in the direction of the query; nil: all sequences from From to To, both included.
	Ordinals []uint32
	From, To uint64
}

// Plan yields the steps of a query. It belongs to one goroutine, and holds nothing between two steps.
type Plan struct {
	finder  *Finder
	query   Query
	clauses []clause
	parts   []*Part
	low     uint64 // bounds of the clauses' sequences
	high    uint64
	next    int // the part that is asked next

	part    int // that is being read
	rest    uint32
	most    int  // see picker.fromTail
	more    bool // the part is to be asked again, up to rest
	reading reading
	united  selection // what is being read
	one     selection // of one clause
	picker  picker
}

// Plan returns the plan of a query.
func (f *Finder) Plan(q Query) *Plan {
	p := &Plan{finder: f, query: q, parts: f.index.Parts(), low: math.MaxUint64}
	for _, term := range q.Region.Terms() {
		c := newClause(term)
		p.low, p.high = min(p.low, c.sequences[0]), max(p.high, c.sequences[1])
		p.clauses = append(p.clauses, c)
	}
	p.united.form = asList
	p.reading.start(&p.united, false)
	if q.Backward {
		p.next = len(p.parts) - 1
	}
	return p
}

// Next returns the next step, which is valid until the next call; false: there are no more. Errors are those of reading
// the part's bytes and of rebuilding its table; the plan ends with them.
func (p *Plan) Next() (Step, bool, error) {
	for {
		if page, from, to, ok := p.reading.next(); ok {
			first := p.parts[p.part].First
			return Step{First: first, Ordinals: page, From: first + uint64(from), To: first + uint64(to)}, true, nil
		}
		upTo := p.rest
		if !p.more {
			if !p.turn() {
				return Step{}, false, nil
			}
			upTo = math.MaxUint32
		}
		if err := p.pick(upTo); err != nil {
			p.next, p.more = -1, false
			p.united.reset(0)
			return Step{}, false, err
		}
	}
}

// When the last events of an entity are wanted, so many are taken at first, and eight times as many each time that this
// was not enough.
const (
	firstMost   = 4
	highestMost = 1 << 20
)

// turn goes on to the next part that may hold any of what is wanted; false: there is none.
func (p *Plan) turn() bool {
	for ; p.next >= 0 && p.next < len(p.parts); p.step() {
		e := extentOf(p.parts, p.next, p.query.Visible)
		first := p.parts[p.next].First
		if e.limit == 0 || p.high < first || p.low > first+uint64(e.limit)-1 {
			continue
		}
		p.part, p.most = p.next, 0
		if p.query.Backward && p.query.Limit > 0 && len(p.clauses) == 1 {
			p.most = min(max(p.query.Limit, firstMost), highestMost)
		}
		p.step()
		return true
	}
	p.next = -1
	return false
}

func (p *Plan) step() {
	if p.query.Backward {
		p.next--
	} else {
		p.next++
	}
}

// pick finds what is to be read of the part, up to an ordinal.
func (p *Plan) pick(upTo uint32) error {
	part, e := p.parts[p.part], extentOf(p.parts, p.part, p.query.Visible)
	p.more = false
	p.united.reset(0)
	out := &p.united
	for i := range p.clauses {
		c := &p.clauses[i]
		p.picker.listed = c.entity != "" && !c.over && p.finder.covers(&c.listed, part)
		if c.over || p.picker.listed && len(c.listed.within(part.First, p.end())) == 0 {
			continue
		}
		if i > 0 {
			out = &p.one
		}
		if err := p.pickOne(c, part, e, upTo, out); err != nil {
			return err
		}
		if i > 0 {
			p.united.or(&p.one)
		}
	}
	p.reading.start(&p.united, p.query.Backward)
	return nil
}

// end returns the highest sequence that the part can have, visible or not: runs name only an entity's newest.
func (p *Plan) end() uint64 {
	if p.part+1 < len(p.parts) {
		return p.parts[p.part+1].First - 1
	}
	return math.MaxUint64
}

// pickOne finds what one clause selects.
func (p *Plan) pickOne(c *clause, part *Part, e extent, upTo uint32, out *selection) error {
	k := &p.picker
	k.clause, k.out, k.above, k.below = c, out, false, false
	begin := func(limit uint32) (ok bool) {
		out.reset(limit)
		k.from, k.to, ok = c.within(part.First, limit)
		k.to = min(k.to, upTo)
		return ok && k.from <= k.to
	}
	err := p.finder.ask(part, questions{func(t *Tail) error {
		limit := e.of(t)
		if !begin(limit) {
			return nil
		}
		return p.pickTail(t, limit, e.ended)
	}, func(t *Table) error {
		if !begin(e.in(t)) {
			return nil
		}
		return k.fromTable(t)
	}})
	c.over = c.over || !p.query.Backward && k.above || p.query.Backward && k.below
	return err
}

// pickTail finds what the picker's clause selects of a tail, and adds what is unknown.
func (p *Plan) pickTail(t *Tail, limit uint32, ended bool) error {
	k := &p.picker
	zones := limit / zoneEvents
	if ended {
		zones = zonesOf(limit)
	}
	lowest, more, err := k.fromTail(t, zones, p.most)
	if err != nil || k.out.form == asRange {
		return err
	}
	for _, hole := range t.holesBelow(limit) {
		if from, to := max(hole[0], k.from), min(hole[1], k.to); from <= to {
			k.out.addRange(from, to)
		}
	}
	if more {
		k.out.crop(lowest, k.to)
		p.more, p.rest, p.most = true, lowest-1, min(8*p.most, highestMost)
	}
	return nil
}
