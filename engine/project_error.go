// Errors of projections.

package engine

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/engine/internal/project"
	"github.com/batpak/batpak/event"
)

// FoldError says that a function of a fold failed, and of which event.
type FoldError struct {
	Projection string
	Version    uint32
	// Event, Sequence and Entity are those of the event that Apply failed of; zero where another function did.
	Event    event.ID
	Sequence uint64
	Entity   string
	// Cause is what the function returned, or names what it panicked with, which it wraps if that is an error.
	Cause error
	Stack []byte // of a panic; nil: there was none
}

// Error names the projection, the event and the cause.
func (e *FoldError) Error() string {
	if e.Sequence == 0 {
		return fmt.Sprintf("batpak: projection %q version %d failed: %v", e.Projection, e.Version, e.Cause)
	}
	return fmt.Sprintf("batpak: projection %q version %d failed of event %s at sequence %d: %v", e.Projection, e.Version, e.Event, e.Sequence, e.Cause)
}

// Unwrap returns the cause.
func (e *FoldError) Unwrap() error { return e.Cause }

// failed returns the error of a projection for one from beneath.
func (p *Projection[S]) failed(err error) error {
	f, ok := errors.AsType[*project.Failure](err)
	if !ok {
		return fmt.Errorf("project %q: %w", p.fold.Name, err)
	}
	return &FoldError{
		Projection: p.fold.Name, Version: p.fold.Version, Event: f.ID, Sequence: f.Sequence, Entity: f.Entity, Cause: f.Cause, Stack: f.Stack,
	}
}

// errNotInFiles: a state has no encoding for files, which nobody asks for.
var errNotInFiles = errors.New("not kept in files")

// joinLost adds the loss of a sequence to what went right.
func joinLost(err, lost error) error {
	if err != nil {
		return err
	}
	return lost
}
