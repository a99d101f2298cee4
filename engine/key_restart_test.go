// Keys over restarts: closed, killed, cut off, with everything derived deleted; a duplicate is answered with the
// first receipt ever after.

package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// retryable is what was appended with keys, to be tried again.
type retryable struct {
	intents []intent        // single events
	batches []*engine.Batch // with a key of their own, or of all items
	first   [][]engine.Receipt
}

// append appends more of everything, with events without keys between.
func (r *retryable) append(t failer, s *engine.Store, rounds int) {
	t.Helper()
	for range rounds {
		n := len(r.intents)
		o := note(fmt.Sprint("entity-", n%4), fmt.Sprint("single ", n)).keyed(fmt.Sprint("single-", n))
		o.Metadata = randomBytes(uint64(n), n*37%400)
		receipt, _ := mustStoreNote(t, s, o)
		r.intents = append(r.intents, o)
		intents := notes(1 + n%6)
		for i := range intents {
			intents[i].Payload = randomBytes(uint64(n*10+i), n*53%700)
		}
		batch := batchWith(fmt.Sprint("batch-", n), intents...)
		if n%3 == 0 {
			batch.Key = ""
			for i := range intents {
				intents[i].Key = fmt.Sprint("item-", n, "-", i)
			}
			batch = batchOf(intents...)
		}
		r.batches = append(r.batches, batch)
		r.first = append(r.first, []engine.Receipt{receipt}, mustAppendBatch(t, s, batch))
		mustStoreNote(t, s, note("entity-0", "no key"))
	}
}

// mustBeKnown tries everything again, and that nothing else is taken for known.
func (r *retryable) mustBeKnown(t failer, what string, s *engine.Store) {
	t.Helper()
	before := s.Stats().Staged
	for i := range r.intents {
		again, err := r.intents[i].append(s)
		if err != nil {
			t.Fatalf("%s: event %d: %v", what, i, err)
		}
		mustRepeat(t, fmt.Sprintf("%s: event %d", what, i), []engine.Receipt{again}, r.first[2*i])
		receipts, err := s.AppendBatch(r.batches[i])
		if err != nil {
			t.Fatalf("%s: batch %d: %v", what, i, err)
		}
		mustRepeat(t, fmt.Sprintf("%s: batch %d", what, i), receipts, r.first[2*i+1])
		if i%5 != 0 {
			continue
		}
		other := r.intents[i]
		other.Payload = []byte("other")
		_, err = other.append(s)
		if got := mustRefuseKey(t, what, err); got.Sequence != r.first[2*i][0].Sequence {
			t.Fatalf("%s: event %d: %+v", what, i, got)
		}
	}
	if after := s.Stats().Staged; after != before {
		t.Fatalf("%s: %d events were stored", what, after-before)
	}
	mustStoreNote(t, s, note("entity-0", "new").keyed(fmt.Sprint("new-", before)))
}

func TestKeysAreKnownAfterEverythingDerivedWasDeleted(t *testing.T) {
	t.Parallel()
	for i, policy := range policies {
		path := quickDir(t)
		s := mustOpen(t, path, small(policy))
		var r retryable
		r.append(t, s, 150)
		r.mustBeKnown(t, policy.String(), s)
		settle(s)
		r.mustBeKnown(t, policy.String()+", sealed", s)
		mustSync(t, s)
		killed := imageOf(t, path)
		mustClose(t, s)
		closed := imageOf(t, path)
		if n := len(closed.sealed()); n < 4 {
			t.Fatalf("%s: %d sealed segments", policy, n)
		}
		for n, loss := range losses {
			if raceBuild && n%3 != i {
				continue
			}
			for from, files := range map[string]image{"killed": killed, "closed": closed} {
				t.Run(fmt.Sprintf("%s, %s, lost %s", policy, from, loss.what), func(t *testing.T) {
					t.Parallel()
					path := quickDir(t)
					loss.from(files.clone()).write(t, path)
					o := small(policy)
					o.Rebuild = loss.rebuild
					s := mustOpen(t, path, o)
					r.mustBeKnown(t, "opened", s)
					settle(s)
					engine.WaitForMerges(s)
					r.mustBeKnown(t, "sealed again", s)
					mustClose(t, s)
					s = mustOpen(t, path, o)
					r.mustBeKnown(t, "opened again", s)
					mustClose(t, s)
				})
			}
		}
	}
}

func TestKeysAreKnownAfterManyOpenings(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var r retryable
		left := nothing()
		for round := range 12 {
			d := newDevice(left)
			o := small(policies[round%2])
			o.Rebuild = round%5 == 4
			s := mustOpenDir(t, d, o)
			r.mustBeKnown(t, fmt.Sprint("opening ", round), s)
			r.append(t, s, 12)
			switch round % 3 {
			case 0:
				mustClose(t, s)
				left = d.kill()
			case 1:
				mustSync(t, s)
				left = d.cut(rand.New(rand.NewPCG(uint64(round), 0)))
				mustClose(t, s)
			case 2:
				left = d.kill()
				mustClose(t, s)
			}
		}
	})
}

func TestAKeyThatWasLostIsNewAndMayBelongToAnotherRequest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := deviceStore(t, small(engine.SyncManual()))
		kept, _ := mustStoreNote(t, s, note("entity", "kept").keyed("kept"))
		mustSync(t, s)
		lost, _ := mustStoreNote(t, s, note("entity", "lost").keyed("lost"))
		left := d.cut(nil)
		mustClose(t, s)
		s = openLeft(t, left, small(engine.SyncManual()))
		r, err := note("entity", "kept").keyed("kept").append(s)
		if err != nil {
			t.Fatal(err)
		}
		mustRepeat(t, "what was durable", []engine.Receipt{r}, []engine.Receipt{kept})
		again, _ := mustStoreNote(t, s, note("entity", "another request").keyed("lost"))
		if again.Sequence <= lost.Sequence || again.ID == lost.ID {
			t.Errorf("%+v is stored in the place of %+v, which was told", again, lost)
		}
		mustClose(t, s)
	})
}

func TestTheKeysOfABatchThatATornTailTookAreNew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := slowStore(t, small(engine.SyncEveryAppend()))
		before := mustAppendBatch(t, s, batchWith("before", notes(2)...))
		d.hold()
		batch := batchWith("batch", keyedNotes(5)...)
		appended := call(func() error { _, err := s.AppendBatch(batch); return err })
		d.waitForSync()
		torn, whole := 0, 0
		for seed := range cuts() / 4 {
			again := openLeft(t, d.device.cut(rand.New(rand.NewPCG(seed, 0))), small(engine.SyncManual()))
			mustBeKnown(t, "before", again, batchWith("before", notes(2)...), before)
			there := len(query(t, again, event.Everything(), engine.ReadOptions{})) == 7
			receipts, err := again.AppendBatch(batch)
			if err != nil || receipts[0].Duplicate != there {
				t.Fatalf("seed %d: it is there: %v; %+v, %v", seed, there, receipts, err)
			}
			if torn++; there {
				whole, torn = whole+1, torn-1
			}
			mustClose(t, again)
		}
		if torn == 0 || whole == 0 {
			t.Errorf("%d times torn, %d times whole", torn, whole)
		}
		d.release(nil)
		if err := <-appended; err != nil {
			t.Fatal(err)
		}
	})
}
