// Type: a kind that knows the Go type of its payload.

package engine_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// deposited is the payload of the examples' typed kind.
type deposited struct {
	Account string `codec:"account"`
	Cents   int64  `codec:"cents"`
}

func ExampleRegister() {
	registry := engine.NewRegistry()
	deposit, err := engine.Register[deposited](registry, event.MustKind(1, 1), "account.deposited", 1)
	fmt.Println(deposit, err)

	_, err = engine.Register[string](registry, event.MustKind(1, 1), "note", 1)
	fmt.Println(err)
	// Output:
	// account.deposited v1 (0x1001) <nil>
	// batpak: typed kind 0x1001 "note" (string): kind: it is registered as "account.deposited" (engine_test.deposited)
}

func ExampleType_Append() {
	registry := engine.NewRegistry()
	deposit := engine.MustRegister[deposited](registry, event.MustKind(1, 1), "account.deposited", 1)
	store, done := exampleStore(engine.Options{Registry: registry})
	defer done()

	at := event.MustAt("account:7", "bank")
	if _, err := deposit.Append(store, at, deposited{Account: "7", Cents: 1250}); err != nil {
		log.Fatal(err)
	}
	for ev, err := range store.Query(event.OfKind(deposit.Kind()), engine.ReadOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		value, err := deposit.Decode(ev) // a deposited, without a cast
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(value.Account, value.Cents)
	}
	// Output:
	// 7 1250
}

func ExampleStore_Decode() {
	registry := engine.NewRegistry()
	deposit := engine.MustRegister[deposited](registry, event.MustKind(1, 1), "account.deposited", 1)
	store, done := exampleStore(engine.Options{Registry: registry})
	defer done()

	at := event.MustAt("account:7", "bank")
	if _, err := deposit.Append(store, at, deposited{Account: "7", Cents: 1250}); err != nil {
		log.Fatal(err)
	}
	if _, err := store.Append(at, event.MustKind(1, 2), "of a kind without a type"); err != nil {
		log.Fatal(err)
	}
	for ev, err := range store.Stream("account:7", engine.ReadOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		value, err := store.Decode(ev)
		switch value := value.(type) {
		case deposited:
			fmt.Println("deposited", value.Cents)
		default:
			fmt.Println(errors.Is(err, engine.ErrUnregistered))
		}
	}
	// Output:
	// deposited 1250
	// true
}

func ExampleType_React() {
	registry := engine.NewRegistry()
	deposit := engine.MustRegister[deposited](registry, event.MustKind(1, 1), "account.deposited", 1)
	store, done := exampleStore(engine.Options{Registry: registry})
	defer done()

	order, err := store.Append(event.MustAt("order:1", "shop"), event.MustKind(1, 2), "paid")
	if err != nil {
		log.Fatal(err)
	}
	at := event.MustAt("account:7", "bank")
	receipt, err := deposit.React(store, order.ID, at, deposited{Account: "7", Cents: 1250}, engine.AppendOptions{})
	if err != nil {
		log.Fatal(err)
	}
	ev, err := store.At(receipt.Sequence)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ev.Cause == order.ID, ev.Correlation == order.ID, ev.Position.Depth)
	// Output:
	// true true 1
}

func ExampleType_AddTo() {
	registry := engine.NewRegistry()
	deposit := engine.MustRegister[deposited](registry, event.MustKind(1, 1), "account.deposited", 1)
	store, done := exampleStore(engine.Options{Registry: registry})
	defer done()

	var batch engine.Batch
	deposit.AddTo(&batch, event.MustAt("account:7", "bank"), deposited{"7", -500})
	deposit.AddTo(&batch, event.MustAt("account:8", "bank"), deposited{"8", +500}).Expect(engine.ExpectClock(0))
	receipts, err := store.AppendBatch(&batch)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(receipts), "events, at", receipts[0].Sequence, "and", receipts[1].Sequence)
	// Output:
	// 2 events, at 1 and 2
}
