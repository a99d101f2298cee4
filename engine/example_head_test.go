// Head: one line that stands for everything in the store.

package engine_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_Head() {
	store, done := exampleStore(engine.Options{})
	defer done()

	add := func(text string) {
		if _, err := store.AppendBytes(event.MustAt("log", "site"), event.Data, event.CodecRaw, []byte(text)); err != nil {
			log.Fatal(err)
		}
	}
	add("first")
	head, err := store.Head()
	if err != nil {
		log.Fatal(err)
	}
	line := head.String() // print it, mail it, sign it
	fmt.Println(strings.Fields(line)[0], "of", head.Size, "event")

	add("second")
	kept, err := event.ParseTreeHead(line)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("still there:", store.CheckHead(kept))
	// Output:
	// batpak-head/1 of 1 event
	// still there: <nil>
}

func ExampleStore_ProveConsistency() {
	store, done := exampleStore(engine.Options{})
	defer done()

	var heads []event.TreeHead
	for i := range 6 {
		if _, err := store.AppendBytes(event.MustAt("log", "site"), event.Data, event.CodecRaw, []byte{byte(i)}); err != nil {
			log.Fatal(err)
		}
		head, err := store.Head()
		if err != nil {
			log.Fatal(err)
		}
		heads = append(heads, head)
	}
	proof, err := store.ProveConsistency(heads[2], heads[5])
	if err != nil {
		log.Fatal(err)
	}
	// Without the store: what the older head covers is the beginning of what the newer one does.
	fmt.Println(event.VerifyConsistency(proof, heads[2], heads[5]))
	// Output: <nil>
}
