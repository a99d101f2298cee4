// This file holds the proof that a fault becomes an error, that nothing else does, and that the setting is put back.

package fault_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/batpak/batpak/internal/fault"
	"github.com/batpak/batpak/internal/mmap"
)

// mapped returns a file of some pages and a mapping of all of it.
func mapped(t testing.TB, pages int, mode mmap.Mode) (*os.File, *mmap.Mapping) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	length := pages * os.Getpagesize()
	if err := f.Truncate(int64(length)); err != nil {
		t.Fatal(err)
	}
	m, err := mmap.Map(f, length, mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(m.Unmap(), f.Close()); err != nil {
			t.Error(err)
		}
	})
	return f, m
}

func resize(t testing.TB, f *os.File, size int) {
	t.Helper()
	if err := f.Truncate(int64(size)); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsThereIsCopied(t *testing.T) {
	f, m := mapped(t, 2, mmap.ReadOnly)
	want := bytes.Repeat([]byte("event"), 1000)
	if _, err := f.WriteAt(want, 100); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if err := fault.Copy(got, m.Bytes()[100:]); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("copied wrongly, error %v", err)
	}
}

func TestTheShorterSliceBoundsTheCopy(t *testing.T) {
	for _, test := range []struct{ dst, src, want string }{
		{"....", "ab", "ab.."}, {"..", "abcd", "ab"}, {"", "ab", ""}, {"..", "", ".."},
	} {
		dst := []byte(test.dst)
		if err := fault.Copy(dst, []byte(test.src)); err != nil || string(dst) != test.want {
			t.Errorf("copying %q over %q: %q, error %v", test.src, test.dst, dst, err)
		}
	}
}

func TestAFileCutUnderItsMappingIsAnErrorEveryTime(t *testing.T) {
	const rounds = 5000
	page := os.Getpagesize()
	f, m := mapped(t, 4, mmap.ReadOnly)
	dst := make([]byte, 4*page)
	for round := range rounds {
		kept := round % 4 // pages
		resize(t, f, kept*page)
		err := fault.Copy(dst, m.Bytes())
		var detail *fault.Error
		if !errors.Is(err, fault.ErrMapFault) || !errors.As(err, &detail) {
			t.Fatalf("round %d: %v", round, err)
		}
		// The copy may read from either end, and faults somewhere in what is gone.
		if detail.Offset < kept*page || detail.Offset >= 4*page {
			t.Fatalf("round %d: fault at %d, but only what is behind %d is gone", round, detail.Offset, kept*page)
		}
		resize(t, f, 4*page)
		if err := fault.Copy(dst, m.Bytes()); err != nil {
			t.Fatalf("round %d, after extending again: %v", round, err)
		}
	}
}

func TestAStoreIntoACutFileIsAnErrorEveryTime(t *testing.T) {
	const rounds = 5000
	page := os.Getpagesize()
	f, m := mapped(t, 2, mmap.ReadWrite)
	unit := bytes.Repeat([]byte{7}, 64)
	for round := range rounds {
		resize(t, f, page)
		if err := fault.Guard(func() { m.Store(page, unit) }); !errors.Is(err, fault.ErrMapFault) {
			t.Fatalf("round %d: %v", round, err)
		}
		if err := fault.Guard(func() { m.Load(page) }); !errors.Is(err, fault.ErrMapFault) {
			t.Fatalf("round %d, load: %v", round, err)
		}
		if err := fault.Guard(func() { m.Store(0, unit) }); err != nil {
			t.Fatalf("round %d, before the cut: %v", round, err)
		}
		resize(t, f, 2*page)
	}
}

func TestAnEmptiedFileFaultsAtItsFirstByte(t *testing.T) {
	f, m := mapped(t, 1, mmap.ReadOnly)
	resize(t, f, 0)
	err := fault.Copy(make([]byte, 1), m.Bytes())
	if want := "mapped memory can't be accessed: fault at byte 0 of the copied range"; err == nil || err.Error() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
	err = fault.Guard(func() { m.Load(0) })
	if want := "mapped memory can't be accessed"; err == nil || err.Error() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
}

// panicked returns what fn panics with.
func panicked(fn func()) (raised any) {
	defer func() { raised = recover() }()
	fn()
	return nil
}

func TestEveryOtherPanicGoesOn(t *testing.T) {
	cause := errors.New("cause")
	if raised := panicked(func() { fault.Guard(func() { panic(cause) }) }); raised != cause {
		t.Errorf("panic(cause) arrives as %v", raised)
	}
	var nothing *int
	var list []int
	for name, fn := range map[string]func(){
		"nil pointer":  func() { *nothing = 1 },
		"out of range": func() { _ = list[3] },
	} {
		raised := panicked(func() { fault.Guard(fn) })
		if _, ok := raised.(runtime.Error); !ok {
			t.Errorf("%s arrives as %v", name, raised)
		}
	}
}

func TestAFaultOutsideTheSourceOfACopyPanics(t *testing.T) {
	f, m := mapped(t, 1, mmap.ReadWrite)
	resize(t, f, 0)
	raised := panicked(func() { fault.Copy(m.Bytes(), make([]byte, 100)) })
	if _, ok := raised.(interface{ Addr() uintptr }); !ok {
		t.Errorf("a fault of the destination arrives as %v", raised)
	}
}

func TestThePreviousSettingIsRestored(t *testing.T) {
	f, m := mapped(t, 1, mmap.ReadOnly)
	resize(t, f, 0)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(false))
	for _, before := range []bool{false, true} {
		for name, call := range map[string]func(){
			"Copy":                 func() { fault.Copy(make([]byte, 1), []byte{1}) },
			"Copy that faults":     func() { fault.Copy(make([]byte, 1), m.Bytes()) },
			"Guard":                func() { fault.Guard(func() {}) },
			"Guard that faults":    func() { fault.Guard(func() { m.Load(0) }) },
			"Guard within Guard":   func() { fault.Guard(func() { fault.Guard(func() { m.Load(0) }) }) },
			"Guard of a panic":     func() { panicked(func() { fault.Guard(func() { panic("other") }) }) },
			"Guard that is exited": exitInGuard,
		} {
			debug.SetPanicOnFault(before)
			call()
			if after := debug.SetPanicOnFault(before); after != before {
				t.Errorf("%s: the setting was %v and is %v", name, before, after)
			}
		}
	}
}

// exitInGuard ends a goroutine inside a guarded function, which must neither hang nor return.
func exitInGuard() {
	done := make(chan bool)
	go func() {
		returned := false
		defer func() { done <- returned }()
		fault.Guard(runtime.Goexit)
		returned = true
	}()
	if <-done {
		panic("Guard returned from a goroutine that was ended")
	}
}

func TestAnInnerGuardKeepsTheFaultFromTheOuter(t *testing.T) {
	f, m := mapped(t, 1, mmap.ReadOnly)
	resize(t, f, 0)
	var inner error
	outer := fault.Guard(func() { inner = fault.Guard(func() { m.Load(0) }) })
	if outer != nil || !errors.Is(inner, fault.ErrMapFault) {
		t.Errorf("outer %v, inner %v", outer, inner)
	}
	// And the outer one still works after the inner one has returned.
	outer = fault.Guard(func() {
		inner = fault.Guard(func() {})
		m.Load(0)
	})
	if inner != nil || !errors.Is(outer, fault.ErrMapFault) {
		t.Errorf("outer %v, inner %v", outer, inner)
	}
}

func TestNothingIsAllocatedWithoutAFault(t *testing.T) {
	_, m := mapped(t, 1, mmap.ReadWrite)
	dst, unit := make([]byte, 64), make([]byte, 64)
	if n := testing.AllocsPerRun(100, func() { fault.Copy(dst, m.Bytes()) }); n != 0 {
		t.Errorf("Copy allocates %v times", n)
	}
	offset := 64
	if n := testing.AllocsPerRun(100, func() { fault.Guard(func() { m.Store(offset, unit) }) }); n != 0 {
		t.Errorf("Guard allocates %v times", n)
	}
}

func BenchmarkCopy256B(b *testing.B) {
	_, m := mapped(b, 1, mmap.ReadOnly)
	dst, src := make([]byte, 256), m.Bytes()[:256]
	b.Run("builtin", func(b *testing.B) {
		for b.Loop() {
			copy(dst, src)
		}
	})
	b.Run("Copy", func(b *testing.B) {
		for b.Loop() {
			if err := fault.Copy(dst, src); err != nil {
				b.Fatal(err)
			}
		}
	})
}
