// Tests of machines: each value is good for one transition.

package typestate_test

import (
	"errors"
	"io"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/typestate"
)

// The states and transitions of the tests: a lamp that counts how often it was lit.
type (
	dark   struct{ times int }
	lit    struct{ times, watts int }
	broken struct{}
	power  struct{ Watts int }
)

var (
	lamp    = event.MustAt("lamp", "room")
	light   = typestate.MustNew(0xF001, "light", func(d dark, p power) lit { return lit{d.times + 1, p.Watts} })
	darken  = typestate.MustNew(0xF002, "darken", func(l lit, _ struct{}) dark { return dark{l.times} })
	burnOut = typestate.MustNew[lit, broken, struct{}](0xF003, "burn out", nil)
	smash   = typestate.MustNew[dark, broken, struct{}](0xF003, "smash", nil)
)

// next stores nothing and says that it did.
func next[P any](step typestate.Step[P]) (typestate.Stored, error) {
	return typestate.Stored{ID: event.MakeID(step.Clock+1, 0, 0), Clock: step.Clock + 1}, nil
}

func mustStart(t *testing.T) typestate.Machine[dark] {
	t.Helper()
	machine, err := typestate.Start(lamp, dark{})
	if err != nil {
		t.Fatal(err)
	}
	return machine
}

func TestATransitionIsStoredBehindTheMachinesEvent(t *testing.T) {
	isDark := mustStart(t)
	var first typestate.Step[power]
	isLit, err := typestate.Apply(isDark, light, power{40}, func(step typestate.Step[power]) (typestate.Stored, error) {
		first = step
		return next(step)
	})
	if want := (typestate.Step[power]{Coordinate: lamp, Kind: 0xF001, Payload: power{40}}); err != nil || first != want {
		t.Fatalf("got %+v, %v, want %+v", first, err, want)
	}
	if isLit.State() != (lit{1, 40}) || isLit.Clock() != 1 || isLit.Last() != event.MakeID(1, 0, 0) || isLit.Coordinate() != lamp || isLit.Used() {
		t.Errorf("got %+v", isLit)
	}
	var second typestate.Step[struct{}]
	isDark, err = typestate.Apply(isLit, darken, struct{}{}, func(step typestate.Step[struct{}]) (typestate.Stored, error) {
		second = step
		return next(step)
	})
	if want := (typestate.Step[struct{}]{Coordinate: lamp, Kind: 0xF002, Clock: 1, Last: event.MakeID(1, 0, 0)}); err != nil || second != want {
		t.Errorf("got %+v, %v, want %+v", second, err, want)
	}
	if isDark.State() != (dark{1}) || isDark.Clock() != 2 {
		t.Errorf("got %+v", isDark)
	}
}

func TestAMachineIsRefusedAtItsSecondUse(t *testing.T) {
	isDark := mustStart(t)
	before := isDark
	if _, err := typestate.Apply(isDark, light, power{}, next); err != nil {
		t.Fatal(err)
	}
	after := isDark
	for _, machine := range []typestate.Machine[dark]{isDark, before, after} {
		called := false
		got, err := typestate.Apply(machine, light, power{}, func(step typestate.Step[power]) (typestate.Stored, error) {
			called = true
			return next(step)
		})
		if !errors.Is(err, typestate.ErrMachineUsed) || err.Error() != "batpak: machine was used before, its state was left" || called || !got.Used() || !machine.Used() {
			t.Errorf("got %+v, %v, stored %v", got, err, called)
		}
	}
}

func TestAMachineCanBeUsedAgainWhenItsTransitionFailed(t *testing.T) {
	isDark := mustStart(t)
	got, err := typestate.Apply(isDark, light, power{}, func(typestate.Step[power]) (typestate.Stored, error) {
		return typestate.Stored{Clock: 1}, io.ErrUnexpectedEOF
	})
	if err != io.ErrUnexpectedEOF || !got.Used() || isDark.Used() {
		t.Fatalf("got %+v, %v", got, err)
	}
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic was swallowed")
			}
		}()
		_, err := typestate.Apply(isDark, light, power{}, func(typestate.Step[power]) (typestate.Stored, error) { panic("boom") })
		t.Error("returned", err)
	}()
	if _, err := typestate.Apply(isDark, light, power{}, next); err != nil {
		t.Error(err)
	}
}

func TestAMachineIsRefusedWhileATransitionOfItIsStored(t *testing.T) {
	isDark := mustStart(t)
	_, err := typestate.Apply(isDark, light, power{}, func(step typestate.Step[power]) (typestate.Stored, error) {
		if _, err := typestate.Apply(isDark, smash, struct{}{}, next); !errors.Is(err, typestate.ErrMachineUsed) {
			t.Errorf("got %v", err)
		}
		return next(step)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOfManyTransitionsAtOnceOneIsStored(t *testing.T) {
	for range 200 {
		isDark := mustStart(t)
		var stored atomic.Int32
		var done sync.WaitGroup
		for range 4 {
			done.Go(func() {
				if _, err := typestate.Apply(isDark, light, power{}, next); err == nil {
					stored.Add(1)
				} else if !errors.Is(err, typestate.ErrMachineUsed) {
					t.Error(err)
				}
			})
		}
		done.Wait()
		if stored.Load() != 1 {
			t.Fatalf("%d were stored", stored.Load())
		}
	}
}

func TestATransitionThatStandsElsewhereIsOutOfStep(t *testing.T) {
	isDark := mustStart(t)
	got, err := typestate.Apply(isDark, light, power{}, func(typestate.Step[power]) (typestate.Stored, error) {
		return typestate.Stored{Clock: 7}, nil
	})
	if !errors.Is(err, typestate.ErrOutOfStep) || !got.Used() || !isDark.Used() {
		t.Errorf("got %+v, %v", got, err)
	}
	if want := "light of lamp@room: stored at clock 7, the machine is at 0: " + typestate.ErrOutOfStep.Error(); err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoMachineOrTransitionIsRefused(t *testing.T) {
	none := typestate.Transition[dark, lit, power]{}
	isDark := mustStart(t)
	_, start := typestate.Start(event.Coordinate{}, dark{})
	_, zeroMachine := typestate.Apply(typestate.Machine[dark]{}, light, power{}, next)
	_, zeroTransition := typestate.Apply(isDark, none, power{}, next)
	_, noStore := typestate.Apply(isDark, light, power{}, nil)
	_, reserved := typestate.New[dark, lit, power](0x0001, "light", nil)
	_, nameless := typestate.New[dark, lit, power](0xF001, "", nil)
	for want, err := range map[string]error{
		"batpak: invalid machine.coordinate: zero value, want one made by At":                 start,
		"batpak: invalid machine: zero value, want one made by Start, As or a transition":     zeroMachine,
		"batpak: invalid transition: zero value, want one made by New":                        zeroTransition,
		"batpak: invalid transition.store: nil, want a function":                              noStore,
		"batpak: invalid kind: 0x0001 is of a reserved category, want 0x1 to 0xC, 0xE or 0xF": reserved,
		"batpak: invalid transition.name: empty":                                              nameless,
	} {
		if err == nil || err.Error() != want || !errors.Is(err, event.ErrInvalid) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if !errors.Is(zeroMachine, typestate.ErrNoMachine) || !errors.Is(reserved, event.ErrReservedKind) {
		t.Errorf("got %v, %v", zeroMachine, reserved)
	}
	if isDark.Used() {
		t.Error("a refused call used the machine up")
	}
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, event.ErrReservedKind) {
			t.Errorf("got %v", err)
		}
	}()
	typestate.MustNew[dark, lit, power](0xD001, "light", nil)
}

func TestATransitionSaysWhatItIs(t *testing.T) {
	if light.Kind() != 0xF001 || light.Name() != "light" || light.String() != "light: typestate_test.dark -> typestate_test.lit" {
		t.Errorf("got %v, %q, %q", light.Kind(), light.Name(), light)
	}
	if got, err := typestate.Apply(mustStart(t), smash, struct{}{}, next); err != nil || !reflect.DeepEqual(got.State(), broken{}) {
		t.Errorf("got %+v, %v", got, err)
	}
}
