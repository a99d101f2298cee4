// The median of what a chart's table says over time.

package htmlreport

import (
	"slices"

	"github.com/batpak/batpak/perfgates/figure"
)

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
