// WalkChain: an entity's history, each link verified.

package engine_test

import (
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_WalkChain() {
	store, done := exampleStore(engine.Options{})
	defer done()

	account := event.MustAt("account:7", "bank")
	var last engine.Receipt
	for _, text := range []string{"opened", "deposited", "withdrawn"} {
		var err error
		if last, err = store.AppendBytes(account, event.Data, event.CodecRaw, []byte(text)); err != nil {
			log.Fatal(err)
		}
	}
	for ev, err := range store.WalkChain(last.ID, 2) {
		if err != nil {
			log.Fatal(err) // an event that does not hold is an engine.ChainError
		}
		fmt.Println(ev.Position.Clock, string(ev.Payload))
	}
	// Output:
	// 3 withdrawn
	// 2 deposited
}
