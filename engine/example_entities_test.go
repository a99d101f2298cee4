// Entities, Scopes and Clock: what there is to be found.

package engine_test

import (
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_Entities() {
	store, done := exampleStore(engine.Options{})
	defer done()

	for _, name := range []string{"order-2", "order-10", "payment-1", "order-2"} {
		if _, err := store.AppendBytes(event.MustAt(name, "shop"), event.Data, event.CodecRaw, nil); err != nil {
			log.Fatal(err)
		}
	}
	for name, err := range store.Entities("order-") {
		if err != nil {
			log.Fatal(err)
		}
		clock, err := store.Clock(name)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(name, "has", clock)
	}
	for scope, err := range store.Scopes() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("scope", scope)
	}
	// Output:
	// order-10 has 1
	// order-2 has 2
	// scope shop
}
