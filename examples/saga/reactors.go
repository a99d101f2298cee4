// This file holds the steps of an order, one reactor each, and how they come to their end.

package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// named is a reactor with its name.
type named struct {
	name string
	*engine.Reactor
}

// reactors are those of a shop, in the order of the steps.
type reactors []named

// start starts all reactors. What an account or a product has may change between reading it and storing what was decided by it: that is
// an error of the attempt, and the next one decides anew.
func (s *shop) start() (reactors, error) {
	again := engine.ErrorPolicy{Attempts: 1000, Backoff: time.Microsecond, MaxBackoff: 10 * time.Millisecond}
	var all reactors
	for _, r := range []struct {
		name  string
		kinds []event.Kind
		step  func(ev event.Event, o order, reactions *engine.Batch) error
	}{
		{"payment", []event.Kind{placed}, s.pay},
		{"stock", []event.Kind{paid}, s.reserve},
		{"shipment", []event.Kind{reserved}, s.ship},
		{"refund", []event.Kind{unavailable, undeliverable}, s.refund},
	} {
		options := engine.ReactorOptions{Name: r.name, Region: event.OfKind(r.kinds...), OnError: again, AckEvery: 16}
		reactor, err := s.store.StartReactor(options, func(_ context.Context, ev event.Event, reactions *engine.Batch) error {
			if s.called != nil {
				s.called()
			}
			var o order
			if err := ev.Decode(&o); err != nil {
				return err
			}
			return r.step(ev, o, reactions)
		})
		if err != nil {
			return nil, err
		}
		all = append(all, named{r.name, reactor})
	}
	return all, nil
}

// pay takes the price from the customer's account, if there is as much.
func (s *shop) pay(_ event.Event, o order, reactions *engine.Batch) error {
	balance, clock, err := s.amount(account(o.Customer))
	if err != nil {
		return err
	}
	if balance < o.Price {
		reactions.Add(o.at(), rejected, o)
		return nil
	}
	reactions.Add(account(o.Customer), charged, moved{o.Number, -o.Price}).Expect(engine.ExpectClock(clock))
	reactions.Add(till, received, moved{o.Number, o.Price})
	reactions.Add(o.at(), paid, o)
	return nil
}

// reserve takes the units out of the stock, if there are as many.
func (s *shop) reserve(_ event.Event, o order, reactions *engine.Batch) error {
	units, clock, err := s.amount(stockOf(o.Product))
	if err != nil {
		return err
	}
	if units < o.Units {
		reactions.Add(o.at(), unavailable, o)
		return nil
	}
	reactions.Add(stockOf(o.Product), taken, moved{o.Number, -o.Units}).Expect(engine.ExpectClock(clock))
	reactions.Add(o.at(), reserved, o)
	return nil
}

// ship hands the order to the carrier, who may not know the address.
func (s *shop) ship(_ event.Event, o order, reactions *engine.Batch) error {
	if !s.terms.deliverable(o.Number) {
		reactions.Add(o.at(), undeliverable, o)
		return nil
	}
	reactions.Add(o.at(), shipped, o)
	return nil
}

// refund undoes what was done for an order. It needs to expect nothing: what it adds can't be too much.
func (s *shop) refund(ev event.Event, o order, reactions *engine.Batch) error {
	if ev.Kind == undeliverable {
		reactions.Add(stockOf(o.Product), returned, moved{o.Number, o.Units})
	}
	reactions.Add(till, paidOut, moved{o.Number, -o.Price})
	reactions.Add(account(o.Customer), refunded, moved{o.Number, o.Price})
	reactions.Add(o.at(), cancelled, o)
	return nil
}

// finish returns when no reactor has anything to do, and stops them.
func (all reactors) finish(ctx context.Context, store *engine.Store) error {
	for before, visible := uint64(0), store.Stats().Visible; visible != before; {
		for _, r := range all {
			if err := r.WaitFor(ctx, visible); err != nil {
				return err
			}
		}
		before, visible = visible, store.Stats().Visible // the reactions may be reacted to
	}
	for _, r := range all {
		if err := r.Stop(); err != nil {
			return err
		}
	}
	return nil
}

// dieAt makes the process kill itself, as the system would, at the call of a reactor's function with this number, or a moment after.
func (s *shop) dieAt(call int) error {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return fmt.Errorf("find this process: %w", err)
	}
	var calls atomic.Int64
	s.called = func() {
		if calls.Add(1) == int64(call) {
			go func() {
				if err := self.Kill(); err != nil {
					panic(err)
				}
			}()
		}
	}
	return nil
}
