// Batches and power cuts: of a batch whose sync did not return all is there afterwards or nothing, whatever sectors
// reached the disk.

package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/batpak/batpak/engine"
)

// cuts is how many outcomes of a power cut a test looks at.
func cuts() uint64 {
	if raceBuild {
		return 40
	}
	return 400
}

func TestOfABatchThatIsNotSyncedAllIsThereAfterAPowerCutOrNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range policies {
			s, d := slowStore(t, small(policy))
			before := storedAs(notes(3), mustAppendBatch(t, s, batchOf(notes(3)...)), nil)
			d.hold()
			intents := heavy(12, 20_000)
			appended := call(func() error {
				_, err := s.AppendBatch(batchOf(intents...))
				return err
			})
			d.waitForSync()
			outcomes := make(map[int]int)
			for seed := range cuts() {
				left := d.device.cut(rand.New(rand.NewPCG(seed, 0)))
				outcomes[mustBeWholeAfterwards(t, fmt.Sprintf("%s, seed %d", policy, seed), left, before, len(intents))]++
			}
			if outcomes[0] == 0 || outcomes[len(intents)] == 0 || len(outcomes) != 2 {
				t.Errorf("%s: outcomes by number of items: %v, want none and all", policy, outcomes)
			}
			if got := mustBeWholeAfterwards(t, "kill", d.device.kill(), before, len(intents)); got != len(intents) {
				t.Errorf("%s: a kill leaves %d items, want all", policy, got)
			}
			d.release(nil)
			if err := <-appended; err != nil {
				t.Fatal(err)
			}
			for seed := range cuts() {
				left := d.device.cut(rand.New(rand.NewPCG(seed, 1)))
				if got := mustBeWholeAfterwards(t, fmt.Sprintf("%s, durable, seed %d", policy, seed), left, before, len(intents)); got != len(intents) {
					t.Fatalf("%s: of a batch that returned %d items are left", policy, got)
				}
			}
		}
	})
}

// mustBeWholeAfterwards opens what is left, twice, and returns how many items of the last batch are there; the test fails if
// that is neither none nor all of them.
func mustBeWholeAfterwards(t *testing.T, what string, left remains, before history, items int) int {
	t.Helper()
	dir := newDevice(left)
	o := small(engine.SyncEveryAppend())
	o.ReadOnly = true
	s := mustOpenDir(t, dir, o)
	reading := all(t, s, 0, 0, engine.ReadOptions{})
	mustClose(t, s)
	dir = newDevice(left)
	o.ReadOnly = false
	s = mustOpenDir(t, dir, o)
	got := all(t, s, 0, 0, engine.ReadOptions{})
	mustEqual(t, got, reading)
	if n := len(got) - len(before); n != 0 && n != items {
		t.Fatalf("%s: %d of %d items\n%s", what, n, items, s.Report())
	}
	mustEqual(t, got[:len(before)], before)
	mustBeSound(t, got, true)
	// What is gone is gone for good, and what comes next stands behind it.
	if _, err := s.AppendBatch(batchOf(notes(2)...)); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	mustBeSound(t, all(t, s, 0, 0, engine.ReadOptions{}), true)
	mustClose(t, s)
	return len(got) - len(before)
}
