// This file holds the vocabulary of the shop, its kinds, how it is opened, and what is ordered.

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// The payloads.
type (
	// terms is the first event of a shop: what everything else follows from.
	terms struct {
		Orders    int    `codec:"orders"`
		Customers int    `codec:"customers"`
		Products  int    `codec:"products"`
		Seed      uint64 `codec:"seed"`
	}
	// order is the payload of every event of an order.
	order struct {
		Number   int   `codec:"number"`
		Customer int   `codec:"customer"`
		Product  int   `codec:"product"`
		Units    int64 `codec:"units"`
		Price    int64 `codec:"price"` // of all units
	}
	// moved is by how much an account, the till or the stock of a product changes.
	moved struct {
		Order  int   `codec:"order"` // 0: none
		Amount int64 `codec:"amount"`
	}
)

// The kinds of a shop.
const (
	opened event.Kind = 0x4001

	// The steps of an order.
	placed        event.Kind = 0x5001
	rejected      event.Kind = 0x5002
	paid          event.Kind = 0x5003
	unavailable   event.Kind = 0x5004
	reserved      event.Kind = 0x5005
	undeliverable event.Kind = 0x5006
	shipped       event.Kind = 0x5007
	cancelled     event.Kind = 0x5008

	// What changes the accounts, the till and the stock.
	deposited event.Kind = 0x6001
	charged   event.Kind = 0x6002
	refunded  event.Kind = 0x6003
	received  event.Kind = 0x6004
	paidOut   event.Kind = 0x6005
	delivered event.Kind = 0x6006
	taken     event.Kind = 0x6007
	returned  event.Kind = 0x6008
)

// The coordinates.
const scope = "shop"

var till = event.MustAt("till", scope)

func (o order) at() event.Coordinate { return event.MustAt(fmt.Sprintf("order:%d", o.Number), scope) }
func account(number int) event.Coordinate {
	return event.MustAt(fmt.Sprintf("account:%d", number), scope)
}
func stockOf(product int) event.Coordinate {
	return event.MustAt(fmt.Sprintf("stock:%d", product), scope)
}

// What there is at first is scarce, so that some orders can't be paid, and some that are paid can't be had.
func (t terms) money() int64 { return max(int64(t.Orders/t.Customers)*40, 100) } // of each customer
func (t terms) units() int64 { return max(int64(t.Orders/t.Products)*2, 3) }     // of each product

// order returns the order with a number, which is the same in every run.
func (t terms) order(number int) order {
	random := rand.New(rand.NewPCG(t.Seed, uint64(number)))
	o := order{Number: number, Customer: 1 + random.IntN(t.Customers), Product: 1 + random.IntN(t.Products), Units: 1 + random.Int64N(4)}
	o.Price = o.Units * (20 + int64(o.Product)%40)
	return o
}

// deliverable is what the carrier says of an order: one in six is not.
func (t terms) deliverable(number int) bool {
	return rand.New(rand.NewPCG(t.Seed, ^uint64(number))).IntN(6) != 0
}

// shop is an open shop. Its methods may be called concurrently once it is open.
type shop struct {
	store  *engine.Store
	terms  terms
	ledger ledger

	called func() // before every call of a reactor's function; nil: nothing
}

// openShop opens the shop in the store. A new one gets the terms, its customers and its stock; one that an earlier run
// opened must have been opened on the same terms.
func openShop(store *engine.Store, terms terms) (*shop, error) {
	receipt, err := store.AppendWith(event.MustAt("shop", scope), opened, terms, engine.AppendOptions{Key: "shop"})
	if errors.Is(err, engine.ErrIdempotencyConflict) {
		return nil, otherTerms(store, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open the shop: %w", err)
	}
	s := &shop{store: store, terms: terms, ledger: ledger{entries: make(map[string]entry)}}
	// A run that was killed may have stored some of these batches. Each is stored once.
	if err := s.fill("accounts", receipt.ID, terms.Customers, func(b *engine.Batch, n int) {
		b.Add(account(n), deposited, moved{Amount: terms.money()})
	}); err != nil {
		return nil, err
	}
	return s, s.fill("stock", receipt.ID, terms.Products, func(b *engine.Batch, n int) {
		b.Add(stockOf(n), delivered, moved{Amount: terms.units()})
	})
}

// fill appends something for the numbers 1 to n, in batches that have keys.
func (s *shop) fill(name string, cause event.ID, n int, add func(b *engine.Batch, number int)) error {
	for first := 1; first <= n; first += engine.DefaultBatchEvents {
		batch := engine.Batch{Key: fmt.Sprintf("%s:%d", name, first)}
		batch.ReactTo(cause)
		for number := first; number < min(first+engine.DefaultBatchEvents, n+1); number++ {
			add(&batch, number)
		}
		if _, err := s.store.AppendBatch(&batch); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// otherTerms says on what terms the shop was opened, which another request has the key of.
func otherTerms(store *engine.Store, conflict error) error {
	var key *engine.KeyError
	if !errors.As(conflict, &key) {
		return conflict
	}
	ev, err := store.At(key.Sequence)
	if err != nil {
		return errors.Join(conflict, err)
	}
	var t terms
	if err := ev.Decode(&t); err != nil {
		return errors.Join(conflict, err)
	}
	return fmt.Errorf("the shop was opened with --orders %d --customers %d --products %d --seed %d", t.Orders, t.Customers, t.Products, t.Seed)
}

// place places all orders, each of which begins a conversation of its own. The key of an order makes it one that is placed once.
func (s *shop) place(ctx context.Context) error {
	for number := 1; number <= s.terms.Orders; number++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		o := s.terms.order(number)
		options := engine.AppendOptions{Key: fmt.Sprintf("order:%d", number), Wait: engine.WaitStaged}
		if _, err := s.store.AppendWith(o.at(), placed, o, options); err != nil {
			return fmt.Errorf("place order %d: %w", number, err)
		}
	}
	return s.store.Sync()
}
