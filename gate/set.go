// This file holds sets of gates.

package gate

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/batpak/batpak/event"
)

// Set is gates in the order in which they are asked. It never changes. Only [NewSet] makes one that can be used.
type Set[C any] struct {
	gates []Gate[C]
	names []string
}

// NewSet returns a set of the gates, in this order.
//
// It has at least one: an empty set would let everything pass and record that nothing was asked, which
// nobody can tell from a set that was forgotten. Refused with an [event.FieldError], which is
// [event.ErrInvalid], are also more than 255 gates, a nil gate, or one of a nil function, a name that is empty, longer
// than 255 bytes, not valid UTF-8, or that of an earlier gate, and names that take more than the 8,192 bytes
// that a record has, each with its length.
func NewSet[C any](gates ...Gate[C]) (*Set[C], error) {
	if len(gates) == 0 {
		return nil, &event.FieldError{Field: "gates", Problem: "none, want at least 1"}
	}
	if len(gates) > event.MaxGates {
		return nil, &event.FieldError{Field: "gates", Problem: strconv.Itoa(len(gates)) + " gates, at most " + strconv.Itoa(event.MaxGates)}
	}
	names := make([]string, len(gates))
	for i, gate := range gates {
		name, problem := nameOf(gate)
		if problem != "" {
			return nil, &event.FieldError{Field: "gates[" + strconv.Itoa(i) + "]", Problem: problem}
		}
		if same := slices.Index(names[:i], name); same >= 0 && name != "" {
			return nil, &event.FieldError{Field: "gates[" + strconv.Itoa(i) + "]", Problem: fmt.Sprintf("%q is the name of gates[%d] too", name, same)}
		}
		names[i] = name
	}
	passed := event.GateRecord{Outcome: event.GatePassed, Gates: names}
	if err := passed.Validate(); err != nil {
		return nil, err
	}
	return &Set[C]{gates: slices.Clone(gates), names: names}, nil
}

// nameOf asks a gate for its name, or says why it is none.
func nameOf[C any](gate Gate[C]) (name, problem string) {
	if gate == nil {
		return "", "nil"
	}
	if f, ok := gate.(function[C]); ok && f.judge == nil {
		return "", "its function is nil"
	}
	defer func() {
		if value := recover(); value != nil { // most likely a nil pointer
			problem = fmt.Sprintf("Name panics: %v", value)
		}
	}()
	return gate.Name(), ""
}

// Names returns the names of the gates, in their order. The slice is the caller's.
func (s *Set[C]) Names() []string {
	if s == nil {
		return nil
	}
	return slices.Clone(s.names)
}

// usable returns an error for a set that NewSet did not make.
func (s *Set[C]) usable() error {
	if s == nil || len(s.gates) == 0 {
		return &event.FieldError{Field: "gate.set", Problem: "nil, or not made by NewSet"}
	}
	return nil
}
