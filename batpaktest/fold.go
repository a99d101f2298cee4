// This file holds Fold: given these events, when those come, then the state is this.

package batpaktest

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// FoldCase is a test case of a projection, made by [Fold].
type FoldCase[S any] struct {
	t          testing.TB
	place      string
	projection *engine.Projection[S]
	region     event.Region
	options    []engine.Options
	steps      [][]Event // folded one after the other
	checked    bool
}

// Fold begins a test case of a projection:
//
//	batpaktest.Fold(t, balance).
//		Given(batpaktest.NewEvent(account, opened, 100)).
//		When(batpaktest.NewEvent(account, deposited, 20)).
//		Then(Balance{Amount: 120})
//
// The state after Given is kept in a cache, and When goes on from it, as in a store that is in use; the last event of each is
// folded by itself, on from the state before it. Then also compares with what the same
// events give when they are all folded from the beginning in a store without a cache, and each state with what it was before the next
// was made: so a fold that depends on anything but state and events, and a Clone that shares what can be changed, are
// found. A case that is begun and not checked with Then or ThenError fails the test.
func Fold[S any](t testing.TB, projection *engine.Projection[S]) *FoldCase[S] {
	t.Helper()
	c := &FoldCase[S]{t: t, place: callerOf(1), projection: projection}
	if projection == nil {
		t.Fatalf("batpaktest: Fold: the projection is nil")
	}
	mustBeChecked(t, "Fold", c.place, &c.checked)
	return c
}

// mustBeChecked fails the test at its end if a case was not checked.
func mustBeChecked(t testing.TB, what, place string, checked *bool) {
	t.Cleanup(func() {
		t.Helper()
		if !*checked && !t.Failed() && !t.Skipped() {
			t.Errorf("batpaktest: the case of %s at %s was never checked: call Then or ThenError", what, place)
		}
	})
}

// In narrows the projection to a region; without it everything is folded.
func (c *FoldCase[S]) In(region event.Region) *FoldCase[S] {
	c.region = region
	return c
}

// Options sets those of the store; its clock and random numbers are filled up as [OpenIn] does.
func (c *FoldCase[S]) Options(options engine.Options) *FoldCase[S] {
	c.options = []engine.Options{options}
	return c
}

// Given adds history: events that the state is cached after.
func (c *FoldCase[S]) Given(events ...Event) *FoldCase[S] {
	c.steps = append(c.steps, events)
	return c
}

// When adds events that are folded on from what is cached. It may be called again, for a further step.
func (c *FoldCase[S]) When(events ...Event) *FoldCase[S] {
	c.steps = append(c.steps, events)
	return c
}

// Then fails the test unless the state after all events is deeply equal to want. The case may go on with When and Then.
func (c *FoldCase[S]) Then(want S) *FoldCase[S] {
	c.t.Helper()
	c.checked = true
	inSteps, atOnce, err := c.run()
	if err != nil {
		c.t.Errorf("batpaktest: the fold failed: %v", err)
		return c
	}
	if !reflect.DeepEqual(inSteps, want) {
		c.t.Errorf("batpaktest: the state differs (- want, + got):\n%s", difference(render(want), render(inSteps)))
		return c
	}
	if !reflect.DeepEqual(atOnce, want) {
		c.t.Errorf("batpaktest: the state folded from the beginning differs from the one that was folded on from the cache (- on from the cache, + from the beginning):\n%s",
			difference(render(inSteps), render(atOnce)))
	}
	return c
}

// ThenError fails the test unless folding the last events fails with an error that is target, as errors.Is tells; nil: any error. The
// state before them must be without one.
func (c *FoldCase[S]) ThenError(target error) {
	c.t.Helper()
	c.checked = true
	state, _, err := c.run()
	switch {
	case err == nil:
		c.t.Errorf("batpaktest: the fold did not fail, the state is:\n%s", strings.Join(render(state), "\n"))
	case !errors.As(err, new(*lastStep)):
		c.t.Errorf("batpaktest: the fold failed before the last events: %v", err)
	case target != nil && !errors.Is(err, target):
		c.t.Errorf("batpaktest: the fold failed with another error:\n- %v\n+ %v", target, errors.Unwrap(err))
	}
}

// lastStep is an error of folding the last events.
type lastStep struct{ error }

func (e *lastStep) Unwrap() error { return e.error }

// run folds the events step by step, with a cache, and all at once without.
func (c *FoldCase[S]) run() (inSteps, atOnce S, err error) {
	c.t.Helper()
	dir := c.t.TempDir()
	inSteps, err = c.runSteps(dir)
	if err != nil {
		return inSteps, atOnce, err
	}
	var options engine.Options
	for _, given := range c.options {
		options = given
	}
	options.Cache = engine.CacheOptions{Off: true}
	s := open(c.t, c.place, dir, []engine.Options{options})
	defer c.close(s)
	state, err := engine.Project(c.t.Context(), s, c.projection, c.region, engine.Consistent())
	return inSteps, state.Value, err
}

// runSteps folds the events step by step. It returns the state after the last.
func (c *FoldCase[S]) runSteps(dir string) (last S, err error) {
	c.t.Helper()
	s := open(c.t, c.place, dir, c.options)
	defer c.close(s)
	before, text, shares, stored := engine.State[S]{}, "", false, uint64(0)
	steps, final := c.parts()
	for i, events := range steps {
		if stored, err = store(s, events, stored); err != nil {
			c.t.Fatalf("batpaktest: %v", err)
		}
		state, err := engine.Project(c.t.Context(), s, c.projection, c.region, engine.Consistent())
		if err != nil {
			if i >= final {
				err = &lastStep{err}
			}
			return last, err
		}
		shares = shares || i > 0 && text != whole(before.Value)
		before, text, last = state, whole(state.Value), state.Value
	}
	if shares {
		c.t.Errorf("batpaktest: folding on changed the state from before, which was returned already: its Clone shares what can be changed")
	}
	return last, nil
}

// parts returns the steps with the last event of each in a part of its own, and the first part of the last step. Before the first
// event is a part that is empty, since the state without an event is one, too.
func (c *FoldCase[S]) parts() (parts [][]Event, final int) {
	parts = [][]Event{nil}
	for i, events := range c.steps {
		if i > 0 {
			final = len(parts)
		}
		if n := len(events) - 1; n > 0 {
			parts = append(parts, events[:n])
			events = events[n:]
		}
		parts = append(parts, events)
	}
	return parts, final
}

// close closes a store of the case's own.
func (c *FoldCase[S]) close(s *engine.Store) {
	c.t.Helper()
	if err := s.Close(); err != nil {
		c.t.Errorf("batpaktest: close the store: %v", err)
	}
}
