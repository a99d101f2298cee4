// The errors of cursors.

package engine

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/engine/internal/cursorfile"
)

// ErrCursorInUse: the cursor with this name is open already.
var ErrCursorInUse = errors.New("batpak: cursor is in use")

// ErrNoCursor: there is no cursor with this name.
var ErrNoCursor = errors.New("batpak: no such cursor")

// CursorError says which named cursor can't be opened, and why. It is [ErrCorrupt] when neither slot of its file is sound, or they
// hold another cursor's position; [ErrDiverged] when the position is not one of this store; [ErrVersion] when the file is of a
// version that this build does not know; [ErrNotRegular] when its name is that of something else; or what the file
// system said. [Store.ResetCursor] makes the file anew.
type CursorError = cursorfile.Error

// AckError says that a sequence can't be acknowledged: it is below what was, or above what was returned. It is [ErrInvalid].
type AckError struct {
	Name     string // of the cursor; empty: it has none
	Sequence uint64 // that was to be acknowledged
	Acked    uint64 // the lowest that can be
	Position uint64 // the highest that can be
}

// Error names the sequence and the range.
func (e *AckError) Error() string {
	return fmt.Sprintf("batpak: cursor %q: sequence %d can't be acknowledged, must be from %d (acknowledged) to %d (returned)",
		e.Name, e.Sequence, e.Acked, e.Position)
}

// Is reports whether target is [ErrInvalid].
func (e *AckError) Is(target error) bool { return target == ErrInvalid }

// errCursorZero is what the calls on a cursor return that is none.
var errCursorZero = fmt.Errorf("%w: the cursor was not made by CursorGuaranteed", ErrInvalid)

// cursorError makes an error that a cursor's file gave a CursorError, if it is none yet.
func cursorError(err error, name, file string) error {
	var known *CursorError
	if errors.As(err, &known) {
		return err
	}
	return &CursorError{Name: name, File: file, Problem: err.Error(), Err: err}
}

// diverged returns the error of a position that is not one of this store.
func diverged(name, problem string) error {
	return &CursorError{Name: name, File: cursorfile.FileName(name), Problem: problem, Err: ErrDiverged}
}
