// Open: a store is a directory.

package engine_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/batpak/batpak/engine"
)

func ExampleOpen() {
	parent, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(parent)

	// The zero value of Options is a durable store with hashing.
	store, err := engine.Open(filepath.Join(parent, "orders"), engine.Options{})
	if err != nil {
		log.Fatal(err)
	}
	stats := store.Stats()
	fmt.Println("events:", stats.Events, "opened:", stats.Incarnation)
	if err := store.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// events: 0 opened: 1
}

// exampleStore opens a new store for an example; done closes and removes it.
func exampleStore(options engine.Options) (store *engine.Store, done func()) {
	path, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	if store, err = engine.Open(path, options); err != nil {
		log.Fatal(err)
	}
	return store, func() {
		if err := store.Close(); err != nil {
			log.Fatal(err)
		}
		if err := os.RemoveAll(path); err != nil {
			log.Fatal(err)
		}
	}
}
