//go:build dangerous_test_hooks

// Rules that are refused, errors where none can be, and crashes.

package hooks_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/batpak/batpak/hooks"
)

func TestARuleThatCanNotBeKeptIsRefused(t *testing.T) {
	fail, nothing := hooks.Fail(errInjected), hooks.Delay(0)
	for field, rules := range map[string][]hooks.Rule{
		"Point": {{Action: nothing}, {Point: 255, Action: nothing}, {Point: hooks.MergeRemove + 1, Action: nothing}},
		"After": {{Point: hooks.FileRead, After: -1, Action: fail}},
		"Times": {{Point: hooks.FileRead, Times: -1, Action: fail}},
		"Probability": {
			{Point: hooks.FileRead, Probability: -0.1, Action: fail}, {Point: hooks.FileRead, Probability: 1.1, Action: fail},
			{Point: hooks.FileRead, Probability: math.NaN(), Action: fail}, {Point: hooks.FileRead, Probability: math.Inf(1), Action: fail},
		},
		"File": {{Point: hooks.FileRead, File: "[", Action: fail}, {Point: hooks.FileRead, File: `a\`, Action: fail}},
		"Action": {
			{Point: hooks.FileRead}, {Point: hooks.FileRead, Action: hooks.Fail(nil)}, {Point: hooks.FileRead, Action: hooks.Delay(-1)},
			{Point: hooks.FileRead, Action: hooks.Do(nil)}, {Point: hooks.GroupWake, Action: fail},
		},
	} {
		for _, r := range rules {
			err := hooks.New(1).Add(r)
			var refused *hooks.RuleError
			if !errors.As(err, &refused) || !errors.Is(err, hooks.ErrRule) || refused.Field != field || !strings.Contains(err.Error(), field) {
				t.Errorf("%s: %+v: got %v", field, r, err)
			}
		}
	}
}

func TestFailIsForPointsThatCanFail(t *testing.T) {
	for _, p := range hooks.Points() {
		err := hooks.New(1).Add(hooks.Rule{Point: p, Action: hooks.Fail(errInjected)})
		if refused := err != nil; refused == p.CanFail() {
			t.Errorf("%v can fail: %v; got %v", p, p.CanFail(), err)
		}
	}
}

func TestAnErrorWhereNoneCanBePanics(t *testing.T) {
	set := with(t, 1, hooks.Rule{Point: hooks.SealDone, Action: hooks.Do(func(hooks.Reached) error { return errInjected })})
	defer func() {
		if said := fmt.Sprint(recover()); !strings.Contains(said, "seal-done") || !strings.Contains(said, "injected") {
			t.Errorf("got %q", said)
		}
	}()
	_ = set.Reach(hooks.SealDone, "")
	t.Error("it went on")
}

func TestReachingWhatIsNoPointPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it went on")
		}
	}()
	_ = hooks.New(1).Reach(0, "")
}

// crashing is the environment variable that makes the test binary reach a point that crashes.
const crashing = "BATPAK_HOOKS_TEST_CRASH"

func TestACrashEndsTheProcessAtThePoint(t *testing.T) {
	if os.Getenv(crashing) != "" {
		set := with(t, 1, hooks.Rule{Point: hooks.CloseFrame, After: 1, Action: hooks.Crash()})
		defer fmt.Println("deferred")
		for i := range 3 {
			fmt.Println("arrival", i+1)
			_ = set.Reach(hooks.CloseFrame, "")
		}
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestACrashEndsTheProcessAtThePoint$")
	child.Env = append(os.Environ(), crashing+"=1")
	said, err := child.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.String() != "signal: killed" {
		t.Errorf("the child ended with %v", err)
	}
	if got := string(said); got != "arrival 1\narrival 2\n" {
		t.Errorf("the child said %q", got)
	}
}
