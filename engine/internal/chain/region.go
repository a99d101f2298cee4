// This file holds verifying the events of a region: each behind the event before it in its entity, which is found by the index and need not
// be in the region.

package chain

import (
	"context"

	"github.com/batpak/batpak/event"
)

// The number of sequences in a piece of work. In each the first event of every entity costs a search for the one before it.
const (
	leastSlice = 1 << 12
	mostSlice  = 1 << 18
)

// keepHeads is how many entities' newest events are kept while a piece is verified, so that the others need not be searched for.
const keepHeads = 1 << 14

// outcome is what a piece came to.
type outcome struct {
	fault         *Error
	err           error
	events, bytes uint64
	keys          map[entityKey]struct{} // of the entities
}

// VerifyRegion verifies the visible events that a region selects: the hash of each, its place behind that of its entity's event before, and
// its cause. The error is as that of [Chain.VerifyAll].
func (c *Chain) VerifyRegion(ctx context.Context, region event.Region, o Options) (report Report, err error) {
	if err := c.ready(); err != nil {
		return Report{}, err
	}
	o = o.complete()
	visible := c.Set.Visible()
	each := max(leastSlice, min(visible/uint64(4*o.Workers), mostSlice))
	count := int((visible + each - 1) / each)
	keyer := newKeyer()
	workers := make([]*selector, o.Workers)
	for i := range workers {
		workers[i] = &selector{chain: c, keyer: &keyer}
	}
	entities := make(map[entityKey]struct{})
	inOrder(ctx, count, o.Workers, func(ctx context.Context, goroutine, n int) *outcome {
		from := uint64(n) * each
		return workers[goroutine].verify(ctx, region, from+1, min(from+each, visible))
	}, func(n int, out *outcome) bool {
		report.Events += out.events
		report.Bytes += out.bytes
		for key := range out.keys {
			entities[key] = struct{}{}
		}
		if err = out.err; err == nil && out.fault != nil {
			err = out.fault
		}
		if err == nil {
			o.Progress(report.Events, visible)
		}
		return err == nil
	})
	report.Entities = uint64(len(entities))
	if err == nil {
		err = ctx.Err()
	}
	return report, err
}

// selector verifies selected events. It belongs to one goroutine.
type selector struct {
	chain  *Chain
	keyer  *keyer
	linker linker
	causes causes
	heads  map[string]ancestor
}

// verify verifies the selected events with sequences from first to last.
func (s *selector) verify(ctx context.Context, region event.Region, first, last uint64) *outcome {
	out := &outcome{keys: make(map[entityKey]struct{})}
	s.heads = make(map[string]ancestor)
	for ev, err := range s.chain.Query(region.Sequences(first, last), false, 0) {
		switch {
		case ctx.Err() != nil:
			out.err = ctx.Err()
			return out
		case err != nil:
			out.fault, out.err = s.chain.unread(first, err)
			return out
		}
		if err := s.event(&ev, out); err != nil {
			out.fault, out.err = parted(err)
			return out
		}
		out.events++
		out.bytes += uint64(len(ev.Payload))
	}
	return out
}

// event verifies one event.
func (s *selector) event(ev *event.Event, out *outcome) error {
	behind, known := s.heads[ev.Entity()]
	if !known || behind.clock+1 != ev.Position.Clock {
		var err error
		if behind, err = s.chain.predecessor(ev); err != nil {
			return err
		}
		if !known {
			out.keys[s.keyer.key(ev.Entity())] = struct{}{}
		}
		if len(s.heads) >= keepHeads {
			clear(s.heads)
		}
	}
	if err := s.chain.verify(&s.linker, ev, behind); err != nil {
		return err
	}
	s.heads[ev.Entity()] = ancestor{ev.Sequence, ev.Position.Clock, ev.Hash}
	return s.causes.check(s.chain, ev, nil)
}
