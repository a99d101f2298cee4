// Idempotency keys of batches and of their items: all known is a duplicate, all new is stored, anything else is
// refused.

package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// keyedNotes returns intents with keys of their own.
func keyedNotes(n int) []intent {
	list := notes(n)
	for i := range list {
		list[i].Key = fmt.Sprint("key-", i)
	}
	return list
}

// mustBeKnown fails the test unless the batch is answered with these receipts and nothing is stored.
func mustBeKnown(t failer, what string, s *engine.Store, batch *engine.Batch, first []engine.Receipt) {
	t.Helper()
	before := s.Stats().Staged
	again, err := s.AppendBatch(batch)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	mustRepeat(t, what, again, first)
	if after := s.Stats().Staged; after != before {
		t.Fatalf("%s: %d events were stored", what, after-before)
	}
}

// mustRefuseBatch fails the test unless a batch is refused for a key of an item, -1 for its own, and nothing is stored.
func mustRefuseBatch(t failer, what string, s *engine.Store, batch *engine.Batch, item int, key string, sequence uint64) {
	t.Helper()
	before := s.Stats().Staged
	receipts, err := s.AppendBatch(batch)
	mustFail(t, what, err, item, engine.StageKey, engine.ErrIdempotencyConflict)
	if got := mustRefuseKey(t, what, err); got.Item != item || got.Key != key || got.Sequence != sequence {
		t.Fatalf("%s: %+v, want item %d, key %q, sequence %d", what, got, item, key, sequence)
	}
	if after := s.Stats().Staged; after != before || receipts != nil {
		t.Fatalf("%s: %d events were stored, receipts %v", what, after-before, receipts)
	}
}

func TestABatchWithAKeyIsStoredOnce(t *testing.T) {
	t.Parallel()
	for _, policy := range everyPolicy {
		for _, hashing := range []engine.Hashing{engine.HashingOn, engine.HashingOff} {
			o := small(policy)
			o.Hashing = hashing
			s := quickStore(t, o)
			mustAppend(t, s, 3)
			batch := batchWith("batch", rich()...)
			first := mustAppendBatch(t, s, batch)
			mustBeKnown(t, policy.String(), s, batch, first)
			mustBeKnown(t, policy.String(), s, batchWith("batch", rich()...), first)
			mustAppend(t, s, 100)
			settle(s)
			mustBeKnown(t, policy.String()+", sealed", s, batchWith("batch", rich()...), first)
			one := batchWith("one", note("entity", "alone"))
			first = mustAppendBatch(t, s, one)
			mustBeKnown(t, policy.String(), s, one, first)
		}
	}
}

func TestTheRequestOfABatchAreItsItemsInTheirOrder(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	base := rich()
	first := mustAppendBatch(t, s, batchWith("batch", base...))
	swapped := slices.Clone(base)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	twice := append(slices.Clone(base), base[0])
	twice[len(base)].Key = ""
	changed, caused, tagged := slices.Clone(base), slices.Clone(base), slices.Clone(base)
	changed[7].Payload, caused[8].CauseInBatch, tagged[0].Tags = []byte("other"), 2, []string{"x"}
	for what, other := range map[string][]intent{
		"two items swapped": swapped, "an item less": base[:8], "the first item less": base[1:7], "an item more": twice, "another payload": changed,
		"another cause": caused, "another tag": tagged,
	} {
		batch := batchWith("batch", other...)
		mustRefuseBatch(t, what, s, batch, -1, "batch", first[0].Sequence)
	}
	for what, same := range map[string]*engine.Batch{
		"conditions": batchIf(base, engine.NoneAfter(event.Everything(), 0)), "expectations": func() *engine.Batch {
			other := slices.Clone(base)
			other[0].expect, other[3].conditions = engine.ExpectClock(99), []engine.Condition{engine.EntityIs("nobody", engine.ExpectClock(1))}
			return batchOf(other...)
		}(),
	} {
		same.Key = "batch"
		mustBeKnown(t, "other "+what, s, same, first)
	}
}

func TestABatchWhoseItemsAllHaveKnownKeysIsADuplicate(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		mustAppend(t, s, 2)
		intents := keyedNotes(6)
		first := mustAppendBatch(t, s, batchOf(intents...))
		mustBeKnown(t, "the same", s, batchOf(intents...), first)
		mustBeKnown(t, "some of them", s, batchOf(intents[2:4]...), first[2:4])
		backward, receipts := slices.Clone(intents), slices.Clone(first)
		slices.Reverse(backward)
		slices.Reverse(receipts)
		mustBeKnown(t, "in another order", s, batchOf(backward...), receipts)
		for i := range intents {
			r, err := intents[i].append(s)
			if err != nil {
				t.Fatal(err)
			}
			mustRepeat(t, "an item alone", []engine.Receipt{r}, first[i:i+1])
		}
		alone, _ := mustStoreNote(t, s, note("entity", "alone").keyed("alone"))
		mustBeKnown(t, "from here and there", s, batchOf(intents[5], note("entity", "alone").keyed("alone"), intents[0]),
			[]engine.Receipt{first[5], alone, first[0]})
	}
}

func TestABatchThatMixesKnownKeysWithAnythingElseIsRefused(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		known := keyedNotes(3)
		first := mustAppendBatch(t, s, batchOf(known...))
		stored := mustAppendBatch(t, s, batchWith("batch", notes(2)...))
		at := first[1].Sequence
		fresh := note("entity", "new").keyed("new")
		other := known[1]
		other.Payload = []byte("other")
		for what, test := range map[string]struct {
			batch    *engine.Batch
			item     int
			key      string
			sequence uint64
		}{
			"a new key behind":            {batchOf(known[1], fresh), 0, "key-1", at},
			"a new key before":            {batchOf(fresh, known[1]), 1, "key-1", at},
			"no key behind":               {batchOf(known[1], note("x", "y")), 0, "key-1", at},
			"no key before":               {batchOf(note("x", "y"), known[1]), 1, "key-1", at},
			"a new key of the batch":      {batchWith("new batch", known...), 0, "key-0", first[0].Sequence},
			"another request":             {batchOf(known[0], other, known[2]), 1, "key-1", at},
			"another request, new key":    {batchOf(fresh, other), 1, "key-1", at},
			"a batch's key":               {batchOf(fresh, note("entity-0", "note 0").keyed("batch")), 1, "batch", stored[0].Sequence},
			"only a batch's key":          {batchOf(note("entity-0", "note 0").keyed("batch")), 0, "batch", stored[0].Sequence},
			"an event's key":              {batchWith("key-1", known[1].keyed("")), -1, "key-1", at},
			"an event's and a new key":    {batchWith("key-1", fresh), -1, "key-1", at},
			"its own and an item's key":   {batchWith("batch", note("entity-0", "note 0"), known[0]), -1, "batch", stored[0].Sequence},
			"a key that it repeats":       {batchOf(fresh, note("x", "y"), fresh), 2, "new", 0},
			"a known key that it repeats": {batchOf(known[1], known[1]), 1, "key-1", 0},
			"an item's key as its own":    {batchWith("new", note("x", "y"), fresh), 1, "new", 0},
		} {
			mustRefuseBatch(t, policy.String()+": "+what, s, test.batch, test.item, test.key, test.sequence)
		}
		r, err := note("entity-0", "note 0").keyed("batch").append(s)
		if got := mustRefuseKey(t, "a batch's key for an event", err); got.Item != -1 || got.Sequence != stored[0].Sequence || r != (engine.Receipt{}) {
			t.Errorf("%+v, %+v", got, r)
		}
		mustStoreNote(t, s, fresh) // none of it took the key
	}
}

func TestABatchMayHaveAKeyAndItsItemsToo(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	intents := keyedNotes(4)
	intents[2].Key = ""
	batch := batchWith("batch", intents...)
	first := mustAppendBatch(t, s, batch)
	mustBeKnown(t, "the batch", s, batch, first)
	for _, i := range []int{0, 1, 3} {
		r, err := intents[i].append(s)
		if err != nil {
			t.Fatal(err)
		}
		mustRepeat(t, "an item alone", []engine.Receipt{r}, first[i:i+1])
	}
	mustBeKnown(t, "items that have keys", s, batchOf(intents[0], intents[1], intents[3]), []engine.Receipt{first[0], first[1], first[3]})
	for i := range first {
		if ev := read(t, s, first[i]); ev.Key != intents[i].Key {
			t.Errorf("item %d has the key %q, want %q", i, ev.Key, intents[i].Key)
		}
	}
}

func TestADuplicateBatchIsDurableWhenItIsAnswered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			d.hold()
			for i := range 3 {
				if _, err := keyedNotes(3)[i].waiting(engine.WaitStaged).append(s); err != nil {
					t.Fatal(err)
				}
			}
			asked := call(func() error {
				receipts, err := s.AppendBatch(batchOf(keyedNotes(3)...))
				if err == nil && !receipts[2].Duplicate {
					t.Errorf("%s: %+v", policy, receipts)
				}
				return err
			})
			d.waitForSync()
			mustNotBeDone(t, policy.String(), asked)
			d.release(nil)
			if err := <-asked; err != nil {
				t.Errorf("%s: %v", policy, err)
			}
			mustShow(t, policy.String(), s, 3, 3, 3)
		}
	})
}
