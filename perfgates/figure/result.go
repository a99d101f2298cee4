// One figure beside its reference, and whether it meets its target.

package figure

import (
	"math"

	"github.com/batpak/batpak/perfgates/internal/stats"
)

// Better says in which direction a value improves.
type Better string

// The two directions. Times, bytes and counts are better smaller, rates larger.
const (
	Smaller Better = "smaller"
	Larger  Better = "larger"
)

// None returns the value of a number that is missing: a figure that could not be
// measured, a target that does not exist. It is NaN, and null in JSON.
func None() float64 { return math.NaN() }

// Detail is one further key of a result, in the order in which it was added.
type Detail struct {
	Key   string
	Value any
}

// Round is what one round measured of a result, its reference in turn with it.
type Round struct {
	Value     float64
	Reference float64 // of the same round; a goal is the same in each
	Floor     float64 // of a result with a goal: what this machine took for similar work in the same round; 0: not measured
}

// Result is one figure of a row, measured beside its reference in the same run.
type Result struct {
	Row            string
	Name           string
	Value          float64 // None: could not be measured here
	Unit           string
	Reference      string  // what ReferenceValue is: a floor's name, or "goal" or "budget" for a constant
	ReferenceValue float64 // None: could not be measured here
	Better         Better
	Target         float64 // bound of the ratio; None: reported only
	Unjudged       string  // why the target can't be judged here; empty: it is judged
	Violation      string  // why the target is missed whatever the ratio says; empty: the ratio decides
	Details        []Detail

	// Goal says that the reference is a constant and no measurement.
	Goal bool
	// Counted says that the value is a count or a size, the same in each run: it needs no rounds to be sure of.
	Counted bool
	// Rounds are what the value and its reference are medians of, in the order in which they were measured.
	Rounds []Round
	// Calibration is what floor(256), a frame hashed, copied and summed, took around this row, in nanoseconds. 0: not measured.
	Calibration float64
	// Curve holds the percentiles of the latencies behind the value; nil where it is no latency.
	Curve *Curve
	// Series is what was done over time, at equal distances from the start; nil where that is not recorded.
	Series []Point
	// Look says where to look when the target is missed: a page and heading, or a profile to take.
	Look string
}

// Curve is a distribution of latencies in nanoseconds.
type Curve struct {
	Count   int64
	Longest int64
	Encoded []byte // the HDR histogram, in its compressed V2 encoding
}

// Point is the work done until a moment since the moment before.
type Point struct {
	Seconds   float64 // since the start
	PerSecond float64 // operations
}

// Add appends one further key and returns the result.
func (r Result) Add(key string, value any) Result {
	r.Details = append(r.Details[:len(r.Details):len(r.Details)], Detail{key, value})
	return r
}

// Ratio returns the value beside its reference: where there are rounds the median of theirs, which Interval is around; else, and of a
// count, the value over the reference. None when either is missing or the reference is 0.
func (r Result) Ratio() float64 {
	if r.ReferenceValue == 0 || Missing(r.Value) || Missing(r.ReferenceValue) {
		return None()
	}
	if ratios := r.Ratios(); len(ratios) > 0 && !r.Counted {
		return stats.Median(ratios)
	}
	return r.Value / r.ReferenceValue
}

// Met says whether the ratio meets the target, and whether that can be judged at all.
func (r Result) Met() (met, judged bool) {
	ratio := r.Ratio()
	if r.Unjudged != "" || Missing(ratio) || Missing(r.Target) {
		return false, false
	}
	if r.Violation != "" {
		return false, true
	}
	if r.Better == Larger {
		return ratio >= r.Target, true
	}
	return ratio <= r.Target, true
}

// Missing says whether a number is None, or no number to be shown.
func Missing(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }
