// AppendBytesWith: bytes that are encoded already, with a cause and tags.

package engine_test

import (
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_AppendBytesWith() {
	store, done := exampleStore(engine.Options{})
	defer done()

	order, payment := event.MustAt("order-7", "shop"), event.MustAt("payment-3", "shop")
	placed, err := store.AppendBytes(order, event.Data, event.CodecJSON, []byte(`{"item":"tea"}`))
	if err != nil {
		log.Fatal(err)
	}
	paid, err := store.AppendBytesWith(payment, event.Data, event.CodecJSON, []byte(`{"cents":450}`), engine.AppendOptions{
		Cause: placed.ID,
		Tags:  []string{"payment", "card"},
	})
	if err != nil {
		log.Fatal(err)
	}
	ev, err := store.At(paid.Sequence)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s caused by sequence %d, depth %d, tags %q\n", ev.Payload, ev.CauseSequence, ev.Position.Depth, ev.Tags)
	// Output:
	// {"cents":450} caused by sequence 1, depth 1, tags ["payment" "card"]
}
