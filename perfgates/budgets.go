// Budgets of results that come from a file: those of this program's rows, whatever the file says.

package perfgates

import (
	"fmt"

	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/rows"
)

// Rebudget returns the results as this program's rows would judge them: target, direction, and what is constant as their reference are the
// rows', not those that stand beside a figure in a file of an older version, or of one that somebody edited. A result that no row gives, and one in another
// unit than the row's, says why it can't be judged. differ has a line for each thing that was otherwise, with the row and both values.
//
// What the rows say themselves is believed of the figures alone: values, measured references, and why they could not be judged.
func Rebudget(results []figure.Result) (judged []figure.Result, differ []string) {
	for _, r := range results {
		budget, known := rows.BudgetOf(r)
		tell := func(format string, arguments ...any) {
			differ = append(differ, fmt.Sprintf("%q %q: ", r.Row, r.Name)+fmt.Sprintf(format, arguments...))
		}
		switch {
		case !known:
			r.Unjudged = "no row of this program gives such a result"
			tell("%s: it is not judged", r.Unjudged)
		case r.Unit != budget.Unit:
			r.Unjudged = fmt.Sprintf("it is in %q, this program's row measures in %q", r.Unit, budget.Unit)
			tell("%s: it is not judged", r.Unjudged)
		default:
			if r.Better != budget.Better {
				tell("better is %q, this program judges by %q", r.Better, budget.Better)
			}
			if !alike(r.Target, budget.Target) {
				tell("its target is %s, this program judges by %s", figure.Number(r.Target), figure.Number(budget.Target))
			}
			r.Better, r.Target = budget.Better, budget.Target
			if !figure.Missing(budget.Goal) && !aimsAt(r, budget.Goal) {
				tell("its %q is %s, this program judges by %s", r.Reference, figure.Number(r.ReferenceValue), figure.Number(budget.Goal))
				r = aimedAt(r, budget.Goal)
			}
		}
		judged = append(judged, r)
	}
	return judged, differ
}

func alike(a, b float64) bool { return a == b || figure.Missing(a) && figure.Missing(b) }

// aimsAt says whether the goal is the result's reference, in every round.
func aimsAt(r figure.Result, goal float64) bool {
	for _, round := range r.Rounds {
		if round.Reference != goal {
			return false
		}
	}
	return r.Goal && r.ReferenceValue == goal
}

// aimedAt returns the result with the goal for its reference, in every round.
func aimedAt(r figure.Result, goal float64) figure.Result {
	aimed := make([]figure.Round, len(r.Rounds))
	for i, round := range r.Rounds {
		aimed[i] = figure.Round{Value: round.Value, Reference: goal, Floor: round.Floor}
	}
	r.Goal, r.ReferenceValue, r.Rounds = true, goal, aimed
	return r
}
