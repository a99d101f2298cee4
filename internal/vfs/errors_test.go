// This file holds the errors: which sentinel stands for which error number, and what the texts say.

package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"testing"
)

func TestAnErrorNumberIsTheSentinelThatItStandsFor(t *testing.T) {
	sentinels := []error{ErrLocked, ErrNotRegular, ErrNotDirectory, ErrForeignOwner, ErrNoSpace, ErrLimit, ErrUnwritable, ErrName}
	for number, want := range map[syscall.Errno]struct{ reading, writing error }{
		syscall.ENOSPC: {ErrNoSpace, ErrNoSpace}, syscall.EDQUOT: {ErrNoSpace, ErrNoSpace},
		syscall.EROFS: {ErrUnwritable, ErrUnwritable}, syscall.ENOTDIR: {ErrNotDirectory, ErrNotDirectory},
		syscall.EACCES: {nil, ErrUnwritable}, syscall.EPERM: {nil, ErrUnwritable},
		syscall.EMFILE: {ErrLimit, ErrLimit}, syscall.ENFILE: {ErrLimit, ErrLimit}, syscall.EFBIG: {ErrLimit, ErrLimit},
		syscall.ENOMEM: {ErrLimit, ErrLimit}, syscall.EIO: {}, syscall.EINTR: {},
	} {
		for _, cause := range []error{number, &fs.PathError{Op: "inner", Path: "other", Err: number}, fmt.Errorf("more: %w", number)} {
			for err, class := range map[error]error{
				failure("op", "path", cause):    want.reading,
				unwritable("op", "path", cause): want.writing,
				// Wrapping again changes nothing.
				failure("op", "path", failure("a", "b", cause)): want.reading,
			} {
				if !errors.Is(err, number) {
					t.Errorf("%v is not %v", err, number)
				}
				for _, sentinel := range sentinels {
					if errors.Is(err, sentinel) != (sentinel == class) {
						t.Errorf("%v is %v: %v", err, sentinel, errors.Is(err, sentinel))
					}
				}
			}
		}
	}
}

func TestOnlyWhatDependsOnTheSizeMayFitWhenItIsSmaller(t *testing.T) {
	for number, want := range map[syscall.Errno]bool{
		syscall.ENOSPC: true, syscall.EDQUOT: true, syscall.EFBIG: true, syscall.ENOMEM: true,
		syscall.EMFILE: false, syscall.ENFILE: false, syscall.EIO: false, syscall.EROFS: false,
	} {
		if got := SmallerMayFit(fmt.Errorf("create: %w", failure("op", "p/a", number))); got != want {
			t.Errorf("%v: %v, want %v", number, got, want)
		}
	}
	if !SmallerMayFit(ErrNoSpace) || SmallerMayFit(ErrLimit) || SmallerMayFit(nil) {
		t.Error("the sentinels: only a full disk has room for something smaller")
	}
}

func TestErrorsThatSayEverythingAreNotWrapped(t *testing.T) {
	for _, err := range []error{
		nil, io.EOF, &LockedError{Path: "p"}, &NotRegularError{Path: "p"}, &NotDirectoryError{Path: "p"}, &OwnerError{Path: "p"},
	} {
		if got := failure("op", "path", err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestTheTextsNameWhatWasWrong(t *testing.T) {
	for want, err := range map[string]error{
		"p/LOCK: locked by process 7":                 &LockedError{Path: "p/LOCK", PID: 7},
		"p/LOCK: locked by another holder":            &LockedError{Path: "p/LOCK"},
		"p/a: a FIFO, not a regular file":             &NotRegularError{Path: "p/a", Found: "a FIFO"},
		"p: a symbolic link, not a directory":         &NotDirectoryError{Path: "p", Found: "a symbolic link"},
		"p/a: owned by user 7, the directory by 8":    &OwnerError{Path: "p/a", Owner: 7, Want: 8},
		"op p/a: no space left on device":             failure("op", "p/a", syscall.ENOSPC),
		"op p/a: not writable: permission denied":     unwritable("op", "p/a", syscall.EACCES),
		"op p/a: input/output error":                  unwritable("op", "p/a", syscall.EIO),
		"op p/a: file already closed":                 failure("op", "p/a", fs.ErrClosed),
		"op p/a: not a directory":                     failure("op", "p/a", syscall.ENOTDIR),
		"open ../a: not a file name":                  checkName("open", "../a"),
		"op p/a: no space left: disk quota exceeded":  failure("op", "p/a", syscall.EDQUOT),
		"op p/a: not writable: read-only file system": failure("op", "p/a", syscall.EROFS),
		"op p/a: limit reached: length of a file (RLIMIT_FSIZE or the file system): file too large":    failure("op", "p/a", syscall.EFBIG),
		"op p/a: limit reached: open files of this process (RLIMIT_NOFILE): too many open files":       unwritable("op", "p/a", syscall.EMFILE),
		"op p/a: limit reached: open files of the system (fs.file-max): too many open files in system": failure("op", "p/a", syscall.ENFILE),
		"op p/a: limit reached: memory or mappings (RLIMIT_AS, vm.max_map_count or the system's memory): " +
			"cannot allocate memory": failure("op", "p/a", syscall.ENOMEM),
	} {
		if err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}

func TestAKindOfFileThatIsUnknownIsCalledSo(t *testing.T) {
	if got := describe(0); got != "something unknown" {
		t.Error(got)
	}
}
