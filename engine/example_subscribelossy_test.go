// SubscribeLossy: what comes, for who keeps up; and how many were missed, for who does not.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func exampleNumbers(store *engine.Store, entity string, from, to int) {
	for i := from; i <= to; i++ {
		if _, err := store.AppendBytes(event.MustAt(entity, "scope"), event.Data, event.CodecRaw, fmt.Append(nil, i)); err != nil {
			log.Fatal(err)
		}
	}
}

func ExampleStore_SubscribeLossy() {
	store, done := exampleStore(engine.Options{Sync: engine.SyncManual()})
	defer done()

	exampleNumbers(store, "sensor:1", 1, 2)
	// History first, a mark where it ends, and then what comes, of which at most three events wait.
	sub, err := store.SubscribeLossy(event.Entity("sensor:1"), engine.SubscribeOptions{Start: engine.FromBeginning(), Buffer: 3})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = sub.Close() }()
	ctx := context.Background()
	for range 7 {
		d, err := sub.Next(ctx)
		switch {
		case err != nil:
			log.Fatal(err)
		case d.CaughtUp:
			fmt.Println("up to date")
			exampleNumbers(store, "sensor:2", 1, 100) // of no concern
			exampleNumbers(store, "sensor:1", 3, 3)
			continue
		case d.Dropped > 0:
			fmt.Println("missed", d.Dropped)
		}
		fmt.Printf("%s\n", d.Event.Payload)
		if string(d.Event.Payload) == "3" {
			exampleNumbers(store, "sensor:1", 4, 10)
		}
	}
	fmt.Println("missed in all:", sub.Dropped())
	// Output:
	// 1
	// 2
	// up to date
	// 3
	// missed 4
	// 8
	// 9
	// 10
	// missed in all: 4
}

func ExampleSubscription_Poll() {
	store, done := exampleStore(engine.Options{Sync: engine.SyncManual()})
	defer done()

	sub, err := store.SubscribeLossy(event.Everything(), engine.SubscribeOptions{})
	if err != nil {
		log.Fatal(err)
	}
	_, ok, err := sub.Poll()
	fmt.Println(ok, err)
	exampleNumbers(store, "sensor:1", 1, 1)
	d, ok, err := sub.Poll()
	fmt.Println(d.Event.Entity(), ok, err)
	// Output:
	// false <nil>
	// sensor:1 true <nil>
}

func ExampleSubscription_All() {
	store, done := exampleStore(engine.Options{Sync: engine.SyncManual()})
	defer done()

	exampleNumbers(store, "sensor:1", 1, 9)
	even := func(ev *event.Event) bool { return ev.Sequence%2 == 0 }
	sub, err := store.SubscribeLossy(event.Everything(), engine.SubscribeOptions{Start: engine.FromAfter(3), Filter: even, Take: 2})
	if err != nil {
		log.Fatal(err)
	}
	for d, err := range sub.All(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.Event.Sequence)
	}
	_, err = sub.Next(context.Background())
	fmt.Println("all taken:", errors.Is(err, io.EOF))
	// Output:
	// 4
	// 6
	// all taken: true
}

func ExampleSubscription_Channel() {
	store, done := exampleStore(engine.Options{Sync: engine.SyncManual()})
	defer done()

	sub, err := store.SubscribeLossy(event.EntityPrefix("sensor:"), engine.SubscribeOptions{})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	deliveries := sub.Channel(ctx)
	exampleNumbers(store, "sensor:1", 1, 2)
	for d := range deliveries {
		fmt.Printf("%s of %s\n", d.Event.Payload, d.Event.Entity())
		if d.Event.Sequence == 2 {
			cancel()
		}
	}
	fmt.Println(sub.Err())
	// Output:
	// 1 of sensor:1
	// 2 of sensor:1
	// context canceled
}
