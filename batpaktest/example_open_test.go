// Open: a store that a test can't forget to close, and whose times and ids repeat.

package batpaktest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/batpak/batpak/batpaktest"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// In a test, t is what the test function is given; here it prints what the test would fail with.
func ExampleOpen() {
	example(func(t testing.TB) {
		store := batpaktest.Open(t)
		receipt, err := store.Append(event.MustAt("room:hall", "theatre"), event.Data, "opened")
		fmt.Println(receipt.Sequence, receipt.Position.Wall, err) // the same in every run
		store.Close()
	})
	example(func(t testing.TB) {
		batpaktest.Open(t) // and nothing closes it
	})
	// Output:
	// 1 1767225600001 <nil>
	// ok
	// batpaktest: the store opened at example_open_test.go:24 was not closed
}

func ExampleOpenIn() {
	example(func(t testing.TB) {
		dir := t.TempDir()
		store := batpaktest.OpenIn(t, dir, engine.Options{Sync: engine.SyncManual()})
		if _, err := store.Append(event.MustAt("room:hall", "theatre"), event.Data, "opened"); err != nil {
			t.Fatalf("append: %v", err)
		}
		store.Close()

		store = batpaktest.OpenIn(t, dir)
		defer store.Close()
		fmt.Println(store.Stats().Events, "event")
	})
	// Output:
	// 1 event
	// ok
}

func ExampleClock() {
	clock := batpaktest.NewClock()
	fmt.Println(clock.Now())
	fmt.Println(clock.Now())
	clock.Advance(time.Hour)
	fmt.Println(clock.Now())
	// Output:
	// 2026-01-01 00:00:00 +0000 UTC
	// 2026-01-01 00:00:00.001 +0000 UTC
	// 2026-01-01 01:00:00.002 +0000 UTC
}

func ExampleNewRandom() {
	example(func(t testing.TB) {
		for range 2 {
			store := batpaktest.Open(t, engine.Options{Random: batpaktest.NewRandom(7)})
			fmt.Println(store.Stats().Identity)
			store.Close()
		}
	})
	// Output:
	// 8e4a270c7028bc884f8f789f44ebb18e
	// 8e4a270c7028bc884f8f789f44ebb18e
	// ok
}
