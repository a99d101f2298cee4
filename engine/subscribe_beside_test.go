// audience: subscriptions that are read beside writers, each in its own way and at its own pace.

package engine_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// listener is one of them.
type listener struct {
	region  event.Region
	start   engine.Start
	buffer  int
	rest    int  // how often it yields to others after each delivery
	channel bool // else it iterates

	delivered, dropped uint64
	marks              int
	last               uint64
	marked             uint64 // what had been delivered at the mark
}

type audience struct {
	store            *engine.Store
	listeners        []*listener
	writing, hearing sync.WaitGroup
	leave            context.CancelFunc
	subscriptions    []*engine.Subscription
}

func newAudience(t *testing.T, s *engine.Store) *audience {
	ctx, leave := context.WithCancel(t.Context())
	a := &audience{store: s, leave: leave}
	mustAppend(t, s, 200)
	for _, region := range []event.Region{event.Everything(), event.Entity("entity-1"), event.OfKind(event.Data).EntityPrefix("entity-")} {
		a.listeners = append(a.listeners,
			&listener{region: region, buffer: engine.MaxSubscriptionBuffer},
			&listener{region: region, buffer: 1, rest: 20},
			&listener{region: region, buffer: 7, rest: 5, start: engine.FromBeginning()},
			&listener{region: region, buffer: 3, rest: 3, start: engine.FromAfter(100), channel: true},
			&listener{region: region, buffer: 64, channel: true},
		)
	}
	for _, l := range a.listeners {
		sub, err := s.SubscribeLossy(l.region, engine.SubscribeOptions{Start: l.start, Buffer: l.buffer})
		if err != nil {
			t.Fatal(err)
		}
		a.subscriptions = append(a.subscriptions, sub)
		a.hearing.Go(func() { l.hear(ctx, t, sub) })
	}
	return a
}

func (l *listener) hear(ctx context.Context, t *testing.T, sub *engine.Subscription) {
	if l.channel {
		for d := range sub.Channel(ctx) {
			l.take(t, &d)
		}
		if err := sub.Err(); !errors.Is(err, context.Canceled) {
			t.Errorf("the channel ended with %v", err)
		}
		return
	}
	for d, err := range sub.All(ctx) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the loop ended with %v", err)
			}
			return
		}
		l.take(t, &d)
	}
}

func (l *listener) take(t *testing.T, d *engine.Delivery) {
	l.dropped += d.Dropped
	if d.CaughtUp {
		l.marks++
		l.marked = l.delivered
		return
	}
	if d.Event.Sequence <= l.last || !l.region.Matches(&d.Event) {
		t.Errorf("%s: %s after %d", l.region, d.Event, l.last)
	}
	l.last = d.Event.Sequence
	l.delivered++
	for range l.rest {
		runtime.Gosched()
	}
}

// mustHaveHeardEverything waits for the writers, ends the listeners, and reads to the end what they left.
func (a *audience) mustHaveHeardEverything(t *testing.T) {
	a.writing.Wait()
	a.leave()
	a.hearing.Wait()
	if err := a.store.Sync(); err != nil {
		t.Fatal(err)
	}
	for i, l := range a.listeners {
		sub := a.subscriptions[i]
		for {
			d, ok, err := sub.Poll()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			l.take(t, &d)
		}
		want, first := uint64(0), uint64(201)
		switch l.start {
		case engine.FromBeginning():
			first = 1
		case engine.FromAfter(100):
			first = 101
		}
		for _, err := range a.store.Query(l.region.Sequences(first, 0), engine.ReadOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			want++
		}
		marks := min(1, int(201-first))
		if l.delivered+l.dropped != want || sub.Dropped() != l.dropped || l.marks != marks || l.buffer > 1000 && l.dropped > 0 {
			t.Errorf("%s %s, buffer %d: delivered %d, dropped %d (%d), want %d in all; %d marks, want %d",
				l.region, l.start, l.buffer, l.delivered, l.dropped, sub.Dropped(), want, l.marks, marks)
		}
	}
}
