// Drawing numbers as often as their weights say.

package rows

import (
	"math"
	"math/rand/v2"
	"testing"
)

// chances returns how likely each number is, as the slots have it.
func (a *alias) chances() []float64 {
	slots := float64(len(a.share))
	chances := make([]float64, len(a.share))
	for slot, share := range a.share {
		chances[slot] += share / slots
		chances[a.other[slot]] += (1 - share) / slots
	}
	return chances
}

func TestNumbersAreAsLikelyAsTheirWeights(t *testing.T) {
	for name, weights := range map[string][]float64{
		"one": {3}, "two": {1, 3}, "equal": {1, 1, 1, 1, 1}, "some never": {0, 5, 0, 1}, "zipf": zipfWeights(100_000, zipfExponent),
	} {
		sum := 0.0
		for _, w := range weights {
			sum += w
		}
		for number, chance := range newAlias(weights).chances() {
			if want := weights[number] / sum; math.Abs(chance-want) > 1e-12 {
				t.Fatalf("%s: number %d is drawn with %v, want %v", name, number, chance, want)
			}
		}
	}
}

func TestDrawsComeAsOftenAsTheyAreLikely(t *testing.T) {
	const draws = 200_000
	weights := zipfWeights(50, zipfExponent)
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	random, a := rand.New(rand.NewPCG(1, 2)), newAlias(weights)
	met := make([]float64, len(weights))
	for range draws {
		met[a.draw(random)]++
	}
	for number, count := range met {
		want := weights[number] / sum * draws
		if math.Abs(count-want) > 5*math.Sqrt(want) {
			t.Errorf("number %d was drawn %v times, want about %.0f", number, count, want)
		}
	}
}
