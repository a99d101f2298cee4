// Batches that are stored: in order, with everything that each item says, in one segment, and durable
// when the call returns.

package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// rich returns intents of which each says something else.
func rich() []intent {
	list := notes(9)
	list[1].Flags = 0x0B
	list[2].Tags = []string{"red", "green"}
	list[3].Metadata = []byte("metadata")
	list[4].Version, list[4].Lane = 7, 9
	list[5].Correlation = event.MakeID(5, 6, 7)
	list[6].Key = strings.Repeat("\xff", event.MaxKey)
	list[7].Codec, list[7].Payload = event.CodecJSON, []byte(`{"a":1}`)
	list[8] = intent{Draft: event.Draft{
		Coordinate: event.MustAt("other", "elsewhere"), Kind: 0xF001, Flags: 0xFF, Tags: []string{"red", "red"}, Metadata: []byte{0},
		Key: "own", Correlation: event.MakeID(1, 2, 3), CauseInBatch: 3, Lane: 1, Version: 1,
	}}
	return list
}

func TestABatchIsStoredInTheOrderOfItsItemsWithEverythingThatEachSays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			for _, hashing := range []engine.Hashing{engine.HashingOn, engine.HashingOff} {
				o := small(policy)
				o.Hashing = hashing
				s, d := deviceStore(t, o)
				known := mustAppend(t, s, 3)
				batch := batchOf(rich()...)
				batch.Key = "of the batch"
				known = append(known, storedAs(rich(), mustAppendBatch(t, s, batch), known)...)
				got := all(t, s, 0, 0, engine.ReadOptions{})
				mustEqual(t, got, known)
				mustBeSound(t, got, hashing == engine.HashingOn)
				mustBeLeft(t, d, known, hashing == engine.HashingOn)
				known = append(known, storedAs(notes(2), mustAppendBatch(t, s, batchOf(notes(2)...)), known)...)
				known = append(known, mustAppend(t, s, 3)...)
				mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
				mustClose(t, s)
			}
		}
	})
}

func TestTheEventsOfABatchAreFoundByEveryQuery(t *testing.T) {
	t.Parallel()
	for i, policy := range policies {
		path := quickDir(t)
		w := newSower(uint64(i) + 50)
		s := mustOpen(t, path, w.options(policy))
		var known history
		for len(known) < 900 {
			known = w.sow(t, s, known, w.random.IntN(5))
			intents := make([]intent, 1+w.random.IntN(30))
			for n := range intents {
				intents[n].Draft = w.draft(known)
				if n > 0 && intents[n].Cause.IsZero() && w.random.IntN(4) == 0 {
					intents[n].CauseInBatch = uint16(1 + w.random.IntN(n))
				}
			}
			known = append(known, storedAs(intents, mustAppendBatch(t, s, batchOf(intents...)), known)...)
		}
		settle(s)
		a := answersOf(known)
		a.mustBeGivenBy(t, s)
		mustBeSound(t, known, true)
		mustClose(t, s)
		mustBeGivenWithoutWhatIsLost(t, policy.String(), imageOf(t, path), a, func(n int) bool { return n%3 == i })
	}
}

func TestABatchIsDurableWhenItReturnsUnderEveryPolicy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			d.hold()
			appended := call(func() error {
				_, err := s.AppendBatch(batchOf(notes(4)...))
				return err
			})
			d.waitForSync()
			mustNotBeDone(t, policy.String(), appended)
			visible := visibleOf(policy, 4, 0)
			mustShow(t, policy.String(), s, 4, visible, 0)
			if got := len(all(t, s, 0, 0, engine.ReadOptions{})); got != int(visible) {
				t.Errorf("%s: %d events are seen, want %d", policy, got, visible)
			}
			d.release(nil)
			if err := <-appended; err != nil {
				t.Fatal(err)
			}
			mustShow(t, policy.String(), s, 4, 4, 4)
			if got := d.syncs(); got != 1 {
				t.Errorf("%s: %d syncs, want 1", policy, got)
			}
			events := all(t, s, 0, 0, engine.ReadOptions{})
			mustBeLeft(t, d.device, events, true)
		}
	})
}

func TestABatchLiesInOneSegmentHoweverFullOrSmallThatIs(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		d := newDevice(nothing())
		s := mustOpenDir(t, d, small(policy))
		var known history
		batches := make(map[uint64]int) // first sequence to number of items
		for n := range 60 {
			known = append(known, mustAppend(t, s, 1+n%7)...)
			intents := notes(2 + n%9)
			for i := range intents {
				intents[i].Payload = randomBytes(uint64(100*n+i), 200+n*31%3000)
			}
			if n%20 == 10 {
				intents[1].Payload = randomBytes(uint64(n), 3*engine.MinSegmentSize) // no ordinary segment has room
			}
			receipts := mustAppendBatch(t, s, batchOf(intents...))
			known = append(known, storedAs(intents, receipts, known)...)
			batches[receipts[0].Sequence] = len(receipts)
		}
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
		mustBeSound(t, known, true)
		if got := s.Stats().Rotations; got < 10 {
			t.Errorf("%s: %d segment changes, the test wants many", policy, got)
		}
		left := d.kill()
		mustClose(t, s)
		for what, dir := range map[string]*device{"killed": newDevice(left), "closed": newDevice(d.kill())} {
			_, frames := load(t, dir, true)
			for first, items := range batches {
				segment, _, _ := strings.Cut(frames[first], ".")
				for i := range uint64(items) {
					if at, _, _ := strings.Cut(frames[first+i], "."); at != segment || segment == "" {
						t.Errorf("%s, %s: item %d of the batch at %d is in segment %q, the first in %q", policy, what, i, first, at, segment)
					}
				}
			}
			again := mustOpenDir(t, dir, small(policy))
			mustEqual(t, all(t, again, 0, 0, engine.ReadOptions{}), known)
			mustClose(t, again)
		}
	}
}

func TestABatchMayBeTheFirstThingInAStoreAndTheLast(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := deviceStore(t, small(engine.SyncManual()))
		known := storedAs(rich(), mustAppendBatch(t, s, batchOf(rich()...)), nil)
		mustBeLeft(t, d, known, true)
		mustClose(t, s)
		s = openLeft(t, d.kill(), engine.Options{})
		if !s.Report().Clean {
			t.Errorf("not closed in order: %s", s.Report())
		}
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
		mustClose(t, s)
	})
}

func TestABatchIsNotChangedByBeingAppendedAndMayBeAppendedAgain(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	intents := notes(3)
	batch := batchOf(intents...)
	var known history
	for range 3 {
		known = append(known, storedAs(intents, mustAppendBatch(t, s, batch), known)...)
	}
	batch.Reset()
	if batch.Len() != 0 {
		t.Errorf("%d items after Reset", batch.Len())
	}
	item := batch.AddBytes(here, event.Data, event.CodecRaw, []byte("again"))
	if item.Index() != 0 {
		t.Errorf("the first item after Reset has the index %d", item.Index())
	}
	again := intent{Draft: event.Draft{Coordinate: here, Kind: event.Data, Payload: []byte("again")}}
	known = append(known, storedAs([]intent{again}, mustAppendBatch(t, s, batch), known)...)
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
}

func TestResetForgetsTheKeyTheConditionsAndTheCauseOfABatch(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	batch := batchOf(notes(2)...)
	batch.Key, batch.Conditions = "key", []engine.Condition{engine.NoneAfter(event.Everything(), 0)}
	mustAppendBatch(t, s, batch)
	batch.ReactTo(event.MakeID(1, 2, 3))
	batch.Reset()
	batch.AddBytes(here, event.Data, event.CodecRaw, nil)
	mustAppendBatch(t, s, batch)
}

func TestValuesOfABatchAreEncodedWhenTheyAreAdded(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	var batch engine.Batch
	value := map[string]int{"n": 1}
	for n := range 3 {
		value["n"] = n
		if got := batch.Add(here, event.Data, value).Index(); got != n {
			t.Errorf("item %d has the index %d", n, got)
		}
	}
	for n, r := range mustAppendBatch(t, s, &batch) {
		var back map[string]int
		ev := read(t, s, r)
		if err := ev.Decode(&back); err != nil || back["n"] != n {
			t.Errorf("item %d: %v, %v", n, back, err)
		}
	}
}

func TestAnEmptyBatchDoesNothing(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 2)
	before := imageOf(t, path)
	full := batchOf(notes(3)...)
	full.Reset()
	for what, batch := range map[string]*engine.Batch{
		"zero": {}, "reset": full, "with a key": {Key: "key"}, "that fails": {Conditions: []engine.Condition{engine.NoneAfter(event.Everything(), 0)}},
	} {
		if receipts, err := s.AppendBatch(batch); len(receipts) != 0 || err != nil {
			t.Errorf("%s: got %v, %v", what, receipts, err)
		}
	}
	// Two for the appends, and the one that makes prepared pages cheap to sync later, whenever that comes.
	if got := s.Stats(); got.Staged != 2 || got.Syncs > 3 {
		t.Errorf("staged %d after %d syncs", got.Staged, got.Syncs)
	}
	mustBeUnchanged(t, path, before)
	r, err := note("entity", "x").keyed("key").append(s)
	if err != nil || r.Duplicate {
		t.Errorf("the key of an empty batch was taken: %+v, %v", r, err)
	}
	mustClose(t, s)
}

func TestStagesHaveNames(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for stage := engine.StageEncode; stage <= engine.StageSync; stage++ {
		name := stage.String()
		if name == "" || seen[name] || strings.Contains(name, "(") {
			t.Errorf("stage %d is called %q", stage, name)
		}
		seen[name] = true
	}
	for _, stage := range []engine.Stage{0, engine.StageSync + 1} {
		if got := stage.String(); got != fmt.Sprintf("stage(%d)", stage) {
			t.Errorf("stage %d is called %q", stage, got)
		}
	}
}
