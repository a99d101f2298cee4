// Which decision a result gets, and what a denial says.

package perfgates

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/batpak/batpak/gate"
	"github.com/batpak/batpak/perfgates/figure"
)

// resultOf returns P1's append with rounds whose ratios are these, and the budget <= 1.3.
func resultOf(ratios ...float64) figure.Result {
	r := figure.Result{
		Row: "P1", Name: "append", Value: 1000 * ratios[len(ratios)/2], Unit: "ns", Reference: "floor(256)", ReferenceValue: 1000,
		Better: figure.Smaller, Target: 1.3, Look: "docs/PERFORMANCE.md, staged appends",
	}
	for _, ratio := range ratios {
		r.Rounds = append(r.Rounds, figure.Round{Value: 1000 * ratio, Reference: 1000})
	}
	return r
}

// only returns the rows of the results.
func only(t *testing.T, ids ...string) []Row {
	t.Helper()
	selected, err := Select(ids, Native)
	if err != nil {
		t.Fatal(err)
	}
	return selected
}

// verdictOf judges one result of P1.
func verdictOf(t *testing.T, r figure.Result, machine Machine, profile Profile) Verdict {
	t.Helper()
	verdicts, err := Judge(only(t, "P1"), []figure.Result{r}, machine, profile)
	if err != nil || len(verdicts) != 1 {
		t.Fatalf("%d verdicts, %v", len(verdicts), err)
	}
	return verdicts[0]
}

func TestAVerdictNeedsAnIntervalThatClearsTheBudget(t *testing.T) {
	larger := func(r figure.Result, target float64) figure.Result {
		r.Better, r.Target = figure.Larger, target
		return r
	}
	with := func(r figure.Result, change func(*figure.Result)) figure.Result { change(&r); return r }
	low, high, around := resultOf(1, 1, 1, 1.1, 1.2, 1.2), resultOf(1.4, 1.4, 1.5, 1.5, 1.6, 1.6), resultOf(1, 1, 1, 1.4, 1.4, 1.4)
	for name, c := range map[string]struct {
		result figure.Result
		want   Decision
		code   string
	}{
		"wholly below":              {low, Passed, ""},
		"wholly above":              {high, Denied, CodeMissed},
		"around":                    {around, Undecided, CodeUndecided},
		"at the edge":               {resultOf(1.3, 1.3, 1.3, 1.3, 1.3, 1.3), Passed, ""},
		"too few rounds, good":      {resultOf(1, 1, 1, 1, 1), Undecided, CodeUndecided},
		"too few rounds, bad":       {resultOf(9, 9, 9, 9, 9), Undecided, CodeUndecided},
		"larger is better, above":   {larger(high, 1.3), Passed, ""},
		"larger is better, below":   {larger(low, 1.3), Denied, CodeMissed},
		"larger is better, around":  {larger(around, 1.3), Undecided, CodeUndecided},
		"larger, at the edge":       {larger(low, 1), Passed, ""},
		"a violation beside all":    {with(low, func(r *figure.Result) { r.Violation = "it does not sync" }), Denied, CodeViolation},
		"a violation, no interval":  {with(resultOf(1), func(r *figure.Result) { r.Violation = "it does not sync" }), Denied, CodeViolation},
		"unjudged, good":            {with(low, func(r *figure.Result) { r.Unjudged = "others use the device" }), Skipped, CodeSkipped},
		"unjudged, bad":             {with(high, func(r *figure.Result) { r.Unjudged = "others use the device" }), Skipped, CodeSkipped},
		"no value":                  {with(low, func(r *figure.Result) { r.Value = figure.None() }), Skipped, CodeSkipped},
		"no reference":              {with(low, func(r *figure.Result) { r.ReferenceValue = figure.None() }), Skipped, CodeSkipped},
		"no target":                 {with(high, func(r *figure.Result) { r.Target = figure.None() }), Reported, ""},
		"a count within":            {with(resultOf(1.3), func(r *figure.Result) { r.Counted, r.Rounds = true, nil }), Passed, ""},
		"a count beyond":            {with(resultOf(1.4), func(r *figure.Result) { r.Counted, r.Rounds = true, nil }), Denied, CodeMissed},
		"a count that is not there": {with(resultOf(1), func(r *figure.Result) { r.Counted, r.Value = true, figure.None() }), Skipped, CodeSkipped},
	} {
		v := verdictOf(t, c.result, Machine{CPUs: 2}, Profile{})
		code := ""
		if v.Denial != nil {
			code = v.Denial.Code
		}
		if v.Decision != c.want || code != c.code || v.Reason == "" {
			t.Errorf("%s: %s by %q (%s), want %s by %q", name, v.Decision, code, v.Reason, c.want, c.code)
		}
	}
}

func TestADenialNamesRowMeasuredFloorBudgetAndWhereToLook(t *testing.T) {
	v := verdictOf(t, resultOf(1.4, 1.4, 1.5, 1.5, 1.6, 1.6), Machine{CPUs: 2, Load: 5}, Profile{})
	for key, want := range map[string]string{
		"row": "P1", "result": "append", "measured": "1,500 ns", "floor": "1,000 ns (floor(256))", "ratio": "1.5 [1.4, 1.6]",
		"budget": "<= 1.3 x floor(256)", "look": "docs/PERFORMANCE.md, staged appends", "load": "5.0 on 2 CPUs when it began",
	} {
		if got, _ := v.Denial.Detail(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if !errors.Is(v.Denial, gate.ErrDenied) || !strings.Contains(v.Reason, "1,500 ns") || !strings.Contains(v.Reason, "look at docs/") {
		t.Errorf("the reason is %q", v.Reason)
	}
	if v = verdictOf(t, resultOf(9, 9, 9, 9, 9, 9), Machine{CPUs: 2, Load: 1}, Profile{}); v.Denial == nil {
		t.Fatal("not denied")
	}
	if load, told := v.Denial.Detail("load"); told {
		t.Errorf("an idle machine is said to have the load %s", load)
	}
}

func TestWhatWasSelectedAndGaveNothingIsSkipped(t *testing.T) {
	pass := resultOf(1, 1, 1, 1, 1, 1)
	verdicts, err := Judge(only(t, "P4", "P1"), []figure.Result{pass}, Machine{}, Profile{})
	if err != nil || len(verdicts) != 2 || verdicts[0].Decision != Passed || verdicts[1].Row != "P4" || verdicts[1].Decision != Skipped {
		t.Errorf("%+v, %v", verdicts, err)
	}
	if verdicts, err = Judge(nil, []figure.Result{pass}, Machine{}, Profile{}); err != nil || len(verdicts) != len(Rows()) {
		t.Errorf("no selection means all rows: %d verdicts for %d rows, %v", len(verdicts), len(Rows()), err)
	}
}

func TestEveryGateIsAskedBehindOneThatDenies(t *testing.T) {
	of := func(name string, ratio float64) figure.Result {
		r := resultOf(ratio, ratio, ratio, ratio, ratio, ratio)
		r.Name = name
		return r
	}
	reported := of("c", 1)
	reported.Target = figure.None()
	verdicts, err := Judge(only(t, "P1"), []figure.Result{of("a", 9), of("b", 1), reported, of("d", 9)}, Machine{}, Profile{})
	var got []string
	for _, v := range verdicts {
		got = append(got, v.Name+" "+string(v.Decision))
	}
	if want := "a denied, b passed, c reported, d denied"; err != nil || strings.Join(got, ", ") != want {
		t.Errorf("%v, %v, want %s", got, err, want)
	}
}

func TestAResultThatIsThereTwiceIsNotJudged(t *testing.T) {
	r := resultOf(1, 1, 1, 1, 1, 1)
	if _, err := Judge(only(t, "P1"), []figure.Result{r, r}, Machine{}, Profile{}); err == nil || !strings.Contains(err.Error(), "P1 append is there twice") {
		t.Errorf("error %v", err)
	}
}

func TestAProfileJudgesTheValueWhateverTheRatio(t *testing.T) {
	machine := Machine{CPUs: 2, FileSystem: "ext4"}
	profile := func(bound float64) Profile {
		return Profile{Name: "here", CPUs: 2, Budgets: []Budget{{"P1", "append", bound, "ns"}}}
	}
	r := resultOf(1.4, 1.4, 1.5, 1.5, 1.6, 1.6) // 1,400 to 1,600 ns
	for bound, want := range map[float64]Decision{1600: Passed, 1399: Denied, 1500: Undecided} {
		verdicts, err := Judge(only(t, "P1"), []figure.Result{r}, machine, profile(bound))
		if err != nil || len(verdicts) != 2 || verdicts[0].Decision != Denied || verdicts[1].Decision != want || verdicts[1].Profile != "here" {
			t.Errorf("%v ns: %+v, %v", bound, verdicts, err)
		}
	}
	r.Target = figure.None()
	if v := verdictOf(t, r, machine, profile(1399)); v.Decision != Denied || v.Budget() != "<= 1,399 ns" || !strings.Contains(v.Reason, "[1,400 ns, 1,600 ns]") {
		t.Errorf("%s: %s, budget %s", v.Decision, v.Reason, v.Budget())
	}
	for name, other := range map[string]Machine{"fewer processors": {CPUs: 1, FileSystem: "ext4"}, "no disk": {CPUs: 2, FileSystem: "tmpfs"}} {
		if v := verdictOf(t, r, other, profile(1)); v.Decision != Skipped {
			t.Errorf("%s: %s, %s", name, v.Decision, v.Reason)
		}
	}
}

func TestABudgetOfAProfileForWhatTheRowDidNotGiveIsSkipped(t *testing.T) {
	p := Profile{Name: "here", Budgets: []Budget{{"P4", "p99", 5, "ns"}, {"P2", "append", 5, "ns"}}}
	p50 := resultOf(1, 1, 1, 1, 1, 1)
	p50.Row, p50.Name = "P4", "p50"
	verdicts, err := Judge(only(t, "P4"), []figure.Result{p50}, Machine{}, p)
	if err != nil || len(verdicts) != 2 || verdicts[1].Decision != Skipped || verdicts[1].Name != "p99" || !strings.Contains(verdicts[1].Reason, `no result "p99"`) {
		t.Errorf("%+v, %v", verdicts, err)
	}
}

func TestVerdictsAreWholeAsJSON(t *testing.T) {
	verdicts, err := Judge(only(t, "P1", "P4"), []figure.Result{resultOf(9, 9, 9, 9, 9, 9)}, Machine{}, Profile{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(verdicts)
	if err != nil {
		t.Fatal(err)
	}
	var decoded []struct {
		Row      string
		Decision Decision
		Measured *float64
		Interval []float64
		Bound    *float64
		Budget   string
		Reason   string
		Denial   *gate.Denial
		Result   map[string]any
	}
	if err := json.Unmarshal(text, &decoded); err != nil || len(decoded) != 2 {
		t.Fatalf("%v in %s", err, text)
	}
	denied, skipped := decoded[0], decoded[1]
	if denied.Row != "P1" || denied.Decision != Denied || *denied.Measured != 9 || len(denied.Interval) != 2 || *denied.Bound != 1.3 ||
		denied.Budget == "" || denied.Denial == nil || denied.Result["value"] != 9000.0 {
		t.Errorf("denied: %s", text)
	}
	if skipped.Row != "P4" || skipped.Decision != Skipped || skipped.Measured != nil || skipped.Interval != nil || skipped.Result != nil || skipped.Reason == "" {
		t.Errorf("skipped: %s", text)
	}
}
