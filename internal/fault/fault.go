// This file holds the guarded copy and the guarded call.

package fault

import (
	"errors"
	"fmt"
	"runtime/debug"
	"unsafe"
)

// ErrMapFault reports that mapped memory could not be read or written: the file behind it was cut, its device failed,
// or there was no space left to allocate the page.
var ErrMapFault = errors.New("mapped memory can't be accessed")

// Error is an [ErrMapFault] with its place.
type Error struct {
	// Offset is the position of the fault in the source of Copy, in bytes, and -1 where it is unknown.
	Offset int
}

// Error names the place, if it is known.
func (e *Error) Error() string {
	if e.Offset < 0 {
		return ErrMapFault.Error()
	}
	return fmt.Sprintf("%v: fault at byte %d of the copied range", ErrMapFault, e.Offset)
}

// Is reports whether target is [ErrMapFault].
func (e *Error) Is(target error) bool { return target == ErrMapFault }

// addressed is what the runtime's panic for a faulting address provides, as debug.SetPanicOnFault documents.
type addressed interface {
	error
	RuntimeError()
	Addr() uintptr
}

// Copy copies min(len(dst), len(src)) bytes of src, which may be mapped memory, to dst, which may not. A fault while
// reading src is an *[Error] that is [ErrMapFault]; dst then holds nothing to rely on. A fault elsewhere panics on.
//
// The goroutine's panic-on-fault setting is what it was before when Copy returns. Copy does not allocate unless it
// fails, and may be called concurrently.
func Copy(dst, src []byte) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		raised := recover()
		if raised == nil {
			return
		}
		fault, ok := raised.(addressed)
		if !ok {
			panic(raised)
		}
		start := uintptr(unsafe.Pointer(unsafe.SliceData(src)))
		if at := fault.Addr(); at < start || at-start >= uintptr(len(src)) {
			panic(raised)
		} else {
			err = &Error{Offset: int(at - start)}
		}
	}()
	copy(dst, src)
	return nil
}

// Guard calls fn and returns [ErrMapFault], as an *[Error], if fn touches memory that can't be accessed; what fn had done
// by then stays done. Any other panic of fn, a nil pointer among them, goes on to the caller.
//
// fn runs on the calling goroutine. Since an address that was unmapped too early faults in the same way, fn should
// touch mapped memory and little else. The goroutine's panic-on-fault setting is what it was before when Guard
// returns. A closure given to Guard stays on the stack.
func Guard(fn func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		raised := recover()
		if raised == nil {
			return
		}
		if _, ok := raised.(addressed); !ok {
			panic(raised)
		}
		err = &Error{Offset: -1}
	}()
	fn()
	return nil
}
