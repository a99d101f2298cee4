// Query: events of a region, whatever they have in common.

package engine_test

import (
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_Query() {
	store, done := exampleStore(engine.Options{})
	defer done()

	moved, fought := event.MustKind(0xF, 0x001), event.MustKind(0xF, 0x002)
	for _, e := range []struct {
		player string
		kind   event.Kind
		tags   []string
	}{
		{"player:alice", moved, nil}, {"player:bob", moved, nil}, {"player:alice", fought, []string{"won"}},
		{"monster:7", moved, nil}, {"player:bob", fought, []string{"lost"}},
	} {
		at := event.MustAt(e.player, "room:dungeon")
		if _, err := store.AppendBytesWith(at, e.kind, event.CodecRaw, nil, engine.AppendOptions{Tags: e.tags}); err != nil {
			log.Fatal(err)
		}
	}
	// What players did, but for moving; and everything of the monster.
	region := event.Union(event.EntityPrefix("player:").Kind(fought), event.Entity("monster:7"))
	for ev, err := range store.Query(region, engine.ReadOptions{Direction: engine.Backward}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Sequence, ev.Entity(), ev.Kind, ev.Tags)
	}
	// Output:
	// 5 player:bob 0xF002 [lost]
	// 4 monster:7 0xF001 []
	// 3 player:alice 0xF002 [won]
}

func ExampleStore_Stream() {
	store, done := exampleStore(engine.Options{})
	defer done()

	for _, text := range []string{"opened", "paid", "shipped"} {
		for _, order := range []string{"order-1", "order-2"} {
			if _, err := store.AppendBytes(event.MustAt(order, "shop"), event.Data, event.CodecRaw, []byte(text)); err != nil {
				log.Fatal(err)
			}
		}
	}
	newest := engine.ReadOptions{Direction: engine.Backward, Limit: 2}
	for ev, err := range store.Stream("order-2", newest) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Position.Clock, string(ev.Payload))
	}
	// Output:
	// 3 shipped
	// 2 paid
}
