// What a run prints of what it measured.

package main

import (
	"fmt"
	"slices"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/cmd/batpak-bench/internal/table"
	"github.com/batpak/batpak/perfgates/figure"
)

// print writes the results in the format asked for: of several passes the table has each result once, pooled, the others all.
func (c *runCommand) print(s *session, taken *baseline.Baseline) error {
	switch c.format() {
	case formatJSON:
		return figure.WriteJSON(s.out, everyResult(taken.Passes))
	case formatBench:
		return writeBench(s.out, taken)
	}
	if len(taken.Passes) == 0 {
		return nil
	}
	fmt.Fprintln(s.out, taken.Machine)
	results, err := baseline.Pooled(taken.Passes)
	if err != nil {
		return err
	}
	if err := table.Write(s.out, results); err != nil {
		return err
	}
	return table.WriteLatencies(s.out, results)
}

// everyResult returns the results of all passes; where there are several, each says of which it is.
func everyResult(passes []baseline.Pass) (all []figure.Result) {
	for n, pass := range passes {
		for _, stored := range pass.Results {
			r := figure.Result(stored)
			if len(passes) > 1 {
				r = r.Add("pass", n+1)
			}
			all = append(all, r)
		}
	}
	return all
}

// regressions returns the lines that say so.
func regressions(lines []baseline.Line) []baseline.Line {
	return slices.DeleteFunc(slices.Clone(lines), func(l baseline.Line) bool { return l.Verdict != baseline.Regression })
}
