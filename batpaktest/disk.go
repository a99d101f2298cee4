// This file holds Disk.

package batpaktest

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/seam"
	"github.com/batpak/batpak/internal/simdisk"
)

// Disk is a simulated disk with one data directory, in memory, for tests of what a program makes of a power cut. It is
// made by [NewDisk]; the zero value is not usable. All methods may be called concurrently.
//
// It knows what a real disk may have lost: every sector of 512 bytes that was written and not yet synced is on it or not,
// by itself, and so are file sizes and directory entries. What [Disk.PowerCut] leaves is one of the many possible
// outcomes; a test should look at many seeds. With a small [engine.Options].SegmentSize thousands of them fit into a test.
type Disk struct {
	disk *simdisk.Disk

	mu      sync.Mutex
	mounts  []*simdisk.Directory // of stores that were not cut off
	failing error                // what syncs fail with
}

// NewDisk returns an empty disk.
func NewDisk() *Disk { return &Disk{disk: simdisk.New()} }

// Open opens the store on the disk, or creates it, as [engine.Open] does on a directory, with the same errors. A second store
// that is open at the same time is [engine.ErrLocked].
func (d *Disk) Open(options engine.Options) (*engine.Store, error) {
	dir := d.mount()
	opened, err := seam.OpenStore(dir, options)
	if err != nil {
		return nil, err
	}
	store, ok := opened.(*engine.Store)
	if !ok {
		return nil, fmt.Errorf("batpaktest: opening gave a %T", opened)
	}
	return store, nil
}

// mount starts a process that uses the disk.
func (d *Disk) mount() *simdisk.Directory {
	dir := d.disk.Mount()
	dir.OnSync(func(string) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.failing
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mounts = append(d.mounts, dir)
	return dir
}

// PowerCut returns the disk as a power cut at this moment may leave it: whatever was not synced is there or not, as the seed
// says. Equal seeds choose the same for equal disks. Nothing on the new disk can be lost any more.
//
// Stores that are open on d are cut off: their calls fail from now on, and nothing of what they store goes anywhere. They
// must still be closed, which gives an error. d itself is as the end of the process alone leaves it, and can be cut again
// with another seed.
func (d *Disk) PowerCut(seed uint64) *Disk {
	d.cutOff()
	r := rand.New(rand.NewPCG(seed, 0))
	style := simdisk.Style(r.IntN(simdisk.Styles))
	return &Disk{disk: d.disk.PowerCut(simdisk.Random(r, style))}
}

// Kill returns the disk as the end of the process leaves it, with the operating system going on: everything that was
// stored is there, synced or not. A later power cut can still take what was not synced. What [Disk.PowerCut] says of the
// stores that are open on d holds here, too.
func (d *Disk) Kill() *Disk {
	d.cutOff()
	return &Disk{disk: d.disk.Clone()}
}

// cutOff ends the processes.
func (d *Disk) cutOff() {
	d.mu.Lock()
	mounts := d.mounts
	d.mounts = nil
	d.mu.Unlock()
	for _, dir := range mounts {
		dir.Kill()
	}
}

// FailSyncs makes every sync from now on fail with err, those of stores that are open included; nil makes them
// succeed again. What a failed sync should have written may be on the disk or not, and later syncs don't write it again,
// while programs read it as if it were there. It holds for this disk only, not for what PowerCut and Kill return.
func (d *Disk) FailSyncs(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failing = err
}

// SetCapacity bounds the bytes of all files together: what would take more is [engine.ErrNoSpace]. 0 is without bound. Segments
// count with what is reserved for them. It holds for this disk only, not for what PowerCut and Kill return.
func (d *Disk) SetCapacity(bytes int64) { d.disk.SetCapacity(bytes) }
