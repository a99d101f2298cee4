// This file holds Evidence: how a receipt shows what the gates said, whatever type its proposal has.

package gate

import (
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
)

// Evidence is a [Receipt] of whatever type its proposal has. Only this package makes what [RecordOf] and [Spend] go by: a
// type that embeds an Evidence is the receipt that it embeds, whatever methods it has beside.
type Evidence interface{ sealed() *spendable }

// RecordOf returns what is to be recorded of a receipt, the caller's own copy, also when it was used. [ErrNoReceipt]: it is nil, or no set
// made it.
func RecordOf(e Evidence) (event.GateRecord, error) {
	s := issuedOf(e)
	if s == nil {
		return event.GateRecord{}, noReceipt()
	}
	return *s.record.Clone(), nil
}

// Spend uses a receipt up. Errors: [ErrReceiptUsed], [ErrNoReceipt].
func Spend(e Evidence) error {
	s := issuedOf(e)
	if s == nil {
		return noReceipt()
	}
	if hooks.Enabled && hooks.Planted(hooks.ReceiptReusable) {
		return nil
	}
	if s.used.Swap(true) {
		return ErrReceiptUsed
	}
	return nil
}

func noReceipt() error {
	return &event.FieldError{Field: "gate.receipt", Problem: "nil, or not made by a gate set", Err: ErrNoReceipt}
}

// issuedOf returns what a set issued; nil: none did. A type of somebody else that embeds a nil Evidence has a method that panics.
func issuedOf(e Evidence) (s *spendable) {
	if e == nil {
		return nil
	}
	defer func() {
		if recover() != nil {
			s = nil
		}
	}()
	return e.sealed()
}
