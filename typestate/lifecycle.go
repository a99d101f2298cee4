// This file holds lifecycles: which transitions belong together, and how a machine is found again in its events.

package typestate

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"sync/atomic"

	"github.com/batpak/batpak/event"
)

var (
	// ErrIllegal: an event records a transition that does not leave the state in which its entity was. The error is a
	// [LoadError].
	ErrIllegal = errors.New("batpak: no transition from this state")
	// ErrIncomplete: events of the entity are missing. The error is a [LoadError].
	ErrIncomplete = errors.New("batpak: events of the entity are missing")
)

// Edge is a [Transition] of whatever types.
type Edge interface {
	Kind() event.Kind
	Name() string
	String() string

	// ends returns the types of the states; nil for the zero value of a transition.
	ends() (from, to reflect.Type)
	// follow returns the state behind the event. The state is a From.
	follow(state any, ev *event.Event) (any, error)
}

func (t Transition[From, To, P]) ends() (from, to reflect.Type) {
	if t.next == nil {
		return nil, nil
	}
	return reflect.TypeFor[From](), reflect.TypeFor[To]()
}

func (t Transition[From, To, P]) follow(state any, ev *event.Event) (any, error) {
	var payload P
	if err := ev.Decode(&payload); err != nil {
		return nil, err
	}
	return t.next(state.(From), payload), nil
}

// Lifecycle is the first state of an entity and the transitions that it may take. It never changes. Only [NewLifecycle] makes
// one.
type Lifecycle struct {
	first any
	edges map[event.Kind]map[reflect.Type]Edge // by the state that they leave
}

// NewLifecycle returns a lifecycle that begins in a state, of the type S. Several transitions may have one kind, if they
// leave different states. Errors, which are [event.ErrInvalid] and name the transition: a nil one or the zero value, two of
// one kind that leave the same state, one that leaves a state that can't be reached, and states whose
// type is an interface.
func NewLifecycle[S any](first S, edges ...Edge) (*Lifecycle, error) {
	if reflect.TypeFor[S]().Kind() == reflect.Interface {
		return nil, &event.FieldError{Field: "lifecycle.first", Problem: reflect.TypeFor[S]().String() + " is an interface, want a type of its own for every state"}
	}
	l := &Lifecycle{first: first, edges: make(map[event.Kind]map[reflect.Type]Edge)}
	for i, edge := range edges {
		if problem := l.add(edge); problem != "" {
			return nil, &event.FieldError{Field: "lifecycle.edges[" + strconv.Itoa(i) + "]", Problem: problem}
		}
	}
	reached := reachable(reflect.TypeFor[S](), edges)
	for i, edge := range edges {
		if from, _ := edge.ends(); !reached[from] {
			return nil, &event.FieldError{Field: "lifecycle.edges[" + strconv.Itoa(i) + "]", Problem: edge.String() + ": no transition leads to the state that it leaves"}
		}
	}
	return l, nil
}

// add adds a transition, or says what is wrong with it.
func (l *Lifecycle) add(edge Edge) (problem string) {
	if edge == nil {
		return "nil"
	}
	if value := reflect.ValueOf(edge); value.Kind() == reflect.Pointer && value.IsNil() {
		return "nil"
	}
	from, to := edge.ends()
	if from == nil {
		return "zero value of a transition, want one made by New"
	}
	for _, state := range []reflect.Type{from, to} {
		if state.Kind() == reflect.Interface {
			return fmt.Sprintf("%v: %v is an interface, want a type of its own for every state", edge, state)
		}
	}
	leaving := l.edges[edge.Kind()]
	if leaving == nil {
		leaving = make(map[reflect.Type]Edge)
		l.edges[edge.Kind()] = leaving
	}
	if other := leaving[from]; other != nil {
		return fmt.Sprintf("%v: kind %v leaves the same state as in %v", edge, edge.Kind(), other)
	}
	leaving[from] = edge
	return ""
}

// reachable returns the states that transitions lead to from the first one.
func reachable(first reflect.Type, edges []Edge) map[reflect.Type]bool {
	reached := map[reflect.Type]bool{first: true}
	for grown := true; grown; {
		grown = false
		for _, edge := range edges {
			if from, to := edge.ends(); reached[from] && !reached[to] {
				reached[to], grown = true, true
			}
		}
	}
	return reached
}

// Loaded is a machine whose state is known only now: [As] gives the machine.
type Loaded struct {
	at    event.Coordinate
	clock uint64
	last  event.ID
	state any
	use   *atomic.Uint32
}

// Coordinate returns the coordinate that the machine was loaded for.
func (l Loaded) Coordinate() event.Coordinate { return l.at }

// Clock returns the clock of the entity's newest event, 0 if it has none.
func (l Loaded) Clock() uint64 { return l.clock }

// State returns the state's value, for a type switch for instance.
func (l Loaded) State() any { return l.state }

// As returns the machine if it is in state S. However often it is called for one Loaded, the machine is the same one.
func As[S any](l Loaded) (Machine[S], bool) {
	state, ok := l.state.(S)
	if !ok || l.use == nil {
		return Machine[S]{}, false
	}
	return Machine[S]{at: l.at, clock: l.clock, last: l.last, state: state, use: l.use}, true
}

// Load follows the transitions that the events of an entity record and returns the machine as it is behind the last one. The
// events are all of the entity, from its first on, as store.Stream yields them; none: the machine is in its first state. Events
// of kinds that are none of the lifecycle's are passed over. The machine's own events will be stored
// at the coordinate; the scope of those that are there does not matter.
//
// Errors: those that the events come with; [ErrIllegal], [ErrIncomplete], and what decoding a payload
// returns, each in a [LoadError]; [event.ErrInvalid] for a zero coordinate, another entity's event, and a lifecycle
// that NewLifecycle did not make.
func (l *Lifecycle) Load(at event.Coordinate, events iter.Seq2[event.Event, error]) (Loaded, error) {
	if l == nil || l.edges == nil {
		return Loaded{}, &event.FieldError{Field: "lifecycle", Problem: "nil, or not made by NewLifecycle"}
	}
	if at.IsZero() {
		return Loaded{}, &event.FieldError{Field: "machine.coordinate", Problem: "zero value, want one made by At"}
	}
	loaded := Loaded{at: at, state: l.first, use: new(atomic.Uint32)}
	for ev, err := range events {
		if err == nil && ev.Coordinate.Entity() != at.Entity() {
			err = &event.FieldError{Field: "machine.events", Problem: fmt.Sprintf("event %d is of another entity than %s", ev.Sequence, at)}
		}
		if err == nil {
			err = l.follow(&loaded, &ev)
		}
		if err != nil {
			return Loaded{}, fmt.Errorf("load %s: %w", at, err)
		}
	}
	return loaded, nil
}

// follow takes the machine over one event.
func (l *Lifecycle) follow(loaded *Loaded, ev *event.Event) error {
	state, err := loaded.state, error(nil)
	if ev.Position.Clock != loaded.clock+1 {
		err = fmt.Errorf("want clock %d: %w", loaded.clock+1, ErrIncomplete)
	} else if leaving := l.edges[ev.Kind]; leaving != nil {
		if edge := leaving[reflect.TypeOf(state)]; edge != nil {
			state, err = edge.follow(state, ev)
		} else {
			err = ErrIllegal
		}
	}
	if err != nil {
		return &LoadError{Sequence: ev.Sequence, Clock: ev.Position.Clock, Kind: ev.Kind, State: reflect.TypeOf(loaded.state).String(), Err: err}
	}
	loaded.state, loaded.clock, loaded.last = state, ev.Position.Clock, ev.ID
	return nil
}

// LoadError says which event a machine can't be taken over.
type LoadError struct {
	Sequence uint64     // of the event
	Clock    uint64     // of the event
	Kind     event.Kind // of the event
	State    string     // type of the state in which the machine was
	Err      error      // [ErrIllegal], [ErrIncomplete], or why the payload can't be decoded
}

// Error names the event and the state.
func (e *LoadError) Error() string {
	return fmt.Sprintf("batpak: event %d at clock %d, kind %v, state %s: %v", e.Sequence, e.Clock, e.Kind, e.State, e.Err)
}

// Unwrap returns why.
func (e *LoadError) Unwrap() error { return e.Err }
