// Several passes as one: what the page shows of a baseline that was measured more than once.

package htmlreport

import (
	"slices"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates/figure"
)

// Pool returns a baseline's results as figure.Pool does, as all that shows or judges them.
func Pool(passes []baseline.Pass) ([]figure.Result, error) { return baseline.Pooled(passes) }

func median(values []float64) float64 {
	if len(values) == 0 {
		return figure.None()
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
