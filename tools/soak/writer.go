// This file holds the writers, which keep what they were told.

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

const (
	writers       = 4
	ownedAccounts = 6  // of each writer
	largestBatch  = 12 // events
)

// writer appends to accounts of its own and, with the others, to the till. It is one goroutine's at a time.
type writer struct {
	k      *soak
	random *rand.Rand
	owned  []event.Coordinate
	truth  *tally // what it was told is stored
	number uint64 // of its last event
	keys   uint64 // that it has used
}

func newWriter(k *soak, n int) *writer {
	w := &writer{k: k, random: k.newRandom(), truth: newTally(), number: uint64(n) << 56}
	for i := range ownedAccounts {
		w.owned = append(w.owned, event.MustAt(fmt.Sprintf("%s%d:%d", accountPrefix, n, i), scope))
	}
	return w
}

// write appends until it is stopped or the store is closed.
func (w *writer) write(ctx context.Context, s *engine.Store) {
	for ctx.Err() == nil {
		var err error
		switch n := w.random.IntN(100); {
		case n < 60:
			err = w.single(s)
		case n < 75:
			err = w.batch(s)
		case n < 85:
			err = w.book(s)
		case n < 90:
			err = w.readBack(s)
		default:
			err = w.many(s)
		}
		if err != nil && !w.k.isEnd(err) {
			w.k.violate("a writer: %v", err)
			return
		}
		if err != nil {
			return
		}
		runtime.Gosched()
	}
}

// next returns the payload of the next event.
func (w *writer) next() Entry {
	w.number++
	return Entry{Number: w.number, Amount: int64(w.random.IntN(2000) - 1000)}
}

// pick returns one of the writer's accounts; the first one is busier.
func (w *writer) pick() event.Coordinate {
	if w.random.IntN(3) == 0 {
		return w.owned[0]
	}
	return w.owned[w.random.IntN(len(w.owned))]
}

// kind returns that of an event.
func (w *writer) kind() event.Kind {
	if w.random.IntN(12) == 0 {
		return kindOrder
	}
	return kindNote
}

// single appends one event, now and then with a key, and then perhaps again.
func (w *writer) single(s *engine.Store) error {
	at, kind, e := w.pick(), w.kind(), w.next()
	var o engine.AppendOptions
	if w.random.IntN(8) == 0 {
		o.Key = w.key()
	}
	if w.random.IntN(4) == 0 {
		o.Wait = engine.WaitStaged
	}
	receipt, err := s.AppendWith(at, kind, e, o)
	if err != nil {
		return err
	}
	w.truth.add(at.Entity(), kind, e)
	w.k.count.singles.Add(1)
	if clock := w.truth.accounts[at.Entity()].Count; receipt.Position.Clock != clock || receipt.Duplicate {
		w.k.violate("%s: the receipt %+v, want clock %d", at, receipt, clock)
	}
	if o.Key == "" || w.random.IntN(2) == 0 {
		return nil
	}
	again, err := s.AppendWith(at, kind, e, o)
	if err == nil && (!again.Duplicate || again.Sequence != receipt.Sequence) {
		w.k.violate("%s: the key was known, the receipt is %+v, and was %+v", at, again, receipt)
	}
	w.k.count.duplicates.Add(1)
	return err
}

func (w *writer) key() string {
	w.keys++
	return fmt.Sprintf("key of %s %d", w.owned[0].Entity(), w.keys)
}

// many appends some events one after the other that are waited for together.
func (w *writer) many(s *engine.Store) error {
	var last engine.Receipt
	for range 1 + w.random.IntN(30) {
		at, kind, e := w.pick(), w.kind(), w.next()
		var err error
		if last, err = s.AppendWith(at, kind, e, engine.AppendOptions{Wait: engine.WaitStaged}); err != nil {
			return err
		}
		w.truth.add(at.Entity(), kind, e)
		w.k.count.singles.Add(1)
	}
	return s.WaitDurable(context.Background(), last.Sequence)
}

// batch appends a batch with a key, and then perhaps again.
func (w *writer) batch(s *engine.Store) error {
	items := 2 + w.random.IntN(largestBatch-1)
	batch := engine.Batch{Key: w.key()}
	entities, kinds, entries := make([]string, items), make([]event.Kind, items), make([]Entry, items)
	for i := range items {
		at, e := w.pick(), w.next()
		e.Item, e.Of = i, items
		entities[i], kinds[i], entries[i] = at.Entity(), w.kind(), e
		batch.Add(at, kinds[i], e)
	}
	receipts, err := s.AppendBatch(&batch)
	if err != nil {
		return err
	}
	for i, entity := range entities {
		w.truth.add(entity, kinds[i], entries[i])
		if clock := w.truth.accounts[entity].Count; receipts[i].Position.Clock != clock || receipts[i].Sequence != receipts[0].Sequence+uint64(i) {
			w.k.violate("%s: item %d of a batch: the receipt %+v, want clock %d", entity, i, receipts[i], clock)
		}
	}
	w.k.count.batches.Add(1)
	w.k.count.inBatches.Add(uint64(items))
	if w.random.IntN(3) > 0 {
		return nil
	}
	again, err := s.AppendBatch(&batch)
	if err == nil && (!again[0].Duplicate || again[0].Sequence != receipts[0].Sequence || len(again) != items) {
		w.k.violate("a batch whose key was known: the receipts %+v, and were %+v", again, receipts)
	}
	w.k.count.duplicates.Add(1)
	return err
}

// book appends to the till, of which all writers expect that they are first.
func (w *writer) book(s *engine.Store) error {
	clock, err := s.Clock(till)
	if err != nil {
		return err
	}
	e := w.next()
	runtime.Gosched() // so that somebody else may be first
	receipt, err := s.AppendWith(event.MustAt(till, scope), kindBooking, e, engine.AppendOptions{Expect: engine.ExpectClock(clock)})
	if errors.Is(err, engine.ErrConflict) {
		w.k.count.conflicts.Add(1)
		return nil
	}
	if err != nil {
		return err
	}
	if receipt.Position.Clock != clock+1 {
		w.k.violate("the till: clock %d was expected, the receipt is %+v", clock, receipt)
	}
	w.truth.add(till, kindBooking, e)
	w.k.count.singles.Add(1)
	return nil
}

// readBack asks for the state of an account behind its own last event.
func (w *writer) readBack(s *engine.Store) error {
	at, kind, e := w.pick(), w.kind(), w.next()
	receipt, err := s.Append(at, kind, e)
	if err != nil {
		return err
	}
	w.truth.add(at.Entity(), kind, e)
	w.k.count.singles.Add(1)
	state, err := engine.Project(context.Background(), s, folded, event.Entity(at.Entity()), engine.AtLeast(receipt.Sequence))
	if err != nil {
		return err
	}
	w.k.projected(state.Cached)
	if want := w.truth.accounts[at.Entity()]; state.Value != want || state.Last != receipt.Sequence {
		w.k.violate("%s after its event at %d: the projection says %+v up to %d, want %+v", at, receipt.Sequence, state.Value, state.Last, want)
	}
	return nil
}
