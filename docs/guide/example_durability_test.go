// Durability and tuning: what a call waits for, and what a store says of itself.

package guide_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func Example_policy() {
	dir, err := os.MkdirTemp("", "guide-")
	check(err)
	defer os.RemoveAll(dir)

	store, err := engine.Open(dir, engine.Options{
		Sync: engine.SyncEvery(1000, time.Second), // a power cut takes 2,000 events, or a second and one sync, at most
	})
	check(err)
	sensor := event.MustAt("sensor:7", "plant")
	for n := range 5000 {
		_, err := store.Append(sensor, event.Data, n) // a copy into memory
		check(err)
	}
	check(store.Sync()) // everything up to here is on the disk
	stats := store.Stats()
	fmt.Println("durable", stats.Durable, "of", stats.Staged)
	check(store.Close())
	// Output:
	// durable 5000 of 5000
}

func Example_waits() {
	ctx := context.Background()
	store, done := newStore(engine.Options{})
	defer done()
	at := event.MustAt("order:1", "shop")

	var last uint64
	for n := range 100 {
		receipt, err := store.AppendWith(at, event.Data, n, engine.AppendOptions{Wait: engine.WaitStaged})
		check(err)
		last = receipt.Sequence
	}
	check(store.WaitDurable(ctx, last)) // and with it every one before
	fmt.Println("durable:", store.Stats().Durable)
	// Output:
	// durable: 100
}

func Example_appendAll() {
	ctx := context.Background()
	store, done := newStore(engine.Options{})
	defer done()

	at, kind := event.MustAt("shop:1", "shop"), event.MustKind(0x3, 0x001)
	appendAll := func(orders []string) error {
		var last uint64
		for _, order := range orders {
			receipt, err := store.AppendWith(at, kind, order, engine.AppendOptions{Wait: engine.WaitStaged})
			if err != nil {
				return err
			}
			last = receipt.Sequence
		}
		return store.WaitDurable(ctx, last)
	}
	check(appendAll([]string{"tea", "rice"}))
	fmt.Println("durable:", store.Stats().Durable)
	// Output:
	// durable: 2
}

func Example_indeterminate() {
	store, done := newStore(engine.Options{Sync: engine.SyncManual()})
	defer done()
	receipt, err := store.Append(event.MustAt("order:1", "shop"), event.Data, "tea")
	check(err)

	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nobody waits any more
	err = store.WaitDurable(ctx, receipt.Sequence)
	fmt.Println(errors.Is(err, engine.ErrIndeterminate), errors.Is(err, context.Canceled))
	// Output:
	// true true
}

func Example_lock() {
	dir, err := os.MkdirTemp("", "guide-")
	check(err)
	defer os.RemoveAll(dir)
	store, err := engine.Open(dir, engine.Options{})
	check(err)

	_, err = engine.Open(dir, engine.Options{})
	fmt.Println(errors.Is(err, engine.ErrLocked))
	check(store.Close()) // its error is the last chance to hear of a failure
	_, err = store.At(1)
	fmt.Println(errors.Is(err, engine.ErrClosed))

	readers, err := engine.Open(dir, engine.Options{ReadOnly: true})
	check(err)
	_, err = readers.Append(event.MustAt("order:1", "shop"), event.Data, "tea")
	fmt.Println(errors.Is(err, engine.ErrReadOnly))
	check(readers.Close())
	// Output:
	// true
	// true
	// true
}

func Example_reuse() {
	store, done := newStore(engine.Options{Sync: engine.SyncManual()})
	defer done()
	sensor := event.MustAt("sensor:7", "plant")

	payload := make([]byte, 0, 16)
	for n := range 3 {
		payload = fmt.Append(payload[:0], "reading ", n)
		_, err := store.AppendBytes(sensor, event.Data, event.CodecRaw, payload) // copied before it returns
		check(err)
	}
	var ev event.Event
	for sequence := range store.Stats().Visible {
		check(store.GetInto(sequence+1, &ev)) // into the same memory
		fmt.Printf("%d %s\n", ev.Sequence, ev.Payload)
	}
	// Output:
	// 1 reading 0
	// 2 reading 1
	// 3 reading 2
}

func Example_verify() {
	ctx := context.Background()
	store, done := newStore(engine.Options{})
	defer done()
	for n := range 3 {
		_, err := store.Append(event.MustAt("order:1", "shop"), event.Data, n)
		check(err)
	}

	head, err := store.Head() // one line, to be kept elsewhere
	check(err)
	_, err = store.Append(event.MustAt("order:1", "shop"), event.Data, "later")
	check(err)

	report, err := store.VerifyChain(ctx, event.Everything(), engine.VerifyOptions{})
	check(err)
	fmt.Println(report.Events, "events hold")
	fmt.Println("still the same history:", store.CheckHead(head) == nil)
	// Output:
	// 4 events hold
	// still the same history: true
}
