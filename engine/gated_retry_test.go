// Gated appends that are made again: what was stored is told so although the receipt was used up by that, and a receipt
// that was not needed is not used up.

package engine_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
)

// gatedWays are the ways to append what one receipt stands for with one key. Of the options only expectations, conditions and
// what to wait for are set.
var gatedWays = map[string]func(s *engine.Store, receipt *gate.Receipt[amount], key string, o engine.AppendOptions) ([]engine.Receipt, error){
	"AppendProposal": func(s *engine.Store, receipt *gate.Receipt[amount], key string, o engine.AppendOptions) ([]engine.Receipt, error) {
		o.Key = key
		return listOf(engine.AppendProposal(s, here, event.Data, receipt, o))
	},
	"AppendWith": func(s *engine.Store, receipt *gate.Receipt[amount], key string, o engine.AppendOptions) ([]engine.Receipt, error) {
		o.Key, o.Gate = key, receipt
		return listOf(s.AppendWith(here, event.Data, receipt.Value(), o))
	},
	"AppendBytesWith": func(s *engine.Store, receipt *gate.Receipt[amount], key string, o engine.AppendOptions) ([]engine.Receipt, error) {
		o.Key, o.Gate = key, pretended{receipt}
		return listOf(s.AppendBytesWith(here, event.Data, event.CodecRaw, []byte{byte(receipt.Value().Value)}, o))
	},
	"an item with a key": func(s *engine.Store, receipt *gate.Receipt[amount], key string, o engine.AppendOptions) ([]engine.Receipt, error) {
		o.Key, o.Gate, o.Wait = key, receipt, engine.WaitPolicy
		var batch engine.Batch
		batch.Add(here, event.Data, receipt.Value()).With(o)
		return s.AppendBatch(&batch)
	},
	"items with keys": func(s *engine.Store, receipt *gate.Receipt[amount], key string, o engine.AppendOptions) ([]engine.Receipt, error) {
		o.Key, o.Gate, o.Wait = key+", first", receipt, engine.WaitPolicy
		var batch engine.Batch
		batch.Add(here, event.Data, receipt.Value()).With(o)
		batch.Add(here, event.Data, 2).Key(key + ", second")
		return s.AppendBatch(&batch)
	},
	"a batch with a key": func(s *engine.Store, receipt *gate.Receipt[amount], key string, o engine.AppendOptions) ([]engine.Receipt, error) {
		o.Gate, o.Wait = receipt, engine.WaitPolicy
		batch := engine.Batch{Key: key}
		batch.Add(here, event.Data, receipt.Value()).With(o)
		batch.Add(event.MustAt("other", "scope"), event.Data, 2)
		return s.AppendBatch(&batch)
	},
}

// listOf makes a list of the receipt of a single append.
func listOf(r engine.Receipt, err error) ([]engine.Receipt, error) {
	if err != nil {
		return nil, err
	}
	return []engine.Receipt{r}, nil
}

// mustGate fails the test unless a gated append is refused with this error, a batch at the gate of its first item, and nothing is stored.
func mustGate(t *testing.T, what string, s *engine.Store, want error, call func() ([]engine.Receipt, error)) {
	t.Helper()
	before := s.Stats().Staged
	receipts, err := call()
	if !errors.Is(err, want) || receipts != nil {
		t.Errorf("%s: got %v, %v, want %v", what, receipts, err, want)
	}
	var failed *engine.BatchError
	if errors.As(err, &failed) && (failed.Item != 0 || failed.Stage != engine.StageGate) {
		t.Errorf("%s: got %v, want item 0 at the gate", what, err)
	}
	if after := s.Stats().Staged; after != before {
		t.Errorf("%s: %d events were stored", what, after-before)
	}
}

func TestAGatedAppendThatIsMadeAgainReturnsTheFirstReceipts(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		for _, hashing := range []engine.Hashing{engine.HashingOn, engine.HashingOff} {
			for way, call := range gatedWays {
				o := small(policy)
				o.Hashing = hashing
				path := quickDir(t)
				s := mustOpen(t, path, o)
				receipt := mustPass(t, 7)
				first, err := call(s, receipt, "key", engine.AppendOptions{})
				if err != nil || !receipt.Used() {
					t.Fatalf("%s: %v, used up: %v", way, err, receipt.Used())
				}
				stored := s.Stats().Staged
				again := func(what string) {
					t.Helper()
					for _, wait := range waits { // and whatever it asks for now
						got, err := call(s, receipt, "key", engine.AppendOptions{Wait: wait, Expect: engine.ExpectClock(99), Conditions: []engine.Condition{engine.NoneAfter(event.Everything(), 0)}})
						if err != nil {
							t.Fatalf("%s: %s, %s: %v", policy, way, what, err)
						}
						mustRepeat(t, way+", "+what, got, first)
					}
				}
				again("at once")
				mustAppend(t, s, 300)
				settle(s)
				again("sealed")
				mustClose(t, s)
				s = mustOpen(t, path, o)
				again("opened again")
				if got := s.Stats().Staged; got != stored+300 {
					t.Errorf("%s: %s: %d events were stored", policy, way, got-stored-300)
				}
				mustClose(t, s)
			}
		}
	}
}

func TestAReceiptThatWasUsedIsGoodForNoOtherKey(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		for way, call := range gatedWays {
			s := quickStore(t, small(policy))
			receipt := mustPass(t, 7)
			if _, err := call(s, receipt, "key", engine.AppendOptions{}); err != nil {
				t.Fatalf("%s: %v", way, err)
			}
			for other, call := range gatedWays {
				for range 2 {
					mustGate(t, way+", then "+other, s, gate.ErrReceiptUsed, func() ([]engine.Receipt, error) {
						return call(s, receipt, "new key", engine.AppendOptions{})
					})
				}
			}
			if way == "items with keys" {
				continue // without one of their own they have others
			}
			mustGate(t, way+", without a key", s, gate.ErrReceiptUsed, func() ([]engine.Receipt, error) {
				return call(s, receipt, "", engine.AppendOptions{})
			})
		}
	}
}

func TestAFreshReceiptThatMeetsAKnownKeyIsNotUsedUp(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		for way, call := range gatedWays {
			s := quickStore(t, small(policy))
			first, err := call(s, mustBypass(t, 7, "outage", ""), "key", engine.AppendOptions{})
			if err != nil {
				t.Fatalf("%s: %v", way, err)
			}
			fresh, other := mustPass(t, 7), mustPass(t, 8)
			got, err := call(s, fresh, "key", engine.AppendOptions{Expect: engine.ExpectClock(99)})
			if err != nil || fresh.Used() {
				t.Fatalf("%s: got %v, used up: %v", way, err, fresh.Used())
			}
			mustRepeat(t, way, got, first)
			if _, err := call(s, other, "key", engine.AppendOptions{}); !errors.Is(err, engine.ErrIdempotencyConflict) || other.Used() {
				t.Errorf("%s: another request: got %v, used up: %v", way, err, other.Used())
			}
			for _, receipt := range []*gate.Receipt[amount]{fresh, other} {
				got, err := call(s, receipt, "new key "+string(rune('0'+receipt.Value().Value)), engine.AppendOptions{})
				if err != nil || got[0].Duplicate || !receipt.Used() {
					t.Errorf("%s: it is good afterwards: got %v, %v, used up: %v", way, got, err, receipt.Used())
				}
			}
			if ev := read(t, s, first[0]); ev.Gate == nil || ev.Gate.Outcome != event.GateBypassed {
				t.Errorf("%s: stored with %+v", way, ev.Gate)
			}
		}
	}
}

func TestReceiptsOfABatchWithKnownAndNewKeysAreNotUsedUp(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	var batch engine.Batch
	known, fresh, free := mustPass(t, 1), mustPass(t, 2), mustPass(t, 3)
	mustStored := func(r engine.Receipt, err error) {
		t.Helper()
		if err != nil || r.Duplicate {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	mustStored(engine.AppendProposal(s, here, event.Data, known, engine.AppendOptions{Key: "known"}))
	batch.Add(here, event.Data, fresh.Value()).With(engine.AppendOptions{Gate: fresh, Key: "new"})
	batch.Add(here, event.Data, known.Value()).With(engine.AppendOptions{Gate: known, Key: "known"})
	batch.Add(here, event.Data, free.Value()).With(engine.AppendOptions{Gate: free})
	_, err := s.AppendBatch(&batch)
	mustFail(t, "known and new keys", err, 1, engine.StageKey, engine.ErrIdempotencyConflict)
	if fresh.Used() || free.Used() || s.Stats().Staged != 1 {
		t.Errorf("used up: %v, %v; %d events", fresh.Used(), free.Used(), s.Stats().Staged)
	}
	mustStored(engine.AppendProposal(s, here, event.Data, fresh, engine.AppendOptions{Key: "new"}))
	mustStored(engine.AppendProposal(s, here, event.Data, free, engine.AppendOptions{}))
}

func TestAConflictUsesTheReceiptUp(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		for way, call := range gatedWays {
			for what, o := range map[string]engine.AppendOptions{
				"expectation": {Expect: engine.ExpectClock(3)},
				"last id":     {Expect: engine.ExpectLastID(event.MakeID(1, 1, 1))},
				"condition":   {Conditions: []engine.Condition{engine.NoneAfter(event.Tagged("hot"), 0)}},
			} {
				s := quickStore(t, small(policy))
				mustStoreNote(t, s, staged())
				receipt := mustPass(t, 7)
				if _, err := call(s, receipt, "new", o); !errors.Is(err, engine.ErrConflict) || !receipt.Used() {
					t.Errorf("%s: %s: got %v, used up: %v", way, what, err, receipt.Used())
				}
				mustGate(t, way+", after a conflict", s, gate.ErrReceiptUsed, func() ([]engine.Receipt, error) {
					return call(s, receipt, "new", engine.AppendOptions{})
				})
				again := mustPass(t, 7)
				if got, err := call(s, again, "new", engine.AppendOptions{}); err != nil || got[0].Duplicate || !again.Used() {
					t.Errorf("%s: the gates judged again: got %v, %v, used up: %v", way, got, err, again.Used())
				}
			}
		}
	}
}

func TestAKeyThatIsNoLongerKnownNeedsAReceiptThatIsGood(t *testing.T) {
	t.Parallel()
	for way, call := range gatedWays {
		w := newWatchmaker()
		s := quickStore(t, w.options(engine.SyncManual(), time.Hour))
		receipt := mustPass(t, 7)
		first, err := call(s, receipt, "key", engine.AppendOptions{})
		if err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		w.move(59 * time.Minute)
		got, err := call(s, receipt, "key", engine.AppendOptions{})
		if err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		mustRepeat(t, way, got, first)
		w.move(2 * time.Minute)
		mustGate(t, way+", forgotten", s, gate.ErrReceiptUsed, func() ([]engine.Receipt, error) {
			return call(s, receipt, "key", engine.AppendOptions{})
		})
		if got, err := call(s, mustPass(t, 7), "key", engine.AppendOptions{}); err != nil || got[0].Duplicate {
			t.Errorf("%s: got %v, %v", way, got, err)
		}
	}
}

func TestAGatedAppendWhoseFirstAttemptIsOnlyStagedWaitsForThat(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for way, call1 := range gatedWays {
			for _, verdict := range []error{nil, errInjected} {
				s, d := slowStore(t, small(engine.SyncEveryAppend()))
				d.hold()
				receipt, fresh := mustPass(t, 7), mustPass(t, 7)
				begin := func(receipt *gate.Receipt[amount]) (<-chan []engine.Receipt, <-chan error) {
					answer := make(chan []engine.Receipt, 1)
					done := call(func() error {
						got, err := call1(s, receipt, "key", engine.AppendOptions{Wait: engine.WaitDurable})
						answer <- got
						return err
					})
					synctest.Wait()
					mustNotBeDone(t, way, done)
					return answer, done
				}
				stored, first := begin(receipt)
				repeated, again := begin(receipt)
				others, other := begin(fresh)
				d.release(verdict)
				if verdict != nil {
					for _, done := range []<-chan error{first, again, other} {
						if err := <-done; !errors.Is(err, engine.ErrIndeterminate) && !errors.Is(err, engine.ErrPoisoned) {
							t.Errorf("%s: got %v", way, err)
						}
					}
				} else {
					for _, done := range []<-chan error{first, again, other} {
						if err := <-done; err != nil {
							t.Errorf("%s: %v", way, err)
						}
					}
					want := <-stored
					mustRepeat(t, way, <-repeated, want)
					mustRepeat(t, way+" with a fresh receipt", <-others, want)
				}
				if fresh.Used() {
					t.Errorf("%s: the other receipt is used up", way)
				}
				_ = s.Close() // poisoned or not
			}
		}
	})
}

func TestAfterAFailedSyncAUsedReceiptIsGoodForWhatSurvivedOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for way, call1 := range gatedWays {
			s, d := slowStore(t, small(engine.SyncEveryAppend()))
			d.hold()
			receipt := mustPass(t, 7)
			asked := call(func() error {
				_, err := call1(s, receipt, "key", engine.AppendOptions{Wait: engine.WaitDurable})
				return err
			})
			synctest.Wait()
			survived, lost := d.device.kill(), d.device.cut(nil)
			d.release(errInjected)
			mustBeUnknown(t, way, <-asked)
			_ = s.Close() // poisoned
			s = openLeft(t, survived, small(engine.SyncEveryAppend()))
			if got, err := call1(s, receipt, "key", engine.AppendOptions{}); err != nil || !got[0].Duplicate {
				t.Errorf("%s: it survived: got %+v, %v", way, got, err)
			}
			mustClose(t, s)
			s = openLeft(t, lost, small(engine.SyncEveryAppend()))
			mustGate(t, way+", it is lost", s, gate.ErrReceiptUsed, func() ([]engine.Receipt, error) {
				return call1(s, receipt, "key", engine.AppendOptions{})
			})
			if got, err := call1(s, mustPass(t, 7), "key", engine.AppendOptions{}); err != nil || got[0].Duplicate {
				t.Errorf("%s: the gates judged again: got %+v, %v", way, got, err)
			}
			mustClose(t, s)
		}
	})
}
