// This file holds the contract of files: bytes, sizes, space, syncs, closing.

package vfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"sync"
	"testing"

	"github.com/batpak/batpak/internal/mmap"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		f := mustCreate(t, d, "a")
		if n, err := f.WriteAt([]byte("behind"), 10); n != 6 || err != nil {
			t.Fatalf("%d bytes, error %v", n, err)
		}
		if n, err := f.WriteAt(nil, 100); n != 0 || err != nil {
			t.Fatalf("%d bytes, error %v", n, err)
		}
		want := string(make([]byte, 10)) + "behind"
		if got := contentOf(t, f); got != want {
			t.Errorf("the writer reads %q", got)
		}
		if got := get(t, d, "a"); got != want {
			t.Errorf("another reads %q", got)
		}
	})
}

func TestReadingEndsWithTheFile(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "a", "0123456789")
		f := mustOpen(t, d, "a", false)
		for _, test := range []struct {
			length int
			offset int64
			want   string
			err    error
		}{
			{10, 0, "0123456789", nil}, {3, 7, "789", nil}, {0, 3, "", nil},
			{11, 0, "0123456789", io.EOF}, {5, 8, "89", io.EOF}, {1, 10, "", io.EOF}, {1, 1 << 40, "", io.EOF},
		} {
			p := make([]byte, test.length)
			n, err := f.ReadAt(p, test.offset)
			if string(p[:n]) != test.want || err != test.err {
				t.Errorf("%d bytes at %d: %q, error %v", test.length, test.offset, p[:n], err)
			}
		}
		if _, err := f.ReadAt(make([]byte, 1), -1); err == nil || err == io.EOF {
			t.Errorf("before the beginning: %v", err)
		}
	})
}

func TestAFileOpenForReadingIsNotWritten(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "a", "content")
		f := mustOpen(t, d, "a", false)
		_, write := f.WriteAt([]byte("x"), 0)
		_, mapping := f.Map(7, mmap.ReadWrite)
		for what, err := range map[string]error{
			"write": write, "truncate": f.Truncate(1), "reserve": f.Reserve(100), "map": mapping,
		} {
			if err == nil {
				t.Errorf("%s: accepted", what)
			}
		}
		wantError(t, "map", mapping, fs.ErrPermission)
		if got := get(t, d, "a"); got != "content" {
			t.Errorf("it holds %q", got)
		}
	})
}

func TestTruncatingCutsAndExtendsWithZeros(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "a", "0123456789")
		f := mustOpen(t, d, "a", true)
		must(t, f.Truncate(4), f.Truncate(8))
		if got := contentOf(t, f); got != "0123\x00\x00\x00\x00" {
			t.Errorf("it holds %q", got)
		}
		must(t, f.Truncate(0))
		if size, err := f.Size(); size != 0 || err != nil {
			t.Errorf("size %d, error %v", size, err)
		}
		if err := f.Truncate(-1); err == nil {
			t.Error("a negative size is accepted")
		}
	})
}

func TestReservingChangesNoByteAndShortensNothing(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "a", "0123456789")
		f := mustOpen(t, d, "a", true)
		must(t, f.Reserve(0), f.Reserve(5))
		if got := contentOf(t, f); got != "0123456789" {
			t.Errorf("it holds %q", got)
		}
		must(t, f.Reserve(100_000), f.Reserve(100_000))
		if got, want := contentOf(t, f), "0123456789"+string(make([]byte, 100_000-10)); got != want {
			t.Error("reserving changed bytes")
		}
		wantError(t, "a negative size", f.Reserve(-1), fs.ErrInvalid)
	})
}

func TestASyncSucceedsOnEveryOpenFile(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "a", "content")
		for _, writable := range []bool{true, false} {
			f := mustOpen(t, d, "a", writable)
			must(t, f.SyncData(), f.SyncAll())
		}
		must(t, d.Sync())
	})
}

func TestAClosedFileRefusesEverything(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		put(t, d, "a", "content")
		f := mustOpen(t, d, "a", true)
		m, err := f.Map(7, mmap.ReadWrite)
		must(t, err)
		must(t, f.Close(), f.Close())
		_, read := f.ReadAt(make([]byte, 1), 0)
		_, write := f.WriteAt([]byte("x"), 0)
		_, size := f.Size()
		_, mapping := f.Map(1, mmap.ReadOnly)
		for what, err := range map[string]error{
			"read": read, "write": write, "size": size, "truncate": f.Truncate(1), "reserve": f.Reserve(1),
			"sync data": f.SyncData(), "sync": f.SyncAll(), "map": mapping,
		} {
			wantError(t, what, err, fs.ErrClosed)
		}
		if got := string(m.Bytes()); got != "content" { // the mapping goes on
			t.Errorf("the mapping shows %q", got)
		}
		must(t, m.Unmap())
	})
}

func TestManyMayUseAFileAtOnce(t *testing.T) {
	const users, rounds, size = 4, 50, 100
	onEveryDir(t, func(t *testing.T, d Dir) {
		f := mustCreate(t, d, "a")
		var wg sync.WaitGroup
		for user := range users {
			wg.Go(func() {
				want, got := bytes.Repeat([]byte{byte('a' + user)}, size), make([]byte, size)
				for round := range rounds {
					offset := int64(user*rounds+round) * size
					_, written := f.WriteAt(want, offset)
					_, read := f.ReadAt(got, offset)
					_, sized := f.Size()
					if err := errors.Join(written, read, sized); err != nil || !bytes.Equal(got, want) {
						t.Errorf("user %d, round %d: %q, error %v", user, round, got, err)
					}
				}
			})
		}
		wg.Wait()
	})
}
