// Append and query: events in, events out, and what led to what.

package guide_test

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func Example_append() {
	store, done := newStore(engine.Options{})
	defer done()

	sensor, reading := event.MustAt("sensor:7", "plant"), event.MustKind(0x2, 0x001)

	// Any value, as deterministic MessagePack.
	_, err := store.Append(sensor, reading, map[string]any{"celsius": 21.5})
	check(err)
	// Bytes that are encoded already; nothing is allocated.
	_, err = store.AppendBytes(sensor, reading, event.CodecJSON, []byte(`{"celsius":22}`))
	check(err)
	// With what else an event can say.
	_, err = store.AppendWith(sensor, reading, map[string]any{"celsius": 93},
		engine.AppendOptions{Tags: []string{"alarm"}, Metadata: []byte("firmware 1.2")})
	check(err)

	for ev, err := range store.Query(event.Entity("sensor:7"), engine.ReadOptions{}) {
		check(err)
		value, err := ev.Value()
		check(err)
		fmt.Println(ev.Sequence, ev.Codec, value, ev.Tags)
	}
	// Output:
	// 1 messagepack map[celsius:21.5] []
	// 2 json map[celsius:22] []
	// 3 messagepack map[celsius:93] [alarm]
}

func Example_query() {
	store, done := newStore(engine.Options{})
	defer done()
	placed, paid := event.MustKind(0x3, 0x001), event.MustKind(0x3, 0x002)
	for n, kind := range []event.Kind{placed, placed, paid, placed, paid} {
		_, err := store.Append(event.MustAt(fmt.Sprint("order:", n%2), "shop"), kind, n)
		check(err)
	}

	// The two newest orders that were placed, newest first.
	newest := engine.ReadOptions{Direction: engine.Backward, Limit: 2}
	for ev, err := range store.Query(event.Scope("shop").Kind(placed), newest) {
		check(err)
		fmt.Println(ev.Sequence, ev.Entity())
	}

	// The history of one entity, and where it stands.
	for ev, err := range store.Stream("order:0", engine.ReadOptions{}) {
		check(err)
		fmt.Println(ev.Position.Clock, ev.Kind)
	}
	clock, err := store.Clock("order:0")
	check(err)
	fmt.Println("clock", clock)
	// Output:
	// 4 order:1
	// 2 order:1
	// 1 0x3001
	// 2 0x3002
	// 3 0x3002
	// clock 3
}

func Example_keep() {
	store, done := newStore(engine.Options{})
	defer done()
	for _, text := range []string{"first", "second"} {
		_, err := store.AppendBytes(event.MustAt("wall", "chat"), event.Data, event.CodecRaw, []byte(text))
		check(err)
	}

	var kept []event.Event
	for ev, err := range store.Events(1, 0, engine.ReadOptions{}) {
		check(err)
		kept = append(kept, ev.Clone()) // ev.Payload alone is valid until the next step
	}
	fmt.Printf("%s %s\n", kept[0].Payload, kept[1].Payload)
	// Output:
	// first second
}

func Example_causes() {
	store, done := newStore(engine.Options{})
	defer done()
	placed, reserved, shipped := event.MustKind(0x3, 1), event.MustKind(0x3, 3), event.MustKind(0x3, 4)

	order, err := store.Append(event.MustAt("order:1", "shop"), placed, "tea")
	check(err)
	stock, err := store.AppendReaction(order.ID, event.MustAt("stock:tea", "shop"), reserved, 1, engine.AppendOptions{})
	check(err)
	parcel, err := store.AppendReaction(stock.ID, event.MustAt("parcel:1", "shop"), shipped, "tea", engine.AppendOptions{})
	check(err)

	for ev, err := range store.Causes(parcel.ID, engine.GraphOptions{}) {
		check(err)
		fmt.Println("because of", ev.Entity())
	}
	for ev, err := range store.Effects(order.ID, engine.GraphOptions{}) {
		check(err)
		fmt.Println("led to", ev.Entity())
	}
	// Output:
	// because of stock:tea
	// because of order:1
	// led to stock:tea
	// led to parcel:1
}

func Example_notFound() {
	store, done := newStore(engine.Options{})
	defer done()

	_, err := store.At(7)
	fmt.Println(errors.Is(err, engine.ErrNotFound), err)
	_, err = store.Append(event.MustAt("sensor:7", "plant"), event.Data, make(chan int))
	fmt.Println(errors.Is(err, engine.ErrInvalid), err)
	// Output:
	// true sequence 7: batpak: event not found
	// true append 0x1000 to sensor:7@plant: batpak: value cannot be encoded: chan int: values of kind chan have no encoding
}
