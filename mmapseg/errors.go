// The errors that reading and checking segments can give.

package mmapseg

import (
	"errors"
	"fmt"
	"math"
)

// ErrCorrupt is the sentinel behind [CorruptError]: bytes that were acknowledged
// are damaged or missing.
var ErrCorrupt = errors.New("batpak: corrupt")

// ErrVersion is the sentinel behind [VersionError]: a file of a format version,
// or with a feature, that this build does not know.
var ErrVersion = errors.New("batpak: unknown format version")

// ErrForeign says that a segment file belongs to another store.
var ErrForeign = errors.New("batpak: file of another store")

// ErrNotFound says that no event has the sequence or id that was asked for.
var ErrNotFound = errors.New("batpak: event not found")

// CorruptError says which bytes are damaged and what they hold. It is
// [ErrCorrupt].
type CorruptError struct {
	Segment string // file name
	Offset  int64  // first damaged byte, from the start of the file
	// First and Last bound the sequences that the damaged bytes may have held,
	// both inclusive. 0, 0: not known, or none. A Last of 2^64-1: all from First on,
	// it is not known how many.
	First, Last uint64
	Problem     string
}

// Error names segment, offset and what is affected.
func (e *CorruptError) Error() string {
	text := fmt.Sprintf("batpak: corrupt: %s at offset %d: %s", e.Segment, e.Offset, e.Problem)
	switch {
	case e.Last == math.MaxUint64:
		text += fmt.Sprintf(" (sequences from %d on)", e.First)
	case e.First != 0 || e.Last != 0:
		text += fmt.Sprintf(" (sequences %d to %d)", e.First, e.Last)
	}
	return text
}

// Is reports whether target is [ErrCorrupt].
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// VersionError says which version or feature a file asks for. It is
// [ErrVersion].
type VersionError struct {
	File  string
	What  string // "format version", "feature flags", "frame type", ...
	Found uint64
	Known uint64 // the highest that this build knows
}

// Error names the file and both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("batpak: %s has %s %d, this build knows up to %d: open it with the version that wrote it, or a newer one",
		e.File, e.What, e.Found, e.Known)
}

// Is reports whether target is [ErrVersion].
func (e *VersionError) Is(target error) bool { return target == ErrVersion }
