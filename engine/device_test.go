// device: a simulated disk on which a store is opened, and what is left of it.

package engine_test

import (
	"math/rand/v2"

	"github.com/batpak/batpak/internal/simdisk"
	"github.com/batpak/batpak/internal/vfs"
)

// device is the directory of a simulated disk, and the disk.
type device struct {
	vfs.Dir
	disk *simdisk.Disk
}

// remains is what is left of a disk.
type remains struct{ disk *simdisk.Disk }

// nothing is what is left where nothing was.
func nothing() remains { return remains{simdisk.New()} }

// mount returns the directory on a copy of what is left.
func (r remains) mount() vfs.Dir { return newDevice(r) }

// newDevice returns a device with a copy of what is left of another one.
func newDevice(r remains) *device {
	disk := r.disk.Clone()
	return &device{Dir: disk.Mount(), disk: disk}
}

// kill returns what the end of the process leaves, which the system outlives.
func (d *device) kill() remains { return remains{d.disk.Clone()} }

// cut returns what a power cut may leave. Without random numbers nothing survives
// that was not synced.
func (d *device) cut(random *rand.Rand) remains {
	if random == nil {
		return remains{d.disk.PowerCut(simdisk.Oldest)}
	}
	return remains{d.disk.PowerCut(simdisk.Random(random, simdisk.Style(random.IntN(simdisk.Styles))))}
}
