// Package illegal uses a machine in ways that its types forbid: every line that is marked does not compile, with
// the error that its mark tells.
package illegal

import (
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/typestate"
)

type (
	locked struct{}
	closed struct{}
	open   struct{}
	key    struct{ Teeth int }
	push   struct{}
)

var (
	unlock = typestate.MustNew[locked, closed, key](0xF001, "unlock", nil)
	enter  = typestate.MustNew(0xF002, "enter", func(closed, push) open { return open{} })
)

func store[P any](step typestate.Step[P]) (typestate.Stored, error) {
	return typestate.Stored{Clock: step.Clock + 1}, nil
}

func use(at event.Coordinate) {
	isLocked, _ := typestate.Start(at, locked{})
	isClosed, _ := typestate.Apply(isLocked, unlock, key{}, store)
	isOpen, _ := typestate.Apply(isClosed, enter, push{}, store)

	typestate.Apply(isLocked, enter, push{}, store)      // ERROR in call to typestate.Apply, type typestate.Transition[closed, open, push] of enter does not match inferred type typestate.Transition[locked, To, P] for typestate.Transition[From, To, P]
	typestate.Apply(isClosed, unlock, key{}, store)      // ERROR in call to typestate.Apply, type typestate.Transition[locked, closed, key] of unlock does not match inferred type typestate.Transition[closed, To, P] for typestate.Transition[From, To, P]
	typestate.Apply(isOpen, enter, push{}, store)        // ERROR in call to typestate.Apply, type typestate.Transition[closed, open, push] of enter does not match inferred type typestate.Transition[open, To, P] for typestate.Transition[From, To, P]
	typestate.Apply(isClosed, enter, key{}, store)       // ERROR in call to typestate.Apply, type key of key{} does not match inferred type push for P
	var stillLocked typestate.Machine[locked] = isClosed // ERROR cannot use isClosed (variable of struct type typestate.Machine[closed]) as typestate.Machine[locked] value in variable declaration
	isLocked = typestate.Machine[locked](isClosed)       // ERROR cannot convert isClosed (variable of struct type typestate.Machine[closed]) to type typestate.Machine[locked]
	isOpen = typestate.Machine[open]{state: open{}}      // ERROR cannot refer to unexported field state in struct literal of type typestate.Machine[open]
	_ = stillLocked
}
