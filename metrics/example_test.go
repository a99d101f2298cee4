// Publishing a store's counters with expvar.

package metrics_test

import (
	"encoding/json"
	"expvar"
	"fmt"
	"log"
	"os"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/metrics"
)

// Beside other stores in a map. expvar.Publish puts a map, or a single store, where the program's default HTTP server shows it, under
// /debug/vars.
func ExampleVar() {
	dir, err := os.MkdirTemp("", "batpak")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := engine.Open(dir, engine.Options{})
	if err != nil {
		log.Fatal(err)
	}
	var stores expvar.Map
	stores.Set("orders", metrics.Var(store))
	if _, err := store.Append(event.MustAt("order:1", "shop"), event.Data, "paid"); err != nil {
		log.Fatal(err)
	}
	show := func() {
		var shown struct {
			Events  uint64 `json:"events"`
			Durable uint64 `json:"durable_sequence"`
			Closed  bool   `json:"closed"`
		}
		if err := json.Unmarshal([]byte(stores.Get("orders").String()), &shown); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("events %d, durable up to %d, closed %t\n", shown.Events, shown.Durable, shown.Closed)
	}
	show()
	if err := store.Close(); err != nil {
		log.Fatal(err)
	}
	show()
	// Output:
	// events 1, durable up to 1, closed false
	// events 1, durable up to 1, closed true
}
