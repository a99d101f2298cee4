// This file holds the market: its events, what the gates look at, and the gates.

package main

import (
	"fmt"
	"io"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
)

// The kinds of events.
var (
	stocked = event.MustKind(0x1, 1) // of an item: how many came
	granted = event.MustKind(0x1, 2) // of a customer: how much credit
	sold    = event.MustKind(0x1, 3) // of a customer: an order
)

type delivery struct {
	Count int `codec:"count"`
}

type credit struct {
	Cents int `codec:"cents"`
}

// order is what is proposed to the gates, and stored when it passes them.
type order struct {
	Item  string `codec:"item"`
	Count int    `codec:"count"`
	Cents int    `codec:"cents"` // for all of it
	Hour  int    `codec:"hour"`  // of the day
}

func (o order) String() string {
	return fmt.Sprintf("%d %s for %d.%02d at %d:00", o.Count, o.Item, o.Cents/100, o.Cents%100, o.Hour)
}

// facts are what must be known to judge an order: the context of the gates.
type facts struct {
	order  order
	left   int    // of the item
	credit int    // of the customer, in cents
	seen   uint64 // sequence up to which events were read for that
}

// gates returns the market's policy. Each gate looks at facts alone, so it can be tested without a store.
func gates() (*gate.Set[facts], error) {
	return gate.NewSet(
		gate.New("stock", func(f facts) error {
			if f.order.Count > f.left {
				return gate.Deny("OUT_OF_STOCK", "not enough is left").With("left", f.left).With("wanted", f.order.Count)
			}
			return nil
		}),
		gate.New("credit", func(f facts) error {
			if f.order.Cents > f.credit {
				return gate.Deny("NO_CREDIT", "the customer can't pay that").With("credit", f.credit).With("price", f.order.Cents)
			}
			return nil
		}),
		gate.New("market hours", func(f facts) error {
			if f.order.Hour < 9 || f.order.Hour >= 17 {
				return gate.Deny("CLOSED", "the market is open from 9 to 17").With("hour", f.order.Hour)
			}
			return nil
		}),
	)
}

// market is one day.
type market struct {
	store *engine.Store
	out   io.Writer
	scope string
	set   *gate.Set[facts]
}

const (
	tea = "tea"
	ann = "customer:ann"
)

// openMarket begins the first day that the store does not know: with ten packets of tea, and a customer.
func openMarket(store *engine.Store, out io.Writer) (*market, error) {
	days := 0
	for _, err := range store.Scopes() {
		if err != nil {
			return nil, err
		}
		days++
	}
	set, err := gates()
	if err != nil {
		return nil, err
	}
	m := &market{store: store, out: out, scope: fmt.Sprintf("day:%d", days+1), set: set}
	if _, err := store.Append(event.MustAt("item:"+tea, m.scope), stocked, delivery{10}); err != nil {
		return nil, err
	}
	if _, err := store.Append(event.MustAt(ann, m.scope), granted, credit{5000}); err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%s: 10 packets of tea, ann has a credit of 50.00, gates %v\n", m.scope, set.Names())
	return m, nil
}

// region is the events that decide about orders of the day.
func (m *market) region() event.Region {
	return event.Scope(m.scope).Kind(stocked, granted, sold)
}

// look reads from the store what the gates must know about an order of ann's.
func (m *market) look(wanted order) (facts, error) {
	known := facts{order: wanted, seen: m.store.Stats().Visible}
	for ev, err := range m.store.Query(m.region().Sequences(0, known.seen), engine.ReadOptions{}) {
		if err != nil {
			return facts{}, err
		}
		var d delivery
		var c credit
		var o order
		switch ev.Kind {
		case stocked:
			err = ev.Decode(&d)
		case granted:
			err = ev.Decode(&c)
		case sold:
			err = ev.Decode(&o)
		}
		if err != nil {
			return facts{}, err
		}
		known.left += d.Count - o.Count
		known.credit += c.Cents - o.Cents
	}
	return known, nil
}

// commit returns what stores an order that passed, if what was known about it is still true.
func (m *market) commit(known facts) func(*gate.Receipt[order]) (engine.Receipt, error) {
	return func(receipt *gate.Receipt[order]) (engine.Receipt, error) {
		return engine.AppendProposal(m.store, event.MustAt(ann, m.scope), sold, receipt, engine.AppendOptions{
			Conditions: []engine.Condition{engine.NoneAfter(m.region(), known.seen)},
		})
	}
}

// buy judges an order by what is known and stores it if it passes.
func (m *market) buy(known facts) (gate.Committed[engine.Receipt], error) {
	pipeline, err := gate.NewPipeline(m.set, m.commit(known))
	if err != nil {
		return gate.Committed[engine.Receipt]{}, err
	}
	return pipeline.Run(known, gate.Propose(known.order))
}
