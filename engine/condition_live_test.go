// Conditional appends beside others that never pause: what holds is stored, and what does not is refused, before the others
// have made so many appends that they give up.

package engine_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// accounts is how many entities the busy ones write to.
const accounts = 100

// busyLimits are how many events the busy ones append beside one append before they give up: much more than should come to pass, even where
// a goroutine has to wait for a processor now and then.
var busyLimits = map[engine.SyncPolicy]int64{
	engine.SyncEveryAppend(): 400_000, engine.SyncEvery(100, 0): 1_000_000, engine.SyncManual(): 2_000_000,
}

// busyLimit returns how many events the busy ones append under a policy.
func busyLimit(policy engine.SyncPolicy) int64 {
	if raceBuild {
		return busyLimits[policy] / 8
	}
	return busyLimits[policy]
}

// busy is a store to whose accounts others append without end, until they are stopped or give up.
type busy struct {
	store *engine.Store
	limit int64
	made  atomic.Int64 // events
	stop  atomic.Bool
	group sync.WaitGroup
}

// accountAt returns where one of the accounts is.
func accountAt(n int) event.Coordinate { return event.MustAt(fmt.Sprint("acct:", n%accounts), "bank") }

// newBusy opens a store with accounts of one event each.
func newBusy(t *testing.T, policy engine.SyncPolicy) *busy {
	t.Helper()
	b := &busy{store: quickStore(t, engine.Options{Sync: policy, SegmentSize: 4 << 20}), limit: busyLimit(policy)}
	for n := range accounts {
		if _, err := b.store.AppendBytesWith(accountAt(n), event.Data, event.CodecRaw, []byte("open"), engine.AppendOptions{Wait: engine.WaitStaged}); err != nil {
			t.Fatal(err)
		}
	}
	mustSync(t, b.store)
	t.Cleanup(b.end) // before the store is closed
	return b
}

// shape is a way in which others are busy: each appends so many events at once, and may itself depend on no account having been
// opened meanwhile.
type shape struct {
	writers, size int
	conditional   bool
}

// busyShapes are those that the tests go through.
var busyShapes = []shape{{1, 1, false}, {4, 1, false}, {8, 1, false}, {3, 200, false}, {6, 1, true}}

func (o shape) String() string {
	return fmt.Sprintf("%d writers of %d, conditional %v", o.writers, o.size, o.conditional)
}

// append makes the n-th append of one of the busy ones.
func (o shape) append(s *engine.Store, n int) error {
	options := engine.AppendOptions{}
	if o.conditional && n%2 == 0 {
		options.Conditions = []engine.Condition{engine.NoneAfter(event.EntityPrefix("acct:").Clocks(1, 1), s.Stats().Visible)}
	}
	var err error
	if o.size == 1 {
		_, err = s.AppendBytesWith(accountAt(n), event.Data, event.CodecRaw, []byte("x"), options)
	} else {
		var batch engine.Batch
		for i := range o.size {
			batch.AddBytes(accountAt(n+i), event.Data, event.CodecRaw, []byte("x")).With(options)
		}
		_, err = s.AppendBatch(&batch)
	}
	if o.conditional && errors.Is(err, engine.ErrConflict) {
		return nil // a test may open an account
	}
	return err
}

// write lets others append, and returns when all have begun.
func (b *busy) write(t *testing.T, o shape) {
	t.Helper()
	var begun atomic.Int64
	for writer := range o.writers {
		b.group.Go(func() {
			for n := writer; !b.stop.Load() && b.made.Add(int64(o.size)) <= b.limit; n += 7 {
				if err := o.append(b.store, n); err != nil {
					t.Errorf("a busy append: %v", err)
					return
				}
				if n == writer {
					begun.Add(1)
				}
			}
		})
	}
	until(func() bool { return begun.Load() == int64(o.writers) || t.Failed() })
}

// mustStillBeBusy ends the test if the others had to give up for this to come to an end. They begin to count again.
func (b *busy) mustStillBeBusy(t *testing.T, what string) {
	t.Helper()
	if b.made.Swap(0) > b.limit {
		t.Fatalf("%s: no answer while others appended %d events", what, b.limit)
	}
}

// end stops the busy ones.
func (b *busy) end() {
	b.stop.Store(true)
	b.group.Wait()
}

// longAgo is before every event of every test.
var longAgo = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// unselected returns regions that none of the busy appends is in, though some look as if they might be, by what they are.
func unselected(s *engine.Store) map[string]event.Region {
	visible := s.Stats().Visible
	return map[string]event.Region{
		"no account was opened":         event.EntityPrefix("acct:").Clocks(1, 1),
		"no first event of an account":  event.Entity("acct:1").Clocks(0, 1),
		"nothing until now":             event.Everything().Between(time.Unix(0, 0), longAgo),
		"nothing with an old sequence":  event.Scope("bank").Sequences(1, visible),
		"a prefix that nobody has":      event.EntityPrefix("nobody:"),
		"a tag that nobody has, or old": event.Union(event.Tagged("none"), event.OfKind(event.Data).Between(time.Unix(0, 0), longAgo)),
	}
}

// forEveryBusyStore runs a test with a fresh busy store of every kind.
func forEveryBusyStore(t *testing.T, test func(t *testing.T, b *busy)) {
	for _, policy := range decisionPolicies {
		for _, shape := range busyShapes {
			t.Run(fmt.Sprintf("%s, %s", policy, shape), func(t *testing.T) {
				b := newBusy(t, policy)
				b.write(t, shape)
				test(t, b)
			})
		}
	}
}

func TestAConditionThatHoldsIsAnsweredHoweverBusyOthersAre(t *testing.T) {
	forEveryBusyStore(t, func(t *testing.T, b *busy) {
		for name, region := range unselected(b.store) {
			o := note("audit", name).given(engine.NoneAfter(region, b.store.Stats().Visible))
			if _, err := o.append(b.store); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			b.mustStillBeBusy(t, name)
		}
	})
}

func TestAConditionOfManyPrefixesIsAnsweredBesideABusyWriter(t *testing.T) {
	prefixes := make([]event.Region, 500)
	if raceBuild {
		prefixes = prefixes[:50] // looking at them takes that much longer
	}
	for i := range prefixes {
		prefixes[i] = event.EntityPrefix(fmt.Sprint("none", i, "/"))
	}
	for _, policy := range decisionPolicies {
		t.Run(policy.String(), func(t *testing.T) {
			b := newBusy(t, policy)
			b.write(t, shape{1, 1, false})
			for n := range 4 {
				for what, call := range map[string]func(o intent) error{
					"append":           func(o intent) error { _, err := o.append(b.store); return err },
					"append with key":  func(o intent) error { _, err := o.keyed(fmt.Sprint("alone ", n)).append(b.store); return err },
					"item of a batch":  func(o intent) error { _, err := b.store.AppendBatch(batchOf(note("audit", "x"), o)); return err },
					"batch with a key": func(o intent) error { _, err := b.store.AppendBatch(batchWith(fmt.Sprint("batch ", n), o)); return err },
				} {
					if err := call(note("audit", what).given(engine.NoneAfter(event.Union(prefixes...), b.store.Stats().Visible))); err != nil {
						t.Errorf("%s: %v", what, err)
					}
					b.mustStillBeBusy(t, what)
				}
			}
		})
	}
}

func TestABatchWhoseConditionsHoldIsAnsweredHoweverBusyOthersAre(t *testing.T) {
	forEveryBusyStore(t, func(t *testing.T, b *busy) {
		var conditions []engine.Condition
		for _, region := range unselected(b.store) {
			conditions = append(conditions, engine.NoneAfter(region, b.store.Stats().Visible))
		}
		for n := range 3 {
			batch := batchIf([]intent{note("audit", "a"), note("audit", "b").expecting(engine.ExpectClock(uint64(2*n + 1)))}, conditions...)
			batch.Key = fmt.Sprint("audit ", n)
			if _, err := b.store.AppendBatch(batch); err != nil {
				t.Errorf("batch %d: %v", n, err)
			}
			b.mustStillBeBusy(t, "batch")
		}
	})
}

func TestAConditionThatDoesNotHoldIsRefusedHoweverBusyOthersAre(t *testing.T) {
	forEveryBusyStore(t, func(t *testing.T, b *busy) {
		opened, err := note("acct:new", "open").append(b.store)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]engine.Condition{
			"an account was opened":   engine.NoneAfter(event.EntityPrefix("acct:").Clocks(1, 1), opened.Sequence-1),
			"a clock that is over":    engine.EntityIs("acct:1", engine.ExpectClock(0)),
			"a last id that is older": engine.EntityIs("acct:1", engine.ExpectLastID(opened.ID)),
			"anything at all":         engine.NoneAfter(event.Everything(), 0),
		} {
			_, err := note("audit", name).given(c).append(b.store)
			mustConflict(t, name, err)
			b.mustStillBeBusy(t, name)
		}
	})
}

func TestManyConditionalAppendsAtOnceAreAllAnswered(t *testing.T) {
	forEveryBusyStore(t, func(t *testing.T, b *busy) {
		regions := unselected(b.store)
		together(deciders, func(n int) {
			for name, region := range regions {
				o := note(fmt.Sprint("audit-", n), name).given(engine.NoneAfter(region, b.store.Stats().Visible))
				if _, err := o.append(b.store); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
		b.mustStillBeBusy(t, "one of them")
		for n := range deciders {
			if got, err := b.store.Clock(fmt.Sprint("audit-", n)); err != nil || got != uint64(len(regions)) {
				t.Errorf("%d events of %d are stored, %v", got, len(regions), err)
			}
		}
	})
}

// opening is a conditional append that was stored: an account was opened as nobody had opened one after a sequence.
type opening struct{ after, sequence uint64 }

func TestWhatHoldsBesideBusyOnesHeldWhereItStands(t *testing.T) {
	forEveryBusyStore(t, func(t *testing.T, b *busy) {
		var mu sync.Mutex
		var stored []opening
		together(4, func(n int) {
			for i := range 20 {
				after := b.store.Stats().Visible
				o := note(fmt.Sprintf("acct:new-%d-%d", n, i), "open").given(engine.NoneAfter(event.EntityPrefix("acct:").Clocks(1, 1), after))
				r, err := o.append(b.store)
				if errors.Is(err, engine.ErrConflict) {
					continue
				}
				if err != nil {
					t.Errorf("open: %v", err)
					return
				}
				mu.Lock()
				stored = append(stored, opening{after, r.Sequence})
				mu.Unlock()
			}
		})
		b.mustStillBeBusy(t, "one of them")
		b.end()
		mustSync(t, b.store)
		opened := query(t, b.store, event.EntityPrefix("acct:new-"), engine.ReadOptions{})
		if len(stored) == 0 || len(opened) != len(stored) {
			t.Fatalf("%d accounts were opened, %d are there", len(stored), len(opened))
		}
		for _, o := range stored {
			for i := range opened {
				if n := opened[i].Sequence; o.after < n && n < o.sequence {
					t.Errorf("the account of sequence %d was opened as none was after %d, but one was at %d", o.sequence, o.after, n)
				}
			}
		}
	})
}
