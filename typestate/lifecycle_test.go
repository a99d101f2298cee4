// Tests of lifecycles: which are refused, and what machines are found in events.

package typestate_test

import (
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/typestate"
)

func mustLife(t *testing.T) *typestate.Lifecycle {
	t.Helper()
	life, err := typestate.NewLifecycle(dark{}, light, darken, burnOut, smash)
	if err != nil {
		t.Fatal(err)
	}
	return life
}

// stored returns the entity's event with this clock, kind and JSON payload.
func stored(clock uint64, kind event.Kind, payload string) event.Event {
	ev := event.Event{Coordinate: lamp, Payload: []byte(payload)}
	ev.ID, ev.Sequence, ev.Kind, ev.Codec = event.MakeID(clock, 0, 0), 10*clock, kind, event.CodecJSON
	ev.Position.Clock = clock
	return ev
}

func each(events ...event.Event) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
	}
}

func TestAMachineIsFoundInItsEvents(t *testing.T) {
	life := mustLife(t)
	loaded, err := life.Load(lamp, each(
		stored(1, 0xF001, `{"Watts":40}`), stored(2, 0xF002, `{}`), stored(3, 0xE123, `"of no transition"`), stored(4, 0xF001, `{"Watts":60}`),
	))
	if err != nil || loaded.State() != any(lit{2, 60}) || loaded.Clock() != 4 || loaded.Coordinate() != lamp {
		t.Fatalf("got %+v, %v", loaded, err)
	}
	if machine, ok := typestate.As[dark](loaded); ok || !machine.Used() {
		t.Errorf("it is dark too: %+v", machine)
	}
	isLit, ok := typestate.As[lit](loaded)
	if !ok || isLit.State() != (lit{2, 60}) || isLit.Clock() != 4 || isLit.Last() != event.MakeID(4, 0, 0) || isLit.Coordinate() != lamp || isLit.Used() {
		t.Fatalf("got %+v, %v", isLit, ok)
	}
	if _, err := typestate.Apply(isLit, burnOut, struct{}{}, next); err != nil {
		t.Fatal(err)
	}
	if again, ok := typestate.As[lit](loaded); !ok || !again.Used() {
		t.Error("what was loaded once gives a second machine")
	}
}

func TestAnEntityWithoutEventsIsInItsFirstState(t *testing.T) {
	loaded, err := mustLife(t).Load(lamp, each())
	if err != nil {
		t.Fatal(err)
	}
	isDark, ok := typestate.As[dark](loaded)
	if !ok || isDark.Clock() != 0 || !isDark.Last().IsZero() || isDark.Used() {
		t.Errorf("got %+v, %v", isDark, ok)
	}
}

func TestOneKindMayLeaveSeveralStates(t *testing.T) {
	life := mustLife(t)
	for _, events := range [][]event.Event{
		{stored(1, 0xF003, `{}`)},
		{stored(1, 0xF001, `{"Watts":40}`), stored(2, 0xF003, `{}`)},
	} {
		loaded, err := life.Load(lamp, each(events...))
		if _, ok := typestate.As[broken](loaded); err != nil || !ok {
			t.Errorf("got %+v, %v", loaded, err)
		}
	}
}

func TestEventsThatNoMachineWroteAreRefused(t *testing.T) {
	life := mustLife(t)
	foreign := stored(1, 0xF001, `{}`)
	foreign.Coordinate = event.MustAt("lamp 2", "room")
	elsewhere := stored(1, 0xF001, `{}`)
	elsewhere.Coordinate = event.MustAt("lamp", "attic")
	gone := stored(1, 0xF001, ``)
	gone.Tombstone = true
	for want, c := range map[string]struct {
		events []event.Event
		is     error
	}{
		"load lamp@room: batpak: event 20 at clock 2, kind 0xF001, state typestate_test.lit: batpak: no transition from this state": {
			[]event.Event{stored(1, 0xF001, `{}`), stored(2, 0xF001, `{}`)}, typestate.ErrIllegal},
		"load lamp@room: batpak: event 20 at clock 2, kind 0xF001, state typestate_test.dark: want clock 1: batpak: events of the entity are missing": {
			[]event.Event{stored(2, 0xF001, `{}`)}, typestate.ErrIncomplete},
		"load lamp@room: batpak: event 30 at clock 3, kind 0xE001, state typestate_test.lit: want clock 2: ": {
			[]event.Event{stored(1, 0xF001, `{}`), stored(3, 0xE001, `{}`)}, typestate.ErrIncomplete},
		"load lamp@room: batpak: event 10 at clock 1, kind 0xF001, state typestate_test.lit: want clock 2: ": {
			[]event.Event{stored(1, 0xF001, `{}`), stored(1, 0xF001, `{}`)}, typestate.ErrIncomplete},
		"load lamp@room: batpak: event 10 at clock 1, kind 0xF001, state typestate_test.dark: batpak: ": {
			[]event.Event{stored(1, 0xF001, `{"Watts":"forty"}`)}, event.ErrUndecodable},
		"load lamp@room: batpak: event 10 at clock 1, kind 0xF001, state typestate_test.dark: batpak: event ": {
			[]event.Event{gone}, event.ErrTombstone},
		"load lamp@room: batpak: invalid machine.events: event 10 is of another entity than lamp@room": {
			[]event.Event{foreign}, event.ErrInvalid},
	} {
		loaded, err := life.Load(lamp, each(c.events...))
		if err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, c.is) || loaded.State() != nil {
			t.Errorf("got %+v, %v, want %s", loaded, err, want)
		}
		var failed *typestate.LoadError
		if c.is != event.ErrInvalid && (!errors.As(err, &failed) || failed.Sequence != c.events[len(c.events)-1].Sequence) {
			t.Errorf("got %+v", failed)
		}
	}
	if loaded, err := life.Load(lamp, each(elsewhere)); err != nil || loaded.State() != any(lit{1, 0}) {
		t.Errorf("in another scope: %+v, %v", loaded, err)
	}
}

func TestWhatEventsCannotBeReadIsAnError(t *testing.T) {
	loaded, err := mustLife(t).Load(lamp, func(yield func(event.Event, error) bool) {
		if yield(stored(1, 0xF001, `{}`), nil) && yield(event.Event{}, io.ErrUnexpectedEOF) {
			t.Error("goes on behind an error")
		}
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) || loaded.State() != nil {
		t.Errorf("got %+v, %v", loaded, err)
	}
	if _, ok := typestate.As[lit](loaded); ok {
		t.Error("a machine was made of it")
	}
}

func TestLifecyclesThatAreNoneAreRefused(t *testing.T) {
	var none *typestate.Transition[dark, lit, power]
	life := func(edges ...typestate.Edge) error {
		_, err := typestate.NewLifecycle(dark{}, edges...)
		return err
	}
	_, anything := typestate.NewLifecycle[any](dark{}, light)
	_, missing := (*typestate.Lifecycle)(nil).Load(lamp, each())
	_, unmade := new(typestate.Lifecycle).Load(lamp, each())
	_, nowhere := mustLife(t).Load(event.Coordinate{}, each())
	const zero = "batpak: invalid lifecycle: nil, or not made by NewLifecycle"
	for _, c := range []struct {
		err  error
		want string
	}{
		{life(light, nil), "batpak: invalid lifecycle.edges[1]: nil"},
		{life(none), "batpak: invalid lifecycle.edges[0]: nil"},
		{life(typestate.Transition[dark, lit, power]{}), "batpak: invalid lifecycle.edges[0]: zero value of a transition, want one made by New"},
		{life(light, light), "batpak: invalid lifecycle.edges[1]: light: typestate_test.dark -> typestate_test.lit: kind 0xF001 leaves the same state as in light: typestate_test.dark -> typestate_test.lit"},
		{life(smash, darken), "batpak: invalid lifecycle.edges[1]: darken: typestate_test.lit -> typestate_test.dark: no transition leads to the state that it leaves"},
		{life(typestate.MustNew[dark, error, power](0xF009, "fail", nil)), "batpak: invalid lifecycle.edges[0]: fail: typestate_test.dark -> error: error is an interface, want a type of its own for every state"},
		{anything, "batpak: invalid lifecycle.first: interface {} is an interface, want a type of its own for every state"},
		{missing, zero}, {unmade, zero},
		{nowhere, "batpak: invalid machine.coordinate: zero value, want one made by At"},
	} {
		if c.err == nil || c.err.Error() != c.want || !errors.Is(c.err, event.ErrInvalid) {
			t.Errorf("got  %v\nwant %s", c.err, c.want)
		}
	}
	if err := life(); err != nil {
		t.Errorf("one that stays where it begins: %v", err)
	}
}
