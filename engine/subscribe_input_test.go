// Subscriptions with what can't be: options out of range, starts that were never given, no context, two calls at once.

package engine_test

import (
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func mustSubscribe(t failer, s *engine.Store, region event.Region, o engine.SubscribeOptions) *engine.Subscription {
	t.Helper()
	sub, err := s.SubscribeLossy(region, o)
	if err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	return sub
}

// mustDeliver fails the test unless the next delivery is the event with this sequence.
func mustDeliver(t failer, sub *engine.Subscription, sequence uint64) engine.Delivery {
	t.Helper()
	d, ok, err := sub.Poll()
	if err != nil || !ok || d.Event.Sequence != sequence {
		t.Fatalf("delivered %v %+v, %v; want sequence %d", ok, d, err, sequence)
	}
	return d
}

func mustBeEmpty(t failer, sub *engine.Subscription) {
	t.Helper()
	if d, ok, err := sub.Poll(); ok || err != nil {
		t.Fatalf("delivered %+v, %v; want nothing", d, err)
	}
}

func TestSubscriptionOptionsOutOfRangeAreNamed(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 3)
	for _, c := range []struct {
		o     engine.SubscribeOptions
		field string
	}{
		{engine.SubscribeOptions{Buffer: -1}, "Buffer"},
		{engine.SubscribeOptions{Buffer: engine.MaxSubscriptionBuffer + 1}, "Buffer"},
		{engine.SubscribeOptions{Take: -1}, "Take"},
		{engine.SubscribeOptions{Start: engine.FromAfter(4)}, "Start"},
		{engine.SubscribeOptions{Start: engine.FromAfter(math.MaxUint64)}, "Start"},
	} {
		sub, err := s.SubscribeLossy(event.Everything(), c.o)
		var option *engine.OptionError
		if sub != nil || !errors.As(err, &option) || option.Field != c.field || !errors.Is(err, engine.ErrInvalid) || option.Range == "" {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
	for _, o := range []engine.SubscribeOptions{
		{Buffer: 1}, {Buffer: engine.MaxSubscriptionBuffer}, {Start: engine.FromAfter(3)}, {Start: engine.FromAfter(0)}, {Start: engine.FromBeginning()},
	} {
		mustSubscribe(t, s, event.Everything(), o)
	}
}

func TestAStartBehindAStagedEventIsOneThatWasGiven(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := slowStore(t, engine.Options{Sync: engine.SyncEveryAppend()})
		d.hold()
		mustStage(t, s, 2)
		sub := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{Start: engine.FromAfter(1)})
		if d, ok, err := sub.Poll(); !ok || !d.CaughtUp || err != nil {
			t.Errorf("%+v, %v, %v; want the mark, since nothing is visible", d, ok, err)
		}
		mustBeEmpty(t, sub)
		d.release(nil)
		if err := s.Sync(); err != nil {
			t.Fatal(err)
		}
		mustDeliver(t, sub, 2)
		mustBeEmpty(t, sub)
	})
}

func TestNoSubscriptionStoreOrContextIsAnError(t *testing.T) {
	t.Parallel()
	var none *engine.Store
	if _, err := none.SubscribeLossy(event.Everything(), engine.SubscribeOptions{}); !errors.Is(err, engine.ErrInvalid) {
		t.Errorf("no store: %v", err)
	}
	for _, sub := range []*engine.Subscription{nil, new(engine.Subscription)} {
		if _, err := sub.Next(t.Context()); !errors.Is(err, engine.ErrInvalid) {
			t.Errorf("Next: %v", err)
		}
		if _, _, err := sub.Poll(); !errors.Is(err, engine.ErrInvalid) {
			t.Errorf("Poll: %v", err)
		}
		if _, open := <-sub.Channel(t.Context()); open || sub.Err() != nil || sub.Dropped() != 0 || sub.Close() != nil {
			t.Error("it has a channel, an error or drops")
		}
	}
	s := quickStore(t, small(engine.SyncManual()))
	sub := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{})
	var option *engine.OptionError
	var noContext context.Context
	if _, err := sub.Next(noContext); !errors.As(err, &option) || option.Field != "ctx" {
		t.Errorf("no context: %v", err)
	}
	if _, open := <-sub.Channel(noContext); open || !errors.As(sub.Err(), &option) {
		t.Errorf("a channel without a context: %v", sub.Err())
	}
	mustAppend(t, s, 1)
	mustDeliver(t, sub, 1) // neither has ended it
}

func TestACallWithinTheFilterIsRefusedAndAPanicOfItIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	var sub *engine.Subscription
	sub = mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{Filter: func(ev *event.Event) bool {
		if _, _, err := sub.Poll(); !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), "two calls") {
			t.Errorf("within the filter: %v", err)
		}
		if ev.Sequence == 2 {
			panic("of the filter")
		}
		ev.Sequence = 77 // its own
		return true
	}})
	mustAppend(t, s, 3)
	mustDeliver(t, sub, 1)
	func() {
		defer func() {
			if r := recover(); r != "of the filter" {
				t.Errorf("recovered %v", r)
			}
		}()
		_, _, err := sub.Poll()
		t.Errorf("no panic, but %v", err)
	}()
	if d := mustDeliver(t, sub, 3); d.Dropped != 1 || sub.Dropped() != 1 {
		t.Errorf("%d dropped, %d in all; want the one at which the filter panicked", d.Dropped, sub.Dropped())
	}
}

func TestTakeEndsASubscriptionAfterSoManyDeliveries(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	mustAppend(t, s, 10)
	odd := func(ev *event.Event) bool { return ev.Sequence%2 == 1 }
	o := engine.SubscribeOptions{Start: engine.FromBeginning(), Take: 3, Filter: odd}
	sub := mustSubscribe(t, s, event.Everything(), o)
	for _, sequence := range []uint64{1, 3, 5} {
		mustDeliver(t, sub, sequence)
	}
	for range 2 {
		if _, err := sub.Next(t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("behind the last: %v", err)
		}
	}
	n := 0
	for _, err := range mustSubscribe(t, s, event.Everything(), o).All(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		n++
	}
	sub = mustSubscribe(t, s, event.Everything(), o)
	for range sub.Channel(t.Context()) {
		n++
	}
	if n != 6 || sub.Err() != nil {
		t.Errorf("%d from a loop and a channel, %v", n, sub.Err())
	}
}

func TestACancelledContextEndsTheCallAndNotTheSubscription(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	sub := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{})
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	mustAppend(t, s, 2)
	if _, err := sub.Next(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("Next: %v", err)
	}
	for _, err := range sub.All(cancelled) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("All: %v", err)
		}
	}
	if _, open := <-sub.Channel(cancelled); open || !errors.Is(sub.Err(), context.Canceled) {
		t.Errorf("Channel: %v, %v", open, sub.Err())
	}
	mustDeliver(t, sub, 1)
	d, err := sub.Next(t.Context())
	if err != nil || d.Event.Sequence != 2 {
		t.Errorf("%+v, %v", d, err)
	}
}
