// AppendOptions.Wait: one event that must not be lost, among many that may.

package engine_test

import (
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleWait() {
	store, done := exampleStore(engine.Options{Sync: engine.SyncManual()})
	defer done()

	at := event.MustAt("player-7", "arena")
	for n := range 50 { // positions: the next one makes up for a lost one
		if _, err := store.Append(at, event.Data, n); err != nil {
			log.Fatal(err)
		}
	}
	bought, err := store.AppendWith(at, event.Data, "a sword", engine.AppendOptions{Wait: engine.WaitDurable})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("event", bought.Sequence, "durable up to", store.Stats().Durable)
	// Output:
	// event 51 durable up to 51
}
