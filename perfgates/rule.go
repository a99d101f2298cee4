// One budget as a gate: what it compares, and how it says no.

package perfgates

import (
	"fmt"
	"slices"

	"github.com/batpak/batpak/gate"
	"github.com/batpak/batpak/perfgates/figure"
)

// resultKey names a result.
type resultKey struct{ row, name string }

func (k resultKey) String() string { return k.row + " " + k.name }

// evidence is all that gates may know: what was measured, and where.
type evidence struct {
	machine Machine
	results map[resultKey]figure.Result
}

// rule is a result's own budget, a ratio, or one of a profile.
type rule struct {
	key     resultKey
	bound   float64
	profile string // "": the result's own
	fewest  int    // processors of the profile's class
}

func ruleOf(b Budget, p Profile) rule {
	return rule{key: resultKey{b.Row, b.Name}, bound: b.Bound, profile: p.Name, fewest: p.CPUs}
}

// String is the gate's name, unique among those of a row.
func (r rule) String() string {
	if r.profile == "" {
		return r.key.String()
	}
	return fmt.Sprintf("%s, profile %s", r.key, r.profile)
}

// open returns the verdict before the gate is asked.
func (r rule) open(measured evidence) Verdict {
	result, there := measured.results[r.key]
	if !there {
		result = notThere()
	}
	v := Verdict{
		Row: r.key.row, Name: r.key.name, Profile: r.profile, Bound: r.bound, Result: result,
		Measured: figure.None(), Low: figure.None(), High: figure.None(),
	}
	interval := result.Interval
	v.Measured = result.Ratio()
	if r.profile != "" {
		v.Measured, interval = result.Value, result.ValueInterval
	}
	if low, high, ok := interval(); ok {
		v.Low, v.High = low, high
	}
	return v
}

// judge lets a result pass that clears its budget beyond doubt.
func (r rule) judge(measured evidence) error {
	v := r.open(measured)
	deny := func(code, format string, arguments ...any) error {
		return r.denial(v, measured.machine, gate.Deny(code, fmt.Sprintf(format, arguments...)))
	}
	if why := r.unjudged(v, measured); why != "" {
		return deny(CodeSkipped, "%s", why)
	}
	larger := v.Result.Better == figure.Larger
	switch {
	case r.profile == "" && v.Result.Violation != "":
		return deny(CodeViolation, "%s", v.Result.Violation)
	case figure.Missing(v.Measured):
		return deny(CodeSkipped, "%s", missing(v))
	case figure.Missing(v.Low) || figure.Missing(v.High):
		return deny(CodeUndecided, "%d rounds give no interval: %s", len(v.Result.Rounds), v.figures())
	case !larger && v.High <= r.bound, larger && v.Low >= r.bound:
		return nil
	case !larger && v.Low > r.bound, larger && v.High < r.bound:
		return deny(CodeMissed, "%s", v.figures())
	}
	return deny(CodeUndecided, "the interval holds the budget: %s", v.figures())
}

// volatile are file systems in memory.
var volatile = []string{"tmpfs", "ramfs"}

// unjudged returns why there is nothing to judge; "" where there is.
func (r rule) unjudged(v Verdict, measured evidence) string {
	switch _, there := measured.results[r.key]; {
	case !there:
		return fmt.Sprintf("row %s gave no result %q", r.key.row, r.key.name)
	case v.Result.Unjudged != "":
		return v.Result.Unjudged
	case r.profile == "":
		return ""
	case measured.machine.CPUs < r.fewest:
		return fmt.Sprintf("the profile is of machines with %d CPUs or more, this one has %d", r.fewest, measured.machine.CPUs)
	case slices.Contains(volatile, measured.machine.FileSystem):
		return fmt.Sprintf("the profile is of machines with a disk, this was measured on %s", measured.machine.FileSystem)
	}
	return ""
}

// missing says which of the two figures is.
func missing(v Verdict) string {
	if v.Profile == "" && !figure.Missing(v.Result.Value) {
		return fmt.Sprintf("its reference, %s, was not measured", v.Result.Reference)
	}
	return "it was not measured"
}

// denial adds to a denial what it rests on.
func (r rule) denial(v Verdict, machine Machine, d *gate.Denial) error {
	d = d.With("row", r.key.row).With("result", r.key.name)
	if v.measured() {
		d = d.With("measured", figure.Quantity(v.Result.Value, v.Result.Unit)).
			With("floor", figure.Quantity(v.Result.ReferenceValue, v.Result.Unit)+" ("+v.Result.Reference+")")
	}
	if r.profile == "" {
		d = d.With("ratio", v.withInterval())
	}
	d = d.With("budget", v.Budget())
	if machine.Load > float64(machine.CPUs) {
		d = d.With("load", fmt.Sprintf("%.1f on %d CPUs when it began", machine.Load, machine.CPUs))
	}
	if v.Result.Look != "" {
		d = d.With("look", v.Result.Look)
	}
	return d
}

// withInterval prints what was measured, and how sure that is.
func (v Verdict) withInterval() string {
	text := figure.Number(v.Measured)
	if v.Profile != "" {
		text = figure.Quantity(v.Measured, v.Result.Unit)
	}
	switch {
	case figure.Missing(v.Low) || v.Result.Counted:
		return text
	case v.Profile != "":
		return fmt.Sprintf("%s [%s, %s]", text, figure.Quantity(v.Low, v.Result.Unit), figure.Quantity(v.High, v.Result.Unit))
	}
	return fmt.Sprintf("%s [%s, %s]", text, figure.Number(v.Low), figure.Number(v.High))
}

// figures says what was measured beside what was allowed.
func (v Verdict) figures() string {
	if v.Profile != "" {
		return fmt.Sprintf("%s, budget of profile %s %s", v.withInterval(), v.Profile, v.Budget())
	}
	return fmt.Sprintf("%s x %s: %s beside %s, budget %s", v.withInterval(), v.Result.Reference,
		figure.Quantity(v.Result.Value, v.Result.Unit), figure.Quantity(v.Result.ReferenceValue, v.Result.Unit), v.Budget())
}

// reasonOf is a denial's message and where to look.
func reasonOf(d *gate.Denial) string {
	if look, ok := d.Detail("look"); ok {
		return d.Message + "; look at " + look
	}
	return d.Message
}

// reported is the verdict of a result that has no budget.
func reported(r figure.Result) Verdict {
	v := rule{key: resultKey{r.Row, r.Name}, bound: figure.None()}.open(evidence{results: map[resultKey]figure.Result{{r.Row, r.Name}: r}})
	v.Decision, v.Reason = Reported, "it has no budget"
	return v
}

// skippedRow is the verdict of a row that gave nothing.
func skippedRow(row string) Verdict {
	none := figure.None()
	return Verdict{
		Row: row, Decision: Skipped, Reason: "the row gave no result", Measured: none, Low: none, High: none, Bound: none, Result: notThere(),
	}
}

// notThere stands for a result that was not given.
func notThere() figure.Result {
	return figure.Result{Value: figure.None(), ReferenceValue: figure.None(), Target: figure.None()}
}

// measured says whether there is a result.
func (v Verdict) measured() bool { return v.Result.Row != "" }
