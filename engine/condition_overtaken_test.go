// A conditional append that is overtaken again and again: whenever it could have its place another event has come that may
// matter, though none does. It is placed in the end, and however long it took, a failing sync and Close release everybody.

package engine_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// mostOvertakings is how often a conditional append is overtaken before its test gives up.
const mostOvertakings = 100

// overtaken is a store whose syncs are held, with conditional appends and the others that come before them.
type overtaken struct {
	store  *engine.Store
	disk   *slowDisk
	asked  []<-chan error // the conditional appends
	others []<-chan error
}

// overtakenPolicies are those under which an append may have to wait for a sync to have its place: until readers see what came
// before it, or for room.
var overtakenPolicies = []engine.SyncPolicy{engine.SyncEveryAppend(), engine.SyncEvery(4, 0)}

// conditionally are the ways in which an append depends on no account having been opened after a sequence.
var conditionally = map[string]func(s *engine.Store, after uint64) error{
	"append": func(s *engine.Store, after uint64) error {
		_, err := note("audit", "x").given(engine.NoneAfter(event.EntityPrefix("acct:").Clocks(1, 1), after)).append(s)
		return err
	},
	"append with a key": func(s *engine.Store, after uint64) error {
		_, err := note("audit", "x").keyed("audit").given(engine.NoneAfter(event.Scope("scope").Sequences(1, after), after)).append(s)
		return err
	},
	"append that waits for its place only": func(s *engine.Store, after uint64) error {
		_, err := note("audit", "x").waiting(engine.WaitStaged).given(engine.NoneAfter(event.Everything().Between(longAgo, longAgo), after)).append(s)
		return err
	},
	"batch": func(s *engine.Store, after uint64) error {
		_, err := s.AppendBatch(batchIf([]intent{note("audit", "x")}, engine.NoneAfter(event.Entity("acct:1").Clocks(1, 1), after)))
		return err
	},
}

// newOvertaken opens a store with one account, to which more was appended than what readers see or than there is room for, and begins the
// conditional appends.
func newOvertaken(t *testing.T, policy engine.SyncPolicy, ask ...func(s *engine.Store, after uint64) error) *overtaken {
	t.Helper()
	o := new(overtaken)
	o.store, o.disk = slowStore(t, engine.Options{Sync: policy, SegmentSize: 1 << 20}) // nothing of it gets to the next segment
	opened, err := note("acct:1", "open").waiting(engine.WaitDurable).append(o.store)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	o.disk.hold()
	o.more(8)
	synctest.Wait()
	for _, f := range ask {
		o.asked = append(o.asked, call(func() error { return f(o.store, opened.Sequence) }))
	}
	synctest.Wait()
	return o
}

// more lets others append.
func (o *overtaken) more(n int) {
	for range n {
		o.others = append(o.others, call(func() error {
			_, err := note("acct:1", "x").waiting(engine.WaitStaged).append(o.store)
			return err
		}))
	}
}

// overtake lets others append and then the sync that is held succeed.
func (o *overtaken) overtake() {
	o.more(3)
	synctest.Wait()
	o.disk.holdNext()
	synctest.Wait()
}

// answered takes the answers that are there by now, and reports whether these are all.
func (o *overtaken) answered(t *testing.T) bool {
	t.Helper()
	waiting := o.asked[:0]
	for _, asked := range o.asked {
		select {
		case err := <-asked:
			if err != nil {
				t.Errorf("it holds, but: %v", err)
			}
		default:
			waiting = append(waiting, asked)
		}
	}
	o.asked = waiting
	return len(o.asked) == 0
}

// mustEnd fails the test unless every call returned without an error or with one of these. It returns how many had none.
func (o *overtaken) mustEnd(t *testing.T, what string, want ...error) (stored int) {
	t.Helper()
	for name, calls := range map[string][]<-chan error{"asked": o.asked, "others": o.others} {
		for i, done := range calls {
			err := <-done
			right := err == nil
			for _, w := range want {
				right = right || errors.Is(err, w)
			}
			if err == nil {
				stored++
			}
			if !right {
				t.Errorf("%s: %s %d: got %v, want none or %v", what, name, i, err, want)
			}
		}
	}
	return stored
}

func TestAConditionalAppendIsNotOvertakenForever(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range overtakenPolicies {
			for name, ask := range conditionally {
				o := newOvertaken(t, policy, ask)
				n := 0
				for ; !o.answered(t) && n < mostOvertakings; n++ {
					o.overtake()
				}
				if n == mostOvertakings {
					t.Errorf("%s: %s: no answer after others came before it %d times", policy, name, n)
				}
				o.disk.release(nil)
				o.mustEnd(t, name)
				mustClose(t, o.store)
				t.Logf("%s: %s: overtaken %d times", policy, name, n)
			}
		}
	})
}

func TestNoneOfManyConditionalAppendsIsOvertakenForever(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range overtakenPolicies {
			var all []func(s *engine.Store, after uint64) error
			for _, ask := range conditionally {
				all = append(all, ask)
			}
			o := newOvertaken(t, policy, all...)
			n := 0
			for ; !o.answered(t) && n < len(all)*mostOvertakings; n++ {
				o.overtake()
			}
			if waiting := len(o.asked); waiting != 0 {
				t.Errorf("%s: %d of %d have no answer after others came before them %d times", policy, waiting, len(all), n)
			}
			o.disk.release(nil)
			o.mustEnd(t, policy.String())
			mustSync(t, o.store)
			if got, err := o.store.Clock("audit"); err != nil || got != uint64(len(all)) {
				t.Errorf("%s: %d events, %v, want %d", policy, got, err, len(all))
			}
			mustClose(t, o.store)
		}
	})
}

// afterEveryOvertaking runs a test with conditional appends that wait, overtaken so many times, for each number of times after which
// one still waits.
func afterEveryOvertaking(t *testing.T, test func(t *testing.T, what string, o *overtaken)) {
	for _, policy := range overtakenPolicies {
		for name, ask := range conditionally {
			for n := 0; ; n++ {
				what := fmt.Sprintf("%s, %s, overtaken %d times", policy, name, n)
				o := newOvertaken(t, policy, ask, ask)
				for range n {
					o.overtake()
				}
				if o.answered(t) {
					o.disk.release(nil)
					o.mustEnd(t, what)
					break
				}
				if test(t, what, o); n == mostOvertakings {
					t.Fatalf("%s: still no answer", what)
				}
			}
		}
	}
}

func TestAFailingSyncReleasesAConditionalAppendAndEverybodyBehindIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		afterEveryOvertaking(t, func(t *testing.T, what string, o *overtaken) {
			o.more(3)
			synctest.Wait()
			o.disk.release(errInjected)
			for i, asked := range o.asked {
				if err := <-asked; !errors.Is(err, engine.ErrIndeterminate) && !errors.Is(err, engine.ErrPoisoned) || !errors.Is(err, errInjected) {
					t.Errorf("%s: conditional append %d: got %v, want ErrIndeterminate or ErrPoisoned with its cause", what, i, err)
				}
			}
			o.asked = nil
			o.mustEnd(t, what, engine.ErrIndeterminate, engine.ErrPoisoned)
			_, err := note("acct:1", "x").append(o.store)
			mustStoreNothing(t, what, err)
			if err := o.store.Close(); !errors.Is(err, engine.ErrPoisoned) {
				t.Errorf("%s: close: got %v, want ErrPoisoned", what, err)
			}
		})
	})
}

func TestCloseReleasesAConditionalAppendAndEverybodyBehindIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		afterEveryOvertaking(t, func(t *testing.T, what string, o *overtaken) {
			before := o.store.Stats().Staged
			o.more(3)
			synctest.Wait()
			closed := call(o.store.Close)
			waitForClosing(o.store)
			mustNotBeDone(t, what+": Close", closed)
			o.disk.release(nil)
			if err := <-closed; err != nil {
				t.Errorf("%s: close: %v", what, err)
			}
			stored := o.mustEnd(t, what, engine.ErrClosed)
			got := o.store.Stats()
			if got.Staged < before || got.Staged != got.Durable || got.Events != got.Staged {
				t.Errorf("%s: closed with %+v", what, got)
			}
			s := openLeft(t, o.disk.device.cut(nil), small(engine.SyncManual()))
			if after := s.Stats().Events; after != got.Staged || after < uint64(stored) {
				t.Errorf("%s: %d events are left of %d, %d appends were told that theirs is stored", what, after, got.Staged, stored)
			}
			mustClose(t, s)
		})
	})
}
