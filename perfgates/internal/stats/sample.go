// Medians and spreads of a few dozen rounds.

package stats

import (
	"math"
	"slices"
)

// Median returns the middle of the samples, the mean of the middle two when
// their number is even, and NaN when there are none. The samples stay as they are.
func Median(samples []float64) float64 { return quantile(samples, 0.5) }

// Spread returns the distance between the samples' quartiles as a fraction of
// their median: 0.02 means that half of the rounds lie within about 1 % of it.
// It is NaN without samples and when the median is 0.
func Spread(samples []float64) float64 {
	median := Median(samples)
	if median == 0 {
		return math.NaN()
	}
	return (quantile(samples, 0.75) - quantile(samples, 0.25)) / median
}

// Mean returns the arithmetic mean, NaN without samples.
func Mean(samples []float64) float64 {
	sum := 0.0
	for _, s := range samples {
		sum += s
	}
	return sum / float64(len(samples))
}

// Smallest returns the smallest sample, NaN without samples.
func Smallest(samples []float64) float64 {
	if len(samples) == 0 {
		return math.NaN()
	}
	return slices.Min(samples)
}

// quantile interpolates linearly between the two nearest samples.
func quantile(samples []float64, q float64) float64 {
	if len(samples) == 0 {
		return math.NaN()
	}
	sorted := slices.Clone(samples)
	slices.Sort(sorted)
	place := q * float64(len(sorted)-1)
	low := int(place)
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + (place-float64(low))*(sorted[low+1]-sorted[low])
}
