// Sync: durability at moments of the caller's choice.

package engine_test

import (
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_Sync() {
	store, done := exampleStore(engine.Options{Sync: engine.SyncManual()})
	defer done()

	at := event.MustAt("sensor-1", "plant")
	for range 1000 {
		if _, err := store.AppendBytes(at, event.Data, event.CodecRaw, []byte("21.5")); err != nil {
			log.Fatal(err)
		}
	}
	stats := store.Stats()
	fmt.Println("visible", stats.Visible, "durable", stats.Durable)
	if err := store.Sync(); err != nil {
		log.Fatal(err)
	}
	stats = store.Stats()
	fmt.Println("visible", stats.Visible, "durable", stats.Durable)
	// Output:
	// visible 1000 durable 0
	// visible 1000 durable 1000
}
