//go:build !race

// This file holds cutting a file under many readers. Not for race builds: the detector knows nothing of mapped memory that
// more than one goroutine touches.

package fault_test

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/internal/fault"
	"github.com/batpak/batpak/internal/mmap"
)

func TestManyReadersOutliveAFileThatIsCutUnderThem(t *testing.T) {
	const rounds, readers = 5000, 4
	page := os.Getpagesize()
	f, m := mapped(t, 8, mmap.ReadOnly)
	var faults, copies atomic.Int64
	var done atomic.Bool
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			dst := make([]byte, 8*page)
			for !done.Load() {
				switch err := fault.Copy(dst, m.Bytes()); {
				case err == nil:
					copies.Add(1)
				case errors.Is(err, fault.ErrMapFault):
					faults.Add(1)
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	for round := 0; round < rounds || faults.Load() == 0 || copies.Load() == 0; round++ {
		resize(t, f, round%8*page)
		resize(t, f, 8*page)
	}
	done.Store(true)
	wg.Wait()
	t.Logf("%d copies, %d faults", copies.Load(), faults.Load())
}
