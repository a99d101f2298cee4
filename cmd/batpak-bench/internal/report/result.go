// One figure beside its reference, and whether it meets its target.

package report

import "math"

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

// Result is one figure of a row, measured beside its reference in the same run.
type Result struct {
	Row            string
	Name           string
	Value          float64 // None: could not be measured here
	Unit           string
	Reference      string  // what ReferenceValue is: a floor's name, or "budget" for a constant
	ReferenceValue float64 // None: could not be measured here
	Better         Better
	Target         float64 // bound of the ratio; None: reported only
	Unjudged       string  // why the target can't be judged here; empty: it is judged
	Violation      string  // why the target is missed whatever the ratio says; empty: the ratio decides
	Details        []Detail
}

// Add appends one further key and returns the result.
func (r Result) Add(key string, value any) Result {
	r.Details = append(r.Details[:len(r.Details):len(r.Details)], Detail{key, value})
	return r
}

// Ratio returns the value over its reference, None when either is missing or
// the reference is 0.
func (r Result) Ratio() float64 {
	if r.ReferenceValue == 0 {
		return None()
	}
	return r.Value / r.ReferenceValue
}

// Met says whether the ratio meets the target, and whether that can be judged at all.
func (r Result) Met() (met, judged bool) {
	ratio := r.Ratio()
	if r.Unjudged != "" || missing(ratio) || missing(r.Target) {
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

func missing(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }
