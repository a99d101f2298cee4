//go:build !race

// This file holds the order of stores into real memory. Not for race builds: the detector does not see that memory.

package mmap

import "testing"

func TestAReaderOfAFileThatSeesTheFirstWordSeesTheUnit(t *testing.T) {
	const length = 4 << 20
	f := newFile(t, length)
	readBehindWriter(t, mustMap(t, f, length, ReadWrite), mustMap(t, f, length, ReadOnly))
}
