// This file holds the example of opening a store.

package recovery_test

import (
	"fmt"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

func Example() {
	dir := vfs.NewMemory()
	for range 2 {
		lock, err := dir.Lock(recovery.LockName, true)
		if err != nil {
			fmt.Println(err)
			return
		}
		events := 0
		state, err := recovery.Load(dir, recovery.Options{Event: func(*recovery.Segment, *mmapseg.Frame) error {
			events++
			return nil
		}})
		if err != nil {
			fmt.Println(err)
			return
		}
		resumed, err := state.Resume(dir, recovery.Resumption{Ahead: 1 << 16})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("exists: %t, clean: %t, events: %d, next: %d, lost: %v\n",
			state.Exists, state.Clean, events, resumed.Next, resumed.Lost)

		// Here an engine would append. This one crashes: it writes no close frame.
		for _, segment := range resumed.Segments {
			if err := segment.Close(); err != nil {
				fmt.Println(err)
			}
		}
		if err := lock.Unlock(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// exists: false, clean: false, events: 0, next: 1, lost: {0 0}
	// exists: true, clean: false, events: 0, next: 65537, lost: {1 65536}
}
