// A directory that can't be written: by mounting it for reading only where the tests
// are run by root, who may write everything else.

package engine_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
)

// unwritable makes the directory one that can't be written, until the test ends.
func unwritable(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		if err := os.Chmod(path, 0o500); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(path, 0o700) }) // so that it can be removed
		return
	}
	if out, err := exec.Command("mount", "--bind", path, path).CombinedOutput(); err != nil {
		t.Skipf("root that may not mount can write everywhere: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "--lazy", path).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	if out, err := exec.Command("mount", "-o", "remount,bind,ro", path).CombinedOutput(); err != nil {
		t.Fatalf("remount: %v: %s", err, out)
	}
}

func TestAnUnwritableDirectoryIsRefusedForWritingAndCanBeRead(t *testing.T) {
	root := t.TempDir()
	empty, path := filepath.Join(root, "empty"), filepath.Join(root, "store")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, path, engine.Options{})
	events := mustAppend(t, s, 5)
	mustClose(t, s)
	before := imageOf(t, path)
	unwritable(t, empty)
	unwritable(t, path)
	for _, refused := range []string{empty, filepath.Join(empty, "below"), path} {
		s, err := engine.Open(refused, engine.Options{})
		if err == nil {
			mustClose(t, s)
		}
		if !errors.Is(err, engine.ErrUnwritable) || !strings.Contains(err.Error(), refused) {
			t.Errorf("%s: got %v, want ErrUnwritable with the path", refused, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(empty, "below")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("below: %v", err)
	}
	s = mustOpen(t, path, engine.Options{ReadOnly: true})
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
	mustClose(t, s)
	mustBeUnchanged(t, path, before)
}
