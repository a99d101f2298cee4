// What passes say of each result.

package baseline

import (
	"cmp"
	"slices"

	"github.com/batpak/batpak/perfgates/figure"
)

// What figures are relative to where that is not their reference.
const (
	basisFloor       = "similar work in the same round"
	basisCalibration = "calibration"
)

// sample is one result in each of the passes.
type sample struct {
	values     []float64 // comparable ones, in the order of the passes
	basis      string    // as of Line
	unit       string
	larger     bool // is better
	counted    bool // is what it is, relative to nothing
	calibrated bool // relative to what was measured beside the row, not in its rounds
}

// samples are those of all results.
type samples struct {
	of    map[Key]*sample
	order []Key
}

func samplesOf(passes []Pass) samples {
	all := samples{of: make(map[Key]*sample)}
	for _, pass := range passes {
		for _, stored := range pass.Results {
			r := figure.Result(stored)
			key := Key{r.Row, r.Name}
			s := all.of[key]
			if s == nil {
				s = newSample(r)
				all.of[key] = s
				all.order = append(all.order, key)
			}
			if value, _, ok := r.Comparable(); ok && basisOf(r) == s.basis {
				s.values = append(s.values, value)
			}
		}
	}
	return all
}

func newSample(r figure.Result) *sample {
	basis := basisOf(r)
	return &sample{
		basis: basis, unit: r.Unit, larger: r.Better == figure.Larger, counted: basis == "", calibrated: basis == basisCalibration,
	}
}

// basisOf says what figure.Result.Comparable relates the value to.
func basisOf(r figure.Result) string {
	switch {
	case r.Counted:
		return ""
	case !r.Goal && !figure.Missing(r.Ratio()):
		return r.Reference
	}
	if slices.ContainsFunc(r.Rounds, func(round figure.Round) bool { return round.Floor > 0 && !figure.Missing(round.Value/round.Floor) }) {
		return basisFloor
	}
	// What is neither time nor rate is compared as it is, and so is its value.
	if value, _, ok := r.Comparable(); ok && value == r.Value {
		return ""
	}
	return basisCalibration
}

// Typical returns each result as it was in the pass with the median of its values, of an even number of passes the smaller of the
// two in the middle: nothing that was not measured.
func Typical(passes []Pass) []figure.Result {
	var order []Key
	of := make(map[Key][]figure.Result)
	for _, pass := range passes {
		for _, stored := range pass.Results {
			key := Key{stored.Row, stored.Name}
			if of[key] == nil {
				order = append(order, key)
			}
			of[key] = append(of[key], figure.Result(stored))
		}
	}
	typical := make([]figure.Result, 0, len(order))
	for _, key := range order {
		results := slices.Clone(of[key])
		slices.SortStableFunc(results, func(a, b figure.Result) int { return cmp.Compare(a.Value, b.Value) }) // missing ones first
		missing := 0
		for missing < len(results)-1 && figure.Missing(results[missing].Value) {
			missing++
		}
		results = results[missing:]
		typical = append(typical, results[(len(results)-1)/2])
	}
	return typical
}

// Pooled returns each result once, of all passes together, as [figure.Pool] does: what is printed, judged and shown of a baseline.
func Pooled(passes []Pass) ([]figure.Result, error) {
	of := make([][]figure.Result, len(passes))
	for i, pass := range passes {
		for _, stored := range pass.Results {
			of[i] = append(of[i], figure.Result(stored))
		}
	}
	return figure.Pool(of...)
}
