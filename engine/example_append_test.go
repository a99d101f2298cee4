// Append: any value, encoded by the store.

package engine_test

import (
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_Append() {
	store, done := exampleStore(engine.Options{})
	defer done()

	type placed struct {
		Item  string `codec:"item"`
		Count int    `codec:"count"`
	}
	at, err := event.At("order-7", "shop") // entity and scope
	if err != nil {
		log.Fatal(err)
	}
	kind := event.MustKind(0x1, 0x001)
	receipt, err := store.Append(at, kind, placed{Item: "tea", Count: 2})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sequence", receipt.Sequence, "clock", receipt.Position.Clock)

	ev, err := store.At(receipt.Sequence)
	if err != nil {
		log.Fatal(err)
	}
	var back placed
	if err := ev.Decode(&back); err != nil {
		log.Fatal(err)
	}
	fmt.Println(ev.Kind, ev.Coordinate, back)
	// Output:
	// sequence 1 clock 1
	// 0x1001 order-7@shop {tea 2}
}
