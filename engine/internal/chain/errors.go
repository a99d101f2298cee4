// This file holds what is said about an event that does not hold.

package chain

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// ErrChain is the sentinel behind [Error].
var ErrChain = errors.New("batpak: the hash chain does not hold")

// Reason says why an event does not hold.
type Reason uint8

// The reasons.
const (
	// Damaged: the event, or the one of its entity before it, can't be read. The error wraps a CorruptError.
	Damaged Reason = iota + 1
	// Missing: no event has a sequence that was given out and that no unclean end gave up.
	Missing
	// Order: sequence, time or place in the tree do not go on from the event before.
	Order
	// Clock: the clock does not go on from that of the entity's event before.
	Clock
	// Hash: the hash is not the one that content and position of the event and the hash of the entity's event before
	// make. Any of these may have been changed.
	Hash
	// Request: the digest kept beside the idempotency key is not that of the event.
	Request
	// Cause: the event's cause is not where the event says, or at another depth.
	Cause
	// Node: the event is the first of a run of which a segment's footer keeps another tree node than the events of
	// the run make, each of which holds by itself.
	Node
	// Head: a tree head does not belong to this history.
	Head
)

// String returns the reason in one word.
func (r Reason) String() string {
	names := [...]string{"", "damaged", "missing", "order", "clock", "hash", "request", "cause", "node", "head"}
	if int(r) < len(names) && r != 0 {
		return names[r]
	}
	return fmt.Sprintf("reason(%d)", uint8(r))
}

// Error says which event does not hold, and why. It is [ErrChain], and wraps Err.
type Error struct {
	Sequence uint64   // of the event; 0: it is about a head
	ID       event.ID // zero: not known
	Entity   string   // "": not known
	Reason   Reason
	Detail   string
	Err      error // what reading gave, or nil

	// order is the sequence by which errors are compared, where that is not Sequence: 0.
	order uint64
}

// Error names the event and the reason.
func (e *Error) Error() string {
	text := ErrChain.Error()
	if e.Sequence != 0 {
		text += fmt.Sprintf(": event %d", e.Sequence)
	}
	if e.Entity != "" {
		text += fmt.Sprintf(" (id %s, entity %q)", e.ID, e.Entity)
	}
	text += ": " + e.Reason.String() + ": " + e.Detail
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is reports whether target is [ErrChain].
func (e *Error) Is(target error) bool { return target == ErrChain }

// Unwrap returns what reading gave.
func (e *Error) Unwrap() error { return e.Err }

// fault makes the error of an event that could be read.
func fault(ev *event.Event, reason Reason, detail string, args ...any) *Error {
	return &Error{Sequence: ev.Sequence, ID: ev.ID, Entity: ev.Entity(), Reason: reason, Detail: fmt.Sprintf(detail, args...)}
}

// headFault makes the error of a head.
func headFault(detail string, args ...any) *Error {
	return &Error{Reason: Head, Detail: fmt.Sprintf(detail, args...), order: 1<<64 - 1}
}

// place is the sequence by which errors are compared.
func (e *Error) place() uint64 {
	if e.order != 0 {
		return e.order
	}
	return e.Sequence
}

// lower returns the one that is about the lower sequence; nil is none.
func lower(a, b *Error) *Error {
	if a == nil || b != nil && b.place() < a.place() {
		return b
	}
	return a
}

// damaged makes the error of sequences from due on that could not be read; nil: err is not damage.
func damaged(due uint64, err error) *Error {
	var corrupt *mmapseg.CorruptError
	if !errors.As(err, &corrupt) {
		return nil
	}
	return &Error{Sequence: max(due, corrupt.First), Reason: Damaged, Detail: "it can't be read", Err: err}
}

// parted returns an error as what it is: one about an event, or another one.
func parted(err error) (*Error, error) {
	var fault *Error
	if errors.As(err, &fault) {
		return fault, nil
	}
	return nil, err
}

// unread returns the error of reading events from due on as what it is.
func (c *Chain) unread(due uint64, err error) (*Error, error) {
	if fault := damaged(due, err); fault != nil {
		return fault, nil
	}
	return nil, c.translate(err)
}
