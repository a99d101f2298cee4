// WatchProjection: the state of a region, and its new state after changes.

package engine_test

import (
	"context"
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleWatchProjection() {
	store, done := exampleStore(engine.Options{})
	defer done()

	deposit(store, "alice", 100)
	for state, err := range engine.WatchProjection(context.Background(), store, balance, event.Entity("account:alice"), engine.WatchOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(state.Value.Balance)
		if state.Value.Balance >= 150 {
			break // which is all that ends it
		}
		deposit(store, "bob", 1000) // wakes nobody here
		deposit(store, "alice", 20)
		deposit(store, "alice", 10)
	}
	// Output:
	// 100
	// 130
	// 160
}
