// Package illegaltransition applies transitions to machines in other states than those that they leave: the marked
// lines don't compile, with the error that the mark tells; the other ones do.
package illegaltransition

import (
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/typestate"
)

type (
	paid    struct{}
	shipped struct{}
	parcel  struct{}
)

var ship = typestate.MustNew[paid, shipped, parcel](0xF003, "ship", nil)

func use(s *engine.Store, at event.Coordinate) error {
	isPaid, err := typestate.Start(at, paid{})
	if err != nil {
		return err
	}
	isShipped, _, err := engine.ApplyTransition(s, isPaid, ship, parcel{}, engine.AppendOptions{})
	if err != nil {
		return err
	}
	_, _, err = engine.ApplyTransition(s, isShipped, ship, parcel{}, engine.AppendOptions{}) // ERROR in call to engine.ApplyTransition, type typestate.Transition[paid, shipped, parcel] of ship does not match inferred type typestate.Transition[shipped, To, P] for typestate.Transition[From, To, P]
	if err != nil {
		return err
	}
	_, _, err = engine.ApplyTransition(s, isPaid, ship, "a parcel", engine.AppendOptions{}) // ERROR cannot use "a parcel" (untyped string constant) as parcel value in argument to engine.ApplyTransition
	return err
}
