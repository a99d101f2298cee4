// This file holds the named cursors, each with what it has acknowledged so far.

package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// puller reads a region with a named cursor, from the store's first round to its last. It is one goroutine's at a time.
type puller struct {
	k      *soak
	random *rand.Rand
	name   string
	region event.Region
	whole  bool // the region has all events of its entities, whose clocks must follow each other
	pull   func(p *puller, ctx context.Context, c *engine.Cursor) ([]event.Event, error)
	every  int // events at most between two acknowledgements

	acked   uint64 // what was acknowledged,
	counted *tally // and what that comes to
	pending []pulled
	into    []event.Event
	clocks  map[string]uint64 // of pending
	// reached is what the cursor has seen, for who waits for it.
	reached atomic.Uint64
}

// pulled is an event that is not acknowledged yet.
type pulled struct {
	sequence uint64
	entity   string
	kind     event.Kind
	entry    Entry
}

// pulling are the ways to read.
var pulling = map[string]func(p *puller, ctx context.Context, c *engine.Cursor) ([]event.Event, error){
	"next": func(p *puller, ctx context.Context, c *engine.Cursor) ([]event.Event, error) {
		ev, err := c.Next(ctx)
		p.into[0] = ev
		return p.into[:1], err
	},
	"pull": func(p *puller, ctx context.Context, c *engine.Cursor) ([]event.Event, error) {
		n, err := c.PullInto(ctx, p.into)
		return p.into[:n], err
	},
	"poll": func(p *puller, ctx context.Context, c *engine.Cursor) ([]event.Event, error) {
		for ctx.Err() == nil {
			ev, ok, err := c.Poll()
			if ok || err != nil {
				p.into[0] = ev
				return p.into[:1], err
			}
			p.reached.Store(c.Position())
			time.Sleep(time.Millisecond)
		}
		return nil, ctx.Err()
	},
}

func newPuller(k *soak, name string, region event.Region, whole bool, how string, every int) *puller {
	into := 1
	if how == "pull" {
		into = 100
	}
	return &puller{
		k: k, random: k.newRandom(), name: name, region: region, whole: whole, pull: pulling[how], every: every,
		counted: newTally(), into: make([]event.Event, into), clocks: make(map[string]uint64),
	}
}

// follow pulls until it is stopped, with a last acknowledgement, or the store is closed. Now and then it lets go of the cursor
// without having acknowledged, as a process that ends would.
func (p *puller) follow(ctx context.Context, s *engine.Store) {
	for {
		c, err := s.CursorGuaranteed(p.region, engine.CursorOptions{Name: p.name})
		if err != nil {
			p.ended(err)
			return
		}
		p.begin(s, c)
		again, err := p.life(ctx, c)
		if closing := c.Close(); closing != nil && !p.k.isEnd(closing) {
			p.k.violate("cursor %q: close: %v", p.name, closing)
		}
		if !again {
			p.ended(err)
			return
		}
		p.k.count.reopened.Add(1)
	}
}

func (p *puller) ended(err error) {
	if !p.k.isEnd(err) {
		p.k.violate("cursor %q: %v", p.name, err)
	}
}

// begin looks at a cursor that was just opened.
func (p *puller) begin(s *engine.Store, c *engine.Cursor) {
	p.k.count.redelivered.Add(uint64(len(p.pending)))
	p.pending = p.pending[:0]
	clear(p.clocks)
	if c.Acked() != p.acked || c.Position() != p.acked {
		p.k.violate("cursor %q was opened at %d, acknowledged %d; want %d", p.name, c.Position(), c.Acked(), p.acked)
	}
	if second, err := s.CursorGuaranteed(p.region, engine.CursorOptions{Name: p.name}); err == nil {
		p.k.violate("cursor %q could be opened twice", p.name)
		_ = second.Close() // it is a violation already
	} else if !errors.Is(err, engine.ErrCursorInUse) && !p.k.isEnd(err) {
		p.k.violate("cursor %q, opened twice: %v", p.name, err)
	}
	if err := c.Ack(p.acked + 1<<40); err == nil {
		p.k.violate("cursor %q acknowledges the future", p.name)
	}
	if p.acked > 1 {
		if err := c.Ack(p.acked - 1); err == nil {
			p.k.violate("cursor %q acknowledges the past", p.name)
		}
	}
}

// life is one opening of the cursor; again: it is to be opened again.
func (p *puller) life(ctx context.Context, c *engine.Cursor) (again bool, err error) {
	for {
		events, err := p.pull(p, ctx, c)
		if err == nil {
			err = p.take(events)
		}
		switch {
		case err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
			return false, p.ack(c)
		case err != nil:
			return false, err
		case p.random.IntN(3000) == 0 && len(p.pending) > 0:
			return true, nil
		case len(p.pending) >= p.every || c.Lag() == 0:
			if err := p.ack(c); err != nil {
				return false, err
			}
		}
		p.reached.Store(c.Position())
	}
}

// take looks at events that were delivered.
func (p *puller) take(events []event.Event) error {
	last := p.acked
	if n := len(p.pending); n > 0 {
		last = p.pending[n-1].sequence
	}
	for i := range events {
		ev := &events[i]
		if ev.Sequence <= last {
			p.k.violate("cursor %q: %s came behind sequence %d", p.name, ev, last)
		}
		var e Entry
		if err := ev.Decode(&e); err != nil {
			return err
		}
		if p.whole {
			p.checkWhole(ev, e, last)
		}
		p.pending = append(p.pending, pulled{ev.Sequence, ev.Entity(), ev.Kind, e})
		last = ev.Sequence
	}
	return nil
}

// checkWhole looks for gaps: in the clocks of an entity, and in a batch, of which all items stand next to each other.
func (p *puller) checkWhole(ev *event.Event, e Entry, last uint64) {
	before, ok := p.clocks[ev.Entity()]
	if !ok {
		before = p.counted.accounts[ev.Entity()].Count
	}
	if ev.Position.Clock != before+1 {
		p.k.violate("cursor %q: %s came when the entity was at clock %d", p.name, ev, before)
	}
	p.clocks[ev.Entity()] = ev.Position.Clock
	if e.Of > 0 && e.Item > 0 && p.region.IsEverything() && ev.Sequence != last+1 {
		p.k.violate("cursor %q: %s is item %d of a batch and came behind sequence %d", p.name, ev, e.Item, last)
	}
}

// ack acknowledges what is pending, and counts it.
func (p *puller) ack(c *engine.Cursor) error {
	if len(p.pending) == 0 {
		return nil
	}
	last := p.pending[len(p.pending)-1].sequence
	if err := c.Ack(last); err != nil {
		return err
	}
	p.acked = last
	for _, e := range p.pending {
		p.counted.add(e.entity, e.kind, e.entry)
	}
	p.k.count.acked.Add(uint64(len(p.pending)))
	p.pending = p.pending[:0]
	clear(p.clocks)
	return nil
}
