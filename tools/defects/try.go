// The course of a run: first every test without a defect, then the defects, two tests at a time.

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

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

// atOnce is how many tests run at a time. Few of them keep more than one processor busy, and some wait for the disk.
const atOnce = 2

// aloneWith reports whether the tests for a defect need the machine for themselves.
func aloneWith(defect hooks.Defect) bool { return defect == hooks.FirstWordFirst }

// try tries the defects and tells each of what became of every one, one call at a time, as they come. Where a test does
// not pass without a defect none is tried, and the error is a *brokenError. The results are in the order of the defects;
// with an error only of those that were tried.
func try(ctx context.Context, chosen []hooks.Defect, run runner, each func(result)) ([]result, error) {
	err := several(ctx, detectorsFor(chosen), func(ctx context.Context, d detector) error {
		o, err := run(ctx, d, 0)
		if err == nil && !o.passed {
			err = &brokenError{d, o.said}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var (
		mu    sync.Mutex
		tried = make(map[hooks.Defect]result)
	)
	one := func(ctx context.Context, defect hooks.Defect) error {
		r, err := tryOne(ctx, defect, run)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		tried[defect] = r
		each(r)
		return nil
	}
	alone := slices.DeleteFunc(slices.Clone(chosen), func(d hooks.Defect) bool { return !aloneWith(d) })
	err = several(ctx, slices.DeleteFunc(slices.Clone(chosen), aloneWith), one)
	for _, defect := range alone {
		if err == nil {
			err = one(ctx, defect)
		}
	}
	results := make([]result, 0, len(chosen))
	for _, defect := range chosen {
		if r, ok := tried[defect]; ok {
			results = append(results, r)
		}
	}
	return results, err
}

// several does what is to be done with each of a list, some at a time, in its order. The first error cancels what is
// under way, and is returned when all of it has ended.
func several[T any](ctx context.Context, list []T, do func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= len(list) {
					return
				}
				if err := do(ctx, list[n]); err != nil {
					cancel(err) // the first cause stays
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
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
