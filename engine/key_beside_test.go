// Keys beside others: of those who append the same request at once one stores it, and all are told of the same event.

package engine_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// answered collects what goroutines were told about a key.
type answered struct {
	mu     sync.Mutex
	first  map[string][]engine.Receipt // as stored
	others map[string][][]engine.Receipt
}

func (w *answered) add(key string, receipts []engine.Receipt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if receipts[0].Duplicate {
		w.others[key] = append(w.others[key], receipts)
		return
	}
	w.first[key] = append(w.first[key], receipts...)
}

func TestOfThoseWhoAppendTheSameRequestAtOnceOneStoresItAndAllAreToldTheSame(t *testing.T) {
	t.Parallel()
	for _, policy := range decisionPolicies {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			const keys = 150
			s := quickStore(t, small(policy))
			w := answered{first: make(map[string][]engine.Receipt), others: make(map[string][][]engine.Receipt)}
			together(deciders, func(n int) {
				for i := range keys {
					key := fmt.Sprint("key-", i)
					var receipts []engine.Receipt
					var err error
					switch i % 3 {
					case 0:
						var r engine.Receipt
						r, err = note("entity", key).keyed(key).append(s)
						receipts = []engine.Receipt{r}
					case 1:
						receipts, err = s.AppendBatch(batchWith(key, notes(3)...))
					case 2:
						receipts, err = s.AppendBatch(batchOf(note("entity", "x").keyed(key), note("entity", "y").keyed(key+"'")))
					}
					if err != nil {
						t.Errorf("%s: %v", key, err)
						return
					}
					w.add(key, receipts)
				}
			})
			stored := 0
			for i := range keys {
				key := fmt.Sprint("key-", i)
				items := []int{1, 3, 2}[i%3]
				if len(w.first[key]) != items || len(w.others[key]) != deciders-1 {
					t.Fatalf("%s: %d receipts of what was stored, %d duplicates", key, len(w.first[key]), len(w.others[key]))
				}
				for _, other := range w.others[key] {
					mustRepeat(t, key, other, w.first[key])
				}
				stored += items
			}
			if got := s.Stats().Events; got != uint64(stored) {
				t.Errorf("%d events, want %d", got, stored)
			}
			mustBeSound(t, all(t, s, 0, 0, engine.ReadOptions{}), true)
		})
	}
}

func TestOfThoseWhoUseTheSameKeyForDifferentRequestsOneWins(t *testing.T) {
	t.Parallel()
	for _, policy := range decisionPolicies {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			const keys = 150
			s := quickStore(t, small(policy))
			var mu sync.Mutex
			winners := make(map[string][]engine.Receipt)
			together(deciders, func(n int) {
				for i := range keys {
					key := fmt.Sprint("key-", i)
					var r engine.Receipt
					var err error
					if (n+i)%2 == 0 {
						r, err = note(fmt.Sprint("entity-", n), "x").keyed(key).append(s)
					} else {
						var receipts []engine.Receipt
						if receipts, err = s.AppendBatch(batchWith(key, notes(n+2)...)); err == nil {
							r = receipts[0]
						}
					}
					switch {
					case err == nil:
						mu.Lock()
						winners[key] = append(winners[key], r)
						mu.Unlock()
					case !errors.Is(err, engine.ErrIdempotencyConflict):
						t.Errorf("%s: %v", key, err)
						return
					}
				}
			})
			for i := range keys {
				key := fmt.Sprint("key-", i)
				if len(winners[key]) != 1 || winners[key][0].Duplicate {
					t.Fatalf("%s: %+v", key, winners[key])
				}
				_, err := note("nobody's", "request").keyed(key).append(s)
				if got := mustRefuseKey(t, key, err); got.Sequence != winners[key][0].Sequence {
					t.Errorf("%s belongs to %d, was told to %d", key, got.Sequence, winners[key][0].Sequence)
				}
			}
		})
	}
}

// A key is looked up outside the commit section, and what came since inside: also where the segment changes between the two, and
// where the first holder is sealed meanwhile.
func TestKeysAreJudgedOverSegmentChanges(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	const rounds = 300
	together(4, func(n int) {
		for i := range rounds {
			o := note(fmt.Sprint("entity-", i%3), fmt.Sprint(i)).keyed(fmt.Sprint("key-", i)).tagged("hot")
			o.Payload = randomBytes(uint64(i), 2000+i%9*700)
			if i%20 == 19 {
				o.Payload = randomBytes(uint64(i), engine.MinSegmentSize)
			}
			if _, err := o.append(s); err != nil {
				t.Errorf("append: %v", err)
				return
			}
		}
	})
	if got := s.Stats(); got.Events != rounds || got.Rotations < 5 {
		t.Errorf("%d events, want %d; %d segment changes", got.Events, rounds, got.Rotations)
	}
	seen := make(map[string]bool)
	for _, ev := range query(t, s, event.Tagged("hot"), engine.ReadOptions{}) {
		if seen[ev.Key] {
			t.Errorf("%s is there twice", ev.Key)
		}
		seen[ev.Key] = true
	}
}
