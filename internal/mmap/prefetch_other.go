// This file stands in for the assembly files where there is none.

//go:build !amd64 && !arm64

package mmap

import "unsafe"

func prefetchWrite(unsafe.Pointer, int) {}
