// Batches that fail after they were accepted: disks that are full, syncs that fail, stores that can't be written.

package engine_test

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestABatchWhoseSyncFailsHasAnUnknownOutcomeAndPoisonsTheStore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			five := batchOf(notesOf(here.Entity(), 5)...)
			mustAppendBatch(t, s, batchOf(notesOf(here.Entity(), 2)...))
			d.release(errInjected)
			receipts, err := s.AppendBatch(five)
			mustBeUnknown(t, policy.String(), err)
			mustFail(t, policy.String(), err, -1, engine.StageSync, engine.ErrIndeterminate)
			if receipts != nil {
				t.Errorf("%s: receipts %v", policy, receipts)
			}
			receipts, err = s.AppendBatch(five)
			mustStoreNothing(t, policy.String(), err)
			mustFail(t, policy.String(), err, -1, engine.StageCommit, engine.ErrPoisoned)
			if receipts != nil {
				t.Errorf("%s: receipts %v", policy, receipts)
			}
			mustStayPoisoned(t, policy.String(), s, d, 7, visibleOf(policy, 7, 2), 2)
			if err := s.Close(); !errors.Is(err, engine.ErrPoisoned) {
				t.Errorf("%s: close: got %v, want ErrPoisoned", policy, err)
			}
			for what, left := range map[string]remains{"power cut": d.device.cut(nil), "kill": d.device.kill()} {
				again := openLeft(t, left, small(policy))
				if got := len(all(t, again, 0, 0, engine.ReadOptions{})); got != 2 && got != 7 {
					t.Errorf("%s, %s: %d events, want 2 or 7", policy, what, got)
				}
				mustClose(t, again)
			}
		}
	})
}

func TestABatchForWhichThereIsNoRoomStoresNothingAndIsStoredOnceThereIs(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s, d := deviceStore(t, engine.Options{Sync: policy, SegmentSize: engine.MinSegmentSize, MaxBatchBytes: 4 << 20})
		known := mustAppend(t, s, 3)
		d.disk.SetCapacity(1 << 20)
		intents := heavy(6, 3<<20)
		receipts, err := s.AppendBatch(batchOf(intents...))
		mustFail(t, policy.String(), err, -1, engine.StageCommit, engine.ErrNoSpace)
		if receipts != nil {
			t.Errorf("%s: receipts %v", policy, receipts)
		}
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
		known = append(known, storedAs(notes(4), mustAppendBatch(t, s, batchOf(notes(4)...)), known)...)
		d.disk.SetCapacity(0)
		known = append(known, storedAs(intents, mustAppendBatch(t, s, batchOf(intents...)), known)...)
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
		mustBeLeft(t, d, known, true)
		mustClose(t, s)
	}
}

func TestABatchThatFailsLeavesNothingBehindNotEvenAfterARestart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range policies {
			s, d := deviceStore(t, small(policy))
			mustStoreNote(t, s, note("entity", "first").keyed("taken"))
			mustAppendBatch(t, s, batchOf(notes(3)...))
			known := all(t, s, 0, 0, engine.ReadOptions{})
			ok := notes(4)
			for what, test := range map[string]struct {
				batch *engine.Batch
				item  int
				stage engine.Stage
				want  error
			}{
				"an expectation at the end": {batchOf(append(ok, note("entity", "x").expecting(engine.ExpectClock(7)))...), 4, engine.StageCondition, engine.ErrConflict},
				"a key at the end":          {batchOf(append(ok, note("entity", "x").keyed("taken"))...), 4, engine.StageKey, engine.ErrIdempotencyConflict},
				"a cause at the end":        {spoiled(4, func(o *intent) { o.CauseInBatch = 5 }), 4, engine.StageCause, engine.ErrInvalid},
				"a tag at the end":          {spoiled(4, func(o *intent) { o.Tags = []string{""} }), 4, engine.StageValidate, engine.ErrInvalid},
				"a condition of the batch":  {batchIf(ok, engine.NoneAfter(event.Entity("entity"), 0)), -1, engine.StageCondition, engine.ErrConflict},
			} {
				_, err := s.AppendBatch(test.batch)
				mustFail(t, what, err, test.item, test.stage, test.want)
				mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
				mustTellClocks(t, s, known, "entity", "entity-0", "entity-1", "entity-2", "entity-3", "entity-4")
			}
			if got := s.Stats(); got.Staged != uint64(len(known)) {
				t.Errorf("%s: staged %d, want %d", policy, got.Staged, len(known))
			}
			mustSync(t, s)
			mustBeLeft(t, d, known, true)
			mustClose(t, s)
			again := openLeft(t, d.kill(), small(policy))
			mustEqual(t, all(t, again, 0, 0, engine.ReadOptions{}), known)
			mustClose(t, again)
		}
	})
}

func TestAStoreThatCanNotBeWrittenRefusesBatchesReactionsAndWhatHasConditions(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncManual()))
	root, _ := mustStoreNote(t, s, note("entity", "root").keyed("key"))
	mustClose(t, s)
	for want, s := range map[error]*engine.Store{
		engine.ErrClosed: s, engine.ErrReadOnly: mustOpen(t, path, engine.Options{ReadOnly: true}),
	} {
		calls := map[string]error{}
		_, calls["AppendBatch"] = s.AppendBatch(batchOf(notes(2)...))
		_, calls["AppendBatch of nothing"] = s.AppendBatch(new(engine.Batch))
		_, calls["AppendReaction"] = s.AppendReaction(root.ID, here, event.Data, "x", engine.AppendOptions{})
		_, calls["a key that is known"] = note("entity", "root").keyed("key").append(s)
		_, calls["an expectation that fails"] = note("entity", "x").expecting(engine.ExpectClock(9)).append(s)
		_, calls["a condition that fails"] = note("entity", "x").given(engine.NoneAfter(event.Everything(), 0)).append(s)
		for what, err := range calls {
			if what == "AppendBatch of nothing" && err == nil {
				continue // which is what an empty batch does
			}
			mustBe(t, what, err, want)
			if errors.Is(err, engine.ErrConflict) || errors.Is(err, engine.ErrIdempotencyConflict) {
				t.Errorf("%s: got %v", what, err)
			}
		}
		mustClose(t, s)
	}
}
