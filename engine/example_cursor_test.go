// CursorGuaranteed: every event at least once, over restarts.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// A worker that is stopped between doing something and acknowledging it does it again: what it does must stand that.
func ExampleStore_CursorGuaranteed() {
	path, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(path)
	open := func() (*engine.Store, *engine.Cursor) {
		store, err := engine.Open(path, engine.Options{})
		if err != nil {
			log.Fatal(err)
		}
		cursor, err := store.CursorGuaranteed(event.EntityPrefix("order-"), engine.CursorOptions{Name: "mailer"})
		if err != nil {
			log.Fatal(err)
		}
		return store, cursor
	}

	store, cursor := open()
	for n := range 4 {
		if _, err := store.Append(event.MustAt(fmt.Sprint("order-", n), "shop"), event.Data, "placed"); err != nil {
			log.Fatal(err)
		}
	}
	for range 3 {
		ev, err := cursor.Next(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("mail for", ev.Entity())
		if ev.Sequence == 3 {
			break // stopped before it acknowledged this one
		}
		if err := cursor.Ack(ev.Sequence); err != nil {
			log.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		log.Fatal(err)
	}

	store, cursor = open()
	defer store.Close()
	for {
		ev, ok, err := cursor.Poll()
		if err != nil {
			log.Fatal(err)
		}
		if !ok {
			break
		}
		fmt.Println("after the restart: mail for", ev.Entity())
	}
	if err := cursor.Ack(cursor.Position()); err != nil {
		log.Fatal(err)
	}
	fmt.Println("acknowledged up to", cursor.Acked(), "and lagging by", cursor.Lag())
	// Output:
	// mail for order-0
	// mail for order-1
	// mail for order-2
	// after the restart: mail for order-2
	// after the restart: mail for order-3
	// acknowledged up to 4 and lagging by 0
}

// Pulling many at a time takes one acknowledgement, and so one sync, for all of them.
func ExampleCursor_PullInto() {
	store, done := exampleStore(engine.Options{Sync: engine.SyncManual()})
	defer done()
	for n := range 250 {
		if _, err := store.Append(event.MustAt("sensor", "plant"), event.Data, n); err != nil {
			log.Fatal(err)
		}
	}

	cursor, err := store.CursorGuaranteed(event.Entity("sensor"), engine.CursorOptions{Name: "exporter"})
	if err != nil {
		log.Fatal(err)
	}
	defer cursor.Close()
	events := make([]event.Event, 100) // its memory is used again and again
	for cursor.Lag() > 0 {
		n, err := cursor.PullInto(context.Background(), events)
		var loss *engine.LossError
		switch {
		case errors.As(err, &loss):
			fmt.Println("exported events may be gone:", loss.First, "to", loss.Last)
			continue
		case err != nil:
			log.Fatal(err)
		}
		fmt.Println("export", n)
		if err := cursor.Ack(events[n-1].Sequence); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// export 100
	// export 100
	// export 50
}

func ExampleStore_Cursors() {
	store, done := exampleStore(engine.Options{})
	defer done()
	for n := range 10 {
		if _, err := store.Append(event.MustAt("sensor", "plant"), event.Data, n); err != nil {
			log.Fatal(err)
		}
	}

	// Positions can be set without a cursor, as for a worker that begins with what comes from now on.
	for name, start := range map[string]engine.Start{"mailer": engine.FromNow(), "exporter": engine.FromAfter(4), "old": engine.FromBeginning()} {
		if err := store.ResetCursor(name, start); err != nil {
			log.Fatal(err)
		}
	}
	if err := store.RemoveCursor("old"); err != nil {
		log.Fatal(err)
	}
	list, err := store.Cursors()
	if err != nil {
		log.Fatal(err)
	}
	for _, info := range list {
		fmt.Printf("%-8s acknowledged %2d, behind by %d, in use %v, problem %v\n", info.Name, info.Acked, info.Lag, info.InUse, info.Err)
	}
	// Output:
	// exporter acknowledged  4, behind by 6, in use false, problem <nil>
	// mailer   acknowledged 10, behind by 0, in use false, problem <nil>
}
