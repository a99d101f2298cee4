// Small disks of the tests: an ext4 in a file, mounted by a loop device, both gone with
// the process, and a file that takes what room is left.

package engine_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/batpak/batpak/internal/rig"
)

const loopDiskSize = 24 << 20

// makeImage makes a file of loopDiskSize bytes that holds an empty ext4.
func makeImage(t *testing.T, path string) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, loopDiskSize)); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "mkfs.ext4", "-q", "-F", "-b", "4096", path)
}

// mustRun runs a program, and skips the test where that can't be.
func mustRun(t *testing.T, program string, arguments ...string) {
	t.Helper()
	if said, err := exec.Command(program, arguments...).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: no ext4 of its own: %s: %v\n%s", program, err, said)
	}
}

// disk is a mounted image.
type disk struct {
	image, path string
	mounted     bool
}

// newDisk mounts an ext4 of its own.
func newDisk(t *testing.T) *disk {
	t.Helper()
	image := filepath.Join(t.TempDir(), "image")
	makeImage(t, image)
	return mountImage(t, image)
}

// mountImage mounts an image at a new directory. The loop device goes with the mount, and
// that with the process if nothing else takes it away.
func mountImage(t *testing.T, image string) *disk {
	t.Helper()
	d := &disk{image: image, path: t.TempDir()}
	d.mount(t)
	t.Cleanup(func() {
		if d.mounted {
			d.unmount(t)
		}
	})
	return d
}

func (d *disk) mount(t *testing.T) {
	t.Helper()
	mustRun(t, "mount", "-t", "ext4", "-o", "loop", d.image, d.path)
	d.mounted = true
}

// unmount waits for nobody: what a test that failed has left open shall not hide why.
func (d *disk) unmount(t *testing.T) {
	t.Helper()
	d.mounted = false
	if err := rig.Unmount(d.path); err != nil {
		t.Error(err)
	}
}

// store returns where a store of this name is.
func (d *disk) store(name string) string { return filepath.Join(d.path, name) }

// ballast takes so much room, which drop gives back.
func (d *disk) ballast(t *testing.T, name string, size int) {
	t.Helper()
	if err := os.WriteFile(d.store(name), make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	d.sync(t)
}

// fill takes all the room that there is, which drop gives back.
func (d *disk) fill(t *testing.T) {
	t.Helper()
	if err := rig.Fill(d.store("filler")); err != nil {
		t.Fatal(err)
	}
}

// drop removes a file, and returns when its room is there.
func (d *disk) drop(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(d.store(name)); err != nil {
		t.Fatal(err)
	}
	d.sync(t)
}

func (d *disk) sync(t *testing.T) {
	t.Helper()
	f, err := os.Open(d.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}
