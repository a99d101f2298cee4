// StartReactor: events answered with events, and events that could not be.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_StartReactor() {
	store, done := exampleStore(engine.Options{})
	defer done()

	placed, reserved := event.MustKind(0x1, 0x001), event.MustKind(0x1, 0x002)
	type line struct {
		Article string `codec:"article"`
		Units   int    `codec:"units"`
	}
	reactor, err := store.StartReactor(engine.ReactorOptions{
		Name:   "reserve",
		Region: event.OfKind(placed),
	}, func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
		var ordered line
		if err := ev.Decode(&ordered); err != nil {
			return err
		}
		reactions.Add(event.MustAt("stock:"+ordered.Article, ev.Scope()), reserved, ordered)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	for i, article := range []string{"tea", "rice"} {
		if _, err := store.Append(event.MustAt(fmt.Sprint("order:", i), "shop"), placed, line{article, 2}); err != nil {
			log.Fatal(err)
		}
	}
	if err := reactor.WaitFor(context.Background(), store.Stats().Visible); err != nil {
		log.Fatal(err)
	}
	for ev, err := range store.Query(event.OfKind(reserved), engine.ReadOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		cause, err := store.Get(ev.Cause)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Entity(), "because of", cause.Entity())
	}
	fmt.Println(reactor.Stats().Reactions, reactor.Stop())
	// Output:
	// stock:tea because of order:0
	// stock:rice because of order:1
	// 2 <nil>
}

func ExampleStore_Parked() {
	store, done := exampleStore(engine.Options{})
	defer done()

	posted := event.MustKind(0x1, 0x003)
	for _, text := range []string{"hello", "", "goodbye"} {
		if _, err := store.Append(event.MustAt("wall", "chat"), posted, text); err != nil {
			log.Fatal(err)
		}
	}
	reactor, err := store.StartReactor(engine.ReactorOptions{
		Name:    "count",
		Region:  event.OfKind(posted),
		OnError: engine.ErrorPolicy{Attempts: 3, Park: true},
	}, func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
		var text string
		if err := ev.Decode(&text); err != nil {
			return err
		}
		if text == "" {
			return errors.New("nothing was said")
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := reactor.WaitFor(context.Background(), 3); err != nil {
		log.Fatal(err)
	}
	for parked, err := range store.Parked("count") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("event %d, after %d attempts: %s\n", parked.Sequence, parked.Attempts, parked.Problem)
		fmt.Println(parked.Record.Coordinate, parked.Record.Kind == event.EffectError)
	}
	// Output:
	// event 2, after 3 attempts: nothing was said
	// parked:count@chat true
}
