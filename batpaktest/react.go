// This file holds React: given this history, when these events come, then a reactor answers with those.

package batpaktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// ReactCase is a test case of a reactor's function, made by [React] and [ReactWith].
type ReactCase struct {
	t       testing.TB
	place   string
	react   func(*engine.Store) engine.React
	region  event.Region
	options []engine.Options
	given   []Event
	when    []Event
	checked bool
}

// React begins a test case of a reactor's function:
//
//	batpaktest.React(t, ship).
//		Given(batpaktest.NewEvent(order, placed, Order{Item: "book"})).
//		When(batpaktest.NewEvent(order, paid, Payment{Amount: 20})).
//		Then(batpaktest.NewEvent(parcel, shipped, Parcel{Item: "book"}))
//
// The function is given the events of When, by a reactor on a store that holds those of Given before them. Then also has them delivered
// a second time, as after a crash, where nothing more may be stored; and does it all again on a second store, where the same must come of
// it: a function that depends on the time, on chance or on what it remembers is found. So the function is called two or three
// times for each event. What is expected is stored, too, in a third store, to see what becomes of it. A case that is begun and not checked with Then or ThenError fails the test.
func React(t testing.TB, react engine.React) *ReactCase {
	t.Helper()
	return newReactCase(t, callerOf(1), func(*engine.Store) engine.React { return react })
}

// ReactWith is [React] for a function that reads the store: it is made anew for every store that the case opens.
func ReactWith(t testing.TB, react func(*engine.Store) engine.React) *ReactCase {
	t.Helper()
	return newReactCase(t, callerOf(1), react)
}

func newReactCase(t testing.TB, place string, react func(*engine.Store) engine.React) *ReactCase {
	t.Helper()
	c := &ReactCase{t: t, place: place, react: react}
	mustBeChecked(t, "React", place, &c.checked)
	return c
}

// In sets the reactor's region, of which the events of When that are in it are delivered; without it all are.
func (c *ReactCase) In(region event.Region) *ReactCase {
	c.region = region
	return c
}

// Options sets those of the stores; clock and random numbers are filled up as [OpenIn] does.
func (c *ReactCase) Options(options engine.Options) *ReactCase {
	c.options = []engine.Options{options}
	return c
}

// Given adds history: events that the function is not given, but can find in the store.
func (c *ReactCase) Given(events ...Event) *ReactCase {
	c.given = append(c.given, events...)
	return c
}

// When adds events that are given to the function. All are stored before the first is given.
func (c *ReactCase) When(events ...Event) *ReactCase {
	c.when = append(c.when, events...)
	return c
}

// Then fails the test unless the function answers the events with exactly these, in this order; without arguments: with nothing. Each must be
// caused by the event that it answers, unless [Event.CausedBy] or [Event.With] says otherwise, and must have no field, tag, metadata,
// key and so on that the expected event has not; see [Event]. Not compared are ids and times, gate records, and the codec.
func (c *ReactCase) Then(reactions ...Event) {
	c.t.Helper()
	c.checked = true
	first, err := c.run(true)
	if err != nil {
		c.t.Errorf("batpaktest: the reactor ended: %v", err)
		return
	}
	expected := c.expect(reactions)
	if !slices.EqualFunc(expected, first, expectation.equals) {
		c.t.Errorf("batpaktest: the reactions differ (- want, + got):\n%s", difference(compared(expected, first)))
		return
	}
	second, err := c.run(false)
	if err != nil {
		c.t.Errorf("batpaktest: the reactor ended on a second, equal store: %v", err)
		return
	}
	if !slices.EqualFunc(first, second, alike) {
		c.t.Errorf("batpaktest: on a second, equal store the reactions are others: the function depends on more than the event and the store (- first, + second):\n%s",
			difference(shown(expected, first), shown(expected, second)))
	}
}

// expect returns what is expected with what a store makes of it.
func (c *ReactCase) expect(events []Event) []expectation {
	c.t.Helper()
	if len(events) == 0 {
		return nil
	}
	s, closing := c.open()
	defer closing()
	expected, err := expect(s, events)
	if err != nil {
		c.t.Fatalf("batpaktest: what is expected: %v", err)
	}
	return expected
}

// ThenError fails the test unless the function fails with an error that is target, as errors.Is tells; nil: any error. What it has answered earlier
// events of When with is not looked at; for the one that fails nothing may be stored.
func (c *ReactCase) ThenError(target error) {
	c.t.Helper()
	c.checked = true
	reactions, err := c.run(false)
	switch {
	case err == nil:
		c.t.Errorf("batpaktest: the function did not fail; the reactions are:\n%s", difference(nil, shown(nil, reactions)))
	case target != nil && !errors.Is(err, target):
		c.t.Errorf("batpaktest: the function failed with another error:\n- %v\n+ %v", target, err)
	}
}

// reactorName is that of the reactor of a case.
const reactorName = "batpaktest"

// open opens a store of the case. It must be closed by the function that is returned.
func (c *ReactCase) open() (s *engine.Store, closing func()) {
	c.t.Helper()
	options := engine.Options{}
	for _, given := range c.options {
		options = given
	}
	if options.Random == nil {
		options.Random = NewRandom(1) // the same in every store of the case
	}
	s = open(c.t, c.place, c.t.TempDir(), []engine.Options{options})
	return s, func() {
		c.t.Helper()
		if err := s.Close(); err != nil {
			c.t.Errorf("batpaktest: close the store: %v", err)
		}
	}
}

// run stores the events, has them answered, and returns the answers. An error is that of the reactor.
func (c *ReactCase) run(twice bool) (reactions []reaction, err error) {
	c.t.Helper()
	s, closing := c.open()
	defer closing()
	before, err := store(s, c.given, 0)
	if err != nil {
		c.t.Fatalf("batpaktest: %v", err)
	}
	last, err := store(s, c.when, before)
	if err != nil {
		c.t.Fatalf("batpaktest: %v", err)
	}
	if last == before {
		c.t.Fatalf("batpaktest: there is no event to react to: call When")
	}
	noted := &notes{store: s}
	react := noted.around(c.react(s))
	if err := c.deliver(s, react, before, last); err != nil {
		return nil, err
	}
	if reactions, err = noted.reactions(last); err != nil || !twice {
		return reactions, err
	}
	if err := s.ResetCursor(reactorName, engine.FromAfter(before)); err != nil {
		return nil, fmt.Errorf("have the events delivered again: %w", err)
	}
	if err := c.deliver(s, react, before, last); err != nil {
		return nil, fmt.Errorf("delivered again: %w", err)
	}
	again, err := noted.reactions(last)
	if err == nil && len(again) != len(reactions) {
		c.t.Errorf("batpaktest: delivered again, the events are answered again (+):\n%s", difference(shown(nil, reactions), shown(nil, again)))
	}
	return reactions, err
}

// notes are what was stored when a function was called.
type notes struct {
	store *engine.Store
	calls []call // in their order
}

// call is one of a function.
type call struct{ answered, visible uint64 } // sequences of the event, and of the last that was there

// around returns the function with a note made of each call.
func (n *notes) around(react engine.React) engine.React {
	if react == nil {
		return nil
	}
	return func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
		n.calls = append(n.calls, call{ev.Sequence, n.store.Stats().Visible})
		return react(ctx, ev, reactions)
	}
}

// reactions returns the events after a sequence, each with the event that it answers: that of the last call before it was stored.
func (n *notes) reactions(sequence uint64) ([]reaction, error) {
	events, err := after(n.store, sequence)
	reactions := make([]reaction, len(events))
	for i, ev := range events {
		r := reaction{Event: ev}
		for _, c := range n.calls {
			if c.visible < ev.Sequence {
				r.answers = c.answered
			}
		}
		if ev.CauseSequence != 0 && err == nil {
			var cause event.Event
			cause, err = n.store.At(ev.CauseSequence)
			r.inherits = cause.Correlation
		}
		reactions[i] = r
	}
	return reactions, err
}

// deliver runs a reactor over the events of When.
func (c *ReactCase) deliver(s *engine.Store, react engine.React, before, last uint64) error {
	r, err := s.StartReactor(engine.ReactorOptions{
		Name: reactorName, Region: c.region.Sequences(before+1, last), Start: engine.FromAfter(before),
	}, react)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	waited := make(chan error, 1)
	go func() { waited <- r.WaitFor(ctx, last) }()
	select {
	case err = <-waited:
	case <-r.Done():
		cancel()
		<-waited
	}
	if stopped := r.Stop(); stopped != nil {
		return stopped
	}
	return err
}

// after returns the events after a sequence.
func after(s *engine.Store, sequence uint64) (events []event.Event, err error) {
	for ev, err := range s.Events(sequence+1, 0, engine.ReadOptions{}) {
		if err != nil {
			return events, err
		}
		events = append(events, ev.Clone())
	}
	return events, nil
}
