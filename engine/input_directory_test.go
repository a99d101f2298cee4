// Directories that are none, that are somebody else's, or that can't be written:
// refused with an error that says so and names the path.

package engine_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
)

func TestAPathThatIsNoDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	file := filepath.Join(root, "file")
	directory := filepath.Join(root, "directory")
	link, dangling := filepath.Join(root, "link"), filepath.Join(root, "dangling")
	for _, err := range []error{
		os.WriteFile(file, []byte("not a store"), 0o600), os.Mkdir(directory, 0o700),
		os.Symlink(directory, link), os.Symlink(filepath.Join(root, "nowhere"), dangling),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		path string
		want error
	}{
		{"", fs.ErrInvalid},
		{file, engine.ErrNotDirectory},
		{filepath.Join(file, "below"), engine.ErrNotDirectory},
		{link, engine.ErrNotDirectory},
		{link + "/", engine.ErrNotDirectory},
		{dangling, engine.ErrNotDirectory},
	} {
		for _, readOnly := range []bool{false, true} {
			s, err := engine.Open(test.path, engine.Options{ReadOnly: readOnly})
			if s != nil || !errors.Is(err, test.want) {
				t.Errorf("%q, read only %v: got %v, want %v", test.path, readOnly, err, test.want)
				continue
			}
			if !strings.Contains(err.Error(), strings.TrimSuffix(test.path, "/")) {
				t.Errorf("%q is not in %q", test.path, err)
			}
		}
	}
	if got := imageOf(t, directory); len(got) != 0 {
		t.Errorf("behind the link: %d files", len(got))
	}
	if b, err := os.ReadFile(file); string(b) != "not a store" {
		t.Errorf("the file holds %q, %v", b, err)
	}
	if _, err := os.Lstat(filepath.Join(root, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("where the dangling link points: %v", err)
	}
}

func TestMissingDirectoriesAreMadeForTheOwnerOnly(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	path := filepath.Join(root, "a", "b", "store")
	mustClose(t, mustOpen(t, path, engine.Options{}))
	for _, made := range []string{filepath.Join(root, "a"), path} {
		if info, err := os.Stat(made); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", made, info.Mode(), err)
		}
	}
	for name := range imageOf(t, path) {
		if info, err := os.Stat(filepath.Join(path, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestReadingWhereThereIsNoStoreIsErrNoStore(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	empty, created := filepath.Join(root, "empty"), filepath.Join(root, "created")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	// A creation that was cut off: the lock, and a segment without frames.
	mustClose(t, mustOpen(t, created, engine.Options{SegmentSize: engine.MinSegmentSize}))
	files := imageOf(t, created)
	for _, name := range files.segments() {
		b := make([]byte, engine.MinSegmentSize)
		copy(b, files[name][:4096])
		files[name] = b
	}
	files.write(t, created)
	for _, path := range []string{filepath.Join(root, "missing"), empty, created} {
		if s, err := engine.Open(path, engine.Options{ReadOnly: true}); s != nil || !errors.Is(err, engine.ErrNoStore) {
			t.Errorf("%s: got %v, want ErrNoStore", filepath.Base(path), err)
		}
	}
	if _, err := os.Lstat(filepath.Join(root, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the missing directory: %v", err)
	}
	mustBeUnchanged(t, empty, image{})
	mustBeUnchanged(t, created, files)
}

func TestFilesThatAreNotTheStoresAreLeftAlone(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	foreign := filepath.Join(path, "notes.txt")
	if err := os.WriteFile(foreign, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, path, engine.Options{})
	if got := s.Report().Ignored; len(got) != 1 || got[0] != "notes.txt" {
		t.Errorf("ignored %v", got)
	}
	mustClose(t, s)
	if b, err := os.ReadFile(foreign); string(b) != "mine" {
		t.Errorf("the file holds %q, %v", b, err)
	}
}
