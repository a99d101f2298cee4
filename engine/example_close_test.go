// Close and Report: how a store ends, and what the next opening finds.

package engine_test

import (
	"fmt"
	"log"
	"os"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_Close() {
	path, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(path)

	for range 2 {
		store, err := engine.Open(path, engine.Options{})
		if err != nil {
			log.Fatal(err)
		}
		report := store.Report()
		fmt.Println("created:", report.Created, "clean:", report.Clean, "events:", report.Events)
		if _, err := store.Append(event.MustAt("entity", "scope"), event.Data, "value"); err != nil {
			log.Fatal(err)
		}
		// Without Close the next opening would have to recover.
		if err := store.Close(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// created: true clean: false events: 0
	// created: false clean: true events: 1
}
