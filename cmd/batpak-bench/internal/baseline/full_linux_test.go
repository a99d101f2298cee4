// A disk that is full: the old baseline stays, and nothing half-written beside it.

package baseline

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/batpak/batpak/internal/rig"
)

const onFullDisk = "BATPAK_TEST_BASELINE_FULL_DISK"

func TestAFullDiskLeavesTheOldBaseline(t *testing.T) {
	if directory := os.Getenv(onFullDisk); directory != "" {
		saveOnFullDisk(t, directory)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), onFullDisk+"="+t.TempDir())
	rig.Bind(child, rig.Mounts) // what it mounts is gone with it
	if err := child.Start(); err != nil {
		t.Skipf("SKIPPED: mounting needs root: %v", err)
	}
	if err := child.Wait(); err != nil {
		t.Errorf("on a full disk: %v", err)
	}
}

func saveOnFullDisk(t *testing.T, directory string) {
	if err := rig.MountMemory(directory, 1<<20); err != nil {
		t.Fatal(err)
	}
	d := Directory(directory)
	old, path := saved(t, d, "a")
	if err := rig.Fill(filepath.Join(directory, "filler")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Save(&Baseline{Name: "a", Commit: "new", Passes: old.Passes}); err == nil {
		t.Error("saved on a full disk")
	}
	if read, err := d.Load("a"); err != nil || read.Commit != old.Commit {
		t.Errorf("%s: %+v, %v", path, read, err)
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) != 2 {
		t.Errorf("left: %v, %v", left, err)
	}
}
