// What two runs are compared by.

package figure

import "testing"

func TestRunsAreComparedByWhatLeavesTheMachineOut(t *testing.T) {
	rounds := []Round{{10, 5, 2}, {20, 5, 10}, {40, 10, 4}}
	for name, c := range map[string]struct {
		result Result
		want   float64
		basis  string
	}{
		"a count as it is":               {Result{Counted: true, Value: 3, ReferenceValue: 2, Calibration: 7, Rounds: rounds, Better: Smaller}, 3, ""},
		"the rounds' ratios":             {Result{Reference: "floor", Value: 100, ReferenceValue: 1, Rounds: rounds, Better: Smaller, Unit: "ns"}, 4, "floor"},
		"the ratio without rounds":       {Result{Reference: "floor", Value: 100, ReferenceValue: 50, Better: Larger, Unit: "events/s"}, 2, "floor"},
		"a goal beside floors":           {Result{Goal: true, Value: 100, ReferenceValue: 50, Rounds: rounds, Calibration: 3, Unit: "ns"}, 5, BesideFloor},
		"a goal of time":                 {Result{Goal: true, Value: 100, ReferenceValue: 50, Calibration: 4, Unit: "ns/event"}, 25, BesideCalibration},
		"a goal of rate":                 {Result{Goal: true, Value: 100, ReferenceValue: 50, Calibration: 4, Unit: "events/s", Better: Larger}, 400, BesideCalibration},
		"a goal of size":                 {Result{Goal: true, Value: 100, ReferenceValue: 50, Calibration: 4, Unit: "bytes"}, 100, ""},
		"a reference that was not there": {Result{Value: 100, ReferenceValue: None(), Calibration: 4, Unit: "ms"}, 25, BesideCalibration},
		"a floor of another round only":  {Result{Goal: true, Value: 9, Rounds: []Round{{8, 1, 0}, {9, 1, 3}}, Unit: "ns"}, 3, BesideFloor},
	} {
		if got, basis, ok := c.result.Comparable(); got != c.want || basis != c.basis || !ok {
			t.Errorf("%s: %v, relative to %q, ok %v", name, got, basis, ok)
		}
	}
}

func TestWhatWasNotMeasuredIsNotCompared(t *testing.T) {
	for name, r := range map[string]Result{
		"no value":              {Value: None(), ReferenceValue: 1, Calibration: 1, Unit: "ns"},
		"no count":              {Value: None(), Counted: true},
		"time, no calibration":  {Value: 1, Goal: true, ReferenceValue: 1, Unit: "ns"},
		"rate, no calibration":  {Value: 1, Goal: true, ReferenceValue: 1, Unit: "queries/s"},
		"calibration not known": {Value: 1, Goal: true, ReferenceValue: 1, Unit: "s", Calibration: None()},
	} {
		if got, _, ok := r.Comparable(); ok {
			t.Errorf("%s: %v", name, got)
		}
	}
}
