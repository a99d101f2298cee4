// This file holds the directories that the contract is tested on, and the contract of names and entries. That of files is
// in contract_file_test.go, that of mappings in contract_map_test.go, that of locks in contract_lock_test.go.

package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
)

// onEveryDir runs a test on each implementation of Dir, on an empty directory.
func onEveryDir(t *testing.T, test func(t *testing.T, d Dir)) {
	t.Helper()
	agree := func(Op) error { return nil }
	for _, kind := range []struct {
		name string
		dir  func(t *testing.T) Dir
	}{
		{"real", func(t *testing.T) Dir { return openReal(t) }},
		{"heap-backed", func(t *testing.T) Dir { return HeapBacked(openReal(t)) }},
		{"memory", func(t *testing.T) Dir { return NewMemory() }},
		{"faulty real", func(t *testing.T) Dir { return Faulty(openReal(t), agree) }},
		{"heap-backed faulty real", func(t *testing.T) Dir { return HeapBacked(Faulty(openReal(t), agree)) }},
		{"faulty memory", func(t *testing.T) Dir { return Faulty(NewMemory(), agree) }},
		{"as opened", func(t *testing.T) Dir { return open(t, t.TempDir(), false) }},
	} {
		t.Run(kind.name, func(t *testing.T) { test(t, kind.dir(t)) })
	}
}

// openReal opens a new real directory, in race builds too.
func openReal(t testing.TB) *directory {
	t.Helper()
	d, err := openDirectory(t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, d)
	return d
}

// open is OpenDir that has to succeed.
func open(t testing.TB, path string, create bool) Dir {
	t.Helper()
	d, err := OpenDir(path, create)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, d)
	return d
}

func closeAfter(t testing.TB, c interface{ Close() error }) {
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func mustCreate(t testing.TB, d Dir, name string) File {
	t.Helper()
	f, err := d.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, f)
	return f
}

func mustOpen(t testing.TB, d Dir, name string, writable bool) File {
	t.Helper()
	f, err := d.Open(name, writable)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, f)
	return f
}

// must fails the test unless every error is nil.
func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// wantError checks an error against the sentinels that it must be.
func wantError(t testing.TB, what string, err error, sentinels ...error) {
	t.Helper()
	for _, sentinel := range sentinels {
		if !errors.Is(err, sentinel) {
			t.Errorf("%s: got %v, want %v", what, err, sentinel)
		}
	}
}

// put makes a file that holds text.
func put(t testing.TB, d Dir, name, text string) {
	t.Helper()
	f, err := d.Create(name)
	must(t, err)
	_, err = f.WriteAt([]byte(text), 0)
	must(t, err, f.Close())
}

// get returns what a file holds.
func get(t testing.TB, d Dir, name string) string {
	t.Helper()
	f, err := d.Open(name, false)
	must(t, err)
	text := contentOf(t, f)
	must(t, f.Close())
	return text
}

// contentOf returns what an open file holds.
func contentOf(t testing.TB, f File) string {
	t.Helper()
	size, err := f.Size()
	must(t, err)
	p := make([]byte, size)
	n, err := f.ReadAt(p, 0)
	if int64(n) != size {
		t.Fatalf("%d of %d bytes: %v", n, size, err)
	}
	return string(p)
}

func TestAFileIsCreatedOnce(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		if f := mustCreate(t, d, "a"); f.Name() != "a" {
			t.Errorf("its name is %q", f.Name())
		}
		_, err := d.Create("a")
		wantError(t, "again", err, fs.ErrExist)
		if !strings.Contains(err.Error(), d.Path()) {
			t.Errorf("%v does not name the path %s", err, d.Path())
		}
	})
}

func TestAMissingFileIsNotThere(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		_, err := d.Open("a", false)
		wantError(t, "open", err, fs.ErrNotExist)
		_, err = d.Open("a", true)
		wantError(t, "open for writing", err, fs.ErrNotExist)
		wantError(t, "rename", d.Rename("a", "b"), fs.ErrNotExist)
		wantError(t, "remove", d.Remove("a"), fs.ErrNotExist)
		_, err = d.Lock("a", false)
		wantError(t, "shared lock", err, fs.ErrNotExist)
		if names, err := d.List(); err != nil || len(names) != 0 {
			t.Errorf("%v appeared, error %v", names, err)
		}
	})
}

func TestWhatIsNoBaseNameIsRefused(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "good", "")
		for _, name := range []string{"", ".", "..", "a/b", "/a", "a/", "../a", "a\x00b"} {
			_, create := d.Create(name)
			_, read := d.Open(name, false)
			_, write := d.Open(name, true)
			_, lock := d.Lock(name, true)
			for what, err := range map[string]error{
				"create": create, "open": read, "open for writing": write, "lock": lock, "remove": d.Remove(name),
				"rename from": d.Rename(name, "a"), "rename to": d.Rename("good", name),
			} {
				wantError(t, fmt.Sprintf("%s %q", what, name), err, ErrName)
			}
		}
		if names, err := d.List(); err != nil || !slices.Equal(names, []string{"good"}) {
			t.Errorf("left: %v, error %v", names, err)
		}
	})
}

func TestNamesAreListedInOrder(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		var want []string
		for n := range 100 {
			name := fmt.Sprintf("%d", n*37%100)
			put(t, d, name, name)
			want = append(want, name)
		}
		slices.Sort(want)
		for range 2 { // the second listing starts at the beginning again
			if names, err := d.List(); err != nil || !slices.Equal(names, want) {
				t.Errorf("got %v, error %v", names, err)
			}
		}
	})
}

func TestARenameReplaces(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "a", "content of a")
		put(t, d, "b", "content of b")
		a, b := mustOpen(t, d, "a", false), mustOpen(t, d, "b", false)
		must(t, d.Rename("a", "b"), d.Sync())
		if got := get(t, d, "b"); got != "content of a" {
			t.Errorf("b holds %q", got)
		}
		_, err := d.Open("a", false)
		wantError(t, "the old name", err, fs.ErrNotExist)
		if contentOf(t, a) != "content of a" || contentOf(t, b) != "content of b" || a.Name() != "a" {
			t.Error("an open file changed")
		}
		must(t, d.Rename("b", "b"))
		if got := get(t, d, "b"); got != "content of a" {
			t.Errorf("renamed to itself, b holds %q", got)
		}
	})
}

func TestARemovedFileStaysForWhoHasItOpen(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "a", "content of a")
		f := mustOpen(t, d, "a", true)
		must(t, d.Remove("a"), d.Sync())
		put(t, d, "a", "another")
		_, err := f.WriteAt([]byte("C"), 0)
		must(t, err)
		if got := contentOf(t, f); got != "Content of a" {
			t.Errorf("the removed file holds %q", got)
		}
		if got := get(t, d, "a"); got != "another" {
			t.Errorf("the new file holds %q", got)
		}
	})
}

func TestManyMayUseADirectoryAtOnce(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for n := range 25 {
					name := fmt.Sprintf("%d-%d", g, n)
					f, err := d.Create(name)
					if err != nil {
						t.Error(err)
						return
					}
					_, written := f.WriteAt([]byte(name), 0)
					_, listed := d.List()
					if err := errors.Join(written, listed, f.SyncAll(), f.Close(), d.Rename(name, name+"x"), d.Sync()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if names, err := d.List(); err != nil || len(names) != 100 {
			t.Errorf("%d names, error %v", len(names), err)
		}
	})
}

func TestADirectoryMayBeClosedAgain(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "a", "content")
		f := mustOpen(t, d, "a", true)
		must(t, d.Close(), d.Close())
		if got := contentOf(t, f); got != "content" { // files go on
			t.Errorf("it holds %q", got)
		}
	})
}
