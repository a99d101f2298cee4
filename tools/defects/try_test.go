// The course of a run, with tests that only pretend to run, and once with real ones.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/hooks"
)

var (
	passes = outcome{passed: true, seconds: 1}
	fails  = outcome{failed: true, seconds: 1}
	hangs  = outcome{seconds: 60}
)

// pretend returns a runner in which tests pass without a defect, and do what is said with one.
func pretend(with func(detector) outcome) runner {
	return func(_ context.Context, d detector, defect hooks.Defect) (outcome, error) {
		if defect == 0 {
			return passes, nil
		}
		return with(d), nil
	}
}

// conclusion tries one defect that two tests are to catch.
func conclusion(t *testing.T, run runner) (code int, r result, said string) {
	t.Helper()
	var stderr bytes.Buffer
	results, err := try(t.Context(), []hooks.Defect{hooks.SyncSkipped}, run, func(result) {})
	if len(results) > 0 {
		r = results[0]
	}
	code = conclude(results, err, &stderr)
	return code, r, stderr.String()
}

func TestADefectIsCaughtByTheFirstTestThatFails(t *testing.T) {
	code, r, _ := conclusion(t, pretend(func(detector) outcome { return fails }))
	if code != exitFine || !r.Caught || (detector{r.Package, r.Test}) != simulator || r.Seconds != 1 {
		t.Errorf("code %d, %+v", code, r)
	}
	code, r, _ = conclusion(t, pretend(func(d detector) outcome {
		if d == simulator {
			return passes
		}
		return fails
	}))
	if second := detectorsOf(hooks.SyncSkipped)[1]; code != exitFine || (detector{r.Package, r.Test}) != second || r.Seconds != 2 {
		t.Errorf("code %d, %+v, want %s", code, r, second)
	}
	if text := r.String(); !strings.Contains(text, "sync-skipped: syncs of segments") || !strings.Contains(text, "2.00 s: "+r.Package+" "+r.Test) {
		t.Error(text)
	}
}

func TestADefectThatNoTestCatchesIsTold(t *testing.T) {
	for how, o := range map[string]outcome{"passed": passes, "was not through in time": hangs} {
		code, r, said := conclusion(t, pretend(func(detector) outcome { return o }))
		if code != exitNotCaught || r.Caught || !strings.Contains(r.String(), "NOT CAUGHT") || !strings.Contains(r.Missed, how) {
			t.Errorf("code %d, %+v", code, r)
		}
		if !strings.Contains(said, "0 of 1 were caught") {
			t.Errorf("said %q", said)
		}
	}
}

func TestATestThatDoesNotPassWithoutADefectIsTold(t *testing.T) {
	for _, o := range []outcome{fails, hangs} {
		o.said = "what it printed"
		code, r, said := conclusion(t, func(context.Context, detector, hooks.Defect) (outcome, error) { return o, nil })
		if code != exitNotCaught || r.Name != "" || !strings.Contains(said, "without a defect") || !strings.Contains(said, o.said) {
			t.Errorf("code %d, %+v, %q", code, r, said)
		}
	}
}

func TestResultsAreInTheOrderOfTheDefectsWhoeverIsThroughFirst(t *testing.T) {
	chosen := hooks.Defects()[:6]
	second := make(chan struct{})
	var told []string
	results, err := try(t.Context(), chosen, func(_ context.Context, _ detector, defect hooks.Defect) (outcome, error) {
		switch defect {
		case 0:
			return passes, nil
		case chosen[0]:
			<-second // another test runs meanwhile
		case chosen[1]:
			close(second)
		}
		return fails, nil
	}, func(r result) { told = append(told, r.Name) })
	if err != nil || len(results) != len(chosen) || len(told) != len(chosen) {
		t.Fatalf("%d results, told of %d, %v", len(results), len(told), err)
	}
	for i, r := range results {
		if r.Name != chosen[i].String() || !r.Caught {
			t.Errorf("%+v, want that of %s", r, chosen[i])
		}
	}
}

func TestADefectThatNeedsTheMachineIsTriedWhenNothingElseRuns(t *testing.T) {
	var running atomic.Int32
	_, err := try(t.Context(), hooks.Defects(), func(_ context.Context, _ detector, defect hooks.Defect) (outcome, error) {
		defer running.Add(-1)
		if n := running.Add(1); n > atOnce || aloneWith(defect) && n > 1 {
			t.Errorf("%v beside %d others", defect, n-1)
		}
		if defect == 0 {
			return passes, nil
		}
		return fails, nil
	}, func(result) {})
	if err != nil {
		t.Fatal(err)
	}
}

func TestATestThatCanNotBeRunIsNoVerdict(t *testing.T) {
	broken := errors.New("no such program")
	code, _, said := conclusion(t, func(context.Context, detector, hooks.Defect) (outcome, error) { return outcome{}, broken })
	if code != exitNotRun || !strings.Contains(said, "no such program") {
		t.Errorf("code %d, %q", code, said)
	}
}

func TestWhatATestPrintsSaysWhatBecameOfIt(t *testing.T) {
	d := detector{"pkg", "TestIt/with a part"}
	for said, want := range map[string]outcome{
		"=== RUN   TestIt\n--- PASS: TestIt (0.00s)\nPASS\n":                                 {passed: true},
		"=== RUN   TestIt\n--- SKIP: TestIt (0.00s)\nPASS\n":                                 {},
		"testing: warning: no tests to run\nPASS\n":                                          {},
		"=== RUN   TestIt\n--- FAIL: TestIt (0.00s)\nFAIL\n":                                 {failed: true},
		"=== RUN   TestIt\npanic: everything is lost\n\ngoroutine 1 [running]:\n":            {failed: true},
		"=== RUN   TestIt\nfatal error: all goroutines are asleep - deadlock!\n":             {failed: true},
		"=== RUN   TestIt\npanic: test timed out after 1m0s\n":                               {},
		"hooks: BATPAK_PLANTED_DEFECT=nonsense: there is no such defect\n":                   {},
		"=== RUN   TestItToo\n--- FAIL: TestItToo (0.00s)\n--- PASS: TestIt (0.00s)\nFAIL\n": {},
	} {
		want.said = said
		if got := judge(d, []byte(said), strings.HasSuffix(said, "PASS\n")); got != want {
			t.Errorf("%q is taken for %+v", said, got)
		}
	}
}

func TestOneTestIsSelectedAndNoOther(t *testing.T) {
	for test, want := range map[string]string{"TestIt": "^TestIt$", "TestIt/with a part": "^TestIt$/^with_a_part$"} {
		if got := pattern(test); got != want {
			t.Errorf("%s is selected by %s, want %s", test, got, want)
		}
	}
}

func TestAWrongCallIsRefused(t *testing.T) {
	for _, args := range [][]string{{"--only", "misspelt"}, {"more"}, {"--unknown"}, {"--only", "sync-skipped,"}} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), args, &stdout, &stderr); code != exitNotRun || stdout.Len() > 0 || stderr.Len() == 0 {
			t.Errorf("%q: code %d, %q, %q", args, code, &stdout, &stderr)
		}
	}
}

func TestAPlantedDefectIsCaughtByTheTestsOfItsPackage(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"--json", "--only", "lock-not-rechecked,links-followed"}, &stdout, &stderr)
	var results []result
	if err := json.Unmarshal(stdout.Bytes(), &results); err != nil || code != exitFine || len(results) != 2 {
		t.Fatalf("code %d, %v, %q, %q", code, err, &stdout, &stderr)
	}
	for _, r := range results {
		if !r.Caught || r.Package != "internal/vfs" || r.Test == "" || r.Does == "" {
			t.Errorf("%+v", r)
		}
	}
}
