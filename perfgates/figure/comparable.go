// One number a result that can be compared with that of another run.

package figure

import (
	"strings"

	"github.com/batpak/batpak/perfgates/internal/stats"
)

// What Comparable relates a value to, where that is no reference.
const (
	BesideFloor       = "similar work in the same round"
	BesideCalibration = "calibration"
)

// Comparable returns the number by which two runs of the same result are compared, and what it is relative to: the reference's name,
// BesideFloor, BesideCalibration, or "" for a number that is what it is. It leaves out as much of the machine's mood as was measured with the value:
//
//   - a count is what it is;
//   - beside a measured reference it is the median of the rounds' ratios, without rounds the ratio;
//   - with a goal it is the median of the rounds' values relative to their floors, where those were measured;
//   - else times and rates are relative to Calibration: how many frames could be hashed, copied and summed meanwhile;
//   - and what is neither time nor rate is what it is.
//
// ok is false where what is needed for that is missing.
func (r Result) Comparable() (value float64, basis string, ok bool) {
	value, basis = r.comparable()
	return value, basis, !Missing(value)
}

func (r Result) comparable() (value float64, basis string) {
	switch {
	case r.Counted:
		return r.Value, ""
	case !r.Goal && !Missing(r.Ratio()):
		return r.Ratio(), r.Reference
	}
	var beside []float64
	for _, round := range r.Rounds {
		if relative := round.Value / round.Floor; round.Floor > 0 && !Missing(relative) {
			beside = append(beside, relative)
		}
	}
	switch kind := kindOf(r.Unit); {
	case len(beside) > 0:
		return stats.Median(beside), BesideFloor
	case kind == neither:
		return r.Value, ""
	case r.Calibration <= 0 || Missing(r.Calibration):
		return None(), BesideCalibration
	case kind == rate:
		return r.Value * r.Calibration, BesideCalibration
	}
	return r.Value / r.Calibration, BesideCalibration
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
