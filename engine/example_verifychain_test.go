// VerifyChain: is the store still what it was?

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_VerifyChain() {
	store, done := exampleStore(engine.Options{})
	defer done()

	for i := range 10 {
		at := event.MustAt(fmt.Sprint("sensor:", i%2), "plant")
		if _, err := store.Append(at, event.Data, map[string]int{"value": i}); err != nil {
			log.Fatal(err)
		}
	}
	kept, err := store.Head() // one line of text, to be kept where nobody can change it
	if err != nil {
		log.Fatal(err)
	}

	report, err := store.VerifyChain(context.Background(), event.Everything(), engine.VerifyOptions{Heads: []event.TreeHead{kept}})
	var fault *engine.ChainError
	switch {
	case errors.As(err, &fault):
		fmt.Println("event", fault.Sequence, "does not hold:", fault.Reason)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println(report.Events, "events of", report.Entities, "entities hold")
	fmt.Println("they are those of the kept head:", report.Head == kept)

	part, err := store.VerifyChain(context.Background(), event.Entity("sensor:1"), engine.VerifyOptions{})
	fmt.Println(part.Events, "events of one entity hold,", err)
	// Output:
	// 10 events of 2 entities hold
	// they are those of the kept head: true
	// 5 events of one entity hold, <nil>
}
