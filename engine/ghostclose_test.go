// A close frame that a failed sync left in memory, and openings behind it that are cut off.

package engine_test

import (
	"fmt"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/simdisk"
	"github.com/batpak/batpak/internal/vfs"
)

func TestAnOpeningBehindAGhostCloseFrameThatIsCutOffIsNotTakenForDamage(t *testing.T) {
	t.Parallel()
	step := 8
	if raceBuild {
		step = 104
	}
	for size := 0; size < 640; size += step { // so that the frame crosses the end of a sector somewhere
		left := closedInMemoryOnly(t, size)
		for after := int64(0); after < 12; after++ {
			d := newDevice(left)
			dir := d.disk.Mount()
			dir.KillAfter(after)
			if s, err := engine.OpenDir(dir, small(engine.SyncEveryAppend())); err == nil {
				dir.Kill()
				_ = s.Close() // it was cut off
			}
			mustOpenWithoutAnyOnePlace(t, fmt.Sprintf("%d bytes, cut off after %d changes", size, after), d.disk)
		}
	}
}

// closedInMemoryOnly returns what is left of a store with one event when the sync of its close frame failed.
func closedInMemoryOnly(t *testing.T, size int) remains {
	disk := simdisk.New()
	dir := disk.Mount()
	s := mustOpenDir(t, dir, small(engine.SyncManual()))
	if _, err := s.AppendBytes(here, event.Data, event.CodecRaw, make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	syncs := 0
	dir.OnSync(func(string) error {
		if syncs++; syncs == 2 {
			return errInjected
		}
		return nil
	})
	if err := s.Close(); err == nil {
		t.Fatal("closing succeeded though its last sync failed")
	}
	dir.Kill()
	return remains{disk}
}

// mustOpenWithoutAnyOnePlace cuts the power so that everything reached the disk but one place, each in turn.
func mustOpenWithoutAnyOnePlace(t *testing.T, what string, disk *simdisk.Disk) {
	t.Helper()
	total := 1
	for lost := 0; lost < total; lost++ {
		image := disk.PowerCut(func(p simdisk.Place, n int) int {
			total = p.Total
			if p.Index == lost {
				return 0
			}
			return n - 1
		})
		var dir vfs.Dir = image.Mount()
		s, err := engine.OpenDir(dir, small(engine.SyncEveryAppend()))
		if err != nil {
			t.Fatalf("%s, place %d lost: %v", what, lost, err)
		}
		mustClose(t, s)
	}
}
