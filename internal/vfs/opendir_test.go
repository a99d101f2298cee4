// This file holds opening a real directory: what is refused, what is made.

package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// refused opens what must not be opened, both ways, and checks the error.
func refused(t *testing.T, path string, sentinels ...error) {
	t.Helper()
	for _, create := range []bool{false, true} {
		d, err := OpenDir(path, create)
		if err == nil {
			d.Close()
		}
		wantError(t, fmt.Sprintf("OpenDir(%q, %v)", path, create), err, sentinels...)
	}
}

// found returns what the NotDirectoryError of opening a path says.
func found(path string) string {
	var wrong *NotDirectoryError
	if _, err := OpenDir(path, true); errors.As(err, &wrong) && wrong.Path == filepath.Clean(path) {
		return wrong.Found
	}
	return ""
}

func TestAMissingDirectoryIsNotMadeUnasked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing")
	for _, path := range []string{path, filepath.Join(path, "below")} {
		_, err := OpenDir(path, false)
		wantError(t, path, err, fs.ErrNotExist)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is there: %v", err)
	}
}

func TestAnEmptyPathIsRefused(t *testing.T) { refused(t, "", fs.ErrInvalid) }

func TestAPathThatTheSystemRefusesIsAnError(t *testing.T) {
	refused(t, "a\x00b", unix.EINVAL)
	refused(t, filepath.Join(t.TempDir(), strings.Repeat("n", 300)), unix.ENAMETOOLONG)
}

func TestWhatIsNoDirectoryIsRefused(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t,
		os.WriteFile(in("file"), nil, 0o600),
		os.Mkdir(in("directory"), 0o700),
		os.Symlink("directory", in("link")),
		os.Symlink("file", in("link to file")),
		os.Symlink("nowhere", in("dangling")),
		unix.Mkfifo(in("fifo"), 0o600),
	)
	for name, want := range map[string]string{
		"file": "a regular file", "link": "a symbolic link", "link/": "a symbolic link", "link to file": "a symbolic link",
		"dangling": "a symbolic link", "fifo": "a FIFO",
	} {
		refused(t, dir+"/"+name, ErrNotDirectory)
		if got := found(dir + "/" + name); got != want {
			t.Errorf("%s: found %q, want %q", name, got, want)
		}
	}
	refused(t, in("file/below"), ErrNotDirectory)
	refused(t, in("file/far/below"), ErrNotDirectory)
	if _, err := os.Lstat(in("nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the target of the dangling link is there: %v", err)
	}
}

func TestAPathMayLeadThroughALink(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "target"), 0o700), os.Symlink("target", filepath.Join(dir, "link")))
	put(t, open(t, filepath.Join(dir, "link", "store"), true), "a", "content")
	if _, err := os.Stat(filepath.Join(dir, "target", "store", "a")); err != nil {
		t.Error(err)
	}
}

func TestMissingParentsAreMadeForTheirOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b", "c")
	for range 2 { // the second time they are there
		d := open(t, path+"/", true)
		if d.Path() != path {
			t.Errorf("the path is %s, want %s", d.Path(), path)
		}
	}
	for _, made := range []string{"a", "a/b", "a/b/c"} {
		info, err := os.Lstat(filepath.Join(dir, made))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != fs.ModeDir|0o700 {
			t.Errorf("%s has mode %v", made, info.Mode())
		}
	}
}

func TestARelativePathIsMadeToo(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, open(t, "here", true), "a", "1")
	put(t, open(t, "there/below", true), "a", "2")
	put(t, open(t, ".", true), "a", "3")
	for path, want := range map[string]string{"here/a": "1", "there/below/a": "2", "a": "3"} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s holds %q, error %v", path, got, err)
		}
	}
}

func TestADirectoryIsHeldAndNotFoundAgainByItsPath(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store")
	d := open(t, path, true)
	must(t, os.Rename(path, filepath.Join(dir, "moved")), os.Mkdir(path, 0o700))
	put(t, d, "a", "content")
	mustLock(t, d, "LOCK", true)
	must(t, d.Sync())
	if names, err := d.List(); err != nil || !slices.Equal(names, []string{"LOCK", "a"}) {
		t.Errorf("%v, error %v", names, err)
	}
	if names, err := os.ReadDir(path); err != nil || len(names) != 0 {
		t.Errorf("the new directory has %v, error %v", names, err)
	}
}

func TestAClosedDirectoryRefusesEverything(t *testing.T) {
	d := open(t, t.TempDir(), false)
	put(t, d, "a", "content")
	must(t, d.Close())
	_, create := d.Create("b")
	_, read := d.Open("a", false)
	_, list := d.List()
	_, lock := d.Lock("LOCK", true)
	for what, err := range map[string]error{
		"create": create, "open": read, "list": list, "lock": lock, "rename": d.Rename("a", "b"), "remove": d.Remove("a"),
		"sync": d.Sync(),
	} {
		wantError(t, what, err, fs.ErrClosed)
	}
	if name, copyOnWrite := d.CopyOnWrite(); name != "unknown" || copyOnWrite {
		t.Errorf("the file system is %q", name)
	}
}

func TestTheFileSystemIsNamed(t *testing.T) {
	name, copyOnWrite := open(t, t.TempDir(), false).CopyOnWrite()
	if name == "" || name == "unknown" {
		t.Errorf("it is %q", name)
	}
	t.Logf("%s, copy-on-write %v", name, copyOnWrite)
	if name, copyOnWrite := NewMemory().CopyOnWrite(); name != "memory" || copyOnWrite {
		t.Errorf("in memory it is %q", name)
	}
}
