// This file holds the proof: every event read back, and compared with what must hold.

package main

import (
	"fmt"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// audit is what the events say.
type audit struct {
	*shop
	way     map[string]event.Kind // entity of an order: the kind of its newest event
	came    map[event.Kind]int
	amounts map[string]int64 // what accounts, the till and products have
	below   int              // how often one was below zero
	astray  int              // steps that don't follow on the one before
	strange int              // events that have not the cause they must have
	gone    map[int]int64    // product: units that were shipped
	revenue int64            // for them
}

// follows says which steps of an order come after which.
var follows = map[event.Kind][]event.Kind{
	0:             {placed},
	placed:        {paid, rejected},
	paid:          {reserved, unavailable},
	reserved:      {shipped, undeliverable},
	unavailable:   {cancelled},
	undeliverable: {cancelled},
}

// audit reads all events and claims what must hold.
func (s *shop) audit(c *claims) error {
	a := &audit{
		shop: s, way: make(map[string]event.Kind), came: make(map[event.Kind]int), amounts: make(map[string]int64), gone: make(map[int]int64),
	}
	events := 0
	for ev, err := range s.store.Events(0, 0, engine.ReadOptions{}) {
		if err != nil {
			return err
		}
		events++
		if err := a.event(&ev); err != nil {
			return err
		}
	}
	a.claims(c, events)
	return a.parked(c)
}

// event takes one event into account.
func (a *audit) event(ev *event.Event) error {
	a.came[ev.Kind]++
	switch {
	case ev.Kind.Category() == placed.Category():
		return a.step(ev)
	case ev.Kind.Category() == charged.Category():
		var m moved
		if err := ev.Decode(&m); err != nil {
			return err
		}
		a.amounts[ev.Entity()] += m.Amount
		if a.amounts[ev.Entity()] < 0 {
			a.below++
		}
		if m.Order != 0 && ev.Cause.IsZero() {
			a.strange++
		}
	}
	return nil
}

// step takes a step of an order into account.
func (a *audit) step(ev *event.Event) error {
	var o order
	if err := ev.Decode(&o); err != nil {
		return err
	}
	before := a.way[ev.Entity()]
	may := false
	for _, kind := range follows[before] {
		may = may || kind == ev.Kind
	}
	if !may || o != a.terms.order(o.Number) || o.at() != ev.Coordinate {
		a.astray++
	}
	if before != 0 { // the cause is the step before
		cause, err := a.store.Get(ev.Cause)
		if err != nil || cause.Coordinate != ev.Coordinate || cause.Kind != before {
			a.strange++
		}
	}
	a.way[ev.Entity()] = ev.Kind
	if ev.Kind == shipped {
		a.gone[o.Product] += o.Units
		a.revenue += o.Price
	}
	return nil
}

// claims prints what the events prove.
func (a *audit) claims(c *claims, events int) {
	ends := make(map[event.Kind]int)
	for _, kind := range a.way {
		ends[kind]++
	}
	n, had, refused, undone := a.terms.Orders, ends[shipped], ends[rejected], ends[cancelled]
	c.claim(len(a.way) == n && a.came[placed] == n, "%d orders were placed, each once, in %d events", n, events)
	c.claim(had+refused+undone == n && a.astray == 0, "each ended, once: %d shipped, %d rejected, %d cancelled and refunded; no step came twice or out of order", had, refused, undone)
	c.claim(a.strange == 0, "every step was caused by the one before it")
	c.claim(a.below == 0, "no account, no product and not the till was ever below zero")
	var money, stock, gone int64
	for customer := 1; customer <= a.terms.Customers; customer++ {
		money += a.amounts[account(customer).Entity()]
	}
	held := a.amounts[till.Entity()]
	total := int64(a.terms.Customers) * a.terms.money()
	c.claim(money+held == total && held == a.revenue, "money: %d with the customers, %d in the till for what was shipped, %d together as at first", money, held, total)
	right := true
	for product := 1; product <= a.terms.Products; product++ {
		left := a.amounts[stockOf(product).Entity()]
		right = right && left+a.gone[product] == a.terms.units()
		stock, gone = stock+left, gone+a.gone[product]
	}
	c.claim(right, "goods: %d units in stock, %d shipped, of every product as many as at first", stock, gone)
}

// parked claims that no reactor put an event aside.
func (a *audit) parked(c *claims) error {
	parked := 0
	for _, name := range []string{"payment", "stock", "shipment", "refund"} {
		for _, err := range a.store.Parked(name) {
			if err != nil {
				return fmt.Errorf("parked by %s: %w", name, err)
			}
			parked++
		}
	}
	c.claim(parked == 0, "nothing was put aside")
	return nil
}
