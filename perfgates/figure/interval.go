// How sure a figure is.

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
	return MedianInterval(r.Ratios())
}

// ValueInterval is Interval for the value itself, whatever its reference is.
func (r Result) ValueInterval() (low, high float64, ok bool) {
	if r.Counted {
		return r.Value, r.Value, !Missing(r.Value)
	}
	values := make([]float64, 0, len(r.Rounds))
	for _, round := range r.Rounds {
		if !Missing(round.Value) {
			values = append(values, round.Value)
		}
	}
	return MedianInterval(values)
}

// MedianInterval returns the bounds of the samples' median at Confidence, without an assumption about their distribution. ok is false
// where there are fewer than six, or one of them is missing. The samples stay as they are.
func MedianInterval(samples []float64) (low, high float64, ok bool) {
	if len(samples) == 0 {
		return None(), None(), false
	}
	for _, sample := range samples {
		if Missing(sample) {
			return None(), None(), false
		}
	}
	sorted := append([]float64(nil), samples...) // NewSample sorts in place
	summary := benchmath.AssumeNothing.Summary(benchmath.NewSample(sorted, &benchmath.DefaultThresholds), Confidence)
	if math.IsInf(summary.Lo, 0) || math.IsInf(summary.Hi, 0) {
		return None(), None(), false
	}
	return summary.Lo, summary.Hi, true
}
