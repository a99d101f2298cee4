// Registering a store.

package prometheus_test

import (
	"fmt"
	"log"
	"os"

	client "github.com/prometheus/client_golang/prometheus"

	"github.com/batpak/batpak/adapters/prometheus"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// A server shows the registry with promhttp.HandlerFor.
func ExampleNewCollector() {
	dir, err := os.MkdirTemp("", "batpak")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := engine.Open(dir, engine.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	registry := client.NewRegistry()
	registry.MustRegister(prometheus.NewCollector(store))

	if _, err := store.Append(event.MustAt("order:1", "shop"), event.Data, "paid"); err != nil {
		log.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "batpak_durable_sequence" {
			fmt.Println(family.GetName(), family.GetMetric()[0].GetGauge().GetValue())
		}
	}
	// Output:
	// batpak_durable_sequence 1
}
