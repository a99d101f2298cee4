// Projections: states that are folded from events.

package guide_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// deposit appends a deposit to an account and returns its sequence.
func deposit(store *engine.Store, account string, cents any) uint64 {
	receipt, err := store.Append(event.MustAt(account, "bank"), event.MustKind(0x4, 0x001), cents)
	check(err)
	return receipt.Sequence
}

// total is the sum of all deposits, and how many there were.
type total struct{ Cents, Deposits int }

// totals is the projection of the examples about reading one.
func totals() *engine.Projection[total] {
	return engine.MustProjection(engine.Fold[total]{
		Name: "totals", Version: 1, Kinds: []event.Kind{event.MustKind(0x4, 0x001)},
		Apply: func(t *total, ev event.Event) error {
			var cents int
			if err := ev.Decode(&cents); err != nil {
				return err
			}
			t.Cents, t.Deposits = t.Cents+cents, t.Deposits+1
			return nil
		},
	})
}

func Example_project() {
	ctx := context.Background()
	store, done := newStore(engine.Options{})
	defer done()

	type Balance struct{ Cents, Deposits int }
	deposited := event.MustKind(0x4, 0x001)
	balance := engine.MustProjection(engine.Fold[Balance]{
		Name:    "balance",
		Version: 1,
		Kinds:   []event.Kind{deposited},
		Apply: func(b *Balance, ev event.Event) error {
			var cents int
			if err := ev.Decode(&cents); err != nil {
				return err
			}
			b.Cents += cents
			b.Deposits++
			return nil
		},
	})

	account := event.MustAt("account:alice", "bank")
	for _, cents := range []int{100, 250} {
		_, err := store.Append(account, deposited, cents)
		check(err)
	}
	for range 2 {
		state, err := engine.Project(ctx, store, balance, event.Entity("account:alice"), engine.Consistent())
		check(err)
		fmt.Printf("%+v up to sequence %d, cached: %v\n", state.Value, state.Sequence, state.Cached)
	}
	// Output:
	// {Cents:350 Deposits:2} up to sequence 2, cached: false
	// {Cents:350 Deposits:2} up to sequence 2, cached: true
}

func Example_freshness() {
	ctx, balance := context.Background(), totals()
	store, done := newStore(engine.Options{})
	defer done()

	written := deposit(store, "account:alice", 100)
	state, err := engine.Project(ctx, store, balance, event.Entity("account:alice"), engine.AtLeast(written))
	check(err)
	fmt.Println("what was just written is in it:", state.Value.Cents)

	deposit(store, "account:alice", 1)
	state, err = engine.Project(ctx, store, balance, event.Entity("account:alice"), engine.MayBeStale(time.Hour))
	check(err)
	fmt.Println("an hour old is good enough:", state.Value.Cents)
	// Output:
	// what was just written is in it: 100
	// an hour old is good enough: 100
}

func Example_regionsOfStates() {
	ctx, balance := context.Background(), totals()
	store, done := newStore(engine.Options{})
	defer done()
	deposit(store, "account:alice", 100)
	deposit(store, "account:bob", 50)
	deposit(store, "account:alice", 20)

	accounts := event.EntityPrefix("account:")
	all, err := engine.Project(ctx, store, balance, accounts, engine.Consistent())
	check(err)
	fmt.Println("all of them as one:", all.Value.Cents)

	each, err := engine.ProjectEach(ctx, store, balance, accounts, engine.Consistent())
	check(err)
	fmt.Println("each by itself:", each["account:alice"].Value.Cents, each["account:bob"].Value.Cents)

	then, err := engine.Project(ctx, store, balance, accounts.Sequences(0, 2), engine.Consistent())
	check(err)
	fmt.Println("as of sequence 2:", then.Value.Cents)
	// Output:
	// all of them as one: 170
	// each by itself: 120 50
	// as of sequence 2: 150
}

func Example_watch() {
	balance := totals()
	store, done := newStore(engine.Options{})
	defer done()
	deposit(store, "account:alice", 100)

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for state, err := range engine.WatchProjection(ctx, store, balance, event.Entity("account:alice"), engine.WatchOptions{}) {
		check(err)
		fmt.Println("now", state.Value.Cents)
		if state.Value.Cents == 130 {
			break // ends the watch
		}
		deposit(store, "account:alice", 10) // while the loop is busy,
		deposit(store, "account:alice", 20) // two events make one new state
	}
	// Output:
	// now 100
	// now 130
}

func Example_foldError() {
	ctx, balance := context.Background(), totals()
	store, done := newStore(engine.Options{})
	defer done()
	deposit(store, "account:alice", 100)
	deposit(store, "account:alice", "a hundred")

	_, err := engine.Project(ctx, store, balance, event.Entity("account:alice"), engine.Consistent())
	var failed *engine.FoldError
	if errors.As(err, &failed) {
		fmt.Println("at sequence", failed.Sequence, "of", failed.Entity)
	}
	fmt.Println(errors.Is(err, event.ErrUndecodable))
	// Output:
	// at sequence 2 of account:alice
	// true
}
