// This file holds space: that reserving reserves, and what a full disk does, on small file systems of the test's own.

package vfs

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/batpak/batpak/internal/fault"
	"github.com/batpak/batpak/internal/mmap"
)

// allocated returns how many bytes of the disk a file takes.
func allocated(t *testing.T, d Dir, name string) int64 {
	t.Helper()
	var status unix.Stat_t
	must(t, unix.Lstat(filepath.Join(d.Path(), name), &status))
	return status.Blocks * 512
}

func TestReservedSpaceIsAllocatedAndTruncatingGivesItBack(t *testing.T) {
	const size = 1 << 20
	d := openReal(t)
	f := mustCreate(t, d, "a")
	must(t, f.Truncate(size))
	if got := allocated(t, d, "a"); got >= size {
		t.Fatalf("truncating alone allocates %d bytes", got)
	}
	_, err := f.WriteAt([]byte("in the middle of holes"), size/2)
	must(t, err, f.Reserve(size), f.SyncAll())
	if got := allocated(t, d, "a"); got < size {
		t.Errorf("%d bytes are allocated of %d that are reserved", got, size)
	}
	if n, err := f.Size(); n != size || err != nil {
		t.Errorf("size %d, error %v", n, err)
	}
	must(t, f.Truncate(4096), f.SyncAll())
	if got := allocated(t, d, "a"); got >= size {
		t.Errorf("after truncating %d bytes are allocated", got)
	}
}

// smallDisks runs a test on a small file system of each kind that can be mounted here.
func smallDisks(t *testing.T, test func(t *testing.T, d *directory)) {
	t.Helper()
	for kind, mounted := range map[string]func(t *testing.T) string{
		"tmpfs": func(t *testing.T) string { return mount(t, "none", "tmpfs", 0, "size=16m") },
		"ext4":  mountLoop,
	} {
		t.Run(kind, func(t *testing.T) {
			privateMounts(t)
			d, err := openDirectory(mounted(t), true)
			must(t, err)
			t.Cleanup(func() { must(t, d.Close()) })
			if name, _ := d.CopyOnWrite(); name != kind {
				t.Errorf("the file system is %q", name)
			}
			test(t, d)
		})
	}
}

// mountLoop mounts an ext4 of 24 MiB from a file.
func mountLoop(t *testing.T) string {
	t.Helper()
	image, target := filepath.Join(t.TempDir(), "image"), t.TempDir()
	must(t, os.WriteFile(image, nil, 0o600), os.Truncate(image, 24<<20))
	for _, command := range [][]string{{"mkfs.ext4", "-q", "-F", image}, {"mount", "-o", "loop", image, target}} {
		if said, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Skipf("SKIPPED: no ext4 of its own: %s: %v\n%s", command[0], err, said)
		}
	}
	t.Cleanup(func() { must(t, unix.Unmount(target, 0)) })
	return target
}

// takeAll takes all the space that is left, and returns the name of the file that has it.
func takeAll(t *testing.T, d Dir) string {
	t.Helper()
	const name = "filler"
	f, err := d.Create(name)
	must(t, err)
	piece, offset := bytes.Repeat([]byte{1}, 1<<16), int64(0)
	for len(piece) > 0 {
		n, err := f.WriteAt(piece, offset)
		if offset += int64(n); err == nil {
			continue
		}
		wantError(t, "write", err, ErrNoSpace, unix.ENOSPC)
		piece = piece[:len(piece)/2]
	}
	must(t, f.SyncAll(), f.Close())
	return name
}

func TestAFullDiskIsAnErrorThatPasses(t *testing.T) {
	smallDisks(t, func(t *testing.T, d *directory) {
		put(t, d, "old", "content")
		f := mustCreate(t, d, "a")
		wantError(t, "reserve more than there is", f.Reserve(1<<30), ErrNoSpace, unix.ENOSPC)
		must(t, f.Truncate(0))
		filler := takeAll(t, d)
		wantError(t, "reserve", f.Reserve(1<<20), ErrNoSpace, unix.ENOSPC)
		_, err := f.WriteAt(make([]byte, 1<<20), 0)
		wantError(t, "write", err, ErrNoSpace, unix.ENOSPC)
		if got := get(t, d, "old"); got != "content" {
			t.Errorf("it reads %q", got)
		}
		must(t, d.Remove(filler), d.Sync(), f.Truncate(0), f.Reserve(1<<20), f.SyncAll())
	})
}

func TestReservedSpaceIsThereWhenTheDiskIsFull(t *testing.T) {
	const size = 4 << 20
	smallDisks(t, func(t *testing.T, d *directory) {
		f := mustCreate(t, d, "a")
		must(t, f.Reserve(size), f.SyncAll())
		takeAll(t, d)
		m := mustMap(t, f, size, mmap.ReadWrite)
		must(t, m.PopulateWrite(0, size/2))
		unit := bytes.Repeat([]byte{7}, 4096)
		must(t, fault.Guard(func() {
			for offset := 0; offset < size; offset += len(unit) {
				m.Store(offset, unit)
			}
		}))
		must(t, f.SyncData(), m.Unmap())
		if got := contentOf(t, f); got != string(bytes.Repeat([]byte{7}, size)) {
			t.Error("the file does not hold what was stored")
		}
	})
}

func TestAStoreWithoutReservationOnAFullDiskIsAMapFault(t *testing.T) {
	const size = 1 << 20
	smallDisks(t, func(t *testing.T, d *directory) {
		f := mustCreate(t, d, "a")
		must(t, f.Truncate(size))
		takeAll(t, d)
		m := mustMap(t, f, size, mmap.ReadWrite)
		wantError(t, "populate", m.PopulateWrite(0, size), fault.ErrMapFault, unix.EFAULT)
		unit := make([]byte, 4096)
		wantError(t, "store", fault.Guard(func() {
			for offset := 0; offset < size; offset += len(unit) {
				m.Store(offset, unit)
			}
		}), fault.ErrMapFault)
	})
}

func TestALockThatWasHeldOnceCanBeTakenOnAFullDisk(t *testing.T) {
	smallDisks(t, func(t *testing.T, d *directory) {
		must(t, mustLock(t, d, "LOCK", true).Unlock(), d.Sync())
		takeAll(t, d)
		l := mustLock(t, d, "LOCK", true)
		_, err := d.Lock("LOCK", true)
		wantLocked(t, err, os.Getpid())
		must(t, l.Unlock())
		// A new one has nowhere to put its record, and is not held then.
		if _, err := d.Lock("NEW", true); err != nil && !errors.Is(err, ErrNoSpace) {
			t.Error(err)
		}
	})
}
