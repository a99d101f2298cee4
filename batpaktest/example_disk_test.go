// Disk: a program's own test of what a power cut leaves.

package batpaktest_test

import (
	"fmt"
	"log"

	"github.com/batpak/batpak/batpaktest"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func ExampleDisk() {
	disk := batpaktest.NewDisk()
	store, err := disk.Open(engine.Options{Sync: engine.SyncManual()})
	if err != nil {
		log.Fatal(err)
	}
	at := event.MustAt("account-1", "bank")
	for n := range 10 {
		if n == 5 {
			if err := store.Sync(); err != nil {
				log.Fatal(err)
			}
		}
		if _, err := store.Append(at, event.Data, fmt.Sprint("deposit ", n)); err != nil {
			log.Fatal(err)
		}
	}

	for seed := range uint64(20) {
		after := disk.PowerCut(seed)
		again, err := after.Open(engine.Options{})
		if err != nil {
			log.Fatal(err)
		}
		if n := again.Stats().Events; n < 5 || n > 10 {
			fmt.Println("seed", seed, "leaves", n, "events")
		}
		if err := again.Close(); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("what was synced is there")
	fmt.Println("cut off:", store.Close() != nil)
	// Output:
	// what was synced is there
	// cut off: true
}
