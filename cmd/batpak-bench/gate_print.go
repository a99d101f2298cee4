// What the verb "gate" prints.

package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// countOf counts the verdicts of each decision.
func countOf(verdicts []perfgates.Verdict) map[perfgates.Decision]int {
	counts := make(map[perfgates.Decision]int)
	for _, v := range verdicts {
		counts[v.Decision]++
	}
	return counts
}

// writeVerdicts prints the machine, a line for each verdict, what the gates that denied say, and the counts.
func writeVerdicts(w io.Writer, machine perfgates.Machine, verdicts []perfgates.Verdict) error {
	fmt.Fprintf(w, "%s\n\n", machine)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "row\tresult\tmeasured\treference\tratio\tinterval\tbudget\tdecision")
	for _, v := range verdicts {
		ratio, reference := figure.Number(v.Measured), figure.Quantity(v.Result.ReferenceValue, v.Result.Unit)
		if v.Profile != "" {
			ratio, reference = "-", "profile "+v.Profile
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", v.Row, v.Name, figure.Quantity(v.Result.Value, v.Result.Unit), reference,
			ratio, interval(v), v.Budget(), decision(v))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, v := range verdicts {
		if v.Decision == perfgates.Denied {
			fmt.Fprintf(w, "\n%v\n", v.Denial)
		}
	}
	_, err := fmt.Fprintf(w, "\n%s\n", counted(verdicts))
	return err
}

// interval prints the bounds of what was measured, "-" where there are none or a count needs none.
func interval(v perfgates.Verdict) string {
	switch {
	case figure.Missing(v.Low) || v.Result.Counted:
		return "-"
	case v.Profile != "":
		return "[" + figure.Quantity(v.Low, v.Result.Unit) + ", " + figure.Quantity(v.High, v.Result.Unit) + "]"
	}
	return "[" + figure.Number(v.Low) + ", " + figure.Number(v.High) + "]"
}

// decision is in capitals what needs somebody's eyes.
func decision(v perfgates.Verdict) string {
	if v.Decision == perfgates.Denied {
		return strings.ToUpper(string(v.Decision))
	}
	return string(v.Decision)
}

func counted(verdicts []perfgates.Verdict) string {
	counts := countOf(verdicts)
	var words []string
	for _, d := range perfgates.Decisions() {
		words = append(words, fmt.Sprintf("%d %s", counts[d], d))
	}
	return strings.Join(words, ", ")
}

// writeVerdictsJSON prints one object.
func writeVerdictsJSON(w io.Writer, machine perfgates.Machine, verdicts []perfgates.Verdict) error {
	counts := countOf(verdicts)
	var pairs []figure.Detail
	for _, d := range perfgates.Decisions() {
		pairs = append(pairs, figure.Detail{Key: string(d), Value: counts[d]})
	}
	if verdicts == nil {
		verdicts = []perfgates.Verdict{}
	}
	object, err := figure.Object([]figure.Detail{
		{Key: "machine", Value: machine}, {Key: "verdicts", Value: verdicts}, {Key: "counts", Value: figure.Pairs(pairs)},
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", object)
	return err
}

// tellUnproven says what did not pass and was not denied either: it must not be taken for passed.
func tellUnproven(s *session, verdicts []perfgates.Verdict) {
	for _, v := range verdicts {
		if v.Decision == perfgates.Undecided || v.Decision == perfgates.Skipped {
			name := strings.TrimSpace(v.Row + " " + v.Name)
			if v.Profile != "" {
				name += " by profile " + v.Profile
			}
			s.warn(fmt.Sprintf("%s is %s, which is not passed: %s", name, v.Decision, v.Reason))
		}
	}
}
