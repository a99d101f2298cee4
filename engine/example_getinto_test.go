// GetInto: single events without allocating.

package engine_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_GetInto() {
	store, done := exampleStore(engine.Options{})
	defer done()

	at := event.MustAt("counter", "example")
	for _, text := range []string{"one", "two"} {
		if _, err := store.AppendBytes(at, event.Data, event.CodecRaw, []byte(text)); err != nil {
			log.Fatal(err)
		}
	}
	var ev event.Event // its memory is used again by every call
	for sequence := uint64(1); ; sequence++ {
		err := store.GetInto(sequence, &ev)
		if errors.Is(err, engine.ErrNotFound) {
			fmt.Println("no", sequence)
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Sequence, string(ev.Payload))
	}
	// Output:
	// 1 one
	// 2 two
	// no 3
}
