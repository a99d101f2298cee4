// Causes, Effects and Correlated: why something happened, what came of it, and what belongs together.

package engine_test

import (
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// exampleOrder appends an order, what two departments did about it, and something that has nothing to do with it.
func exampleOrder(store *engine.Store) (placed, paid, packed, shipped engine.Receipt) {
	react := func(cause event.ID, entity, text string) engine.Receipt {
		receipt, err := store.AppendReaction(cause, event.MustAt(entity, "shop"), event.Data, text, engine.AppendOptions{})
		if err != nil {
			log.Fatal(err)
		}
		return receipt
	}
	placed, err := store.Append(event.MustAt("order-7", "shop"), event.Data, "placed")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := store.Append(event.MustAt("order-8", "shop"), event.Data, "placed"); err != nil {
		log.Fatal(err)
	}
	paid = react(placed.ID, "payments", "paid")
	packed = react(placed.ID, "warehouse", "packed")
	shipped = react(packed.ID, "order-7", "shipped")
	react(paid.ID, "order-7", "receipt sent")
	return placed, paid, packed, shipped
}

func ExampleStore_Causes() {
	store, done := exampleStore(engine.Options{})
	defer done()
	_, _, _, shipped := exampleOrder(store)

	for ev, err := range store.Causes(shipped.ID, engine.GraphOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		text, err := ev.Value()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Sequence, ev.Entity(), text)
	}
	// Output:
	// 4 warehouse packed
	// 1 order-7 placed
}

func ExampleStore_Effects() {
	store, done := exampleStore(engine.Options{})
	defer done()
	placed, _, _, _ := exampleOrder(store)

	for ev, err := range store.Effects(placed.ID, engine.GraphOptions{Depth: 2, Limit: 100}) {
		if err != nil {
			log.Fatal(err)
		}
		text, err := ev.Value()
		if err != nil {
			log.Fatal(err)
		}
		steps := ev.Position.Depth - placed.Position.Depth
		fmt.Println(steps, ev.Entity(), text)
	}
	// Output:
	// 1 payments paid
	// 1 warehouse packed
	// 2 order-7 shipped
	// 2 order-7 receipt sent
}

func ExampleStore_Correlated() {
	store, done := exampleStore(engine.Options{})
	defer done()
	_, paid, _, _ := exampleOrder(store)

	// Any event of the conversation leads to all of it.
	for ev, err := range store.Correlated(paid.ID, engine.ReadOptions{Direction: engine.Backward, Limit: 3}) {
		if err != nil {
			log.Fatal(err)
		}
		text, err := ev.Value()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Sequence, ev.Entity(), text)
	}
	// Output:
	// 6 order-7 receipt sent
	// 5 order-7 shipped
	// 4 warehouse packed
}
