// This file holds the vocabulary of the bank, its typed kinds, and how it is opened.

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// The payloads, and below the kinds that they belong to.
type (
	// opened is the first event of a bank: what everything else follows from.
	opened struct {
		Accounts int    `codec:"accounts"`
		Balance  int64  `codec:"balance"` // of each account at first
		Seed     uint64 `codec:"seed"`
	}
	// deposited is the first event of an account.
	deposited struct {
		Amount int64 `codec:"amount"`
	}
	// debited is a transfer on the account that pays.
	debited struct {
		Transfer int   `codec:"transfer"`
		Amount   int64 `codec:"amount"`
	}
	// credited is the same transfer on the account that receives.
	credited struct {
		Transfer int   `codec:"transfer"`
		Amount   int64 `codec:"amount"`
	}
	// declined is a transfer that the account can't pay.
	declined struct {
		Transfer int   `codec:"transfer"`
		Amount   int64 `codec:"amount"`
	}
)

// kinds are the typed kinds of a bank.
type kinds struct {
	registry  *engine.Registry
	opened    engine.Type[opened]
	deposited engine.Type[deposited]
	debited   engine.Type[debited]
	credited  engine.Type[credited]
	declined  engine.Type[declined]
}

func newKinds() kinds {
	r := engine.NewRegistry()
	return kinds{
		registry:  r,
		opened:    engine.MustRegister[opened](r, event.MustKind(0xB, 1), "bank.opened", 1),
		deposited: engine.MustRegister[deposited](r, event.MustKind(0xB, 2), "account.deposited", 1),
		debited:   engine.MustRegister[debited](r, event.MustKind(0xB, 3), "account.debited", 1),
		credited:  engine.MustRegister[credited](r, event.MustKind(0xB, 4), "account.credited", 1),
		declined:  engine.MustRegister[declined](r, event.MustKind(0xB, 5), "account.declined", 1),
	}
}

// scope is that of all events of the bank.
const scope = "bank"

// at is the coordinate of an account.
func at(account int) event.Coordinate { return event.MustAt(fmt.Sprintf("account:%d", account), scope) }

// bank is an open bank. It may be used concurrently.
type bank struct {
	store    *engine.Store
	kinds    kinds
	terms    opened
	accounts []account
}

// openBank opens the bank in the store. A new one gets the terms, and its accounts; one that an earlier run
// opened must have been opened on the same.
func openBank(store *engine.Store, kinds kinds, terms opened) (*bank, error) {
	home := event.MustAt("bank", scope)
	receipt, err := kinds.opened.AppendWith(store, home, terms, engine.AppendOptions{Key: "bank", Expect: engine.ExpectClock(0)})
	if errors.Is(err, engine.ErrIdempotencyConflict) {
		return nil, otherTerms(store, kinds, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open the bank: %w", err)
	}
	b := &bank{store: store, kinds: kinds, terms: terms, accounts: make([]account, terms.Accounts)}
	for i := range b.accounts {
		b.accounts[i].at = at(i)
	}
	// A run that was killed may have opened some of the accounts. Each of these batches is stored once.
	for first := 0; first < terms.Accounts; first += engine.DefaultBatchEvents {
		batch := engine.Batch{Key: fmt.Sprintf("accounts:%d", first)}
		batch.ReactTo(receipt.ID)
		for i := first; i < min(first+engine.DefaultBatchEvents, terms.Accounts); i++ {
			kinds.deposited.AddTo(&batch, at(i), deposited{terms.Balance}).Expect(engine.ExpectClock(0))
		}
		if _, err := store.AppendBatch(&batch); err != nil {
			return nil, fmt.Errorf("open the accounts: %w", err)
		}
	}
	return b, nil
}

// otherTerms says on what terms the bank was opened, which another request has the key of.
func otherTerms(store *engine.Store, kinds kinds, conflict error) error {
	var key *engine.KeyError
	if !errors.As(conflict, &key) {
		return conflict
	}
	ev, err := store.At(key.Sequence)
	if err != nil {
		return errors.Join(conflict, err)
	}
	terms, err := kinds.opened.Decode(ev)
	if err != nil {
		return errors.Join(conflict, err)
	}
	return fmt.Errorf("the bank was opened with --accounts %d --balance %d --seed %d", terms.Accounts, terms.Balance, terms.Seed)
}

// transfer is what a number stands for.
type transfer struct {
	number   int
	from, to int // accounts, never the same
	amount   int64
}

// transfer returns the transfer with a number, which is the same in every run.
func (o opened) transfer(number int) transfer {
	random := rand.New(rand.NewPCG(o.Seed, uint64(number)))
	t := transfer{number: number, from: random.IntN(o.Accounts), to: random.IntN(o.Accounts - 1), amount: 1 + random.Int64N(100)}
	if t.to >= t.from {
		t.to++
	}
	return t
}

// key is the idempotency key of the transfer.
func (t transfer) key() string { return fmt.Sprintf("transfer:%d", t.number) }
