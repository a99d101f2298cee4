// Applying transitions of state machines.

package engine

import (
	"slices"

	"github.com/batpak/batpak/typestate"
)

// ApplyTransition applies a transition to a machine by appending its payload as an event of the transition's kind, at the
// machine's coordinate, as [Store.AppendWith] does. It returns the machine in its new state, and the event's receipt. A
// transition that does not leave the machine's state does not compile.
//
// The event is stored only if the entity's newest one is still the one behind which the machine stands, by its clock and by its id;
// otherwise it is [ErrConflict], the machine's value is old, and it must be loaded again:
//
//	loaded, err := lifecycle.Load(at, store.Stream(at.Entity(), engine.ReadOptions{}))
//
// After any error nothing but an ErrIndeterminate event is stored, and the machine can be used again. With a key in the options, that
// is also the way out of ErrIndeterminate once the store is open again: if the transition had been stored, the repetition
// finds it.
//
// Errors: typestate.ErrMachineUsed for a machine that a transition has left before, or is just leaving; typestate.ErrNoMachine, which
// is [ErrInvalid], for the zero value; ErrInvalid for a zero transition and options that have an expectation of their
// own; typestate.ErrOutOfStep, with a receipt that is a Duplicate, when the key's transition was stored at another clock than
// the one behind the machine's; and those of [Store.AppendWith].
func ApplyTransition[From, To, P any](s *Store, machine typestate.Machine[From], transition typestate.Transition[From, To, P], payload P, options AppendOptions) (typestate.Machine[To], Receipt, error) {
	if options.Expect != (Expectation{}) {
		return typestate.Machine[To]{}, Receipt{}, &OptionError{"Expect", options.Expect, "nothing: what is expected is where the machine is"}
	}
	var receipt Receipt
	next, err := typestate.Apply(machine, transition, payload, func(step typestate.Step[P]) (stored typestate.Stored, err error) {
		options.Expect = ExpectClock(step.Clock)
		if !step.Last.IsZero() {
			// Behind an unclean end another event can have the clock.
			options.Conditions = append(slices.Clip(options.Conditions), EntityIs(step.Coordinate.Entity(), ExpectLastID(step.Last)))
		}
		receipt, err = s.AppendWith(step.Coordinate, step.Kind, step.Payload, options)
		return typestate.Stored{ID: receipt.ID, Clock: receipt.Position.Clock}, err
	})
	return next, receipt, err
}
