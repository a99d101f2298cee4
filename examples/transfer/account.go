// This file holds the accounts: balances folded from events, and kept up to date with what is new.

package main

import (
	"fmt"
	"sync"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// account is one account. Its state is a cache: the events are the truth.
type account struct {
	at event.Coordinate

	mu       sync.Mutex // held while new events are read, never over two accounts
	state    state
	sequence uint64 // of the newest event in state
}

// state is what the events of an account up to some clock make of it.
type state struct {
	clock   uint64
	balance int64
}

// current returns the account with all that readers see of it.
func (a *account) current(store *engine.Store, kinds *kinds) (state, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	news := event.Entity(a.at.Entity()).Sequences(a.sequence+1, 0)
	for ev, err := range store.Query(news, engine.ReadOptions{}) {
		if err != nil {
			return state{}, err
		}
		change, err := kinds.change(ev)
		if err != nil {
			return state{}, err
		}
		if ev.Position.Clock != a.state.clock+1 {
			return state{}, fmt.Errorf("%s: clock %d follows on %d", a.at, ev.Position.Clock, a.state.clock)
		}
		a.state = state{clock: ev.Position.Clock, balance: a.state.balance + change}
		a.sequence = ev.Sequence
	}
	return a.state, nil
}

// change returns by how much an event of an account changes its balance.
func (k *kinds) change(ev event.Event) (int64, error) {
	switch ev.Kind {
	case k.deposited.Kind():
		d, err := k.deposited.Decode(ev)
		return d.Amount, err
	case k.debited.Kind():
		d, err := k.debited.Decode(ev)
		return -d.Amount, err
	case k.credited.Kind():
		c, err := k.credited.Decode(ev)
		return c.Amount, err
	case k.declined.Kind():
		return 0, nil
	}
	return 0, fmt.Errorf("event %d is of kind %s, which no account has", ev.Sequence, ev.Kind)
}
