//go:build dangerous_test_hooks

// A failure injected at every point that can fail: whoever asked is told, or the log says so, the store goes on or refuses, and
// nothing that was acknowledged is gone afterwards.

package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/hooks"
)

// consequence is what follows from a failure.
type consequence uint8

const (
	anything consequence = iota

	anythingOrNothing // a file that was only read is not closed
	openingFails
	appendFails     // once, and the next works
	appendOrLog     // of who needs it, or nobody does
	poisons         // the store; who waited is told that the outcome is unknown
	closingPoisoned // closing reports a poisoned store
	closingFails
	onlyLogged
)

// consequences of failures at the steps of the store, as package hooks states them. Calls on files belong to
// such steps, and can have the consequences of any.
var consequences = map[hooks.Point]consequence{
	hooks.FileClose:   anythingOrNothing,
	hooks.AppendPlace: appendFails, hooks.SyncStaged: poisons, hooks.SyncUnload: onlyLogged, hooks.RotateBegin: appendFails,
	hooks.PrepareCreate: appendOrLog, hooks.PreparePopulate: onlyLogged,
	hooks.SealRetire: onlyLogged, hooks.SealSync: poisons, hooks.SealFooter: onlyLogged, hooks.SealWrite: onlyLogged,
	hooks.SealGiveBack: onlyLogged,
	hooks.CloseSync:    closingPoisoned, hooks.CloseFrame: closingPoisoned, hooks.CloseTruncate: closingFails,
	hooks.OpenLoad: openingFails, hooks.OpenRewrite: openingFails, hooks.OpenSuccessor: openingFails, hooks.OpenEnd: openingFails,
	hooks.OpenFrame: openingFails, hooks.OpenRemove: openingFails, hooks.OpenReady: openingFails,
	hooks.MergeBegin: onlyLogged, hooks.MergeRemove: onlyLogged,
}

func TestAFailureAtAnyPointIsToldAndLosesNothing(t *testing.T) {
	t.Parallel()
	later := []int{0, 1, 2, 5, 11, 40}
	if raceBuild {
		later = []int{0, 3, 0} // each policy has its turn, and the first arrival fails under two of them
	}
	for i, p := range hooks.Points() {
		if !p.CanFail() {
			continue
		}
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			acted := 0
			for n, after := range later {
				policy := hookPolicies[(i+n)%len(hookPolicies)]
				for times, crashed := range []bool{n%2 == 0, n%2 == 1} {
					what := fmt.Sprintf("after %d arrivals, %d times, %v, crashed before %v", after, times, policy, crashed)
					if mustTellAndLoseNothing(t, what, hooks.Rule{Point: p, After: after, Times: times}, policy, crashed) {
						acted++
					}
				}
			}
			if acted == 0 {
				t.Error("no failure was injected")
			}
		})
	}
}

// mustTellAndLoseNothing has a store live with a failure, on what is new or left by a crash, and looks at what is left.
// It reports whether there was a failure.
func mustTellAndLoseNothing(t *testing.T, what string, r hooks.Rule, policy engine.SyncPolicy, crashed bool) bool {
	t.Helper()
	left, w := nothing(), newWitness()
	if crashed {
		left, w = remainsWithCrash(t, policy, 150)
	}
	var acted atomic.Int64
	set := hooks.New(1)
	r.Action = hooks.Do(func(hooks.Reached) error {
		acted.Add(1)
		return errInjected
	})
	mustInject(t, set, r)
	l := newHookedLife(set, policy, w)
	d := newDevice(left)
	events := 300
	if l.patient = r.Point >= hooks.MergeBegin; l.patient {
		events = 700
	}
	l.live(d, events)
	if acted.Load() > 0 {
		l.mustTell(t, what, consequences[r.Point])
	} else if len(l.failed) > 0 {
		t.Errorf("%s: nothing was injected, but %v", what, l.failed)
	}
	ends := []remains{d.cut(nil), d.cut(rand.New(rand.NewPCG(uint64(acted.Load()), 0))), d.kill()}
	for i, end := range ends {
		mustGoOnAfterFailure(t, fmt.Sprintf("%s, end %d", what, i), end, w)
	}
	return acted.Load() > 0
}

// mustTell fails the test unless the failure was told as it should.
func (l *hookedLife) mustTell(t *testing.T, what string, want consequence) {
	t.Helper()
	injected, poisoned := 0, 0
	calls := make(map[string]int)
	for _, f := range l.failed {
		calls[f.call]++
		switch known := errors.Is(f.err, errInjected); {
		case !known:
			t.Errorf("%s: %s failed for another reason: %v", what, f.call, f.err)
		case errors.Is(f.err, engine.ErrPoisoned) || errors.Is(f.err, engine.ErrIndeterminate):
			poisoned++
		default:
			injected++
		}
	}
	logged := strings.Contains(l.log.String(), errInjected.Error())
	wrong := false
	switch want {
	case anythingOrNothing:
	case anything:
		wrong = len(l.failed) == 0 && !logged
	case openingFails:
		wrong = calls["open"] != 1 || len(l.failed) != 1
	case appendFails:
		wrong = calls["append"] == 0 || poisoned > 0 || len(l.failed) != calls["append"]
	case appendOrLog:
		wrong = !logged || poisoned > 0 || len(l.failed) != calls["append"]
	case poisons:
		wrong = poisoned == 0 || injected > 0 || !strings.Contains(l.log.String(), "store poisoned")
	case closingPoisoned:
		wrong = calls["close"] != 1 || len(l.failed) != 1 || poisoned != 1
	case closingFails:
		wrong = calls["close"] != 1 || len(l.failed) != 1 || poisoned != 0
	case onlyLogged:
		wrong = len(l.failed) > 0 || !logged
	}
	if wrong {
		t.Errorf("%s: told %v, and the log says\n%s", what, l.failed, &l.log)
	}
}

// mustGoOnAfterFailure opens what is left without failures, and fails the test unless it holds what was promised and can be gone on with.
func mustGoOnAfterFailure(t *testing.T, what string, left remains, w *witness) {
	t.Helper()
	d := newDevice(left)
	s, err := engine.OpenDir(d, small(engine.SyncEveryAppend()))
	if err != nil {
		t.Fatalf("%s: open: %v", what, err)
	}
	found := w.fork()
	found.find(t, what, s)
	for _, ev := range mustAppend(t, s, 2) {
		found.tell(ev.Sequence, ev.ID, true)
	}
	mustClose(t, s)
	power := d.cut(nil)
	s, err = engine.OpenDir(power.mount(), small(engine.SyncEveryAppend()))
	if err != nil {
		t.Fatalf("%s: open again: %v", what, err)
	}
	found.mustHold(t, what, s)
	mustClose(t, s)
}
