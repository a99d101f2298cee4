// This file holds what accounts and products have: folded from their events, and kept up to date with what is new.

package main

import (
	"sync"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// ledger is what the entities have that were asked for. It is a cache: the events are the truth.
type ledger struct {
	mu      sync.Mutex
	entries map[string]entry
}

// entry is what the events of an entity up to some sequence make of it.
type entry struct {
	amount   int64
	clock    uint64
	sequence uint64
}

// amount returns what an account or a product has, and the clock that this rests on.
func (s *shop) amount(at event.Coordinate) (amount int64, clock uint64, err error) {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	e := s.ledger.entries[at.Entity()]
	for ev, err := range s.store.Query(event.Entity(at.Entity()).Sequences(e.sequence+1, 0), engine.ReadOptions{}) {
		if err != nil {
			return 0, 0, err
		}
		var m moved
		if err := ev.Decode(&m); err != nil {
			return 0, 0, err
		}
		e = entry{amount: e.amount + m.Amount, clock: ev.Position.Clock, sequence: ev.Sequence}
	}
	s.ledger.entries[at.Entity()] = e
	return e.amount, e.clock, nil
}
