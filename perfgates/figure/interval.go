// How sure a ratio is.

package figure

import (
	"math"

	"golang.org/x/perf/benchmath"
)

// Confidence is that of every interval.
const Confidence = 0.95

// Interval returns the bounds of the ratio's median over the rounds, at Confidence and without an assumption about how rounds are
// distributed. It needs six rounds or more; with fewer ok is false. A counted result has its ratio as both bounds.
func (r Result) Interval() (low, high float64, ok bool) {
	if r.Counted {
		ratio := r.Ratio()
		return ratio, ratio, !Missing(ratio)
	}
	ratios := make([]float64, 0, len(r.Rounds))
	for _, round := range r.Rounds {
		if ratio := round.Value / round.Reference; !Missing(ratio) {
			ratios = append(ratios, ratio)
		}
	}
	if len(ratios) == 0 {
		return None(), None(), false
	}
	summary := benchmath.AssumeNothing.Summary(benchmath.NewSample(ratios, &benchmath.DefaultThresholds), Confidence)
	if math.IsInf(summary.Lo, 0) || math.IsInf(summary.Hi, 0) {
		return None(), None(), false
	}
	return summary.Lo, summary.Hi, true
}
