// What passes say of each result.

package baseline

import "github.com/batpak/batpak/perfgates/figure"

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
			if value, basis, ok := r.Comparable(); ok && basis == s.basis {
				s.values = append(s.values, value)
			}
		}
	}
	return all
}

func newSample(r figure.Result) *sample {
	_, basis, _ := r.Comparable()
	return &sample{
		basis: basis, unit: r.Unit, larger: r.Better == figure.Larger, counted: basis == "", calibrated: basis == figure.BesideCalibration,
	}
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
