// Events: a range of sequences in either direction.

package engine_test

import (
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_Events() {
	store, done := exampleStore(engine.Options{})
	defer done()

	at := event.MustAt("counter", "example")
	for _, text := range []string{"one", "two", "three", "four"} {
		if _, err := store.AppendBytes(at, event.Data, event.CodecRaw, []byte(text)); err != nil {
			log.Fatal(err)
		}
	}
	for ev, err := range store.Events(2, 0, engine.ReadOptions{}) { // from 2 to the end
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Sequence, string(ev.Payload))
	}
	newest := engine.ReadOptions{Direction: engine.Backward, Limit: 1}
	for ev, err := range store.Events(0, 0, newest) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("newest:", string(ev.Payload))
	}
	// Output:
	// 2 two
	// 3 three
	// 4 four
	// newest: four
}
