// The rounds of a result: what each measured of both sides, which says how sure the result is.

package rows

import (
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// fewestRounds is how many rounds a result with a target needs at least: with fewer its median has no interval at 95 %.
const fewestRounds = 6

// withRounds gives a result the rounds of both sides, in which they took turns.
func withRounds(r figure.Result, ours, reference []float64) figure.Result {
	count := min(len(ours), len(reference))
	r.Rounds = make([]figure.Round, count)
	for i := range count {
		r.Rounds[i] = figure.Round{Value: ours[i], Reference: reference[i]}
	}
	return r
}

// withGoal gives a result whose reference is a constant its rounds. floors, where there are any, are what this machine took for
// similar bare work in the same rounds.
func withGoal(r figure.Result, ours, floors []float64) figure.Result {
	r.Goal = true
	r.Rounds = make([]figure.Round, len(ours))
	for i, value := range ours {
		r.Rounds[i] = figure.Round{Value: value, Reference: r.ReferenceValue}
		if i < len(floors) {
			r.Rounds[i].Floor = floors[i]
		}
	}
	return r
}

// counting says of a result with a constant reference that its value is a count or a size.
func counting(r figure.Result) figure.Result {
	r.Goal, r.Counted = true, true
	return r
}

// comparison returns the medians of two sides, and their rounds.
func comparison(row, name, unit, reference string, better figure.Better, target float64, ours, theirs []float64) figure.Result {
	r := figure.Result{
		Row: row, Name: name, Value: stats.Median(ours), Unit: unit, Reference: reference, ReferenceValue: stats.Median(theirs),
		Better: better, Target: target,
	}
	return withRounds(r, ours, theirs)
}
