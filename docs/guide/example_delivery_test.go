// Delivery: following the log, with and without a promise.

package guide_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// say appends texts to an entity, an event each.
func say(store *engine.Store, entity string, texts ...string) {
	for _, text := range texts {
		_, err := store.Append(event.MustAt(entity, "chat"), event.MustKind(0x7, 0x001), text)
		check(err)
	}
}

// textOf returns the text that an event holds.
func textOf(ev event.Event) (text string) {
	check(ev.Decode(&text))
	return text
}

func Example_subscribe() {
	ctx := context.Background()
	store, done := newStore(engine.Options{})
	defer done()
	say(store, "room:1", "hello")

	sub, err := store.SubscribeLossy(event.Entity("room:1"), engine.SubscribeOptions{
		Start:  engine.FromBeginning(),
		Buffer: 2, // events that may wait
	})
	check(err)
	defer sub.Close()

	for n := 0; n < 4; n++ {
		d, err := sub.Next(ctx)
		check(err)
		if d.CaughtUp {
			fmt.Println("(up to date)")
			say(store, "room:1", "one", "two", "three", "four") // more than wait for a slow reader
			continue
		}
		if d.Dropped > 0 {
			fmt.Println("missed", d.Dropped)
		}
		fmt.Println(textOf(d.Event))
	}
	// Output:
	// hello
	// (up to date)
	// missed 2
	// three
	// four
}

func Example_cursor() {
	ctx := context.Background()
	store, done := newStore(engine.Options{})
	defer done()
	say(store, "room:1", "one", "two", "three")

	cursor, err := store.CursorGuaranteed(event.Entity("room:1"), engine.CursorOptions{Name: "mailer"})
	check(err)
	for range 2 {
		ev, err := cursor.Next(ctx)
		check(err)
		fmt.Println("mail:", textOf(ev))
		if ev.Sequence == 1 {
			check(cursor.Ack(ev.Sequence)) // durable when it returns
		}
	}
	check(cursor.Close()) // "two" was mailed, but not acknowledged

	cursor, err = store.CursorGuaranteed(event.Entity("room:1"), engine.CursorOptions{Name: "mailer"})
	check(err)
	defer cursor.Close()
	for cursor.Lag() > 0 {
		ev, err := cursor.Next(ctx)
		check(err)
		fmt.Println("mail after a restart:", textOf(ev))
		check(cursor.Ack(ev.Sequence))
	}
	// Output:
	// mail: one
	// mail: two
	// mail after a restart: two
	// mail after a restart: three
}

func Example_pull() {
	ctx := context.Background()
	store, done := newStore(engine.Options{})
	defer done()
	say(store, "room:1", "one", "two", "three", "four", "five")
	cursor, err := store.CursorGuaranteed(event.Entity("room:1"), engine.CursorOptions{Name: "exporter"})
	check(err)
	defer cursor.Close()

	events := make([]event.Event, 4) // used again and again
	for cursor.Lag() > 0 {
		n, err := cursor.PullInto(ctx, events)
		var loss *engine.LossError
		if errors.As(err, &loss) {
			fmt.Println("may have been exported and are gone:", loss.First, "to", loss.Last)
			continue
		}
		check(err)
		fmt.Println("exported", n)
		check(cursor.Ack(events[n-1].Sequence)) // one sync for all of them
	}
	// Output:
	// exported 4
	// exported 1
}

func Example_reactor() {
	ctx := context.Background()
	store, done := newStore(engine.Options{})
	defer done()

	signedUp, mailed := event.MustKind(0x8, 0x001), event.MustKind(0x8, 0x002)
	reactor, err := store.StartReactor(engine.ReactorOptions{Name: "welcome", Region: event.OfKind(signedUp)},
		func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
			reactions.Add(event.MustAt("mailbox:"+ev.Entity(), ev.Scope()), mailed, "welcome")
			return nil // stored once for each event that the region selects, caused by it, whatever crashes in between
		})
	check(err)

	receipt, err := store.Append(event.MustAt("alice", "site"), signedUp, nil)
	check(err)
	check(reactor.WaitFor(ctx, receipt.Sequence))
	for ev, err := range store.Effects(receipt.ID, engine.GraphOptions{}) {
		check(err)
		fmt.Println(ev.Entity(), textOf(ev))
	}
	check(reactor.Stop())
	// Output:
	// mailbox:alice welcome
}

func Example_parked() {
	ctx := context.Background()
	store, done := newStore(engine.Options{})
	defer done()
	say(store, "room:1", "fine", "", "fine again")

	moderate := func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
		if textOf(ev) == "" {
			return errors.New("nothing was said")
		}
		return nil
	}
	reactor, err := store.StartReactor(engine.ReactorOptions{
		Name:    "moderator",
		Region:  event.Entity("room:1"),
		OnError: engine.ErrorPolicy{Attempts: 2, Park: true},
	}, moderate)
	check(err)
	check(reactor.WaitFor(ctx, 3))

	for parked, err := range store.Parked("moderator") {
		check(err)
		fmt.Println("event", parked.Sequence, "after", parked.Attempts, "attempts:", parked.Problem)
	}
	// Output:
	// event 2 after 2 attempts: nothing was said
}
