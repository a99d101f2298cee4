// Fold: states that hold maps, folds that fail.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleNewProjection() {
	store, done := exampleStore(engine.Options{})
	defer done()

	// A state that holds a map gets a Clone; without one it is copied by encoding it, which takes longer.
	type rooms struct{ visitors map[string]int }
	visits, err := engine.NewProjection(engine.Fold[rooms]{
		Name:    "visits by room",
		Initial: func() rooms { return rooms{visitors: make(map[string]int)} },
		Apply:   func(r *rooms, ev event.Event) error { r.visitors[ev.Scope()]++; return nil },
		Clone:   func(r rooms) rooms { return rooms{visitors: maps.Clone(r.visitors)} },
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, room := range []string{"hall", "tower", "hall"} {
		if _, err := store.Append(event.MustAt("player:alice", room), event.Data, "came in"); err != nil {
			log.Fatal(err)
		}
	}
	state, err := engine.Project(context.Background(), store, visits, event.Entity("player:alice"), engine.Consistent())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(state.Value.visitors)
	// Output:
	// map[hall:2 tower:1]
}

func ExampleFoldError() {
	store, done := exampleStore(engine.Options{})
	defer done()

	strict := engine.MustProjection(engine.Fold[int]{Name: "strict", Apply: func(sum *int, ev event.Event) error {
		var amount int
		if err := ev.Decode(&amount); err != nil {
			return err
		}
		*sum += amount
		return nil
	}})
	for _, payload := range []any{1, 2, "three"} {
		if _, err := store.Append(event.MustAt("account:alice", "bank"), event.Data, payload); err != nil {
			log.Fatal(err)
		}
	}
	_, err := engine.Project(context.Background(), store, strict, event.Entity("account:alice"), engine.Consistent())
	if failed, ok := errors.AsType[*engine.FoldError](err); ok {
		fmt.Println(failed.Projection, "failed at sequence", failed.Sequence, "of", failed.Entity)
	}
	// Output:
	// strict failed at sequence 3 of account:alice
}
