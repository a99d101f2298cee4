// This file holds transitions, and how one is applied to a machine.

package typestate

import (
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/batpak/batpak/event"
)

// ErrOutOfStep: a transition was found stored at another clock than the one behind the machine's. That is so when its append
// was the repetition of an older one, by an idempotency key, and the entity has gone on since. Load the machine again.
var ErrOutOfStep = errors.New("batpak: transition does not stand behind the machine's last event")

// Transition leads from state From to state To, recorded by an event of its kind with a payload P. The zero value
// is none and is refused.
type Transition[From, To, P any] struct {
	kind event.Kind
	name string
	next func(From, P) To
}

// New returns a transition. Its name is for people. The function gives the state behind it, and must depend on its arguments
// alone: it is called when the transition is applied, and again whenever the machine is loaded. So it can't refuse anything: what
// happened, happened, and whether it may is judged before, by gates for instance. A nil function gives To's zero
// value. Errors, which are [event.ErrInvalid]: a kind of a reserved category ([event.ErrReservedKind]), an empty name.
func New[From, To, P any](kind event.Kind, name string, next func(from From, payload P) To) (Transition[From, To, P], error) {
	if _, err := event.NewKind(kind.Category(), kind.Type()); err != nil {
		return Transition[From, To, P]{}, err
	}
	if name == "" {
		return Transition[From, To, P]{}, &event.FieldError{Field: "transition.name", Problem: "empty"}
	}
	if next == nil {
		next = func(From, P) (to To) { return to }
	}
	return Transition[From, To, P]{kind, name, next}, nil
}

// MustNew is [New] that panics on an error: for variables of a package.
func MustNew[From, To, P any](kind event.Kind, name string, next func(from From, payload P) To) Transition[From, To, P] {
	transition, err := New(kind, name, next)
	if err != nil {
		panic(err)
	}
	return transition
}

// Kind returns the kind of the events that record the transition.
func (t Transition[From, To, P]) Kind() event.Kind { return t.kind }

// Name returns the transition's name.
func (t Transition[From, To, P]) Name() string { return t.name }

// String returns the name and the states, as in "unlock: door.Locked -> door.Closed".
func (t Transition[From, To, P]) String() string {
	return fmt.Sprintf("%s: %v -> %v", t.name, reflect.TypeFor[From](), reflect.TypeFor[To]())
}

// Step is a transition that is to be stored.
type Step[P any] struct {
	Coordinate event.Coordinate // of the event
	Kind       event.Kind
	Payload    P
	// Clock is that of the entity's newest event, Last its id; 0 and zero for an entity that must have
	// none. If the entity is elsewhere by now, nothing may be stored.
	Clock uint64
	Last  event.ID
}

// Stored says which event records a step.
type Stored struct {
	ID    event.ID
	Clock uint64
}

// Apply applies a transition to a machine by storing it with the given function, and returns the machine in its new
// state. engine.ApplyTransition calls it with an append to a store; call it with a function of your own to
// store the step together with other events, as part of a batch.
//
// The function is called once, and must store the step only if the entity is still where the step says. Its error is
// returned as it is. After an error or a panic the machine can be used again: if the step was stored in spite
// of it, which an error may leave open, the entity has gone on and the step is refused the next time.
//
// Errors beside those of the function: [ErrMachineUsed], [ErrOutOfStep], and [event.ErrInvalid] for a
// zero machine ([ErrNoMachine]) or transition and a nil function.
func Apply[From, To, P any](m Machine[From], t Transition[From, To, P], payload P, store func(Step[P]) (Stored, error)) (Machine[To], error) {
	switch {
	case t.next == nil:
		return Machine[To]{}, &event.FieldError{Field: "transition", Problem: "zero value, want one made by New"}
	case store == nil:
		return Machine[To]{}, &event.FieldError{Field: "transition.store", Problem: "nil, want a function"}
	}
	if err := m.begin(); err != nil {
		return Machine[To]{}, err
	}
	use := fresh
	defer func() { m.use.Store(use) }()
	state := t.next(m.state, payload)
	stored, err := store(Step[P]{Coordinate: m.at, Kind: t.kind, Payload: payload, Clock: m.clock, Last: m.last})
	if err != nil {
		return Machine[To]{}, err
	}
	use = left
	if stored.Clock != m.clock+1 {
		return Machine[To]{}, fmt.Errorf("%s of %s: stored at clock %d, the machine is at %d: %w", t.name, m.at, stored.Clock, m.clock, ErrOutOfStep)
	}
	return Machine[To]{at: m.at, clock: stored.Clock, last: stored.ID, state: state, use: new(atomic.Uint32)}, nil
}
