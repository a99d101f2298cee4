// One number a result that can be compared with that of another run.

package figure

import (
	"strings"

	"github.com/batpak/batpak/perfgates/internal/stats"
)

// Comparable returns the number by which two runs of the same result are compared, and whether smaller is better. It leaves out as much
// of the machine's mood as was measured with the value:
//
//   - a count is what it is;
//   - beside a measured reference it is the median of the rounds' ratios, without rounds the ratio;
//   - with a goal it is the median of the rounds' values relative to their floors, where those were measured;
//   - else times and rates are relative to Calibration: how many frames could be hashed, copied and summed meanwhile;
//   - and what is neither time nor rate is what it is.
//
// ok is false where what is needed for that is missing.
func (r Result) Comparable() (value float64, smallerIsBetter, ok bool) {
	value = r.comparable()
	return value, r.Better != Larger, !Missing(value)
}

func (r Result) comparable() float64 {
	switch {
	case r.Counted:
		return r.Value
	case !r.Goal && !Missing(r.Ratio()):
		return r.Ratio()
	}
	var beside []float64
	for _, round := range r.Rounds {
		if relative := round.Value / round.Floor; round.Floor > 0 && !Missing(relative) {
			beside = append(beside, relative)
		}
	}
	switch kind := kindOf(r.Unit); {
	case len(beside) > 0:
		return stats.Median(beside)
	case kind == neither:
		return r.Value
	case r.Calibration <= 0 || Missing(r.Calibration):
		return None()
	case kind == rate:
		return r.Value * r.Calibration
	}
	return r.Value / r.Calibration
}

// Ratios returns the rounds' ratios in the order of the rounds, without those that can't be formed. A goal is each round's reference.
func (r Result) Ratios() []float64 {
	ratios := make([]float64, 0, len(r.Rounds))
	for _, round := range r.Rounds {
		if ratio := round.Value / round.Reference; !Missing(ratio) {
			ratios = append(ratios, ratio)
		}
	}
	return ratios
}

// Timed says whether the value is a time or a rate, by its unit, and no count or size.
func (r Result) Timed() bool { return kindOf(r.Unit) != neither }

type kind int

const (
	neither kind = iota
	duration
	rate
)

// kindOf tells times and rates by their units: a unit "ns/event" is a time, "events/s" a rate.
func kindOf(unit string) kind {
	counter, divisor, _ := strings.Cut(unit, "/")
	switch counter {
	case "ns", "us", "ms", "s":
		return duration
	}
	if divisor == "s" {
		return rate
	}
	return neither
}
