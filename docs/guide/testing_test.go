// Testing: the tests that the page about testing shows.

package guide_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/batpak/batpak/batpaktest"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestAnOrderIsStored(t *testing.T) {
	store := batpaktest.Open(t) // a store that is left open fails the test
	defer store.Close()

	receipt, err := store.Append(event.MustAt("order:1", "shop"), event.Data, "tea")
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Position.Wall != 1767225600001 { // its clock repeats
		t.Error("stored at", receipt.Position.Wall)
	}
}

func TestDepositsAddUp(t *testing.T) {
	balance := totals()
	deposited, account := event.MustKind(0x4, 0x001), event.MustAt("account:alice", "bank")

	batpaktest.Fold(t, balance).
		Given(batpaktest.NewEvent(account, deposited, 100)).
		When(batpaktest.NewEvent(account, deposited, 20)).
		Then(total{Cents: 120, Deposits: 2})
}

func Example_failingFold() {
	balance := totals()
	deposited, account := event.MustKind(0x4, 0x001), event.MustAt("account:alice", "bank")
	t := newPrinting()
	defer t.end()

	batpaktest.Fold(t, balance).
		When(batpaktest.NewEvent(account, deposited, 20)).
		Then(total{Cents: 30, Deposits: 1})
	// Output:
	// batpaktest: the state differs (- want, + got):
	//   guide_test.total{
	// -   Cents: 30
	// +   Cents: 20
	//     Deposits: 1
	//   }
}

func TestAPaidOrderIsShipped(t *testing.T) {
	paid, shipped := event.MustKind(0x3, 0x002), event.MustKind(0x3, 0x004)
	order, parcel := event.MustAt("order:1", "shop"), event.MustAt("parcel:1", "shop")

	ship := func(_ context.Context, ev event.Event, reactions *engine.Batch) error {
		reactions.Add(parcel, shipped, "tea")
		return nil
	}
	batpaktest.React(t, ship).
		When(batpaktest.NewEvent(order, paid, 20)).
		Then(batpaktest.NewEvent(parcel, shipped, "tea"))
}

func Example_powerCut() {
	at := event.MustAt("account:alice", "bank")

	disk := batpaktest.NewDisk()
	store, err := disk.Open(engine.Options{Sync: engine.SyncManual()})
	check(err)
	for n := range 5 {
		_, err := store.Append(at, event.Data, n)
		check(err)
	}
	check(store.Sync())
	for n := range 5 {
		_, err := store.Append(at, event.Data, n)
		check(err)
	}

	least, most := uint64(10), uint64(0)
	for seed := range uint64(50) {
		again, err := disk.PowerCut(seed).Open(engine.Options{})
		check(err)
		survived := again.Stats().Events
		least, most = min(least, survived), max(most, survived)
		check(again.Close())
	}
	fmt.Println("what was synced is always there:", least >= 5)
	fmt.Println("what was not, sometimes:", most > 5 && most <= 10)
	fmt.Println("the store was cut off:", store.Close() != nil)
	// Output:
	// what was synced is always there: true
	// what was not, sometimes: true
	// the store was cut off: true
}

func Example_failingSync() {
	disk := batpaktest.NewDisk()
	store, err := disk.Open(engine.Options{})
	check(err)
	at := event.MustAt("account:alice", "bank")

	disk.FailSyncs(errors.New("the disk is gone"))
	once := engine.AppendOptions{Key: "payment:981"}
	_, err = store.AppendWith(at, event.Data, 100, once) // ErrIndeterminate; ErrPoisoned, if a sync in the background was first
	fmt.Println("not acknowledged:", err != nil)
	_, err = store.Append(at, event.Data, 7)
	fmt.Println("poisoned:", errors.Is(err, engine.ErrPoisoned))
	fmt.Println("Close says so too:", store.Close() != nil)

	// Open it again, and make the append again with its key.
	disk.FailSyncs(nil)
	store, err = disk.Open(engine.Options{})
	check(err)
	_, err = store.AppendWith(at, event.Data, 100, once)
	check(err)
	fmt.Println("events:", store.Stats().Events)
	check(store.Close())
	// Output:
	// not acknowledged: true
	// poisoned: true
	// Close says so too: true
	// events: 1
}
