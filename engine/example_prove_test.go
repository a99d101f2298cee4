// Prove: to show somebody who has a head, and no store, that an event is one of those that it covers.

package engine_test

import (
	"encoding/json"
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleStore_Prove() {
	store, done := exampleStore(engine.Options{})
	defer done()

	var receipts []engine.Receipt
	for i := range 5 {
		r, err := store.AppendBytes(event.MustAt("account:7", "bank"), event.Data, event.CodecRaw, fmt.Append(nil, "booking ", i))
		if err != nil {
			log.Fatal(err)
		}
		receipts = append(receipts, r)
	}
	head, err := store.Head()
	if err != nil {
		log.Fatal(err)
	}
	proof, err := store.Prove(receipts[2].ID, head)
	if err != nil {
		log.Fatal(err)
	}
	text, err := json.Marshal(proof)
	if err != nil {
		log.Fatal(err)
	}
	booking, err := store.Get(receipts[2].ID)
	if err != nil {
		log.Fatal(err)
	}

	// The auditor has the head since then, and is shown the event and the proof.
	var shown event.InclusionProof
	if err := json.Unmarshal(text, &shown); err != nil {
		log.Fatal(err)
	}
	fmt.Println("as it was:", event.VerifyEvent(&booking, shown, head))
	booking.Payload = []byte("booking 9")
	fmt.Println("changed holds:", event.VerifyEvent(&booking, shown, head) == nil)
	// Output:
	// as it was: <nil>
	// changed holds: false
}
