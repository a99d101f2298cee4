//go:build unix

package host

// Allocated blocks where stat tells them.

import (
	"io/fs"
	"syscall"
)

func allocatedBytes(info fs.FileInfo) int64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int64(stat.Blocks) * sectorBytes
	}
	return 0
}
