// Every call that opening and closing make, failing once: opening says so and leaves
// nothing open, and the next opening finds everything.

package engine_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/vfs"
)

// starts are the images that an opening can find, with their events.
func starts(t *testing.T) map[string]struct {
	files  image
	events history
} {
	t.Helper()
	found := make(map[string]struct {
		files  image
		events history
	})
	for name, n := range map[string]int{"small": 5, "of several segments": 300} {
		memory := vfs.NewMemory()
		s := mustOpenDir(t, memory, small(engine.SyncEveryAppend()))
		events := mustAppend(t, s, n)
		entry := found["crashed, "+name]
		entry.files, entry.events = imageOfDir(t, memory), events
		found["crashed, "+name] = entry
		mustClose(t, s)
		entry.files = imageOfDir(t, memory)
		found["closed, "+name] = entry
	}
	entry := found["new"]
	entry.files = image{}
	found["new"] = entry
	return found
}

func TestOpeningWithAnyCallFailingLeavesTheStoreForTheNext(t *testing.T) {
	t.Parallel()
	for name, start := range starts(t) {
		for _, readOnly := range []bool{false, true} {
			if readOnly && name == "new" {
				continue
			}
			o := small(engine.SyncEveryAppend())
			o.ReadOnly = readOnly
			failures, step := 0, 1
			if raceBuild {
				step = 3
			}
			for nth := 0; ; nth += step {
				d := newUnreliable(start.files.memory(t))
				what := fmt.Sprintf("%s, read only %v, call %d", name, readOnly, nth)
				reached, failed := mustFailOnce(t, what, d, o, nth)
				if !reached {
					break
				}
				if failed {
					failures++
				}
				mustReopen(t, d, start.events, len(start.events))
			}
			if failures*step < 5 {
				t.Errorf("%s, read only %v: only %d openings failed", name, readOnly, failures)
			}
		}
	}
}

// mustFailOnce opens and closes with one call failing. reached is false when there
// are not so many, failed when opening failed of it.
func mustFailOnce(t *testing.T, what string, d *unreliable, o engine.Options, nth int) (reached, failed bool) {
	t.Helper()
	var at vfs.Op
	n := 0
	var failing = make(chan struct{}, 1)
	failing <- struct{}{} // calls come from several goroutines
	d.when(func(op vfs.Op) error {
		<-failing
		defer func() { failing <- struct{}{} }()
		if n++; n == nth+1 {
			at = op
			return errInjected
		}
		return nil
	})
	s, err := engine.OpenDir(d, o)
	if err != nil {
		if !errors.Is(err, errInjected) {
			t.Fatalf("%s (%s %s): got %v, want the failure", what, at.Kind, at.Name, err)
		}
		return true, true
	}
	err = s.Close()
	if err != nil && !errors.Is(err, errInjected) {
		t.Fatalf("%s (%s %s): close: %v", what, at.Kind, at.Name, err)
	}
	return n > nth, false
}
