// Judging results with gates.

package perfgates

import "github.com/batpak/batpak/perfgates/figure"

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

// Verdict is one gate's decision and what it rests on.
type Verdict struct {
	Row      string
	Name     string // of the result
	Decision Decision
	Reason   string // in words: row, measured, floor, budget and where to look
	Result   figure.Result
}

// Judge asks a gate for each result and each budget of the profile, all of them, in the order of the results.
func Judge(results []figure.Result, machine Machine, profile Profile) ([]Verdict, error) {
	return nil, nil
}
