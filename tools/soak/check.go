// This file holds the checks of a store at rest.

package main

import (
	"context"
	"maps"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// rest stops the writers, lets everybody else come to the end, and compares all with what the writers were told.
func (e *scene) rest() {
	k, s := e.l.k, e.s
	e.writing.end()
	if err := s.Sync(); err != nil {
		k.violate("sync: %v", err)
	}
	k.settle(s, e.reactors)
	k.stopReactors(e.reactors)
	e.reactors = nil
	truth := newTally()
	for _, w := range e.l.writers {
		truth.join(w.truth)
	}
	for _, u := range e.subscribers {
		if err := u.check(s); err != nil {
			k.violate("subscription %s: %v", u.name, err)
		}
	}
	for _, w := range e.watchers {
		w.check(truth.accounts[w.entity])
	}
	for _, p := range e.l.pullers {
		e.awaitPuller(p)
	}
	e.following.end()
	for _, u := range e.subscribers {
		u.end()
	}
	e.checkPullers(truth)
	e.checkProjections(truth)
	e.checkCursors()
	if report, err := s.VerifyChain(context.Background(), event.Everything(), engine.VerifyOptions{}); err != nil {
		k.violate("the hash chain: %v", err)
	} else {
		k.count.verified.Add(report.Events)
	}
	k.memory.lookOpen(k)
}

// awaitPuller waits until a cursor has seen the last event of its region.
func (e *scene) awaitPuller(p *puller) {
	for ev, err := range e.s.Query(p.region, engine.ReadOptions{Direction: engine.Backward, Limit: 1}) {
		if err != nil {
			e.l.k.violate("the last event for cursor %q: %v", p.name, err)
			return
		}
		if last := ev.Sequence; !e.l.k.await(func() bool { return p.reached.Load() >= last }) {
			e.l.k.violate("cursor %q is at %d, the last event of its region at %d", p.name, p.reached.Load(), last)
		}
	}
}

// checkPullers compares what was acknowledged with what was appended.
func (e *scene) checkPullers(truth *tally) {
	k := e.l.k
	all := e.l.pullers[0].counted
	if all.orders != truth.orders || all.replies != truth.orders || all.done != truth.orders {
		k.violate("orders %+v; of which are stored %+v, replied to %+v, completed %+v", truth.orders, all.orders, all.replies, all.done)
	}
	for _, p := range e.l.pullers {
		want := newTally()
		for entity, a := range truth.accounts {
			if p.whole && p.region.Matches(&event.Event{Coordinate: event.MustAt(entity, scope)}) {
				want.accounts[entity] = a
			}
		}
		for entity, a := range want.accounts {
			if got := p.counted.accounts[entity]; got != a && (entity != till || got.unordered() != a.unordered()) {
				k.violate("cursor %q: %s: acknowledged are %+v, want %+v", p.name, entity, got, a)
			}
		}
		got := p.counted
		switch p.name {
		case "orders":
			if got.orders != truth.orders || len(got.accounts) > writers*ownedAccounts {
				k.violate("cursor %q: %+v, want %+v", p.name, got.orders, truth.orders)
			}
		case "completions and replies":
			if got.replies != truth.orders || got.done != truth.orders || got.orders.Count != 0 {
				k.violate("cursor %q: %+v and %+v, want %+v", p.name, got.replies, got.done, truth.orders)
			}
		}
	}
}

// checkProjections compares the states of all accounts with what was appended.
func (e *scene) checkProjections(truth *tally) {
	k, ctx := e.l.k, context.Background()
	want := maps.Clone(truth.accounts)
	delete(want, till)
	for entity, a := range want {
		state, err := engine.Project(ctx, e.s, folded, event.Entity(entity), engine.Consistent())
		if err != nil || state.Value != a {
			k.violate("projection of %s: %+v, want %+v; %v", entity, state.Value, a, err)
		}
	}
	each, err := engine.ProjectEach(ctx, e.s, folded, event.EntityPrefix(accountPrefix), engine.Consistent())
	if err != nil || len(each) != len(want) {
		k.violate("projections of %d accounts, want %d; %v", len(each), len(want), err)
	}
	for entity, state := range each {
		if state.Value != want[entity] {
			k.violate("projection of each: %s is %+v, want %+v", entity, state.Value, want[entity])
		}
	}
	for i, p := range summed {
		all, err := engine.Project(ctx, e.s, p, event.EntityPrefix(accountPrefix), engine.Consistent())
		if err != nil || !maps.Equal(all.Value, want) {
			k.violate("projection %d of all: %d accounts, want %d: %+v, %+v; %v", i+1, len(all.Value), len(want), all.Value, want, err)
		}
	}
}

// checkCursors compares what the store says of cursors with what they have acknowledged.
func (e *scene) checkCursors() {
	k := e.l.k
	infos, err := e.s.Cursors()
	if err != nil || len(infos) != len(e.l.pullers)+2 {
		k.violate("%d named cursors, want %d: %+v; %v", len(infos), len(e.l.pullers)+2, infos, err)
	}
	for _, info := range infos {
		if info.Err != nil || info.InUse {
			k.violate("cursor %q: %+v", info.Name, info)
		}
		for _, p := range e.l.pullers {
			if p.name == info.Name && info.Acked != p.acked {
				k.violate("cursor %q is said to be at %d, want %d", info.Name, info.Acked, p.acked)
			}
		}
	}
}
