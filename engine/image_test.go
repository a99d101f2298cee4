// Images of a store's directory: copies as a kill leaves them, contents for
// comparison, directories in memory made from them.

package engine_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
)

// image is the content of a directory, by name.
type image map[string][]byte

// clone returns a copy that shares no bytes.
func (m image) clone() image {
	c := make(image, len(m))
	for name, b := range m {
		c[name] = slices.Clone(b)
	}
	return c
}

// imageOf reads a directory. Files that vanish meanwhile are left out: somebody
// renames or removes them.
func imageOf(t failer, path string) image {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatalf("%v", err)
	}
	files := make(image)
	for _, entry := range entries {
		b, err := readStill(filepath.Join(path, entry.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatalf("%v", err)
		}
		files[entry.Name()] = b
	}
	return files
}

// readStill reads a file as it is at one moment: until two readings agree. Where mappings
// are heap memory, a sync writes a segment's frames into its file at once, and its footer
// follows; one reading could have the footer and not the frames.
func readStill(path string) ([]byte, error) {
	before, err := os.ReadFile(path)
	for err == nil {
		var again []byte
		if again, err = os.ReadFile(path); err == nil && bytes.Equal(before, again) {
			return again, nil
		}
		before = again
	}
	return nil, err
}

// imageOfDir reads a directory of the file seam.
func imageOfDir(t failer, dir vfs.Dir) image {
	t.Helper()
	names, err := dir.List()
	if err != nil {
		t.Fatalf("%v", err)
	}
	files := make(image)
	for _, name := range names {
		f, err := dir.Open(name, false)
		if errors.Is(err, fs.ErrNotExist) {
			continue // merged into another run meanwhile
		}
		if err != nil {
			t.Fatalf("%v", err)
		}
		size, err := f.Size()
		if err != nil {
			t.Fatalf("%v", err)
		}
		b := make([]byte, size)
		if _, err := f.ReadAt(b, 0); err != nil && err != io.EOF {
			t.Fatalf("%v", err)
		}
		if err := f.Close(); err != nil {
			t.Fatalf("%v", err)
		}
		files[name] = b
	}
	return files
}

// write makes a directory at path that holds the image.
func (m image) write(t failer, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatalf("%v", err)
	}
	for name, b := range m {
		if err := os.WriteFile(filepath.Join(path, name), b, 0o600); err != nil {
			t.Fatalf("%v", err)
		}
	}
}

// memory returns a directory in memory that holds the image.
func (m image) memory(t failer) *vfs.Memory {
	t.Helper()
	dir := vfs.NewMemory()
	for name, b := range m {
		f, err := dir.Create(name)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if _, err := f.WriteAt(b, 0); err != nil {
			t.Fatalf("%v", err)
		}
		if err := f.Close(); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return dir
}

// segments returns the names of the segment files in the order of their numbers.
func (m image) segments() []string {
	var names []string
	for name := range maps.Keys(m) {
		if filepath.Ext(name) == ".seg" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// mustBeUnchanged fails the test if the directory does not hold the image any more.
// What the lock file says is nobody's data.
func mustBeUnchanged(t *testing.T, path string, want image) {
	t.Helper()
	got := imageOf(t, path)
	for _, files := range []image{got, want} {
		delete(files, "lock")
	}
	if !maps.EqualFunc(got, want, slices.Equal[[]byte]) {
		t.Errorf("the directory changed: it holds %v, held %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

// sharedMemory is where Linux keeps a file system in memory.
const sharedMemory = "/dev/shm"

// quickDir returns a directory that is removed after the test: in memory where the
// system has such a file system and no other was asked for. It is for tests of what
// a process leaves behind, which wait for many syncs and need no disk.
func quickDir(t *testing.T) string {
	t.Helper()
	if os.Getenv("TMPDIR") == "" {
		if path, err := os.MkdirTemp(sharedMemory, "batpak-engine-test-"); err == nil {
			t.Cleanup(func() {
				if err := os.RemoveAll(path); err != nil {
					t.Error(err)
				}
			})
			return path
		}
	}
	return t.TempDir()
}
