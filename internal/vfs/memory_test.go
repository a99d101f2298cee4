// This file holds what only a directory in memory does: capacity, and outliving its Close.

package vfs

import (
	"syscall"
	"testing"

	"github.com/batpak/batpak/internal/mmap"
)

func TestADirectoryInMemoryOutlivesItsClose(t *testing.T) {
	d := NewMemory()
	f := reserved(t, d, "a", 16)
	m := mustMap(t, f, 16, mmap.ReadWrite)
	m.Store(0, []byte("stored.."))
	must(t, d.Sync(), d.Close())
	put(t, d, "b", "afterwards")
	if got := get(t, d, "a")[:8]; got != "stored.." { // as another opening after a crash would see it
		t.Errorf("it holds %q", got)
	}
	must(t, m.Unmap(), f.Close(), d.Close())
	if got := get(t, d, "a")[:8] + get(t, d, "b"); got != "stored..afterwards" {
		t.Errorf("they hold %q", got)
	}
}

func TestACapacityBoundsEverythingThatExtends(t *testing.T) {
	d := NewMemory()
	d.SetCapacity(1000)
	a, b := reserved(t, d, "a", 600), mustCreate(t, d, "b")
	_, write := b.WriteAt(make([]byte, 1), 400)
	for what, err := range map[string]error{"reserve": b.Reserve(401), "truncate": b.Truncate(401), "write": write} {
		wantError(t, what, err, ErrNoSpace, syscall.ENOSPC)
	}
	if size, err := b.Size(); size != 0 || err != nil {
		t.Errorf("size %d, error %v", size, err)
	}
	must(t, b.Reserve(400), a.Reserve(600), a.Reserve(100))
	wantError(t, "one more", a.Reserve(601), ErrNoSpace)
	_, err := a.WriteAt(make([]byte, 600), 0) // in its own space
	must(t, err)
	_, err = d.Lock("LOCK", true)
	wantError(t, "lock", err, ErrNoSpace)
	d.SetCapacity(0)
	must(t, a.Reserve(1<<20))
}

func TestSpaceComesBackWhenNobodyHasTheFile(t *testing.T) {
	d := NewMemory()
	d.SetCapacity(1000)
	a := reserved(t, d, "a", 1000)
	m := mustMap(t, a, 1000, mmap.ReadOnly)
	b := mustCreate(t, d, "b")
	must(t, d.Remove("a"))
	wantError(t, "open and mapped", b.Reserve(1), ErrNoSpace)
	must(t, a.Close())
	wantError(t, "mapped", b.Reserve(1), ErrNoSpace)
	must(t, m.Unmap(), b.Reserve(1000), b.Truncate(0))

	c := reserved(t, d, "c", 900)
	must(t, c.Close(), d.Rename("b", "c"))
	must(t, reserved(t, d, "d", 1000).Close()) // c was replaced
}

func TestATruncatedFileGivesItsMemoryBack(t *testing.T) {
	d := NewMemory()
	f := reserved(t, d, "a", 1<<20)
	must(t, f.Truncate(100))
	if held := cap(d.disk.files["a"].bytes); held > 1000 {
		t.Errorf("it holds %d bytes", held)
	}
}

func TestWhatWasNeverWrittenTakesNoMemory(t *testing.T) {
	d := NewMemory()
	f := reserved(t, d, "a", 1<<40)
	_, err := f.WriteAt([]byte("written"), 100)
	must(t, err)
	if held := cap(d.disk.files["a"].bytes); held > 1000 {
		t.Errorf("it holds %d bytes", held)
	}
	last := []byte{1}
	if n, err := f.ReadAt(last, 1<<40-1); n != 1 || err != nil || last[0] != 0 {
		t.Errorf("the last byte is %d, %d read, %v", last[0], n, err)
	}
}
