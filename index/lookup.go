// This file holds Finder: how the parts and the runs are asked.
//
// A part is asked in one go, and what is needed of it is copied out: nothing is held between two calls. A table whose
// bytes turn out to be damaged is rebuilt from the frames, and the part asked again; a run is done without.

package index

import (
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/batpak/batpak/internal/checked"
)

// Finder answers where events are. It names places that may hold what is looked for, and leaves none out; the frames
// there say whether they do. All methods may be called concurrently, and take no lock.
type Finder struct {
	index    *Index
	rebuild  func(p *Part, cause error) error
	damaged  func(r *Run, cause error)
	begun    atomic.Pointer[timeline]
	askings  sync.Pool // *asking
	moments  sync.Pool // *momentQuestion
	searches sync.Pool // *linkSearch
}

// NewFinder returns a finder over the index. rebuild is called with a part whose table is damaged; when it returns
// without an error, the part has a tail ([Part.Rebuilt]). It may be called by several goroutines at once, also for the same
// part. damaged is told of a run that can't be read; it must not block.
func NewFinder(x *Index, rebuild func(p *Part, cause error) error, damaged func(r *Run, cause error)) *Finder {
	return &Finder{index: x, rebuild: rebuild, damaged: damaged}
}

// question is what a part is asked. Either method may be called after the other one failed, and then begins anew.
type question interface {
	ofTail(t *Tail) error
	ofTable(t *Table) error // inside the part's read
}

// questions is a question made of two functions.
type questions struct {
	tail  func(t *Tail) error
	table func(t *Table) error
}

func (q questions) ofTail(t *Tail) error   { return q.tail(t) }
func (q questions) ofTable(t *Table) error { return q.table(t) }

// ask lets a part answer with its tail or with its table.
func (f *Finder) ask(p *Part, q question) error {
	for {
		tail, table := p.source()
		if tail != nil {
			return q.ofTail(tail)
		}
		err, failed := f.askTable(p, table, q)
		if failed != nil {
			return failed
		}
		if !errors.Is(err, checked.ErrDamaged) {
			return err
		}
		if err := f.rebuild(p, err); err != nil {
			return err
		}
	}
}

// asking is a question to a table, with the function that a part's read runs: kept, so that asking allocates nothing.
type asking struct {
	question question
	table    *Table
	err      error
	run      func()
}

// askTable asks a table. failed is the error of reading it at all.
func (f *Finder) askTable(p *Part, table *Table, q question) (err, failed error) {
	a, _ := f.askings.Get().(*asking)
	if a == nil {
		a = new(asking)
		a.run = func() { a.err = a.question.ofTable(a.table) }
	}
	a.question, a.table, a.err = q, table, nil
	failed = p.read(a.run)
	err = a.err
	a.question, a.table, a.err = nil, nil, nil
	f.askings.Put(a)
	return err, failed
}

// extent says how many ordinals of a part are visible.
type extent struct {
	limit uint32 // what the watermark and the next part leave; 0: none
	ended bool   // there is a part behind it: nothing is added any more
}

// extentOf returns the extent of parts[i]. The watermark must have been loaded before the parts.
func extentOf(parts []*Part, i int, visible uint64) extent {
	p, e := parts[i], extent{ended: i+1 < len(parts)}
	if e.ended {
		visible = min(visible, parts[i+1].First-1)
	}
	if visible >= p.First {
		e.limit = uint32(min(visible-p.First+1, math.MaxUint32))
	}
	return e
}

// of returns the number of visible ordinals of a tail, holes included. Behind the last of one that has ended there may be
// sequences that nothing has.
func (e extent) of(t *Tail) uint32 {
	if e.ended {
		return min(e.limit, t.Events())
	}
	return e.limit
}

// in returns the number of visible ordinals of a table.
func (e extent) in(t *Table) uint32 { return min(e.limit, t.Events()) }

// covering returns the run that lists the events of a part; nil: none does.
func (x *Index) covering(p *Part) *Run {
	for _, r := range x.Runs() {
		if r.Covers(p) {
			return r
		}
	}
	return nil
}

// HoleError says that events may be what is looked for, or not: their frames can't be read.
type HoleError struct{ First, Last uint64 }

// Error names the sequences.
func (e *HoleError) Error() string { return "index: events of which nothing is known" }

// Before finds the newest event of an entity in the parts before the one that has the given tail. If a tail knows the
// entity's head, it is returned with known = true; otherwise fn is called with the sequences of events that may be the
// newest one, from the highest down, until it returns false or an error. A *[HoleError]: it may be one that can't be read.
//
// Where no part has the tail, which then is outdated, the parts before the last one are asked.
func (f *Finder) Before(tail *Tail, entity string, hash uint64, fn func(sequence uint64) (more bool, err error)) (head Head, known bool, err error) {
	parts := f.index.Parts()
	end := len(parts) - 1
	for i := end; i >= 0; i-- {
		if parts[i].tail.Load() == tail {
			end = i
			break
		}
	}
	l := listing{kind: Entity, hash: hash}
	var own []uint64
	for i := end - 1; i >= 0; i-- {
		p := parts[i]
		if parts[i+1].First == p.First {
			continue // it has no events
		}
		var found []uint64
		if f.covers(&l, p) {
			found = l.within(p.First, parts[i+1].First-1)
		} else {
			if head, known, own, err = f.newestIn(own[:0], p, entity, hash); err != nil || known {
				return head, known, err
			}
			found = own
		}
		for _, sequence := range slices.Backward(found) {
			if more, err := fn(sequence); err != nil || !more {
				return Head{}, false, err
			}
		}
	}
	return Head{}, false, nil
}

// newestIn returns the head of an entity if the part, which has ended, knows it, or else appends the newest sequences of
// the entities that have the hash.
func (f *Finder) newestIn(dst []uint64, p *Part, entity string, hash uint64) (head Head, known bool, _ []uint64, err error) {
	err = f.ask(p, questions{func(tail *Tail) error {
		dst = dst[:0]
		head, known = tail.HeadOf(hash, entity)
		behind := uint32(0) // the entity's newest event
		if known {
			if ordinal, ok := tail.newest(tail.find(Entity, hash, entity), tail.Events()); ok {
				behind = ordinal + 1
			}
		}
		holes := tail.holesBelow(tail.Events())
		if n := len(holes); n > 0 && holes[n-1][1] >= behind {
			return &HoleError{p.First + uint64(holes[n-1][0]), p.First + uint64(holes[n-1][1])}
		}
		return nil
	}, func(table *Table) error {
		links, err := table.links()
		if err != nil {
			return err
		}
		dst, err = links.lookup(dst[:0], Entity, hash)
		for i := range dst {
			dst[i] += p.First
		}
		return err
	}})
	return head, known, dst, err
}
