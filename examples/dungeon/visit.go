// This file holds a visit: what is done with the door, and what must come of it.

package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/typestate"
)

// visit is a hero at a door.
type visit struct {
	store *engine.Store
	out   io.Writer
}

var door = event.MustAt("door:1", "dungeon")

// find finds the door in its events.
func (v *visit) find() (typestate.Loaded, error) {
	doors, err := lifecycle()
	if err != nil {
		return typestate.Loaded{}, err
	}
	return doors.Load(door, v.store.Stream(door.Entity(), engine.ReadOptions{}))
}

// toTheDoor opens the door and locks it again.
func (v *visit) toTheDoor() error {
	isLocked, err := v.arrive()
	if err != nil {
		return err
	}
	isClosed, err := move(v, isLocked, unlock, key{"alice"})
	if err != nil {
		return err
	}
	if err := v.goBack(isLocked); err != nil {
		return err
	}
	late, err := v.find() // bob sees the closed door, too
	if err != nil {
		return err
	}
	isOpen, err := move(v, isClosed, enter, push{"alice"})
	if err != nil {
		return err
	}
	if err := v.comeLate(late); err != nil {
		return err
	}
	return v.leave(isOpen)
}

// move applies a transition and says so. That it leaves the machine's state is seen to by the compiler.
func move[From, To, P any](v *visit, machine typestate.Machine[From], transition typestate.Transition[From, To, P], payload P) (typestate.Machine[To], error) {
	next, receipt, err := engine.ApplyTransition(v.store, machine, transition, payload, engine.AppendOptions{})
	if err != nil {
		return next, fmt.Errorf("%v: %w", transition, err)
	}
	fmt.Fprintf(v.out, "%v: stored as %v at clock %d\n", transition, transition.Kind(), receipt.Position.Clock)
	return next, nil
}

// arrive finds the door, and locks it if an earlier visit was interrupted.
func (v *visit) arrive() (typestate.Machine[locked], error) {
	found, err := v.find()
	if err != nil {
		return typestate.Machine[locked]{}, err
	}
	fmt.Fprintf(v.out, "%v is %T, at clock %d\n", door, found.State(), found.Clock())
	if isOpen, ok := typestate.As[open](found); ok {
		return v.lockUp(isOpen)
	}
	if isClosed, ok := typestate.As[closed](found); ok {
		return move(v, isClosed, lock, key{"a guard"})
	}
	isLocked, ok := typestate.As[locked](found)
	if !ok {
		return isLocked, fmt.Errorf("a door can't be %T", found.State())
	}
	return isLocked, nil
}

// lockUp shuts and locks the door.
func (v *visit) lockUp(isOpen typestate.Machine[open]) (typestate.Machine[locked], error) {
	isClosed, err := move(v, isOpen, shut, push{"a guard"})
	if err != nil {
		return typestate.Machine[locked]{}, err
	}
	return move(v, isClosed, lock, key{"a guard"})
}

// goBack tries to go on from a state that was left: the variable still has it.
func (v *visit) goBack(isLocked typestate.Machine[locked]) error {
	before := v.store.Stats().Visible
	_, _, err := engine.ApplyTransition(v.store, isLocked, unlock, key{"alice"}, engine.AppendOptions{})
	if !errors.Is(err, typestate.ErrMachineUsed) || v.store.Stats().Visible != before {
		return fmt.Errorf("a state that was left was to be refused: %v", err)
	}
	fmt.Fprintf(v.out, "refused: unlock it again: %v\n", err)
	return nil
}

// comeLate tries to go on with a door that was found before somebody else used it. Another process would fare the
// same.
func (v *visit) comeLate(late typestate.Loaded) error {
	isClosed, ok := typestate.As[closed](late)
	if !ok {
		return fmt.Errorf("the door was to be closed, it is %T", late.State())
	}
	before := v.store.Stats().Visible
	_, _, err := engine.ApplyTransition(v.store, isClosed, lock, key{"bob"}, engine.AppendOptions{})
	var conflict *engine.ConflictError
	if !errors.As(err, &conflict) || v.store.Stats().Visible != before {
		return fmt.Errorf("a door that was used meanwhile was to be refused: %v", err)
	}
	fmt.Fprintf(v.out, "refused: bob locks it, as it was at clock %d: it is at clock %d\n", isClosed.Clock(), conflict.GotClock)
	return nil
}

// leave shuts and locks the door, and finds it so.
func (v *visit) leave(isOpen typestate.Machine[open]) error {
	isClosed, err := move(v, isOpen, shut, push{"alice"})
	if err != nil {
		return err
	}
	isLocked, err := move(v, isClosed, lock, key{"alice"})
	if err != nil {
		return err
	}
	found, err := v.find()
	if err != nil {
		return err
	}
	if found.State() != any(isLocked.State()) || found.Clock() != isLocked.Clock() {
		return fmt.Errorf("the door was left %#v at clock %d and found %#v at clock %d", isLocked.State(), isLocked.Clock(), found.State(), found.Clock())
	}
	fmt.Fprintf(v.out, "%v is %T, at clock %d, opened so often: %d\n", door, found.State(), found.Clock(), isLocked.State().opened)
	return nil
}

// history lists what the door's events say.
func (v *visit) history() error {
	fmt.Fprintln(v.out, "history:")
	for ev, err := range v.store.Stream(door.Entity(), engine.ReadOptions{}) {
		if err != nil {
			return err
		}
		value, err := ev.Value()
		if err != nil {
			return err
		}
		fmt.Fprintf(v.out, "  %d %v %s %v\n", ev.Position.Clock, ev.Kind, names[ev.Kind], value)
	}
	return nil
}
