// AppendProposal: judged first, then stored with what the gates said.

package engine_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
)

func ExampleAppendProposal() {
	store, done := exampleStore(engine.Options{})
	defer done()

	type withdrawal struct {
		Cents int `codec:"cents"`
	}
	set, err := gate.NewSet(gate.New("limit", func(w withdrawal) error {
		if w.Cents > 50_000 {
			return gate.Deny("OVER_LIMIT", "more than a day allows").With("limit", 50_000)
		}
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	account, withdrawn := event.MustAt("account-3", "bank"), event.MustKind(0x1, 0x002)

	wanted := withdrawal{Cents: 80_000}
	_, err = gate.Evaluate(set, wanted, gate.Propose(wanted))
	fmt.Println(err)

	receipt, err := gate.Bypass(set, gate.Propose(wanted), "closing the account", "signed by two")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := engine.AppendProposal(store, account, withdrawn, receipt, engine.AppendOptions{}); err != nil {
		log.Fatal(err)
	}
	_, err = engine.AppendProposal(store, account, withdrawn, receipt, engine.AppendOptions{})
	fmt.Println(errors.Is(err, gate.ErrReceiptUsed))

	for ev, err := range store.Query(event.Everything().FromGate(event.GateBypassed), engine.ReadOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Sequence, ev.Coordinate, ev.Gate.Gates, ev.Gate.Reason)
	}
	// Output:
	// batpak: gate limit denied: OVER_LIMIT: more than a day allows (limit=50000)
	// true
	// 1 account-3@bank [limit] closing the account
}
