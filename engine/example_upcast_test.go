// Upcast: events of old versions, decoded as if they were of the latest.

package engine_test

import (
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleUpcast() {
	// Version 1 had one name, version 2 has two.
	type namedV1 struct{ Name string }
	type named struct{ First, Last string }

	registry := engine.NewRegistry()
	renamed := engine.MustRegister[named](registry, event.MustKind(1, 1), "person.named", 2,
		engine.Upcast(1, func(old namedV1) (named, error) {
			var n named
			if _, err := fmt.Sscan(old.Name, &n.First, &n.Last); err != nil {
				return named{}, fmt.Errorf("a name of two words: %w", err)
			}
			return n, nil
		}))
	store, done := exampleStore(engine.Options{Registry: registry})
	defer done()

	at := event.MustAt("person:1", "people")
	// What the program of last year appended.
	old := engine.AppendOptions{Version: 1}
	if _, err := store.AppendWith(at, renamed.Kind(), namedV1{"Ada Byron"}, old); err != nil {
		log.Fatal(err)
	}
	if _, err := renamed.Append(store, at, named{"Ada", "Lovelace"}); err != nil {
		log.Fatal(err)
	}
	for ev, err := range store.Stream("person:1", engine.ReadOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		value, err := renamed.Decode(ev)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Version, value.First, value.Last)
	}
	// Output:
	// 1 Ada Byron
	// 2 Ada Lovelace
}
