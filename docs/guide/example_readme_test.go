// What the README shows beside its program.

package guide_test

import (
	"context"
	"fmt"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func Example_visits() {
	ctx := context.Background()
	store, done := newStore(engine.Options{})
	defer done()
	visited := event.MustKind(0x8, 0x003)
	for range 3 {
		_, err := store.Append(event.MustAt("page:home", "site"), visited, nil)
		check(err)
	}

	visits := engine.MustProjection(engine.Fold[int]{
		Name: "visits", Version: 1, Kinds: []event.Kind{visited},
		Apply: func(n *int, ev event.Event) error { *n++; return nil },
	})
	state, err := engine.Project(ctx, store, visits, event.Entity("page:home"), engine.Consistent())
	check(err)
	fmt.Println(state.Value, "visits")
	// Output:
	// 3 visits
}
