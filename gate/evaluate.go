// This file holds the three ways to a receipt: first denial, all denials, and past the gates.

package gate

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
)

// Evaluate asks the gates in their order up to the first that denies. Its denial is returned, a [*Denial];
// if all let the proposal pass, a receipt of it. It takes as long as the gates do. A set that NewSet did not make is
// [event.ErrInvalid].
func Evaluate[C, T any](set *Set[C], context C, proposal Proposal[T]) (*Receipt[T], error) {
	if err := set.usable(); err != nil {
		return nil, err
	}
	for i, gate := range set.gates {
		if denial := ask(set.names[i], gate, context); denial != nil {
			return nil, denial
		}
	}
	return issue(set, proposal.value, event.GateRecord{Outcome: event.GatePassed, Gates: set.names}), nil
}

// EvaluateAll asks all gates, also behind one that denies or panics, and returns what denied as [Denials] in the order
// of the gates; if all let the proposal pass, a receipt of it. Otherwise it is [Evaluate].
func EvaluateAll[C, T any](set *Set[C], context C, proposal Proposal[T]) (*Receipt[T], error) {
	if err := set.usable(); err != nil {
		return nil, err
	}
	var denials Denials
	for i, gate := range set.gates {
		if denial := ask(set.names[i], gate, context); denial != nil {
			denials = append(denials, denial)
		}
	}
	if len(denials) != 0 {
		return nil, denials
	}
	return issue(set, proposal.value, event.GateRecord{Outcome: event.GatePassed, Gates: set.names}), nil
}

// Bypass returns a receipt for a proposal without asking the gates. What is recorded names them, with a reason, short and
// not empty, and a justification for the auditor, which may be empty. A reason that is empty, text that is not valid UTF-8, and
// a record of more than 8,192 bytes are an [event.FieldError]; a set that NewSet did not make is
// refused too. Who may call this is the caller's to decide: an audit finds that it was done, see event.Region.FromGate.
func Bypass[C, T any](set *Set[C], proposal Proposal[T], reason, justification string) (*Receipt[T], error) {
	if err := set.usable(); err != nil {
		return nil, err
	}
	record := event.GateRecord{Outcome: event.GateBypassed, Gates: set.names, Reason: reason, Justification: justification}
	if err := record.Validate(); err != nil {
		return nil, err
	}
	if hooks.Enabled && hooks.Planted(hooks.BypassAsPass) {
		record = event.GateRecord{Outcome: event.GatePassed, Gates: set.names}
	}
	return issue(set, proposal.value, record), nil
}

// ask returns what the gate has against the context; nil: nothing. Looking into the error is part of it, since
// its methods are the caller's code too.
func ask[C any](name string, gate Gate[C], context C) (denial *Denial) {
	defer func() {
		if value := recover(); value != nil {
			if hooks.Enabled && hooks.Planted(hooks.GatePanicPasses) {
				return
			}
			err := &PanicError{Value: value, Stack: debug.Stack()}
			denial = &Denial{Gate: name, Code: CodeDefect, Message: err.Error(), Err: err}
		}
	}()
	return attribute(name, gate.Judge(context))
}

// attribute makes what a gate returned the denial of that gate. What was returned stays as it is: a
// gate may return the same denial to several goroutines.
func attribute(name string, err error) *Denial {
	if err == nil {
		return nil
	}
	var told *Denial
	if !errors.As(err, &told) {
		return &Denial{Gate: name, Code: CodeDenied, Message: err.Error(), Err: err}
	}
	if told == nil {
		return &Denial{Gate: name, Code: CodeDefect, Message: fmt.Sprintf("returned a nil %T, which is an error that is not nil", told)}
	}
	denial := *told
	denial.Gate, denial.Context = name, slices.Clone(told.Context)
	if denial.Code == "" {
		denial.Code = CodeDenied
	}
	if err != error(told) || told.Gate != "" && told.Gate != name {
		denial.Err = err // it said more: what wraps the denial, or which inner gate denied
	}
	return &denial
}
