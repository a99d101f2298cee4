// The limits of batches: what just fits is stored, one more is not; by default and at the most.

package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// heavy returns n intents whose payloads have so many bytes together.
func heavy(n, bytes int) []intent {
	list := make([]intent, n)
	for i := range list {
		size := bytes / n
		if i == 0 {
			size += bytes % n
		}
		list[i] = intent{Draft: event.Draft{
			Coordinate: event.MustAt(fmt.Sprint("entity-", i%50), "scope"), Kind: event.Data, Payload: randomBytes(uint64(i), size),
		}}
	}
	return list
}

func TestABatchMayHaveAsManyEventsAsItsLimitSays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		options engine.Options
		most    int
	}{
		{engine.Options{}, engine.DefaultBatchEvents},
		{engine.Options{MaxBatchEvents: 1}, 1},
		{engine.Options{MaxBatchEvents: 17, SegmentSize: engine.MinSegmentSize}, 17},
		{engine.Options{MaxBatchEvents: engine.MaxBatchEvents, MaxBatchBytes: 2 << 20}, engine.MaxBatchEvents},
	} {
		path := quickDir(t)
		s := mustOpen(t, path, test.options)
		intents := notes(test.most + 1)
		_, err := s.AppendBatch(batchOf(intents...))
		mustFail(t, "one too many", err, -1, engine.StageValidate, engine.ErrInvalid)
		known := storedAs(intents[:test.most], mustAppendBatch(t, s, batchOf(intents[:test.most]...)), nil)
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
		mustClose(t, s)
		s = mustOpen(t, path, engine.Options{MaxBatchEvents: 1}) // a limit of what is appended, not of what is read
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
		mustBeSound(t, known, true)
		mustClose(t, s)
	}
}

func TestABatchMayHaveAsManyBytesAsItsLimitSaysAsEncoded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		options engine.Options
		most    int
		item    int // that is too much
	}{
		{engine.Options{SegmentSize: engine.MinSegmentSize}, 1 << 20, 7},
		{engine.Options{MaxBatchBytes: engine.MinBatchBytes}, engine.MinBatchBytes, 6},
		{engine.Options{MaxBatchBytes: engine.MaxBatchBytes, SegmentSize: 1 << 20}, engine.MaxBatchBytes, 7},
	} {
		if raceBuild && test.most > 8<<20 {
			continue // the detector looks at each of the bytes
		}
		const items = 8
		path := quickDir(t)
		s := mustOpen(t, path, test.options)
		_, err := s.AppendBatch(batchOf(heavy(items, test.most)...)) // frames are more than payloads
		mustFail(t, "too many bytes", err, test.item, engine.StageValidate, engine.ErrInvalid)
		// What an event takes beside its payload is less than 512 bytes, and at least the limit less that must fit.
		intents := heavy(items, test.most-items*400)
		known := storedAs(intents, mustAppendBatch(t, s, batchOf(intents...)), nil)
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
		mustClose(t, s)
		s = mustOpen(t, path, engine.Options{Rebuild: true})
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
		mustBeSound(t, known, true)
		mustClose(t, s)
	}
}

func TestAnItemOfABatchMayHaveTheLongestPayloadThatFits(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{MaxBatchBytes: 64 << 10, MaxPayload: 1 << 20, SegmentSize: engine.MinSegmentSize})
	_, err := s.AppendBatch(batchOf(heavy(1, 100_000)...))
	mustFail(t, "an item that is too large for any batch", err, 0, engine.StageValidate, engine.ErrInvalid)
	intents := heavy(1, 64<<10-400)
	mustEqual(t, storedAs(intents, mustAppendBatch(t, s, batchOf(intents...)), nil), all(t, s, 0, 0, engine.ReadOptions{}))
	if _, err := heavy(1, 100_000)[0].append(s); err != nil {
		t.Errorf("alone it is refused: %v", err)
	}
}

func TestABatchMayHaveMoreEventsThanItsPolicyLeavesStaged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range []engine.SyncPolicy{engine.SyncEvery(1, 0), engine.SyncEvery(4, time.Hour), engine.SyncEvery(200, 0)} {
			s, d := deviceStore(t, small(policy))
			for range 3 {
				mustStage(t, s, 3)
				mustAppendBatch(t, s, batchOf(notes(engine.DefaultBatchEvents)...))
			}
			known := all(t, s, 0, 0, engine.ReadOptions{})
			if want := 3 * (3 + engine.DefaultBatchEvents); len(known) != want {
				t.Errorf("%s: %d events, want %d", policy, len(known), want)
			}
			mustBeLeft(t, d, known, true)
			mustClose(t, s)
		}
	})
}

// More comes between judging and the commit section than is looked at there: units are judged again, and all get their turn.
func TestManyLargeBatchesWithConditionsAllGetTheirTurn(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		const batches = 25
		s := quickStore(t, engine.Options{Sync: policy, MaxBatchEvents: 600, MaxBatchBytes: 4 << 20})
		together(4, func(n int) {
			for i := range batches {
				intents := notesOf(fmt.Sprint("own-", n), 400)
				intents[0].expect = engine.ExpectClock(uint64(400 * i))
				intents[3].Key = fmt.Sprint("item-", n, "-", i)
				batch := batchWith(fmt.Sprint("batch-", n, "-", i), intents...)
				batch.Conditions = []engine.Condition{engine.NoneAfter(event.Tagged("none"), 0), engine.EntityIs("nobody", engine.ExpectClock(0))}
				if _, err := s.AppendBatch(batch); err != nil {
					t.Errorf("%s: %v", policy, err)
					return
				}
			}
		})
		if got := s.Stats().Events; got != 4*batches*400 {
			t.Errorf("%s: %d events, want %d", policy, got, 4*batches*400)
		}
	}
}
