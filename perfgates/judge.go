// Judging results with gates: one for each budget, all of them asked.

package perfgates

import (
	"errors"
	"fmt"
	"slices"

	"github.com/batpak/batpak/gate"
	"github.com/batpak/batpak/perfgates/figure"
)

// Decision is what a gate says of a result.
type Decision string

// The decisions. Only Passed counts as passed.
const (
	Passed    Decision = "passed"
	Denied    Decision = "denied"
	Undecided Decision = "undecided" // the interval holds the budget, or there is none
	Skipped   Decision = "skipped"   // can't be judged on this machine, or the row did not run
	Reported  Decision = "reported"  // has no budget
)

// Decisions returns all of them, worst first.
func Decisions() []Decision { return []Decision{Denied, Undecided, Skipped, Passed, Reported} }

// The codes of denials. A gate denies whatever is no clear yes; what its code makes of it is the verdict's Decision.
const (
	CodeMissed    = "MISSED"    // the whole interval is on the wrong side of the budget
	CodeViolation = "VIOLATION" // the result says itself why its target is missed, whatever the ratio
	CodeUndecided = "UNDECIDED" // the interval holds the budget, or there are too few rounds for one
	CodeSkipped   = "SKIPPED"   // the result, this machine or the row can't say
)

// decisionOf returns what a denial means. Any code that no gate of this package gives is a gate's defect, which denies.
func decisionOf(code string) Decision {
	switch code {
	case CodeUndecided:
		return Undecided
	case CodeSkipped:
		return Skipped
	}
	return Denied
}

// Verdict is one gate's decision and what it rests on.
type Verdict struct {
	Row      string
	Name     string // of the result; "": the row gave none
	Decision Decision
	Reason   string // in words: measured, floor, budget, and where to look unless it passed

	Profile   string        // whose absolute budget; "": the result's own, a ratio
	Measured  float64       // the ratio; of a profile's budget the value, in the result's unit. None: missing
	Low, High float64       // interval of Measured at figure.Confidence; None: there is none
	Bound     float64       // of Measured; None: there is no budget
	Denial    *gate.Denial  // what the gate said; nil where it let the result pass, or there was none to ask
	Result    figure.Result // where there is none its Row is ""
}

// Budget says what Measured must keep to, as in "<= 1.3 x floor(256)" or "<= 2,000 ns"; "-" where there is no budget.
func (v Verdict) Budget() string {
	switch {
	case figure.Missing(v.Bound):
		return "-"
	case v.Profile != "":
		return v.Result.Better.Sign() + " " + figure.Quantity(v.Bound, v.Result.Unit)
	}
	return v.Result.Better.Bounded(v.Bound) + " x " + v.Result.Reference
}

// MarshalJSON writes the verdict for programs. What is None is null, the interval too where there is none; "denial" is there
// where there is one, and the result is as in the JSON of a run.
func (v Verdict) MarshalJSON() ([]byte, error) {
	pairs := []figure.Detail{
		{Key: "row", Value: v.Row}, {Key: "name", Value: v.Name}, {Key: "decision", Value: v.Decision},
		{Key: "measured", Value: v.Measured}, {Key: "interval", Value: nil}, {Key: "bound", Value: v.Bound}, {Key: "budget", Value: v.Budget()},
		{Key: "profile", Value: v.Profile}, {Key: "reason", Value: v.Reason},
	}
	if !figure.Missing(v.Low) && !figure.Missing(v.High) {
		pairs[4].Value = [2]float64{v.Low, v.High}
	}
	if v.Denial != nil {
		pairs = append(pairs, figure.Detail{Key: "denial", Value: v.Denial})
	}
	if v.measured() {
		pairs = append(pairs, figure.Detail{Key: "result", Value: v.Result})
	}
	return figure.Object(pairs)
}

// Judge asks a gate for each result's own budget and for each of the profile's, all of them, and returns a verdict for each in the order of
// the results. A result without a budget is reported. Rows that were selected, nil meaning all, and gave no result, and the profile's
// budgets for what a row did not give, are skipped: missing is never passed.
//
// It takes no time to speak of and may be called concurrently. Errors: a result that is there twice, and a profile that is none, which
// wraps ErrProfile.
func Judge(selected []Row, results []figure.Result, machine Machine, profile Profile) ([]Verdict, error) {
	if err := profile.check(); err != nil {
		return nil, err
	}
	measured := evidence{machine: machine, results: make(map[resultKey]figure.Result)}
	var order []string
	for _, r := range results {
		key := resultKey{r.Row, r.Name}
		if _, twice := measured.results[key]; twice {
			return nil, fmt.Errorf("perfgates: the result %s is there twice", key)
		}
		measured.results[key] = r
		if !slices.Contains(order, r.Row) {
			order = append(order, r.Row)
		}
	}
	if selected == nil {
		selected = Rows()
	}
	for _, row := range selected {
		if !slices.Contains(order, row.ID) {
			order = append(order, row.ID)
		}
	}
	var verdicts []Verdict
	for _, row := range order {
		of, err := judgeRow(row, results, measured, profile)
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, of...)
	}
	return verdicts, nil
}

// judgeRow asks the gates of one row together.
func judgeRow(row string, results []figure.Result, measured evidence, profile Profile) ([]Verdict, error) {
	var verdicts []Verdict
	var rules []rule
	add := func(r rule) {
		rules, verdicts = append(rules, r), append(verdicts, r.open(measured))
	}
	found := false
	for _, r := range results {
		if r.Row != row {
			continue
		}
		found = true
		budget, bound := profile.budget(row, r.Name)
		if !figure.Missing(r.Target) {
			add(rule{key: resultKey{row, r.Name}, bound: r.Target})
		}
		if bound {
			add(ruleOf(budget, profile))
		}
		if figure.Missing(r.Target) && !bound {
			verdicts = append(verdicts, reported(r))
		}
	}
	if !found {
		return []Verdict{skippedRow(row)}, nil
	}
	for _, budget := range profile.Budgets {
		if _, there := measured.results[resultKey{row, budget.Name}]; budget.Row == row && !there {
			add(ruleOf(budget, profile))
		}
	}
	if len(rules) == 0 {
		return verdicts, nil // a set of no gates is refused, and would ask nothing
	}
	return verdicts, ask(rules, verdicts, measured)
}

// ask puts what the gates say into those verdicts that have a rule, which stand in the order of the rules.
func ask(rules []rule, verdicts []Verdict, measured evidence) error {
	gates := make([]gate.Gate[evidence], len(rules))
	for i, r := range rules {
		gates[i] = gate.New(r.String(), r.judge)
	}
	set, err := gate.NewSet(gates...)
	if err != nil {
		return fmt.Errorf("perfgates: the gates of row %s: %w", rules[0].key.row, err)
	}
	_, err = gate.EvaluateAll(set, measured, gate.Propose(rules[0].key.row))
	var denials gate.Denials
	if err != nil && !errors.As(err, &denials) {
		return fmt.Errorf("perfgates: the gates of row %s: %w", rules[0].key.row, err)
	}
	next := 0
	for i := range verdicts {
		if verdicts[i].Decision == Reported {
			continue
		}
		name := rules[next].String()
		next++
		verdicts[i].Decision, verdicts[i].Reason = Passed, verdicts[i].figures()
		for _, denial := range denials {
			if denial.Gate == name {
				verdicts[i].Decision, verdicts[i].Reason, verdicts[i].Denial = decisionOf(denial.Code), reasonOf(denial), denial
			}
		}
	}
	return nil
}
