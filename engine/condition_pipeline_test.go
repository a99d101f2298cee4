// Appends that build on others whose sync they did not wait for: nothing is refused for what readers only do not see
// yet.

package engine_test

import (
	"testing"
	"testing/synctest"

	"github.com/batpak/batpak/engine"
)

func TestAnAppendMayBuildOnOnesThatItDidNotWaitFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			d.hold()
			first, err := note("entity", "1").keyed("first").waiting(engine.WaitStaged).append(s)
			if err != nil {
				t.Fatal(err)
			}
			asked := map[string]<-chan error{
				"its last id": call(func() error {
					_, err := note("entity", "2").expecting(engine.ExpectLastID(first.ID)).waiting(engine.WaitStaged).append(s)
					return err
				}),
				"its clock, as a condition": call(func() error {
					_, err := note("other", "x").given(engine.EntityIs("entity", engine.ExpectClock(1))).waiting(engine.WaitStaged).append(s)
					return err
				}),
			}
			synctest.Wait()
			d.release(nil)
			for what, done := range asked {
				err := <-done
				if what != "its last id" && err != nil { // the other one may have come before
					mustConflict(t, what, err)
					continue
				}
				if err != nil {
					t.Errorf("%s: %s: %v", policy, what, err)
				}
			}
			mustClose(t, s)
		}
	})
}

func TestABatchOfKnownKeysIsADuplicateWhileSomeAreNotVisibleYet(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := slowStore(t, small(engine.SyncEveryAppend()))
		intents := keyedNotes(3)
		mustStoreNote(t, s, intents[0])
		d.hold()
		for _, o := range intents[1:] {
			if _, err := o.waiting(engine.WaitStaged).append(s); err != nil {
				t.Fatal(err)
			}
		}
		asked := call(func() error {
			receipts, err := s.AppendBatch(batchOf(intents...))
			if err == nil && !receipts[2].Duplicate {
				t.Errorf("stored again: %+v", receipts)
			}
			return err
		})
		synctest.Wait()
		mustNotBeDone(t, "a batch of keys of which some are staged", asked)
		d.release(nil)
		if err := <-asked; err != nil {
			t.Error(err)
		}
		mustClose(t, s)
	})
}
