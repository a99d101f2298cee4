// Batches and conditions: several events as one, and only where what was read still holds.

package guide_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// balanceOf folds an account by hand: what is on it, and the clock up to which that is so.
func balanceOf(store *engine.Store, account string) (cents int, clock uint64) {
	for ev, err := range store.Stream(account, engine.ReadOptions{}) {
		check(err)
		var change int
		check(ev.Decode(&change))
		cents, clock = cents+change, ev.Position.Clock
	}
	return cents, clock
}

func Example_transfer() {
	store, done := newStore(engine.Options{})
	defer done()
	booked := event.MustKind(0x4, 0x001)
	alice, bob := event.MustAt("account:alice", "bank"), event.MustAt("account:bob", "bank")
	_, err := store.Append(alice, booked, 1000)
	check(err)

	cents, clock := balanceOf(store, "account:alice") // what decides, and up to where it was read
	if cents < 300 {
		log.Fatal("not enough")
	}
	var transfer engine.Batch
	transfer.Key = "transfer:4711"
	out := transfer.Add(alice, booked, -300).Expect(engine.ExpectClock(clock))
	transfer.Add(bob, booked, 300).CausedBy(out)
	receipts, err := store.AppendBatch(&transfer) // both or none
	check(err)
	fmt.Println(len(receipts), "events")

	again, err := store.AppendBatch(&transfer) // the answer was lost, say: it is asked once more
	check(err)
	fmt.Println("duplicate:", again[0].Duplicate, "same events:", again[0].ID == receipts[0].ID)
	cents, _ = balanceOf(store, "account:alice")
	fmt.Println("on account:alice:", cents)
	// Output:
	// 2 events
	// duplicate: true same events: true
	// on account:alice: 700
}

func Example_conflict() {
	store, done := newStore(engine.Options{})
	defer done()
	booked, alice := event.MustKind(0x4, 0x001), event.MustAt("account:alice", "bank")
	_, err := store.Append(alice, booked, 1000)
	check(err)
	interfere := true

	for attempt := 1; ; attempt++ {
		cents, clock := balanceOf(store, "account:alice")
		if interfere {
			interfere = false
			_, err := store.Append(alice, booked, -900) // somebody else is faster
			check(err)
		}
		if cents < 500 {
			fmt.Println("attempt", attempt, "declined, there are", cents)
			break
		}
		_, err := store.AppendWith(alice, booked, -500, engine.AppendOptions{Expect: engine.ExpectClock(clock)})
		if errors.Is(err, engine.ErrConflict) {
			fmt.Println("attempt", attempt, err)
			continue // read again, decide again
		}
		check(err)
		break
	}
	// Output:
	// attempt 1 batpak: "account:alice" was to have clock 1, it has 2 (sequence 2)
	// attempt 2 declined, there are 100
}

func Example_noneAfter() {
	store, done := newStore(engine.Options{})
	defer done()
	booked, room := event.MustKind(0x5, 0x001), event.MustAt("room:12", "hotel")

	taken := event.Entity("room:12").Tags("2026-05-01")
	asOf := store.Stats().Visible // before the reading begins
	free := true
	for _, err := range store.Query(taken, engine.ReadOptions{Limit: 1}) {
		check(err)
		free = false
	}
	fmt.Println("free:", free)
	booking := engine.AppendOptions{
		Tags:       []string{"2026-05-01"},
		Conditions: []engine.Condition{engine.NoneAfter(taken, asOf)},
	}
	_, err := store.AppendWith(room, booked, "alice", booking)
	fmt.Println("alice:", err)
	_, err = store.AppendWith(room, booked, "bob", booking) // who read at the same time
	fmt.Println("bob:", errors.Is(err, engine.ErrConflict))
	// Output:
	// free: true
	// alice: <nil>
	// bob: true
}

func Example_keys() {
	store, done := newStore(engine.Options{})
	defer done()
	booked, alice := event.MustKind(0x4, 0x001), event.MustAt("account:alice", "bank")

	once := engine.AppendOptions{Key: "payment:981"}
	first, err := store.AppendWith(alice, booked, 250, once)
	check(err)
	second, err := store.AppendWith(alice, booked, 250, once)
	check(err)
	fmt.Println(first.Sequence, second.Sequence, second.Duplicate)

	_, err = store.AppendWith(alice, booked, 999, once) // another request under the same key
	fmt.Println(errors.Is(err, engine.ErrIdempotencyConflict))
	// Output:
	// 1 1 true
	// true
}

func Example_batchErrors() {
	store, done := newStore(engine.Options{})
	defer done()
	booked := event.MustKind(0x4, 0x001)

	var batch engine.Batch
	batch.Add(event.MustAt("account:alice", "bank"), booked, 1)
	batch.Add(event.MustAt("account:bob", "bank"), booked, 2).Expect(engine.ExpectClock(5))
	_, err := store.AppendBatch(&batch)
	var failed *engine.BatchError
	if errors.As(err, &failed) {
		fmt.Println("item", failed.Item, "failed at", failed.Stage)
	}
	fmt.Println(store.Stats().Events, "events stored")
	// Output:
	// item 1 failed at condition
	// 0 events stored
}
