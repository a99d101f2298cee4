// This file holds the contract of mappings: what they share with their file and with each other.

package vfs

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/batpak/batpak/internal/mmap"
)

// mustMap maps and leaves unmapping to the end of the test; doing it earlier does no harm.
func mustMap(t testing.TB, f File, length int64, mode mmap.Mode) *mmap.Mapping {
	t.Helper()
	m, err := f.Map(length, mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Unmap(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func TestAMappingShowsTheFile(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "a", "0123456789")
		f := mustOpen(t, d, "a", false)
		if got := string(mustMap(t, f, 10, mmap.ReadOnly).Bytes()); got != "0123456789" {
			t.Errorf("all of it is %q", got)
		}
		if got := string(mustMap(t, f, 4, mmap.ReadOnly).Bytes()); got != "0123" {
			t.Errorf("4 bytes are %q", got)
		}
	})
}

func TestAMappingBehindTheEndIsRefused(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "a", "0123456789")
		f := mustOpen(t, d, "a", true)
		for _, length := range []int64{math.MinInt64, -1, 0, 11, math.MaxInt64} {
			_, err := f.Map(length, mmap.ReadOnly)
			wantError(t, "map", err, mmap.ErrRange)
		}
		if _, err := f.Map(10, 7); err == nil {
			t.Error("an unknown mode is accepted")
		}
		_, err := mustCreate(t, d, "empty").Map(1, mmap.ReadWrite)
		wantError(t, "map of an empty file", err, mmap.ErrRange)
	})
}

func TestAllMappingsAndOpeningsOfAFileShareItsBytes(t *testing.T) {
	const length = 1 << 16
	onEveryDir(t, func(t *testing.T, d Dir) {
		writer := mustCreate(t, d, "a")
		must(t, writer.Reserve(length))
		reader := mustOpen(t, d, "a", false)
		must(t, d.Rename("a", "b"))
		late := mustOpen(t, d, "b", true)
		stored := mustMap(t, writer, length, mmap.ReadWrite)
		mappings := []*mmap.Mapping{
			stored,
			mustMap(t, reader, length, mmap.ReadOnly),
			mustMap(t, writer, 4096, mmap.ReadOnly),
			mustMap(t, late, length, mmap.ReadWrite),
		}
		check := func(what, want string) {
			t.Helper()
			for n, m := range mappings {
				if got := string(m.Bytes()[64 : 64+len(want)]); got != want {
					t.Errorf("%s: mapping %d shows %q", what, n, got)
				}
			}
			for n, f := range []File{writer, reader, late} {
				if got := contentOf(t, f)[64 : 64+len(want)]; got != want {
					t.Errorf("%s: file %d reads %q", what, n, got)
				}
			}
		}
		stored.Store(64, []byte("stored.."))
		check("store", "stored..")
		_, err := late.WriteAt([]byte("written"), 64)
		must(t, err)
		check("write", "written.")
		mappings[3].Store(64, []byte("the other writer"))
		check("store by another", "the other writer")
	})
}

func TestWhatWasStoredIsInTheFileAfterwards(t *testing.T) {
	const length = 8192
	onEveryDir(t, func(t *testing.T, d Dir) {
		f := mustCreate(t, d, "a")
		must(t, f.Reserve(length))
		m := mustMap(t, f, length, mmap.ReadWrite)
		m.Store(0, []byte("before closing.."))
		must(t, f.Close())
		m.Store(4096, []byte("after it"))
		if got := get(t, d, "a")[4096:4104]; got != "after it" {
			t.Errorf("while mapped: %q", got)
		}
		must(t, m.Unmap())
		got := get(t, d, "a")
		if len(got) != length || got[:16] != "before closing.." || got[4096:4104] != "after it" {
			t.Errorf("afterwards: %d bytes, %q, %q", len(got), got[:16], got[4096:4104])
		}
	})
}

func TestAMappingOutlivesTheNameOfItsFile(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "a", "0123456789abcdef")
		f := mustOpen(t, d, "a", true)
		m := mustMap(t, f, 16, mmap.ReadWrite)
		must(t, d.Remove("a"))
		put(t, d, "a", "something else..")
		m.Store(8, []byte("STORED.."))
		if got := string(m.Bytes()); got != "01234567STORED.." {
			t.Errorf("the mapping shows %q", got)
		}
		must(t, f.Close(), m.Unmap())
		if got := get(t, d, "a"); got != "something else.." {
			t.Errorf("the new file holds %q", got)
		}
	})
}

func TestTruncatedBytesAreGoneAfterExtendingAgain(t *testing.T) {
	const page = 1 << 16 // of any system
	onEveryDir(t, func(t *testing.T, d Dir) {
		f := mustCreate(t, d, "a")
		must(t, f.Reserve(2*page))
		m := mustMap(t, f, 2*page, mmap.ReadWrite)
		m.Store(0, []byte("kept...."))
		m.Store(page, []byte("cut off."))
		must(t, f.Truncate(page), f.Reserve(2*page))
		if got := string(m.Bytes()[page : page+8]); got != string(make([]byte, 8)) {
			t.Errorf("the mapping shows %q", got)
		}
		must(t, f.SyncData(), m.Unmap())
		got := contentOf(t, f)
		if len(got) != 2*page || got[:8] != "kept...." || got[page:page+8] != string(make([]byte, 8)) {
			t.Errorf("the file has %d bytes, %q, %q", len(got), got[:8], got[page:page+8])
		}
	})
}

func TestAFileMayGrowBehindItsMappings(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "a", "01234567")
		f := mustOpen(t, d, "a", true)
		m := mustMap(t, f, 8, mmap.ReadWrite)
		_, err := f.WriteAt([]byte("behind the mapping"), 8)
		must(t, err)
		m.Store(0, []byte("STORED.."))
		if got := contentOf(t, f); got != "STORED..behind the mapping" {
			t.Errorf("it holds %q", got)
		}
		must(t, m.Unmap())
		if got := string(mustMap(t, f, 26, mmap.ReadOnly).Bytes()); got != "STORED..behind the mapping" {
			t.Errorf("a new mapping shows %q", got)
		}
	})
}

func TestAMappedFileMayBePopulatedAndSynced(t *testing.T) {
	const length = 1 << 20
	onEveryDir(t, func(t *testing.T, d Dir) {
		f := mustCreate(t, d, "a")
		must(t, f.Reserve(length))
		m := mustMap(t, f, length, mmap.ReadWrite)
		must(t, m.PopulateWrite(0, length), f.SyncAll(), d.Sync(), m.PopulateWrite(0, length))
		m.Store(0, []byte("stored.."))
		must(t, f.SyncData())
		reader := mustMap(t, mustOpen(t, d, "a", false), length, mmap.ReadOnly)
		must(t, reader.PopulateRead(0, length))
		if got := string(reader.Bytes()[:8]); got != "stored.." {
			t.Errorf("it reads %q", got)
		}
		if err := reader.PopulateRead(0, length+1); !errors.Is(err, mmap.ErrRange) {
			t.Errorf("populating behind the mapping: %v", err)
		}
	})
}

func TestAMappingShowsWhatWasWrittenBetweenHoles(t *testing.T) {
	const length, step = 4 << 20, 1 << 20
	onEveryDir(t, func(t *testing.T, d Dir) {
		f := mustCreate(t, d, "a")
		must(t, f.Reserve(length))
		want := make([]byte, length)
		for _, at := range []int{step, 2*step - 1, 3 * step, length - 2} { // the first and the last bytes are holes
			want[at] = byte(at/step + 1)
			_, err := f.WriteAt(want[at:at+1], int64(at))
			must(t, err)
		}
		if got := mustMap(t, f, length, mmap.ReadOnly).Bytes(); !bytes.Equal(got, want) {
			t.Error("the mapping differs")
		}
		must(t, f.Truncate(2*step), f.Reserve(length))
		clear(want[2*step:])
		if got := contentOf(t, f); got != string(want) {
			t.Error("the file differs after it was cut and reserved again")
		}
	})
}
