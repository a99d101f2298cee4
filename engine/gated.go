// Appending what gates let pass.

package engine

import (
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
)

// AppendProposal stores the value that a gate receipt stands for, as [Store.AppendWith] does, together with what the gates
// said: that they let it pass, or that they were bypassed and why. [event.Event].Gate shows that, the event's hash
// covers it, and [event.Region.FromGate] selects by it, so that an auditor can ask for every bypass:
//
//	store.Query(event.Everything().FromGate(event.GateBypassed), engine.ReadOptions{})
//
// The receipt is used up as AppendOptions.Gate says. After ErrConflict, ErrNoSpace or ErrIndeterminate the gates must judge again; a
// repetition with a key that was stored is answered with the first receipt all the same, also with a gate receipt that was used, so that who lost an
// answer learns it before asking gates that may deny by now.
//
// Errors: gate.ErrReceiptUsed for a receipt that was used before, gate.ErrNoReceipt, which is [ErrInvalid], for one
// that is nil or that no gate set made, ErrInvalid for options that name a receipt of their own, and those of
// [Store.AppendWith].
func AppendProposal[T any](s *Store, at event.Coordinate, kind event.Kind, receipt *gate.Receipt[T], options AppendOptions) (Receipt, error) {
	if options.Gate != nil {
		return Receipt{}, &OptionError{"Gate", "a receipt", "nil: the receipt that is appended stands for it"}
	}
	if _, err := gate.RecordOf(receipt); err != nil {
		return Receipt{}, err
	}
	options.Gate = receipt
	return s.AppendWith(at, kind, receipt.Value(), options)
}
