// This file holds the errors of the package, and those of payload encoding that callers see.

package event

import (
	"errors"
	"strconv"

	"github.com/batpak/batpak/internal/payload"
)

// ErrInvalid is the root of every error about input that a caller got wrong: a malformed
// coordinate, a tag that is too long, a value that cannot be encoded.
var ErrInvalid = payload.ErrInvalid

// ErrReservedKind reports a kind of a category that belongs to the store, see [Kind.Reserved].
// Every error that is it is also [ErrInvalid].
var ErrReservedKind = errors.New("batpak: reserved kind")

// ErrTombstone reports that an event's payload was dropped by a compaction. Every
// [TombstoneError] is it.
var ErrTombstone = errors.New("batpak: payload was dropped, only its tombstone is left")

// ErrUnencodable reports a value that has no deterministic MessagePack encoding. Every
// [EncodeError] is it.
var ErrUnencodable = payload.ErrUnencodable

// ErrUndecodable reports a payload that is not what its codec says, or that does not fit the
// target. Every [DecodeError] is it.
var ErrUndecodable = payload.ErrUndecodable

// EncodeError says which part of a value could not be encoded: its fields are Path, as in
// ".orders[3].callback", the Go Type there, the Problem, and Err, what the value's own marshaler
// returned. It is [ErrUnencodable] and [ErrInvalid] to errors.Is.
type EncodeError = payload.EncodeError

// DecodeError says why a payload could not be decoded: its fields are the Codec, the Path in the
// value, the Go Type there, the Problem, and Err, what the target's own unmarshaler returned. It is
// [ErrUndecodable] to errors.Is.
type DecodeError = payload.DecodeError

// FieldError says which field of the input was refused and why. It is [ErrInvalid] to errors.Is,
// and Err where that is set.
type FieldError struct {
	Field   string // name of the field, as in "entity", "tags[3]" or "payload"
	Problem string // the value and the range it had to be in, never the content of a payload
	Err     error  // a more exact sentinel, such as [ErrReservedKind], or nil
}

// Error names the field and the problem.
func (e *FieldError) Error() string {
	return "batpak: invalid " + e.Field + ": " + e.Problem
}

// Is makes the error match [ErrInvalid].
func (e *FieldError) Is(target error) bool { return target == ErrInvalid }

// Unwrap returns the more exact sentinel, or nil.
func (e *FieldError) Unwrap() error { return e.Err }

// TombstoneError says which event has no payload any more. It is [ErrTombstone] to errors.Is.
type TombstoneError struct {
	ID       ID
	Sequence uint64
}

// Error names the event.
func (e *TombstoneError) Error() string {
	return "batpak: event " + e.ID.String() + " at " + strconv.FormatUint(e.Sequence, 10) +
		": payload was dropped, only its tombstone is left"
}

// Is makes the error match [ErrTombstone].
func (e *TombstoneError) Is(target error) bool { return target == ErrTombstone }
