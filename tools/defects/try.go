// The course of a run: first every test without a defect, then the defects one by one.

package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/batpak/batpak/hooks"
)

// result is what became of one defect.
type result struct {
	Name    string  `json:"name"`
	Does    string  `json:"does"`
	Caught  bool    `json:"caught"`
	Package string  `json:"package,omitempty"` // of the test that failed
	Test    string  `json:"test,omitempty"`
	Seconds float64 `json:"seconds"` // that all tests took which were asked
	Missed  string  `json:"missed,omitempty"`
}

// String returns two lines without the last newline.
func (r result) String() string {
	verdict := "NOT CAUGHT: " + r.Missed
	if r.Caught {
		verdict = fmt.Sprintf("%.2f s: %s", r.Seconds, detector{r.Package, r.Test})
	}
	return fmt.Sprintf("%s: %s\n    %s", r.Name, r.Does, verdict)
}

// runner runs one test with one defect; 0: none.
type runner func(context.Context, detector, hooks.Defect) (outcome, error)

// brokenError says that a test does not pass without a defect.
type brokenError struct {
	detector detector
	said     string
}

// Error gives what the test printed, too.
func (e *brokenError) Error() string {
	return fmt.Sprintf("%s does not pass without a defect:\n%s", e.detector, e.said)
}

// try tries the defects and tells each of what became of every one. Where a test does not pass without a defect
// none is tried, and the error is a *brokenError.
func try(ctx context.Context, chosen []hooks.Defect, run runner, each func(result)) ([]result, error) {
	for _, d := range detectorsFor(chosen) {
		o, err := run(ctx, d, 0)
		if err != nil {
			return nil, err
		}
		if !o.passed {
			return nil, &brokenError{d, o.said}
		}
	}
	results := make([]result, 0, len(chosen))
	for _, defect := range chosen {
		r, err := tryOne(ctx, defect, run)
		if err != nil {
			return results, err
		}
		each(r)
		results = append(results, r)
	}
	return results, nil
}

// tryOne asks the tests for a defect until one fails.
func tryOne(ctx context.Context, defect hooks.Defect, run runner) (result, error) {
	r := result{Name: defect.String(), Does: defect.Does()}
	var missed []string
	for _, d := range detectorsOf(defect) {
		o, err := run(ctx, d, defect)
		if err != nil {
			return r, err
		}
		r.Seconds += o.seconds
		if o.failed {
			r.Caught, r.Package, r.Test = true, d.pkg, d.test
			return r, nil
		}
		how := "was not through in time"
		if o.passed {
			how = "passed"
		}
		missed = append(missed, fmt.Sprintf("%s %s", d, how))
	}
	r.Missed = strings.Join(missed, ", ")
	return r, nil
}
