// SyncEvery: appends at memory speed, and a bound on what a power cut takes.

package engine_test

import (
	"fmt"
	"log"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleSyncEvery() {
	// A power cut takes at most 2,000 events, or what came within a second and one sync.
	store, done := exampleStore(engine.Options{Sync: engine.SyncEvery(1000, time.Second)})
	defer done()

	at := event.MustAt("sensor-1", "plant")
	for n := range 10_000 {
		if _, err := store.Append(at, event.Data, n); err != nil {
			log.Fatal(err)
		}
	}
	stats := store.Stats()
	fmt.Println("visible", stats.Visible, "at most 2,000 not durable:", stats.Staged-stats.Durable <= 2000)
	// Output:
	// visible 10000 at most 2,000 not durable: true
}
