// The errors to branch on with errors.Is. Each is made where it arises; here they
// have one home.

package engine

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/engine/internal/commit"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/fault"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

var (
	// ErrClosed: the store is closed.
	ErrClosed = commit.ErrClosed
	// ErrLocked: another process, or another Store in this one, has the
	// directory open. The error is a [LockedError], which gives its pid.
	ErrLocked = vfs.ErrLocked
	// ErrCorrupt: acknowledged bytes are damaged or missing. The error is a
	// [CorruptError].
	ErrCorrupt = mmapseg.ErrCorrupt
	// ErrVersion: a file has a format version, or a feature, that this build
	// does not know.
	ErrVersion = mmapseg.ErrVersion
	// ErrForeign: a segment file belongs to another store.
	ErrForeign = mmapseg.ErrForeign
	// ErrNotFound: no visible event has this sequence or id.
	ErrNotFound = mmapseg.ErrNotFound
	// ErrInvalid: an argument or an option is out of its range; the text names
	// it.
	ErrInvalid = event.ErrInvalid
	// ErrReservedKind: kinds of the categories 0x0 and 0xD are the product's
	// own. It is also [ErrInvalid].
	ErrReservedKind = event.ErrReservedKind
	// ErrPoisoned: an earlier sync failed, nothing can be written until the
	// store is opened again. Reads go on.
	ErrPoisoned = commit.ErrPoisoned
	// ErrIndeterminate: the sync that the call waited for failed, or the wait was
	// cancelled: the event may or may not survive.
	ErrIndeterminate = commit.ErrIndeterminate
	// ErrNoSpace: the disk is full. Nothing was stored; it works again once
	// there is room.
	ErrNoSpace = vfs.ErrNoSpace
	// ErrLimit: the process, or the system, has no descriptors or memory left, or may not
	// make a file this large (RLIMIT_FSIZE). Nothing was stored; it works again once there is
	// more. The error is a [LimitError].
	ErrLimit = vfs.ErrLimit
	// ErrNotDirectory: the path is that of something else, a symbolic link
	// included, or leads through something that is no directory.
	ErrNotDirectory = vfs.ErrNotDirectory
	// ErrNotRegular: something that is no regular file, a symbolic link included,
	// has the name of one of the store's files.
	ErrNotRegular = vfs.ErrNotRegular
	// ErrUnwritable: permissions or a read-only file system forbid writing.
	ErrUnwritable = vfs.ErrUnwritable
	// ErrMapFault: the device, or a file cut by somebody else, could not give
	// mapped bytes.
	ErrMapFault = fault.ErrMapFault
	// ErrFull: the sequences, 2^64-2 of them, are used up.
	ErrFull = commit.ErrFull
	// ErrConflict: an expectation or a condition of an append does not hold. Nothing was
	// stored. The error is a [ConflictError].
	ErrConflict = commit.ErrConflict
	// ErrIdempotencyConflict: an idempotency key belongs to another request, or a batch
	// repeats a key or has both known and new ones. Nothing was stored. The error is a [KeyError].
	ErrIdempotencyConflict = commit.ErrIdempotencyConflict
	// ErrReadOnly: the store was opened with ReadOnly.
	ErrReadOnly = errors.New("batpak: store is open for reading only")
	// ErrNoStore: the directory holds no store, and was opened for reading only.
	ErrNoStore = errors.New("batpak: no store")
	// ErrHashing: the store was created with the other choice of Hashing.
	ErrHashing = errors.New("batpak: hashing can't be changed")
)

// CorruptError says which bytes are damaged and which sequences they held.
type CorruptError = mmapseg.CorruptError

// LockedError says which process holds the directory.
type LockedError = vfs.LockedError

// LimitError says which limit was reached.
type LimitError = vfs.LimitError

// VersionError says which version a file has and which this build knows.
type VersionError = mmapseg.VersionError

// OptionError says which option is out of its range. It is [ErrInvalid].
type OptionError struct {
	Field string // of one of the option structs, or the argument
	Value any
	Range string
}

// Error names the field, the value and the range.
func (e *OptionError) Error() string {
	return fmt.Sprintf("batpak: option %s is %v, must be %s", e.Field, e.Value, e.Range)
}

// Is reports whether target is [ErrInvalid].
func (e *OptionError) Is(target error) bool { return target == ErrInvalid }
