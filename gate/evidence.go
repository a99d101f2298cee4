// This file holds Evidence: how a receipt shows what the gates said, once.

package gate

import "github.com/batpak/batpak/event"

// Evidence is a receipt of whatever type its proposal has. Only this package makes one.
type Evidence interface {
	// Spend uses the receipt up and returns what is to be recorded of it. A second
	// use is ErrReceiptUsed.
	Spend() (event.GateRecord, error)

	sealed()
}
