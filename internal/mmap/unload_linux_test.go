// This file holds what unloading does to pages on Linux: they leave the page tables and keep what was stored.

package mmap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// present tells of each page of a mapping whether it is in the page tables, as the kernel says.
func present(t *testing.T, m *Mapping) string {
	t.Helper()
	f, err := os.Open("/proc/self/pagemap")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	page := os.Getpagesize()
	entries := make([]byte, 8*len(m.data)/page)
	if _, err := f.ReadAt(entries, int64(uintptr(unsafe.Pointer(&m.data[0]))/uintptr(page)*8)); err != nil {
		t.Fatal(err)
	}
	var pages []byte
	for ; len(entries) > 0; entries = entries[8:] {
		pages = append(pages, "-p"[binary.NativeEndian.Uint64(entries)>>63])
	}
	return string(pages)
}

func TestUnloadTakesPagesOutOfThePageTablesAndKeepsWhatWasStored(t *testing.T) {
	page := os.Getpagesize()
	f := newFile(t, 8*page)
	m := mustMap(t, f, 8*page, ReadWrite)
	stored := make([]byte, 8*page)
	for i := range stored {
		stored[i] = byte(i%251 + 1)
	}
	for _, c := range []struct {
		offset, length int
		left           string
	}{
		{0, 0, "pppppppp"},
		{0, 8 * page, "--------"},
		{2 * page, 3 * page, "pp---ppp"},
		{2*page + 8, 8, "pp-ppppp"},
		{3*page - 8, 16, "pp--pppp"},
		{8*page - 8, 8, "ppppppp-"},
	} {
		m.Store(0, stored)
		if pages := present(t, m); pages != "pppppppp" {
			t.Fatalf("%s after a store into all of it", pages)
		}
		if err := m.Unload(c.offset, c.length); err != nil {
			t.Fatal(err)
		}
		if pages := present(t, m); pages != c.left {
			t.Errorf("unload %d at %d left %s, want %s", c.length, c.offset, pages, c.left)
		}
		// The file, which a sync writes, and the mapping have what was stored.
		in, err := io.ReadAll(io.NewSectionReader(f, 0, int64(8*page)))
		if err != nil || !bytes.Equal(in, stored) || !bytes.Equal(m.Bytes(), stored) {
			t.Fatalf("unload %d at %d changed bytes; %v", c.length, c.offset, err)
		}
		for i := range stored {
			stored[i]++ // and what is stored next arrives
		}
	}
}

func TestPagesThatAreLockedInMemoryStay(t *testing.T) {
	page := os.Getpagesize()
	m := mustMap(t, newFile(t, 2*page), 2*page, ReadWrite)
	if err := unix.Mlock(m.data); err != nil {
		t.Skip(err) // beyond this process's limit
	}
	if err := m.Unload(0, 2*page); err != nil {
		t.Error(err)
	}
	if pages := present(t, m); pages != "pp" {
		t.Error(pages)
	}
}

func TestUnloadRefusesWhatIsNotMapped(t *testing.T) {
	for kind, m := range kinds(t, 4096) {
		for _, r := range [][2]int{{-1, 8}, {0, -1}, {0, 4097}, {4096, 1}, {1 << 62, 1 << 62}} {
			if err := m.Unload(r[0], r[1]); !errors.Is(err, ErrRange) {
				t.Errorf("%s: %v: %v", kind, r, err)
			}
		}
		if err := m.Unload(4096, 0); err != nil {
			t.Errorf("%s: nothing at the end: %v", kind, err)
		}
		if err := m.Unmap(); err != nil {
			t.Fatal(err)
		}
		if err := m.Unload(0, 8); !errors.Is(err, ErrUnmapped) {
			t.Errorf("%s: after unmap: %v", kind, err)
		}
	}
}

// BenchmarkSyncOfManyPages syncs pages that were stored into, with and without unloading them first, while another
// processor runs the same process.
func BenchmarkSyncOfManyPages(b *testing.B) {
	page := os.Getpagesize()
	for _, pages := range []int{1, 4, 16, 64, 256} {
		for _, unloads := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d/unload=%v", pages, unloads), func(b *testing.B) {
				f := newFile(b, pages*page)
				m := mustMap(b, f, pages*page, ReadWrite)
				unit := make([]byte, pages*page)
				var stop atomic.Bool
				defer stop.Store(true)
				go func() {
					for !stop.Load() { // it is to keep a processor busy
					}
				}()
				for b.Loop() {
					m.Store(0, unit)
					if unloads {
						if err := m.Unload(0, len(unit)); err != nil {
							b.Fatal(err)
						}
					}
					if err := unix.Fdatasync(int(f.Fd())); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
