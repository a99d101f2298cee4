// Causation inside a batch: by item, by index, by id; depths, sequences, and the index.

package engine_test

import (
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestAnEarlierItemOfTheBatchIsACause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range policies {
			s, d := deviceStore(t, small(policy))
			root, ev := mustStoreNote(t, s, note("entity", "root"))
			known := history{ev}
			var batch engine.Batch
			outside := batch.AddBytes(here, event.Data, event.CodecRaw, []byte("0")).With(engine.AppendOptions{Cause: root.ID})
			child := batch.AddBytes(here, event.Data, event.CodecRaw, []byte("1")).CausedBy(outside)
			batch.AddBytes(here, event.Data, event.CodecRaw, []byte("2")).CausedByIndex(0)
			batch.AddBytes(here, event.Data, event.CodecRaw, []byte("3")).CausedBy(child)
			batch.AddBytes(here, event.Data, event.CodecRaw, []byte("4"))
			receipts := mustAppendBatch(t, s, &batch)
			for i, want := range []struct {
				depth   uint32
				cause   event.ID
				at      uint64
				inBatch uint16
			}{
				{1, root.ID, root.Sequence, 0},
				{2, receipts[0].ID, receipts[0].Sequence, 1},
				{2, receipts[0].ID, receipts[0].Sequence, 1},
				{3, receipts[1].ID, receipts[1].Sequence, 2},
				{0, event.ID{}, 0, 0},
			} {
				got := read(t, s, receipts[i])
				if got.Position.Depth != want.depth || got.Cause != want.cause || got.CauseSequence != want.at || got.CauseInBatch != want.inBatch {
					t.Errorf("%s: item %d: %+v, want %+v", policy, i, got.Header, want)
				}
				if receipts[i].Position != got.Position {
					t.Errorf("%s: item %d: the receipt says %s, it is at %s", policy, i, receipts[i].Position, got.Position)
				}
				known = append(known, got)
			}
			mustHaveEffects(t, s, root.ID, receipts[0], receipts[1], receipts[2], receipts[3])
			mustHaveEffects(t, s, receipts[0].ID, receipts[1], receipts[2], receipts[3])
			mustHaveEffects(t, s, receipts[4].ID)
			mustBeSound(t, known, true)
			mustBeLeft(t, d, known, true)
		}
	})
}

func TestAChainThroughAWholeBatchIsAsDeepAsTheBatchIsLong(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{MaxBatchEvents: engine.MaxBatchEvents, MaxBatchBytes: 4 << 20})
	var batch engine.Batch
	item := batch.AddBytes(here, event.Data, event.CodecRaw, nil)
	for range engine.MaxBatchEvents - 1 {
		item = batch.AddBytes(here, event.Data, event.CodecRaw, nil).CausedBy(item)
	}
	for i, r := range mustAppendBatch(t, s, &batch) {
		if r.Position.Depth != uint32(i) {
			t.Fatalf("item %d has the depth %d", i, r.Position.Depth)
		}
	}
	mustBeSound(t, all(t, s, 0, 0, engine.ReadOptions{}), true)
}

func TestAnItemOfABatchIsACauseOfLaterAppendsAndBatches(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		var known history
		for range 40 {
			intents := notes(10)
			for i := range intents[1:] {
				intents[i+1].CauseInBatch = uint16(i/2 + 1)
			}
			if len(known) > 0 {
				intents[0].Cause = known[len(known)*2/3].ID
			}
			known = append(known, storedAs(intents, mustAppendBatch(t, s, batchOf(intents...)), known)...)
			cause := known[len(known)-4]
			r, err := caused(s, cause.ID)
			if err != nil || r.Position.Depth != cause.Position.Depth+1 {
				t.Fatalf("%s: caused by %s: %+v, %v", policy, cause, r, err)
			}
			known = append(known, read(t, s, r))
		}
		mustBeSound(t, known, true)
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
	}
}

func TestACauseGivenByIdAndByIndexIsRefused(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	root, _ := mustStoreNote(t, s, note("entity", "root"))
	intents := notes(3)
	intents[1].Cause, intents[1].CauseInBatch = root.ID, 1
	receipts, err := s.AppendBatch(batchOf(intents...))
	mustFail(t, "two causes", err, 1, engine.StageValidate, engine.ErrInvalid)
	if receipts != nil || s.Stats().Staged != 1 {
		t.Errorf("receipts %v, staged %d", receipts, s.Stats().Staged)
	}
}

func TestACauseInABatchThatFailedIsNotFound(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	receipts := mustAppendBatch(t, s, batchOf(notes(2)...))
	if _, err := s.AppendBatch(batchOf(notes(1)[0], note("x", "y").expecting(engine.ExpectClock(9)))); err == nil {
		t.Fatal("a batch with a failed expectation was stored")
	}
	next := receipts[1].ID
	next[15]++
	_, err := caused(s, next)
	mustBe(t, "an id that a failed batch may have had", err, engine.ErrNotFound)
}

// mustHaveEffects fails the test unless the event caused exactly these, at once or by others, in this order.
func mustHaveEffects(t failer, s *engine.Store, id event.ID, want ...engine.Receipt) {
	t.Helper()
	n := 0
	for ev, err := range s.Effects(id, engine.GraphOptions{}) {
		if err != nil || n == len(want) || ev.ID != want[n].ID {
			t.Fatalf("effects of %s: %d is %s, %v; %d are wanted", id, n, ev, err, len(want))
		}
		n++
	}
	if n != len(want) {
		t.Fatalf("effects of %s: %d, want %d", id, n, len(want))
	}
}
