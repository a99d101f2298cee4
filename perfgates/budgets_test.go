// Results out of files are judged by this program's budgets.

package perfgates

import (
	"strings"
	"testing"

	"github.com/batpak/batpak/perfgates/figure"
)

func TestAResultOutOfAFileIsJudgedByThisProgramsBudget(t *testing.T) {
	goal := figure.Result{Row: "P13", Name: "p50", Value: 900, Unit: "ns", Reference: "goal", ReferenceValue: 300, Better: figure.Smaller, Target: 1, Goal: true}
	for range 8 {
		goal.Rounds = append(goal.Rounds, figure.Round{Value: 900, Reference: 300})
	}
	slow := resultOf(2, 2, 2, 2, 2, 2)
	for name, c := range map[string]struct {
		result figure.Result
		change func(*figure.Result)
		want   Decision
		says   string
	}{
		"as the row has it":     {slow, func(*figure.Result) {}, Denied, ""},
		"a looser target":       {slow, func(r *figure.Result) { r.Target = 5 }, Denied, `"P1" "append": its target is 5, this program judges by 1.3`},
		"no target":             {slow, func(r *figure.Result) { r.Target = figure.None() }, Denied, `its target is -, this program`},
		"the other direction":   {slow, func(r *figure.Result) { r.Better = figure.Larger }, Denied, `better is "larger", this program judges by "smaller"`},
		"another unit":          {slow, func(r *figure.Result) { r.Unit = "us" }, Skipped, `it is in "us", this program's row measures in "ns": it is not judged`},
		"an unknown result":     {slow, func(r *figure.Result) { r.Name = "append\x1b[2J" }, Skipped, `"P1" "append\x1b[2J": no row of this program`},
		"a looser goal":         {goal, func(r *figure.Result) { r.ReferenceValue = 3000 }, Denied, `its "goal" is 3,000, this program judges by 300`},
		"a looser goal's round": {goal, func(r *figure.Result) { r.Rounds[3].Reference = 3000 }, Denied, `this program judges by 300`},
	} {
		c.result.Rounds = append([]figure.Round(nil), c.result.Rounds...)
		c.change(&c.result)
		results, differ := Rebudget([]figure.Result{c.result})
		if said := strings.Join(differ, "\n"); (c.says == "") != (said == "") || !strings.Contains(said, c.says) {
			t.Errorf("%s: says %q, want %q", name, said, c.says)
		}
		verdicts, err := Judge(only(t, c.result.Row), results, Machine{}, Profile{})
		if err != nil || len(verdicts) != 1 || verdicts[0].Decision != c.want {
			t.Errorf("%s: %+v, %v, want %s", name, verdicts, err, c.want)
		}
	}
}

func TestPagesOfACommitMayBeOneMoreThanTheReferencesAsMeasured(t *testing.T) {
	r := figure.Result{Row: "P4", Name: "pages written per commit", Value: 3, Unit: "pages", Reference: "F0", ReferenceValue: 2, Better: figure.Smaller, Target: 1.5}
	if results, differ := Rebudget([]figure.Result{r}); len(differ) != 0 || results[0].Target != 1.5 {
		t.Errorf("%+v, %q", results, differ)
	}
}
