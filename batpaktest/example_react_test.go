// React: what a reactor's function answers events with, and how a case that fails looks.

package batpaktest_test

import (
	"context"
	"testing"

	"github.com/batpak/batpak/batpaktest"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// In a test, t is what the test function is given; here it prints what the test would fail with.
func ExampleReact() {
	asked, confirmed := event.MustKind(3, 3), event.MustKind(3, 4)
	letters := event.MustAt("letters:alice", "theatre")
	confirm := func(_ context.Context, ev event.Event, reactions *engine.Batch) error {
		var name string
		if err := ev.Decode(&name); err != nil {
			return err
		}
		reactions.Add(letters, confirmed, "a seat for "+name)
		return nil
	}

	example(func(t testing.TB) {
		batpaktest.React(t, confirm).
			Given(batpaktest.NewEvent(hall, built, 100)).
			When(batpaktest.NewEvent(hall, asked, "alice")).
			Then(batpaktest.NewEvent(letters, confirmed, "a seat for alice"))
	})
	example(func(t testing.TB) {
		batpaktest.React(t, confirm).
			When(batpaktest.NewEvent(hall, asked, "alice")).
			Then(batpaktest.NewEvent(letters, confirmed, "two seats for alice"))
	})
	// Output:
	// ok
	// batpaktest: the reactions differ (- want, + got):
	//   0x3004 at letters:alice@theatre
	// -   "two seats for alice"
	// +   "a seat for alice"
}

// A function that reads the store is made anew for each store that the case opens.
func ExampleReactWith() {
	warned := event.MustKind(3, 5)
	warn := func(store *engine.Store) engine.React {
		return func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
			state, err := engine.Project(ctx, store, seats, event.Entity(ev.Entity()).Sequences(0, ev.Sequence), engine.Consistent())
			if err == nil && state.Value.Free == 0 {
				reactions.Add(hall, warned, "sold out")
			}
			return err
		}
	}
	example(func(t testing.TB) {
		batpaktest.ReactWith(t, warn).
			Given(batpaktest.NewEvent(hall, built, 2), batpaktest.NewEvent(hall, reserved, "alice")).
			When(batpaktest.NewEvent(hall, reserved, "bob")).
			Then(batpaktest.NewEvent(hall, warned, "sold out"))
	})
	// Output:
	// ok
}

// A reaction that another one caused says so, by the sequence that it has in the case: one event is before both.
func ExampleEvent_CausedBy() {
	cleaned, aired := event.MustKind(3, 8), event.MustKind(3, 9)
	tidy := func(_ context.Context, _ event.Event, reactions *engine.Batch) error {
		first := reactions.Add(hall, cleaned, nil)
		reactions.Add(hall, aired, nil).CausedBy(first)
		return nil
	}
	example(func(t testing.TB) {
		batpaktest.React(t, tidy).
			When(batpaktest.NewEvent(hall, reserved, "alice")).
			Then(batpaktest.NewEvent(hall, cleaned, nil), batpaktest.NewEvent(hall, aired, nil).CausedBy(2))
	})
	// Output:
	// ok
}

// What a reaction has beside its value must be expected.
func ExampleEvent_With() {
	charged := event.MustKind(3, 10)
	charge := func(_ context.Context, ev event.Event, reactions *engine.Batch) error {
		reactions.Add(hall, charged, 20).With(engine.AppendOptions{Metadata: []byte("EUR"), Key: "charge " + ev.Entity()})
		return nil
	}
	example(func(t testing.TB) {
		batpaktest.React(t, charge).
			When(batpaktest.NewEvent(hall, reserved, "alice")).
			Then(batpaktest.NewEvent(hall, charged, 20).With(engine.AppendOptions{Metadata: []byte("USD"), Key: "charge room:hall"}))
	})
	// Output:
	// batpaktest: the reactions differ (- want, + got):
	//   0x300A at room:hall@theatre
	// -   metadata []byte("USD")
	// +   metadata []byte("EUR")
	//     key "charge room:hall"
	//     20
}

// Events of a typed kind are written down with its Go type; the case needs the registry.
func ExampleTyped() {
	type Asked struct{ Name string }
	type Denied struct{ Name string }
	registry := engine.NewRegistry()
	asked := engine.MustRegister[Asked](registry, event.MustKind(3, 6), "seat.asked", 1)
	denied := engine.MustRegister[Denied](registry, event.MustKind(3, 7), "seat.denied", 1)
	deny := func(_ context.Context, ev event.Event, reactions *engine.Batch) error {
		question, err := asked.Decode(ev)
		denied.AddTo(reactions, hall, Denied(question))
		return err
	}
	example(func(t testing.TB) {
		batpaktest.React(t, deny).
			Options(engine.Options{Registry: registry}).
			When(batpaktest.Typed(asked, hall, Asked{"carol"})).
			Then(batpaktest.Typed(denied, hall, Denied{"carol"}))
	})
	// Output:
	// ok
}
