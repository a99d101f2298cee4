// This file holds the subscriptions: what each was delivered, and what it was told that it missed.

package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// subscriber takes a subscription of one round.
type subscriber struct {
	k       *soak
	name    string
	region  event.Region
	options engine.SubscribeOptions
	entity  bool          // the region is one entity: what was dropped shows in its clocks
	slow    time.Duration // it takes this much for each event
	channel bool

	after     uint64 // sequence behind which it began
	old       uint64 // of the newest event of the region when it began; 0: there was none
	sub       *engine.Subscription
	delivered atomic.Uint64
	marks     atomic.Uint64
	told      uint64 // dropped, as the deliveries said
	last      event.Header
}

// subscribers are those of a round.
func (k *soak) subscribers() []*subscriber {
	account := event.Entity(accountPrefix + "0:0")
	return []*subscriber{
		{k: k, name: "fast", region: event.Everything(), options: engine.SubscribeOptions{Buffer: 1 << 16}},
		{k: k, name: "slow", region: event.Everything(), options: engine.SubscribeOptions{Buffer: 16}, slow: time.Millisecond},
		{k: k, name: "slow, of an account", region: account, entity: true, options: engine.SubscribeOptions{Buffer: 4}, slow: 3 * time.Millisecond},
		{k: k, name: "of two kinds", region: event.OfKind(kindOrder, kindReply), options: engine.SubscribeOptions{Buffer: 64}, slow: 200 * time.Microsecond},
		{k: k, name: "in a channel", region: event.EntityPrefix(accountPrefix), options: engine.SubscribeOptions{Buffer: 256}, channel: true},
		{k: k, name: "with history", region: account, entity: true, options: engine.SubscribeOptions{Start: engine.FromBeginning()}},
		{k: k, name: "with some history", region: event.Everything(), options: engine.SubscribeOptions{Buffer: 128}},
		{k: k, name: "that never reads", region: event.Everything()},
	}
}

// history is how many sequences of history a subscription with some of it has.
const history = 5000

// begin subscribes, before anything is appended in the round.
func (u *subscriber) begin(s *engine.Store) error {
	visible := s.Stats().Visible
	u.after = visible
	switch u.name {
	case "with history":
		u.after = 0
	case "with some history":
		u.after = max(visible, history) - history
		u.options.Start = engine.FromAfter(u.after)
	}
	for ev, err := range s.Query(u.region, engine.ReadOptions{Direction: engine.Backward, Limit: 1}) {
		if err != nil {
			return err
		}
		u.old = ev.Sequence
	}
	var err error
	u.sub, err = s.SubscribeLossy(u.region, u.options)
	return err
}

// past reports whether it began in the past.
func (u *subscriber) past() bool { return u.options.Start != (engine.Start{}) }

// follow takes deliveries until it is stopped or the store is closed.
func (u *subscriber) follow(ctx context.Context) {
	if u.name == "that never reads" {
		return
	}
	err := u.receive(ctx)
	if !errors.Is(err, context.Canceled) && !u.k.isEnd(err) {
		u.k.violate("subscription %s: %v", u.name, err)
	}
}

func (u *subscriber) receive(ctx context.Context) error {
	if u.channel {
		for d := range u.sub.Channel(ctx) {
			u.take(d)
		}
		return u.sub.Err()
	}
	for d, err := range u.sub.All(ctx) {
		if err != nil {
			return err
		}
		u.take(d)
	}
	return ctx.Err()
}

// take is one delivery.
func (u *subscriber) take(d engine.Delivery) {
	u.told += d.Dropped
	if d.CaughtUp {
		if u.marks.Add(1) > 1 || !u.past() {
			u.k.violate("subscription %s: the mark came for the %d. time", u.name, u.marks.Load())
		}
		if !d.Event.IsZero() || u.last.Sequence < u.old {
			u.k.violate("subscription %s: the mark, with the event %s, came behind sequence %d; when it began there was %d", u.name, d.Event, u.last.Sequence, u.old)
		}
		return
	}
	ev := &d.Event
	if ev.Sequence <= max(u.last.Sequence, u.after) || !u.region.Matches(ev) {
		u.k.violate("subscription %s: %s came behind sequence %d", u.name, ev, u.last.Sequence)
	}
	if u.entity && u.last.Sequence != 0 && ev.Position.Clock != u.last.Position.Clock+1+d.Dropped {
		u.k.violate("subscription %s: %s came behind clock %d, with %d dropped", u.name, ev, u.last.Position.Clock, d.Dropped)
	}
	u.last = ev.Header
	u.delivered.Add(1)
	if u.slow > 0 {
		time.Sleep(u.slow)
	}
}

// check waits until everything was delivered or dropped, and compares with what there is. Nothing is appended any more.
func (u *subscriber) check(s *engine.Store) error {
	if u.name == "that never reads" {
		return nil
	}
	var there uint64
	for _, err := range s.Query(u.region.Sequences(u.after+1, 0), engine.ReadOptions{}) {
		if err != nil {
			return err
		}
		there++
	}
	got := func() uint64 { return u.delivered.Load() + u.sub.Dropped() }
	marks := uint64(0)
	if u.past() {
		marks = 1
	}
	if !u.k.await(func() bool { return got() >= there && u.marks.Load() >= marks }) {
		u.k.violate("subscription %s began behind %d: %d delivered, %d dropped, %d marks; there are %d", u.name, u.after, u.delivered.Load(), u.sub.Dropped(), u.marks.Load(), there)
	}
	if got() > there {
		u.k.violate("subscription %s began behind %d: %d delivered and %d dropped of %d", u.name, u.after, u.delivered.Load(), u.sub.Dropped(), there)
	}
	u.k.count.delivered.Add(u.delivered.Load())
	u.k.count.dropped.Add(u.sub.Dropped())
	return nil
}

// end compares what the deliveries said was dropped with what the subscription says, when nobody receives any more. What was dropped
// behind the last delivery would have been told with the next.
func (u *subscriber) end() {
	if dropped := u.sub.Dropped(); u.told > dropped {
		u.k.violate("subscription %s: deliveries told of %d dropped, there were %d", u.name, u.told, dropped)
	}
	if err := u.sub.Close(); err != nil {
		u.k.violate("subscription %s: close: %v", u.name, err)
	}
}
