// Drawing numbers that are not equally likely: few hot ones and many cold ones.

package rows

import (
	"math"
	"math/rand/v2"
)

// zipfExponent is that of the entities' popularity. math/rand/v2 has exponents above 1 only.
const zipfExponent = 0.99

// zipfWeights returns 1, 1/2^s, 1/3^s and so on.
func zipfWeights(count int, exponent float64) []float64 {
	weights := make([]float64, count)
	for i := range weights {
		weights[i] = math.Pow(float64(i+1), -exponent)
	}
	return weights
}

// alias draws the numbers of a fixed distribution in constant time and without an error but that of floats: Vose's alias method (M. D.
// Vose, "A Linear Algorithm for Generating Random Numbers with a Given Distribution", 1991). Each number has a slot,
// and each slot is its own number's up to a share, and another's beyond that. It is never written to once it is made.
type alias struct {
	share []float64
	other []int32
}

// newAlias returns the numbers from 0 that are drawn as often as their weights say, which are not negative and not all 0.
func newAlias(weights []float64) *alias {
	a := &alias{share: make([]float64, len(weights)), other: make([]int32, len(weights))}
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	var small, large []int32 // whose slots are not full, and too full
	for i, w := range weights {
		a.share[i], a.other[i] = w/sum*float64(len(weights)), int32(i)
		if a.share[i] < 1 {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		few, many := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		a.other[few] = many // fills what few leaves free
		if a.share[many] -= 1 - a.share[few]; a.share[many] < 1 {
			large = large[:len(large)-1]
			small = append(small, many)
		}
	}
	for _, rest := range append(small, large...) {
		a.share[rest] = 1 // all but what rounding has left
	}
	return a
}

// draw returns the next number.
func (a *alias) draw(random *rand.Rand) int {
	slot := random.IntN(len(a.share))
	if random.Float64() < a.share[slot] {
		return slot
	}
	return int(a.other[slot])
}
