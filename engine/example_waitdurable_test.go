// WaitDurable: append now, be sure later.

package engine_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// One goroutine keeps the disk busy by not waiting for each event, and waits once for the
// last: that one is durable when all before it are.
func ExampleStore_WaitDurable() {
	store, done := exampleStore(engine.Options{}) // a sync for every append
	defer done()

	at := event.MustAt("sensor-1", "plant")
	var last engine.Receipt
	for n := range 1000 {
		var err error
		if last, err = store.AppendWith(at, event.Data, n, engine.AppendOptions{Wait: engine.WaitStaged}); err != nil {
			log.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := store.WaitDurable(ctx, last.Sequence); err != nil {
		log.Fatal(err)
	}
	stats := store.Stats()
	fmt.Println("durable", stats.Durable, "with fewer syncs than events:", stats.Syncs < 1000)
	// Output:
	// durable 1000 with fewer syncs than events: true
}
