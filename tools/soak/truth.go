// This file holds what the outcome must be: how many events each entity has, and a digest over them.

package main

import (
	"fmt"
	"maps"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// The kinds of events.
var (
	kindNote     = event.MustKind(1, 1) // of an account, by its writer
	kindOrder    = event.MustKind(1, 2) // the same, and the first reactor replies to it
	kindBooking  = event.MustKind(1, 3) // of the till, by any writer that is first
	kindReply    = event.MustKind(2, 1) // of the first reactor, and the second completes it
	kindComplete = event.MustKind(2, 2)
)

// scope is that of all entities.
const scope = "soak"

// The entities.
const (
	accountPrefix = "account:"
	till          = "till"
	replyPrefix   = "reply:"
	donePrefix    = "done:"
	shards        = 4 // of replies and completions
)

// Entry is the payload of every event.
type Entry struct {
	Number uint64 // of the writers' events; replies and completions have that of the order
	Amount int64
	Item   int // of a batch, from 0
	Of     int // items in the batch; 0: stored alone
}

// Account is what an entity's events come to.
type Account struct {
	Count  uint64 // also the clock of the newest
	Sum    int64
	Digest uint64 // over numbers and amounts, in their order
}

// add is one event.
func (a *Account) add(e Entry) {
	a.Count++
	a.Sum += e.Amount
	a.Digest = mix(a.Digest ^ mix(e.Number) + uint64(e.Amount))
}

// mix is a permutation of the numbers that leaves no two near each other (the finalizer of splitmix64).
func mix(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// set is a multiset of numbers: sets of which one has a number more, twice, or another one in its place, differ, but for one
// in 2^64.
type set struct {
	Count  uint64
	Digest uint64
}

func (s *set) add(number uint64) { s.Count, s.Digest = s.Count+1, s.Digest+mix(number) }
func (s *set) join(other set)    { s.Count, s.Digest = s.Count+other.Count, s.Digest+other.Digest }

// tally is what a reader, or a writer, has seen or made.
type tally struct {
	accounts map[string]Account
	orders   set
	replies  set
	done     set
}

func newTally() *tally { return &tally{accounts: make(map[string]Account)} }

// add is one event of an entity.
func (y *tally) add(entity string, kind event.Kind, e Entry) {
	a := y.accounts[entity]
	a.add(e)
	y.accounts[entity] = a
	switch kind {
	case kindOrder:
		y.orders.add(e.Number)
	case kindReply:
		y.replies.add(e.Number)
	case kindComplete:
		y.done.add(e.Number)
	}
}

// join adds what another one has of other entities; of the till, both.
func (y *tally) join(other *tally) {
	for entity, a := range other.accounts {
		b := y.accounts[entity]
		y.accounts[entity] = Account{a.Count + b.Count, a.Sum + b.Sum, a.Digest + b.Digest}
	}
	y.orders.join(other.orders)
	y.replies.join(other.replies)
	y.done.join(other.done)
}

// unordered leaves the order of what several write out of an account.
func (a Account) unordered() Account { return Account{Count: a.Count, Sum: a.Sum} }

// folded is the projection that must agree with the writers.
var folded = engine.MustProjection(engine.Fold[Account]{
	Name: "account", Version: 1,
	Apply: func(a *Account, ev event.Event) error {
		var e Entry
		if err := ev.Decode(&e); err != nil {
			return err
		}
		if ev.Position.Clock != a.Count+1 {
			return fmt.Errorf("after %d events the clock is %d", a.Count, ev.Position.Clock)
		}
		a.add(e)
		return nil
	},
})

// summed are two over many entities, whose states are copied by a function and by encoding them.
var summed = []*engine.Projection[map[string]Account]{sumUp("all accounts", maps.Clone), sumUp("all accounts, encoded", nil)}

func sumUp(name string, clone func(map[string]Account) map[string]Account) *engine.Projection[map[string]Account] {
	return engine.MustProjection(engine.Fold[map[string]Account]{
		Name: name, Version: 1, Initial: func() map[string]Account { return make(map[string]Account) }, Clone: clone,
		Apply: func(m *map[string]Account, ev event.Event) error {
			var e Entry
			if err := ev.Decode(&e); err != nil {
				return err
			}
			a := (*m)[ev.Entity()]
			a.add(e)
			(*m)[ev.Entity()] = a
			return nil
		},
	})
}
