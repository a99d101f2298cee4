// This file holds what populating does on Linux, seen in the page faults that the thread takes afterwards.

package mmap

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/batpak/batpak/internal/fault"
)

// needPopulate skips on kernels before 5.14, where populating does nothing.
func needPopulate(t *testing.T, m *Mapping) {
	if err := unix.Madvise(m.data, unix.MADV_POPULATE_READ); errors.Is(err, unix.EINVAL) {
		t.Skip("this kernel has no MADV_POPULATE_READ")
	}
}

// faultsOf returns how many page faults the thread takes while fn runs.
func faultsOf(t *testing.T, fn func()) int64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &before); err != nil {
		t.Fatal(err)
	}
	fn()
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &after); err != nil {
		t.Fatal(err)
	}
	return after.Minflt + after.Majflt - before.Minflt - before.Majflt
}

func TestPopulatedPagesAreStoredToWithoutFaults(t *testing.T) {
	const pages = 1024
	page := os.Getpagesize()
	f := newFile(t, pages*page)
	if err := unix.Fallocate(int(f.Fd()), 0, 0, int64(pages*page)); err != nil {
		t.Fatal(err)
	}
	m := mustMap(t, f, pages*page, ReadWrite)
	needPopulate(t, m)
	if err := m.PopulateWrite(0, pages*page); err != nil {
		t.Fatal(err)
	}
	unit := make([]byte, 8)
	faults := faultsOf(t, func() {
		for n := range pages {
			m.Store(n*page, unit)
		}
	})
	if faults > pages/8 {
		t.Errorf("%d faults while storing to %d populated pages", faults, pages)
	}
}

func TestPagesPopulatedForReadingAreReadWithoutFaults(t *testing.T) {
	const pages = 1024
	page := os.Getpagesize()
	f := newFile(t, pages*page)
	m := mustMap(t, f, pages*page, ReadOnly)
	needPopulate(t, m)
	if err := m.PopulateRead(0, pages*page); err != nil {
		t.Fatal(err)
	}
	faults := faultsOf(t, func() {
		for n := range pages {
			m.Load(n * page)
		}
	})
	if faults > pages/8 {
		t.Errorf("%d faults while reading %d populated pages", faults, pages)
	}
}

func TestPopulatingACutFileIsAMapFault(t *testing.T) {
	page := os.Getpagesize()
	f := newFile(t, 4*page)
	m := mustMap(t, f, 4*page, ReadWrite)
	needPopulate(t, m)
	if err := f.Truncate(int64(page)); err != nil {
		t.Fatal(err)
	}
	for call, err := range map[string]error{
		"read": m.PopulateRead(0, 4*page), "write": m.PopulateWrite(0, 4*page),
	} {
		if !errors.Is(err, fault.ErrMapFault) || !errors.Is(err, unix.EFAULT) {
			t.Errorf("for %s: %v", call, err)
		}
	}
	if err := errors.Join(m.PopulateRead(0, page), m.PopulateWrite(0, page)); err != nil {
		t.Errorf("before the cut: %v", err)
	}
}
