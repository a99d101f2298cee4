// Conditions beside others: of those who decide on the same state one wins, and what holds is never broken.

package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// deciders is how many goroutines decide at once.
const deciders = 8

// together runs one function in each of so many goroutines.
func together(n int, each func(n int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { each(i) })
	}
	group.Wait()
}

// decisionPolicies are those that make a difference to judging: readers see what is durable, or what is staged.
var decisionPolicies = []engine.SyncPolicy{engine.SyncEveryAppend(), engine.SyncEvery(100, 0), engine.SyncManual()}

func TestOfThoseWhoExpectTheSameClockOneWins(t *testing.T) {
	t.Parallel()
	for _, policy := range decisionPolicies {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			s := quickStore(t, small(policy))
			var won, lost atomic.Int64
			together(deciders, func(n int) {
				for clock := uint64(0); clock < 150; {
					o := note("entity", fmt.Sprint(n)).expecting(engine.ExpectClock(clock))
					var err error
					if n%2 == 0 {
						_, err = o.append(s)
					} else {
						_, err = s.AppendBatch(batchOf(note("other", "x"), o, note(fmt.Sprint("own-", n), "y")))
					}
					var conflict *engine.ConflictError
					switch {
					case err == nil:
						won.Add(1)
						clock++
					case !errors.As(err, &conflict):
						t.Errorf("append: %v", err)
						return
					case conflict.GotClock <= clock || conflict.Event.Clock != conflict.GotClock:
						t.Errorf("clock %d was expected, %+v stood against it", clock, conflict)
						return
					default:
						lost.Add(1)
						clock = conflict.GotClock
					}
				}
			})
			events := all(t, s, 0, 0, engine.ReadOptions{})
			mustBeSound(t, events, true)
			if got := events.clock("entity"); int64(got) != won.Load() {
				t.Errorf("%d won, the clock is %d", won.Load(), got)
			}
			t.Logf("%d won, %d lost", won.Load(), lost.Load())
		})
	}
}

func TestOfThoseWhoClaimTheSameTagOneWins(t *testing.T) {
	t.Parallel()
	for _, policy := range decisionPolicies {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			const names = 200
			s := quickStore(t, small(policy))
			var winners [names]atomic.Int64
			together(deciders, func(n int) {
				for name := range names {
					tag := fmt.Sprint("name-", name)
					o := note(fmt.Sprint("user-", n), "claim").tagged(tag).given(engine.NoneAfter(event.Tagged(tag), 0))
					var err error
					if name%3 == n%3 {
						_, err = s.AppendBatch(batchOf(note("log", "x"), o))
					} else {
						_, err = o.append(s)
					}
					if err == nil {
						winners[name].Add(1)
					} else if !errors.Is(err, engine.ErrConflict) {
						t.Errorf("claim: %v", err)
						return
					}
				}
			})
			for name := range names {
				tag := fmt.Sprint("name-", name)
				if got := query(t, s, event.Tagged(tag), engine.ReadOptions{}); len(got) != 1 || winners[name].Load() != 1 {
					t.Errorf("%s: %d events, %d were told that it is theirs", tag, len(got), winners[name].Load())
				}
			}
		})
	}
}

// onCall is a rule over several entities, each of which is written by itself: at least one doctor stays on call.
type onCall struct {
	t     *testing.T
	store *engine.Store
}

const doctors = 4

// present returns who is on call, and up to where that is known.
func (w *onCall) present() (present []int, upTo uint64) {
	upTo = w.store.Stats().Visible
	var there [doctors]bool
	for ev, err := range w.store.Query(event.EntityPrefix("doctor-"), engine.ReadOptions{}) {
		if err != nil {
			w.t.Errorf("query: %v", err)
		} else if ev.Sequence <= upTo {
			there[ev.Payload[0]] = ev.Payload[1] == 1
		}
	}
	for doctor, is := range there {
		if is {
			present = append(present, doctor)
		}
	}
	return present, upTo
}

// turn puts a doctor on call or off, unless somebody's turn came since. It reports whether it was stored.
func (w *onCall) turn(doctor int, on byte, upTo uint64) bool {
	at := event.MustAt(fmt.Sprint("doctor-", doctor), "hospital")
	o := intent{Draft: event.Draft{Coordinate: at, Kind: event.Data, Payload: []byte{byte(doctor), on}}}
	_, err := o.given(engine.NoneAfter(event.EntityPrefix("doctor-").Scope("hospital"), upTo)).append(w.store)
	if err != nil && !errors.Is(err, engine.ErrConflict) {
		w.t.Errorf("turn: %v", err)
	}
	return err == nil
}

func TestARuleOverSeveralEntitiesIsNeverBroken(t *testing.T) {
	t.Parallel()
	for _, policy := range decisionPolicies {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			w := &onCall{t, quickStore(t, small(policy))}
			w.turn(0, 1, 0)
			w.turn(1, 1, w.store.Stats().Visible)
			var stored atomic.Int64
			together(deciders, func(n int) {
				random := rand.New(rand.NewPCG(uint64(n), 0))
				for range 60 {
					present, upTo := w.present()
					doctor := random.IntN(doctors)
					on := byte(1)
					if slices.Contains(present, doctor) {
						if on = 0; len(present) == 1 {
							continue // the last one stays
						}
					}
					if w.turn(doctor, on, upTo) {
						stored.Add(1)
					}
				}
			})
			here := 0
			for _, ev := range all(t, w.store, 0, 0, engine.ReadOptions{}) {
				if here += int(ev.Payload[1])*2 - 1; here < 1 {
					t.Fatalf("nobody is on call behind sequence %d", ev.Sequence)
				}
			}
			if stored.Load() == 0 {
				t.Error("nothing was stored")
			}
		})
	}
}

// account is a balance as somebody knows it.
type account struct {
	clock   uint64
	balance int64
}

func TestTransfersOnTwoExpectedClocksKeepTheTotal(t *testing.T) {
	t.Parallel()
	for _, policy := range decisionPolicies {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			const accounts, transfers = 5, 40
			s := quickStore(t, small(policy))
			name := func(n int) string { return fmt.Sprint("account-", n) }
			load := func(n int) (a account) {
				for ev, err := range s.Stream(name(n), engine.ReadOptions{}) {
					if err != nil {
						t.Errorf("stream: %v", err)
						return a
					}
					a.clock, a.balance = ev.Position.Clock, a.balance+int64(int8(ev.Payload[0]))
				}
				return a
			}
			together(deciders, func(n int) {
				random := rand.New(rand.NewPCG(uint64(n), 1))
				for done := 0; done < transfers && !t.Failed(); {
					from := random.IntN(accounts)
					to := (from + 1 + random.IntN(accounts-1)) % accounts
					amount := int8(1 + random.IntN(9))
					take := note(name(from), string([]byte{byte(-amount)})).expecting(engine.ExpectClock(load(from).clock))
					give := note(name(to), string([]byte{byte(amount)})).expecting(engine.ExpectClock(load(to).clock))
					_, err := s.AppendBatch(batchWith(fmt.Sprint(n, "/", done), take, give))
					if err == nil {
						done++
					} else if !errors.Is(err, engine.ErrConflict) {
						t.Errorf("transfer: %v", err)
					}
				}
			})
			total, clocks := int64(0), uint64(0)
			for n := range accounts {
				a := load(n)
				total, clocks = total+a.balance, clocks+a.clock
			}
			if total != 0 || clocks != 2*deciders*transfers {
				t.Errorf("the total is %d after %d events, want 0 after %d", total, clocks, 2*deciders*transfers)
			}
		})
	}
}
