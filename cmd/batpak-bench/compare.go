// Comparing with a baseline: a look at everything, and a second one at what seems worse.

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates/figure"
)

// comparison is what a run says beside a baseline.
type comparison struct {
	old       *baseline.Baseline
	threshold float64
	warnings  []string
	lines     []baseline.Line
	again     []string // rows that were measured again
}

// compare judges what was measured. A result that is worse by more than the threshold is only suspect: its row is measured again, in
// fresh passes, which alone decide. So what a busy moment did to one pass is no regression.
func (c *runCommand) compare(s *session, p *plan, old, taken *baseline.Baseline) error {
	found := comparison{old: old, threshold: c.threshold()}
	warnings, foreign := baseline.Differences(old, taken)
	found.warnings = warnings
	if missing := baseline.RowsOnlyIn(taken.Passes, old.Passes); len(missing) > 0 {
		found.warnings = append(found.warnings, fmt.Sprintf("%s: not in the baseline, and not compared", strings.Join(missing, ", ")))
	}
	for _, key := range baseline.ResultsGone(old.Passes, taken.Passes) {
		found.warnings = append(found.warnings, fmt.Sprintf("%s: in the baseline, but not measured any more", key))
	}
	for _, warning := range found.warnings {
		s.warn(warning)
	}
	judgement := baseline.Judgement{Threshold: found.threshold, Foreign: foreign}
	first := judgement.Compare(old.Passes, taken.Passes)
	if len(first) == 0 {
		return fmt.Errorf("baseline %q has no result in common with what was measured", old.Name)
	}
	passes := taken.Passes
	found.lines, found.again = judgement.Decide(first, nil), judgement.SuspectRows(first)
	var failure error
	if len(found.again) > 0 {
		fmt.Fprintf(s.messages, "measuring again what looks worse, %d times: %s\n", baseline.FreshPasses, strings.Join(found.again, ", "))
		fresh, err := p.only(found.again, baseline.FreshPasses).measure(s)
		if failure = err; err == nil {
			found.lines = judgement.Decide(first, judgement.Compare(old.Passes, fresh.Passes))
			passes = append(passes[:len(passes):len(passes)], fresh.Passes...)
		}
	}
	shown := *taken
	shown.Passes = passes
	if err := errors.Join(failure, c.printComparison(s, &found, &shown)); err != nil {
		return err
	}
	for _, l := range found.lines {
		if l.Verdict == baseline.Undecided {
			s.warn(fmt.Sprintf("%s is undecided, which is not fine: worse by %s %%, but passes differ too much to be sure", l.Key, figure.Number(100*l.Worse)))
		}
	}
	if worse := regressions(found.lines); len(worse) > 0 {
		names := make([]string, len(worse))
		for i, l := range worse {
			names[i] = l.Key.String()
		}
		return &finding{fmt.Sprintf("worse than %q by more than %s %%: %s", old.Name, figure.Number(100*found.threshold), strings.Join(names, "; "))}
	}
	return nil
}

func (c *runCommand) threshold() float64 { return thresholdOf(c.Threshold) }

// thresholdOf returns the fraction that was given, or the default.
func thresholdOf(given *percent) float64 {
	if given != nil {
		return float64(*given)
	}
	return defaultThreshold
}
