// This file holds what the examples of all pages begin with.

package guide_test

import (
	"log"
	"os"

	"github.com/batpak/batpak/engine"
)

// check ends the program on an error. On the pages it stands for whatever the reader does with one.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// newStore opens a new store in a temporary directory; done closes and removes it.
func newStore(options engine.Options) (store *engine.Store, done func()) {
	dir, err := os.MkdirTemp("", "guide-")
	check(err)
	store, err = engine.Open(dir, options)
	check(err)
	return store, func() {
		check(store.Close())
		check(os.RemoveAll(dir))
	}
}
