//go:build dangerous_test_hooks

// Rule and Action: what is to happen, and when.

package hooks

import (
	"errors"
	"fmt"
	"os"
	"path"
	"time"
)

// Reached is one arrival at a point.
type Reached struct {
	Point Point
	// File is the base name of the file that the step is about, as it is called in the directory; empty where it is about
	// none.
	File string
	// Count says how often the point was reached in this Set, this time included.
	Count uint64
}

// Rule makes something happen at a point. Only Point and Action must be given.
type Rule struct {
	Point Point
	// After is how many arrivals the rule lets pass before it acts. Only those count that File and Match let through.
	After int
	// Times is how often the rule acts; 0: without end.
	Times int
	// Probability of acting at an arrival that is not let pass, from 0 to 1; 0: it always acts.
	Probability float64
	// File is a pattern of [path.Match] for the file's name; empty: any file, and none.
	File string
	// Match says whether the rule is for this arrival; nil: it is. It is called like the functions of [Do].
	Match func(Reached) bool
	// Action is what happens.
	Action Action
}

// Action is what a rule does, made by [Fail], [Delay], [Crash] or [Do]. The zero value is none.
type Action struct {
	do func(Reached) error
	// injects says that the action returns an error always, and mistake what is wrong with it.
	injects bool
	mistake string
}

// Fail makes the step fail with exactly this error, which must not be nil. It is for points that can fail.
func Fail(err error) Action {
	a := Action{do: func(Reached) error { return err }, injects: true}
	if err == nil {
		a.mistake = "an error to fail with"
	}
	return a
}

// Delay holds the step up for this time, which must not be negative.
func Delay(d time.Duration) Action {
	a := Action{do: func(Reached) error {
		time.Sleep(d)
		return nil
	}}
	if d < 0 {
		a.mistake = fmt.Sprintf("a delay of 0 or more, not %v", d)
	}
	return a
}

// Crash kills the process, as SIGKILL does: nothing is unlocked, flushed or told. The step is not gone on with.
func Crash() Action {
	return Action{do: func(Reached) error {
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Kill() // it comes back only while the signal is on its way
		}
		select {}
	}}
}

// Do calls a function, in the goroutine that reached the point and with whatever locks that holds; it may block, and may
// use the Set. An error from it makes the step fail, and panics at a point that can't fail.
func Do(f func(Reached) error) Action {
	a := Action{do: f}
	if f == nil {
		a.mistake = "a function to call"
	}
	return a
}

// ErrRule is what every refusal of a [Rule] is.
var ErrRule = errors.New("hooks: invalid rule")

// RuleError is [ErrRule] with the field and what it must be.
type RuleError struct {
	Point Point
	Field string // of Rule
	Must  string // what the field must be, and is not
}

// Error names the point, the field and what it must be.
func (e *RuleError) Error() string {
	return fmt.Sprintf("%v for %v: %s must be %s", ErrRule, e.Point, e.Field, e.Must)
}

// Is reports whether target is [ErrRule].
func (e *RuleError) Is(target error) bool { return target == ErrRule }

// check refuses a rule that can't be kept.
func (r *Rule) check() error {
	refuse := func(field, must string, args ...any) error {
		return &RuleError{Point: r.Point, Field: field, Must: fmt.Sprintf(must, args...)}
	}
	_, pattern := path.Match(r.File, "")
	switch {
	case !r.Point.valid():
		return refuse("Point", "one of those that are declared")
	case r.After < 0:
		return refuse("After", "0 or more, not %d", r.After)
	case r.Times < 0:
		return refuse("Times", "0 or more, not %d", r.Times)
	case !(r.Probability >= 0 && r.Probability <= 1): // neither holds for what is not a number
		return refuse("Probability", "from 0 to 1, not %v", r.Probability)
	case pattern != nil:
		return refuse("File", "a pattern of path.Match, not %q", r.File)
	case r.Action.mistake != "":
		return refuse("Action", "%s", r.Action.mistake)
	case r.Action.do == nil:
		return refuse("Action", "given")
	case r.Action.injects && !r.Point.CanFail():
		return refuse("Action", "another than Fail, since this point can't fail")
	}
	return nil
}
