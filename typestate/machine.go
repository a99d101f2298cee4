// This file holds machines. One is made fresh, is busy while a transition of it is being stored, and is left once that
// succeeded; if it failed, it is fresh again.

package typestate

import (
	"errors"
	"sync/atomic"

	"github.com/batpak/batpak/event"
)

var (
	// ErrMachineUsed: a transition has left the machine's state, or is just doing so. Go on with what that one
	// returned, or load the machine again.
	ErrMachineUsed = errors.New("batpak: machine was used before, its state was left")
	// ErrNoMachine: the zero value of a machine. Every such error is also [event.ErrInvalid].
	ErrNoMachine = errors.New("batpak: no machine")
)

// Machine is an entity in state S, at a clock. It is a plain value: copies are the same machine. The zero value
// is none and is refused; [Start], [As] and [Apply] make one.
type Machine[S any] struct {
	at    event.Coordinate
	clock uint64
	last  event.ID
	state S
	use   *atomic.Uint32 // fresh, busy or left; shared by all copies
}

// What a machine's use can be.
const (
	fresh uint32 = iota
	busy
	left
)

// Start returns a machine of an entity that has no events yet, in its first state. Nothing is stored by
// that, and that the entity has no events is found out by the first transition. A zero coordinate is
// [event.ErrInvalid].
func Start[S any](at event.Coordinate, state S) (Machine[S], error) {
	if at.IsZero() {
		return Machine[S]{}, &event.FieldError{Field: "machine.coordinate", Problem: "zero value, want one made by At"}
	}
	return Machine[S]{at: at, state: state, use: new(atomic.Uint32)}, nil
}

// Coordinate returns the entity and the scope of the machine's events.
func (m Machine[S]) Coordinate() event.Coordinate { return m.at }

// Clock returns the clock of the entity's newest event, 0 before its first.
func (m Machine[S]) Clock() uint64 { return m.clock }

// Last returns the id of the entity's newest event, zero before its first.
func (m Machine[S]) Last() event.ID { return m.last }

// State returns the state's value.
func (m Machine[S]) State() S { return m.state }

// Used reports whether the machine can't be used, since a transition has left its state or is just doing so, or since it is
// the zero value.
func (m Machine[S]) Used() bool { return m.use == nil || m.use.Load() != fresh }

// begin makes the machine busy.
func (m Machine[S]) begin() error {
	if m.use == nil {
		return &event.FieldError{Field: "machine", Problem: "zero value, want one made by Start, As or a transition", Err: ErrNoMachine}
	}
	if !m.use.CompareAndSwap(fresh, busy) {
		return ErrMachineUsed
	}
	return nil
}
