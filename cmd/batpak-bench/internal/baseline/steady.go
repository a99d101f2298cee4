// How far the passes of one measurement are from each other: what a comparison with it can't find.

package baseline

import (
	"math"
	"slices"
)

// Unsteady is a result whose passes differ by more than a comparison is to find.
type Unsteady struct {
	Key
	// Reach is the fraction by which a later median must be worse, at least, to lie outside of these passes' interval and further away than
	// their quartiles are from each other: what is less is never found.
	Reach float64
}

// UnsteadyAt returns the results by which no difference of the threshold can be found, in the order of the passes.
func UnsteadyAt(threshold float64, passes []Pass) (unsteady []Unsteady) {
	all := samplesOf(passes)
	for _, key := range all.order {
		s := all.of[key]
		if len(s.values) == 0 {
			continue
		}
		side := sideOf(s.values)
		end, quartile := side.High, side.Median+side.spread
		if s.larger {
			end, quartile = side.Low, side.Median-side.spread
		}
		_, interval := change(side.Median, end, s)
		_, distance := change(side.Median, quartile, s)
		if reach := max(interval, distance); reach > threshold && !math.IsNaN(reach) {
			unsteady = append(unsteady, Unsteady{key, reach})
		}
	}
	return unsteady
}

// RowsOf returns the rows of unsteady results, each once.
func RowsOf(unsteady []Unsteady) (rows []string) {
	for _, u := range unsteady {
		if !slices.Contains(rows, u.Row) {
			rows = append(rows, u.Row)
		}
	}
	return rows
}
