// Project: a state that is folded from events, and kept current at the cost of what is new.

package engine_test

import (
	"context"
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// paidIn is an event of an account, with its amount as the payload.
var paidIn = event.MustKind(0x1, 0x001)

// savings is the state of an account.
type savings struct {
	Balance, Deposits int
}

// balance folds the events of one account, or of several as one.
var balance = engine.MustProjection(engine.Fold[savings]{
	Name:    "balance",
	Version: 1,
	Kinds:   []event.Kind{paidIn},
	Apply: func(a *savings, ev event.Event) error {
		var amount int
		if err := ev.Decode(&amount); err != nil {
			return err
		}
		a.Balance += amount
		a.Deposits++
		return nil
	},
})

// deposit appends one deposit and returns its sequence.
func deposit(store *engine.Store, name string, amount int) uint64 {
	r, err := store.Append(event.MustAt("account:"+name, "bank"), paidIn, amount)
	if err != nil {
		log.Fatal(err)
	}
	return r.Sequence
}

func ExampleProject() {
	store, done := exampleStore(engine.Options{})
	defer done()

	deposit(store, "alice", 100)
	deposit(store, "bob", 50)
	for range 2 { // the second time from the cache
		state, err := engine.Project(context.Background(), store, balance, event.Entity("account:alice"), engine.Consistent())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%+v up to sequence %d, cached: %v\n", state.Value, state.Sequence, state.Cached)
	}
	deposit(store, "alice", 20) // is all that is read now
	state, err := engine.Project(context.Background(), store, balance, event.EntityPrefix("account:"), engine.Consistent())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("all accounts: %+v\n", state.Value)
	// Output:
	// {Balance:100 Deposits:1} up to sequence 2, cached: false
	// {Balance:100 Deposits:1} up to sequence 2, cached: true
	// all accounts: {Balance:170 Deposits:3}
}

func ExampleProjectEach() {
	store, done := exampleStore(engine.Options{})
	defer done()

	deposit(store, "alice", 100)
	deposit(store, "bob", 50)
	deposit(store, "alice", 20)
	states, err := engine.ProjectEach(context.Background(), store, balance, event.EntityPrefix("account:"), engine.Consistent())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(states["account:alice"].Value, states["account:bob"].Value)
	// Output:
	// {120 2} {50 1}
}

func ExampleAtLeast() {
	store, done := exampleStore(engine.Options{})
	defer done()

	sequence := deposit(store, "alice", 100)
	state, err := engine.Project(context.Background(), store, balance, event.Entity("account:alice"), engine.AtLeast(sequence))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("what was written is read:", state.Value.Balance, state.Sequence >= sequence)
	// Output:
	// what was written is read: 100 true
}
