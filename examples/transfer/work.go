// This file holds the goroutines that make transfers, each until the store has decided it.

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/batpak/batpak/engine"
)

// tally counts what the store answered in this run.
type tally struct {
	paid       int // stored by this run
	declined   int // stored by this run
	duplicates int // decided before
	conflicts  int // an account had changed: nothing was stored, and the transfer was judged again
	attempts   int
}

// answered returns the number of transfers that have been decided.
func (t tally) answered() int { return t.paid + t.declined + t.duplicates }

// retries returns how often a transfer was tried after its first attempt.
func (t tally) retries() int { return max(t.attempts-t.answered(), 0) }

func (t *tally) add(o tally) {
	t.paid += o.paid
	t.declined += o.declined
	t.duplicates += o.duplicates
	t.conflicts += o.conflicts
	t.attempts += o.attempts
}

// transferAll makes the transfers 1 to set.transfers, until all are decided, ctx ends or one fails.
func (b *bank) transferAll(ctx context.Context, set settings) (tally, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var next atomic.Int64
	var mu sync.Mutex // over total
	var total tally
	for range min(set.goroutines, set.transfers) {
		wg.Go(func() {
			var mine tally
			for ctx.Err() == nil {
				number := int(next.Add(1))
				if number > set.transfers {
					break
				}
				if err := b.settle(ctx, b.terms.transfer(number), &mine); err != nil {
					cancel(fmt.Errorf("transfer %d: %w", number, err))
					break
				}
				if set.decided != nil {
					set.decided()
				}
			}
			mu.Lock()
			total.add(mine)
			mu.Unlock()
		})
	}
	wg.Wait()
	return total, context.Cause(ctx)
}

// settle tries a transfer until it is decided.
func (b *bank) settle(ctx context.Context, t transfer, count *tally) error {
	for {
		count.attempts++
		err := b.try(t, count)
		switch {
		case errors.Is(err, engine.ErrConflict):
			count.conflicts++ // somebody was faster: judge by what there is now
			if ctx.Err() != nil {
				return ctx.Err()
			}
		case errors.Is(err, engine.ErrIdempotencyConflict):
			// An earlier run decided it the other way: it saw other balances. That stands.
			count.duplicates++
			return nil
		default:
			return err
		}
	}
}

// try judges a transfer by the accounts as they are, and stores the decision if they still are.
func (b *bank) try(t transfer, count *tally) error {
	from, err := b.accounts[t.from].current(b.store, &b.kinds)
	if err != nil {
		return err
	}
	to, err := b.accounts[t.to].current(b.store, &b.kinds)
	if err != nil {
		return err
	}
	if from.balance < t.amount {
		receipt, err := b.kinds.declined.AppendWith(b.store, at(t.from), declined{t.number, t.amount}, engine.AppendOptions{
			Key: t.key(), Expect: engine.ExpectClock(from.clock),
		})
		return count.stored(&count.declined, receipt, err)
	}
	batch := engine.Batch{Key: t.key()}
	debit := b.kinds.debited.AddTo(&batch, at(t.from), debited{t.number, t.amount}).Expect(engine.ExpectClock(from.clock))
	b.kinds.credited.AddTo(&batch, at(t.to), credited{t.number, t.amount}).Expect(engine.ExpectClock(to.clock)).CausedBy(debit)
	receipts, err := b.store.AppendBatch(&batch)
	if err != nil {
		return err
	}
	return count.stored(&count.paid, receipts[0], nil)
}

// stored counts a decision that the store has, under what it is if this run stored it.
func (t *tally) stored(as *int, receipt engine.Receipt, err error) error {
	switch {
	case err != nil:
		return err
	case receipt.Duplicate:
		t.duplicates++
	default:
		*as++
	}
	return nil
}
