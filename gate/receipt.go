// This file holds receipts. A receipt is made unused; Spend, of the receipt or of any copy, makes it used, for good.

package gate

import (
	"errors"
	"sync/atomic"

	"github.com/batpak/batpak/event"
)

var (
	// ErrReceiptUsed: the receipt was used before. It authorised one attempt; the gates must judge again.
	ErrReceiptUsed = errors.New("batpak: gate receipt was used before")
	// ErrNoReceipt: a nil receipt, or one that no set made. Every such error is also
	// [event.ErrInvalid].
	ErrNoReceipt = errors.New("batpak: no gate receipt")
)

// Receipt proves that a set of gates let a value pass, or was passed by, and authorises one attempt to commit
// it. Only [Evaluate], [EvaluateAll] and [Bypass] make one; a nil receipt and the zero value authorise nothing. Copies of a
// receipt are the same receipt: when one was used, all were.
type Receipt[T any] struct{ issued *issued[T] }

var _ Evidence = (*Receipt[struct{}])(nil)

type issued[T any] struct {
	set   any // the *Set that made it
	value T
	spendable
}

// spendable is what makes a receipt one. Only issue makes it.
type spendable struct {
	record event.GateRecord // its names belong to the set
	used   atomic.Bool
}

// issue makes a receipt. The record is valid.
func issue[T any](set any, value T, record event.GateRecord) *Receipt[T] {
	return &Receipt[T]{&issued[T]{set: set, value: value, spendable: spendable{record: record}}}
}

// valid reports whether a set made the receipt.
func (r *Receipt[T]) valid() bool { return r != nil && r.issued != nil }

// Value returns what was proposed, also when the receipt was used. Of a receipt that no set made it is the zero value.
func (r *Receipt[T]) Value() T {
	if !r.valid() {
		var zero T
		return zero
	}
	return r.issued.value
}

// Record returns what the gates said, also when the receipt was used; the caller's own copy. Of a receipt that no set made it
// is the zero record, which has no outcome.
func (r *Receipt[T]) Record() event.GateRecord {
	if !r.valid() {
		return event.GateRecord{}
	}
	return *r.issued.record.Clone()
}

// Used reports whether the receipt can't be used any more.
func (r *Receipt[T]) Used() bool { return !r.valid() || r.issued.used.Load() }

// Spend uses the receipt up and returns what is to be recorded of it, the caller's own copy. The store
// does that for a receipt in the options of an append; who commits elsewhere calls it first. Errors:
// [ErrReceiptUsed], [ErrNoReceipt].
func (r *Receipt[T]) Spend() (event.GateRecord, error) {
	if err := Spend(r); err != nil {
		return event.GateRecord{}, err
	}
	return r.Record(), nil
}

func (r *Receipt[T]) sealed() *spendable {
	if !r.valid() {
		return nil
	}
	return &r.issued.spendable
}
