// Package legal is the machine of package illegal in its legal directions: it compiles.
package legal

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
	shut   = typestate.MustNew[open, closed, push](0xF003, "shut", nil)
)

func store[P any](step typestate.Step[P]) (typestate.Stored, error) {
	return typestate.Stored{Clock: step.Clock + 1}, nil
}

// Round goes from locked to closed.
func Round(at event.Coordinate) (typestate.Machine[closed], error) {
	none := typestate.Machine[closed]{}
	isLocked, err := typestate.Start(at, locked{})
	if err != nil {
		return none, err
	}
	isClosed, err := typestate.Apply(isLocked, unlock, key{Teeth: 3}, store)
	if err != nil {
		return none, err
	}
	isOpen, err := typestate.Apply(isClosed, enter, push{}, store)
	if err != nil {
		return none, err
	}
	return typestate.Apply(isOpen, shut, push{}, store)
}
