// This file holds what the tests share: files with content, and disks that a power cut leaves.

package simdisk

import (
	"bytes"
	"testing"

	"github.com/batpak/batpak/internal/mmap"
	"github.com/batpak/batpak/internal/vfs"
)

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func create(t *testing.T, d *Directory, name string, size int64) vfs.File {
	t.Helper()
	f, err := d.Create(name)
	must(t, err)
	if size > 0 {
		must(t, f.Reserve(size))
	}
	return f
}

// durable is a file whose name and size are on the disk.
func durable(t *testing.T, d *Directory, name string, size int64) vfs.File {
	t.Helper()
	f := create(t, d, name, size)
	must(t, f.SyncAll(), d.Sync())
	return f
}

func write(t *testing.T, f vfs.File, offset int64, b []byte) {
	t.Helper()
	_, err := f.WriteAt(b, offset)
	must(t, err)
}

func mapped(t *testing.T, f vfs.File) *mmap.Mapping {
	t.Helper()
	size, err := f.Size()
	must(t, err)
	m, err := f.Map(size, mmap.ReadWrite)
	must(t, err)
	return m
}

// filled returns n bytes of value v.
func filled(n int, v byte) []byte { return bytes.Repeat([]byte{v}, n) }

// wantFill fails unless the file is v from offset on for n bytes.
func wantFill(t *testing.T, d *Disk, name string, offset, n int, v byte) {
	t.Helper()
	b, ok := d.Content(name)
	switch {
	case !ok:
		t.Errorf("there is no %s", name)
	case len(b) < offset+n:
		t.Errorf("%s has %d bytes", name, len(b))
	case !bytes.Equal(b[offset:offset+n], filled(n, v)):
		t.Errorf("%s holds %d at %d, want %d", name, b[offset:offset+min(n, 16)], offset, v)
	}
}

// outcomes returns the different contents that power cuts may leave of a file, by trying every candidate at every
// place with the others oldest.
func outcomes(d *Disk, name string) map[string]bool {
	found := make(map[string]bool)
	places := d.Stat().Places
	for place := range max(places, 1) {
		for candidate, n := 0, 1; candidate < n; candidate++ {
			image := d.PowerCut(func(p Place, of int) int {
				if p.Kind == NamePlace {
					return of - 1
				}
				if p.Index != place {
					return 0
				}
				n = of
				return candidate
			})
			b, _ := image.Content(name)
			found[string(b)] = true
		}
	}
	return found
}
