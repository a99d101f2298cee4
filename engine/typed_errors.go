// Errors of typed kinds: what a registry refuses, and what does not become a value.

package engine

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/event"
)

// Errors of typed kinds to ask for with errors.Is.
var (
	// ErrUnregistered: the zero Type was used, a Type with a store that was not opened with
	// its registry, or there is no type for the kind of an event.
	ErrUnregistered = errors.New("batpak: type is not registered")
	// ErrOtherKind: the event is of another kind than the type that was to decode it. The
	// error is a [TypeError].
	ErrOtherKind = errors.New("batpak: event is of another kind")
	// ErrNewerVersion: the event's payload has a later schema than the program knows. The
	// error is a [TypeError].
	ErrNewerVersion = errors.New("batpak: event is of a newer version")
)

// RegistrationError says what is wrong with a type that was to be registered, or that is used
// with the wrong store. It is [ErrInvalid], and Err where that is set.
type RegistrationError struct {
	Kind    event.Kind
	Name    string
	GoType  string
	Field   string // what was refused: "registry", "kind", "name", "version", "type" or "upcaster"
	Problem string // the value, and the range it has to be in
	Err     error  // [event.ErrReservedKind], [ErrUnregistered] or nil
}

// Error names the type and what is wrong with it.
func (e *RegistrationError) Error() string {
	if e.GoType == "" {
		return "batpak: typed kind: " + e.Problem
	}
	return fmt.Sprintf("batpak: typed kind %s %q (%s): %s: %s", e.Kind, e.Name, e.GoType, e.Field, e.Problem)
}

// Is reports whether target is [ErrInvalid].
func (e *RegistrationError) Is(target error) bool { return target == ErrInvalid }

// Unwrap returns Err.
func (e *RegistrationError) Unwrap() error { return e.Err }

// TypeError says why an event did not become a value of a typed kind. It is Err.
type TypeError struct {
	Sequence uint64 // of the event
	ID       event.ID
	Kind     event.Kind
	Version  uint32 // as the event has it
	// Name and Known are those of the type: what it is called, and its latest version. Empty and 0 where the
	// kind has no type.
	Name  string
	Known uint32
	// Upcaster is the version whose upcaster failed; 0: none did.
	Upcaster uint32
	// Err is ErrUnregistered, ErrOtherKind, ErrNewerVersion, an [event.DecodeError], or what an
	// upcaster returned.
	Err error
}

// Error names the event, the type and what is wrong.
func (e *TypeError) Error() string {
	text := fmt.Sprintf("batpak: event %d (%s, kind %s, version %d)", e.Sequence, e.ID, e.Kind, e.Version)
	switch {
	case e.Name == "":
	case e.Upcaster != 0:
		text = fmt.Sprintf("%s as %q: upcaster from version %d", text, e.Name, e.Upcaster)
	default:
		text = fmt.Sprintf("%s as %q version %d", text, e.Name, e.Known)
	}
	return text + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *TypeError) Unwrap() error { return e.Err }
