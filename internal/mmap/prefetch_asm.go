// This file declares what the assembly files hold.

//go:build amd64 || arm64

package mmap

import "unsafe"

// prefetchWrite asks the processor for the cache lines of length bytes from address, for writing. It does not wait for them, and
// never faults: of memory that can't be written nothing comes.
//
//go:noescape
func prefetchWrite(address unsafe.Pointer, length int)
