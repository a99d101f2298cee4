//go:build dangerous_test_hooks

// Rules, by example.

package hooks_test

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/hooks"
)

// The third sync of frames fails, and every write into a run is seen. A store is given the Set as Options.Hooks; here its
// steps are played.
func Example() {
	set := hooks.New(1)
	err := errors.Join(
		set.Add(hooks.Rule{Point: hooks.SyncStaged, After: 2, Times: 1, Action: hooks.Fail(errors.New("no more disk"))}),
		set.Add(hooks.Rule{Point: hooks.FileWrite, File: "*.run", Action: hooks.Do(func(at hooks.Reached) error {
			fmt.Println(at.Point, at.File)
			return nil
		})}),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 4 {
		fmt.Println(set.Reach(hooks.SyncStaged, "1.seg"))
	}
	_ = set.Reach(hooks.FileWrite, "1.seg")
	_ = set.Reach(hooks.FileWrite, "1-2.run")
	fmt.Println(set.Count(hooks.FileWrite))
	// Output:
	// <nil>
	// <nil>
	// no more disk
	// <nil>
	// file-write 1-2.run
	// 2
}
