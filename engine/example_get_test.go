// Get: one event by its id.

package engine_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_Get() {
	store, done := exampleStore(engine.Options{})
	defer done()

	placed, err := store.AppendBytes(event.MustAt("order-7", "shop"), event.Data, event.CodecRaw, []byte("tea"))
	if err != nil {
		log.Fatal(err)
	}
	text := placed.ID.String() // what others keep

	id, err := event.ParseID(text)
	if err != nil {
		log.Fatal(err)
	}
	ev, err := store.Get(id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ev.Sequence, ev.Coordinate, string(ev.Payload))

	_, err = store.Get(event.MakeID(1, 2, 3))
	fmt.Println(errors.Is(err, engine.ErrNotFound))
	// Output:
	// 1 order-7@shop tea
	// true
}
