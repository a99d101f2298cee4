// This file holds the errors that callers branch on, and the one function that makes an error of the system one of them.

package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
)

var (
	// ErrLocked: another holder, in this process or another, has the lock. A *LockedError has the details.
	ErrLocked = errors.New("locked by another holder")
	// ErrNotRegular: the name is not a regular file's. A *NotRegularError has the details.
	ErrNotRegular = errors.New("not a regular file")
	// ErrNotDirectory: the path is not a directory's, or leads through something that is none. A
	// *NotDirectoryError has the details where the last element is to blame.
	ErrNotDirectory = errors.New("not a directory")
	// ErrForeignOwner: the file belongs to a third user. An *OwnerError has the details.
	ErrForeignOwner = errors.New("owned by another user")
	// ErrNoSpace: the disk, the quota, or the capacity of a directory in memory is full.
	ErrNoSpace = errors.New("no space left")
	// ErrLimit: the process or the system has as many open files, mappings or bytes of memory as it may have, or the
	// file would become longer than a file may be. A *LimitError says which.
	ErrLimit = errors.New("limit reached")
	// ErrUnwritable: permissions or a read-only file system forbid what was asked.
	ErrUnwritable = errors.New("not writable")
	// ErrName: not the base name of a file.
	ErrName = errors.New("not a file name")
)

// LockedError is [ErrLocked] with the holder.
type LockedError struct {
	// Path of the lock file.
	Path string
	// PID is the process id of the exclusive holder as it sees itself, which in another pid namespace is another
	// number, and 0 where it is unknown: the holders share the lock, or the holder has just taken it. In that moment
	// it can also be the holder before, if that one died.
	PID int
}

// Error names the file and the holder.
func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s: %v", e.Path, ErrLocked)
	}
	return fmt.Sprintf("%s: locked by process %d", e.Path, e.PID)
}

// Is reports whether target is [ErrLocked].
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// NotRegularError is [ErrNotRegular] with what was found.
type NotRegularError struct {
	// Path of what was found.
	Path string
	// Found says what it is: "a symbolic link", "a directory", "a FIFO", "a socket", "a device".
	Found string
}

// Error names the path and what it is.
func (e *NotRegularError) Error() string {
	return fmt.Sprintf("%s: %s, not a regular file", e.Path, e.Found)
}

// Is reports whether target is [ErrNotRegular].
func (e *NotRegularError) Is(target error) bool { return target == ErrNotRegular }

// NotDirectoryError is [ErrNotDirectory] with what was found.
type NotDirectoryError struct {
	// Path of what was found.
	Path string
	// Found says what it is: "a symbolic link", "a regular file", "a FIFO", "a socket", "a device".
	Found string
}

// Error names the path and what it is.
func (e *NotDirectoryError) Error() string {
	return fmt.Sprintf("%s: %s, not a directory", e.Path, e.Found)
}

// Is reports whether target is [ErrNotDirectory].
func (e *NotDirectoryError) Is(target error) bool { return target == ErrNotDirectory }

// OwnerError is [ErrForeignOwner] with the owner.
type OwnerError struct {
	// Path of the file.
	Path string
	// Owner is the user id of the file, Want that of the directory.
	Owner, Want uint32
}

// Error names the path and both owners.
func (e *OwnerError) Error() string {
	return fmt.Sprintf("%s: owned by user %d, the directory by %d", e.Path, e.Owner, e.Want)
}

// Is reports whether target is [ErrForeignOwner].
func (e *OwnerError) Is(target error) bool { return target == ErrForeignOwner }

// LimitError is [ErrLimit] with the limit.
type LimitError struct {
	// Limit says what there can't be more of, and what sets that: "open files of this process (RLIMIT_NOFILE)", "open
	// files of the system (fs.file-max)", "length of a file (RLIMIT_FSIZE or the file system)", "memory or mappings
	// (RLIMIT_AS, vm.max_map_count or the system's memory)".
	Limit string
	// Err is what the system said.
	Err error
}

// Error names the limit.
func (e *LimitError) Error() string { return fmt.Sprintf("%v: %s: %v", ErrLimit, e.Limit, e.Err) }

// Is reports whether target is [ErrLimit].
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

// Unwrap returns what the system said.
func (e *LimitError) Unwrap() error { return e.Err }

// SmallerMayFit reports whether what failed with err can succeed for a file or a mapping of fewer bytes: the disk was
// full, the file would have been too long, or there was no memory to map it. More open files, on the other hand, don't
// come from smaller ones.
func SmallerMayFit(err error) bool {
	return errors.Is(err, ErrNoSpace) || errors.Is(err, syscall.EFBIG) || errors.Is(err, syscall.ENOMEM)
}

// classified is an error number together with the sentinel that it stands for.
type classified struct{ class, cause error }

func (e *classified) Unwrap() []error { return []error{e.class, e.cause} }

// Error says both, unless the system's text says it already.
func (e *classified) Error() string {
	if strings.Contains(e.cause.Error(), e.class.Error()) {
		return e.cause.Error()
	}
	return fmt.Sprintf("%v: %v", e.class, e.cause)
}

// failure wraps err with the operation and the path, and with the sentinel that it stands for. nil, io.EOF and errors
// that say everything already come back as they are.
func failure(operation, path string, err error) error {
	return report(operation, path, err, classOf(err))
}

// unwritable is failure for an operation that changes something: a lack of permission is ErrUnwritable.
func unwritable(operation, path string, err error) error {
	class := classOf(err)
	if class == nil && errors.Is(err, fs.ErrPermission) {
		class = ErrUnwritable
	}
	return report(operation, path, err, class)
}

func report(operation, path string, err, class error) error {
	switch err.(type) {
	case nil, *LockedError, *NotRegularError, *NotDirectoryError, *OwnerError:
		return err
	}
	if err == io.EOF {
		return err
	}
	if named, ok := err.(*fs.PathError); ok {
		err = named.Err
	}
	switch {
	case class == nil || errors.Is(err, class):
	case class == ErrLimit:
		var number syscall.Errno
		errors.As(err, &number)
		err = &LimitError{Limit: limitOf(number), Err: err}
	default:
		err = &classified{class, err}
	}
	return &fs.PathError{Op: operation, Path: path, Err: err}
}

// classOf returns the sentinel that an error number stands for, nil if it speaks for itself.
func classOf(err error) error {
	var number syscall.Errno
	if !errors.As(err, &number) {
		return nil
	}
	if limitOf(number) != "" {
		return ErrLimit
	}
	switch number {
	case syscall.ENOSPC, syscall.EDQUOT:
		return ErrNoSpace
	case syscall.EROFS:
		return ErrUnwritable
	case syscall.ENOTDIR:
		return ErrNotDirectory
	}
	return nil
}

// limitOf returns the limit that an error number stands for, "" if it stands for none.
func limitOf(number syscall.Errno) string {
	switch number {
	case syscall.EMFILE:
		return "open files of this process (RLIMIT_NOFILE)"
	case syscall.ENFILE:
		return "open files of the system (fs.file-max)"
	case syscall.EFBIG:
		return "length of a file (RLIMIT_FSIZE or the file system)"
	case syscall.ENOMEM:
		return "memory or mappings (RLIMIT_AS, vm.max_map_count or the system's memory)"
	}
	return ""
}

// checkName refuses what is not the base name of a file.
func checkName(operation, name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return &fs.PathError{Op: operation, Path: name, Err: ErrName}
	}
	return nil
}

// both returns the error that there is, or the two joined. Unlike errors.Join it leaves a single one as it is.
func both(first, second error) error {
	if first == nil {
		return second
	}
	if second == nil {
		return first
	}
	return errors.Join(first, second)
}
