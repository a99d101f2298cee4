// How a comparison is shown.

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates/figure"
)

// printComparison writes a table, or one JSON object. As a benchmark of Go's, what was measured is printed, and the table beside it
// among the messages.
func (c *runCommand) printComparison(s *session, found *comparison, taken *baseline.Baseline) error {
	switch c.format() {
	case formatJSON:
		return writeComparisonJSON(s.out, found)
	case formatBench:
		if err := writeBench(s.out, taken); err != nil {
			return err
		}
		return writeComparison(s.messages, found)
	}
	return writeComparison(s.out, found)
}

// writeComparison writes a line for each result: medians of what is compared, with the interval around them.
func writeComparison(w io.Writer, found *comparison) error {
	fmt.Fprintf(w, "compared with %s of %s, commit %s\n", found.old.Name, found.old.Taken.Format("2006-01-02 15:04"), cmp.Or(found.old.Built(), "unknown"))
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "row\tname\tin\told\tnew\tdelta\tp\tverdict")
	counts := make(map[baseline.Verdict]int)
	for _, l := range found.lines {
		counts[l.Verdict]++
		basis := "x " + l.Basis
		if l.Basis == "" {
			basis = l.Unit
		}
		fmt.Fprintf(columns, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.Row, l.Name, basis, side(l.Old), side(l.New), delta(l), significance(l), l.Verdict)
	}
	if err := columns.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d results: %d regressions, %d undecided, %d improved, %d without a difference beyond noise and %s %%, %d not judged\n", len(found.lines),
		counts[baseline.Regression], counts[baseline.Undecided], counts[baseline.Improved], counts[baseline.Same], figure.Number(100*found.threshold), counts[baseline.NotJudged])
	return err
}

// side prints a median and its interval.
func side(s baseline.Side) string {
	if s.N == 0 {
		return "-"
	}
	return fmt.Sprintf("%s [%s, %s]", figure.Number(s.Median), figure.Number(s.Low), figure.Number(s.High))
}

// delta prints by how much the new median differs, "~" where that says nothing.
func delta(l baseline.Line) string {
	switch {
	case l.Verdict == baseline.NotJudged:
		return "-"
	case figure.Missing(l.Delta):
		return "?"
	case math.Abs(l.Delta) < 0.0005:
		return "0 %"
	}
	return strconv.FormatFloat(100*l.Delta, 'f', 1, 64) + " %"
}

// significance prints p where the difference is one, as benchstat does, and "~" where it may be chance.
func significance(l baseline.Line) string {
	if l.P >= baseline.AlphaShown {
		return "~"
	}
	return "p=" + strconv.FormatFloat(l.P, 'f', 3, 64) + " n=" + strconv.Itoa(l.Old.N) + "+" + strconv.Itoa(l.New.N)
}

// writeComparisonJSON writes one object on several lines.
func writeComparisonJSON(w io.Writer, found *comparison) error {
	lines := make([]json.RawMessage, len(found.lines))
	for i, l := range found.lines {
		object, err := lineObject(l)
		if err != nil {
			return err
		}
		lines[i] = object
	}
	against, err := figure.Object([]figure.Detail{
		{Key: "name", Value: found.old.Name}, {Key: "taken", Value: found.old.Taken}, {Key: "commit", Value: found.old.Commit},
		{Key: "modified", Value: found.old.Modified}, {Key: "passes", Value: len(found.old.Passes)},
	})
	if err != nil {
		return err
	}
	whole, err := figure.Object([]figure.Detail{
		{Key: "against", Value: json.RawMessage(against)}, {Key: "threshold", Value: found.threshold},
		{Key: "warnings", Value: append([]string{}, found.warnings...)}, {Key: "measured_again", Value: append([]string{}, found.again...)},
		{Key: "regressions", Value: len(regressions(found.lines))}, {Key: "undecided", Value: undecided(found.lines)}, {Key: "results", Value: lines},
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", whole)
	return err
}

func undecided(lines []baseline.Line) (n int) {
	for _, l := range lines {
		if l.Verdict == baseline.Undecided {
			n++
		}
	}
	return n
}

func lineObject(l baseline.Line) (json.RawMessage, error) {
	pairs := []figure.Detail{
		{Key: "row", Value: l.Row}, {Key: "name", Value: l.Name}, {Key: "relative_to", Value: l.Basis}, {Key: "unit", Value: l.Unit},
	}
	for _, of := range []struct {
		when string
		side baseline.Side
	}{{"old", l.Old}, {"new", l.New}} {
		pairs = append(pairs,
			figure.Detail{Key: of.when, Value: of.side.Median}, figure.Detail{Key: of.when + "_low", Value: of.side.Low},
			figure.Detail{Key: of.when + "_high", Value: of.side.High}, figure.Detail{Key: of.when + "_passes", Value: of.side.N})
	}
	return figure.Object(append(pairs,
		figure.Detail{Key: "delta", Value: l.Delta}, figure.Detail{Key: "p", Value: l.P}, figure.Detail{Key: "verdict", Value: string(l.Verdict)}))
}
