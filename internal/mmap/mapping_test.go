// This file holds what a mapping refuses and what it shares, and the contract of Store over real and heap memory.

package mmap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// newFile returns a file of a size, open for reading and writing.
func newFile(t testing.TB, size int) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Truncate(int64(size)); err != nil {
		t.Fatal(err)
	}
	return f
}

func mustMap(t testing.TB, f *os.File, length int, mode Mode) *Mapping {
	t.Helper()
	m, err := Map(f, length, mode)
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

// heap returns a read-write mapping of heap memory that belongs to no file.
func heap(length int) *Mapping { return NewTwin(length, nil).Map(length, ReadWrite, nil) }

// kinds returns a read-write mapping of each kind of memory.
func kinds(t testing.TB, length int) map[string]*Mapping {
	return map[string]*Mapping{
		"real": mustMap(t, newFile(t, length), length, ReadWrite),
		"heap": heap(length),
	}
}

func TestALengthOutsideTheFileIsRefused(t *testing.T) {
	f := newFile(t, 100)
	for _, length := range []int{math.MinInt, -1, 0, 101, 4096, math.MaxInt} {
		if m, err := Map(f, length, ReadOnly); !errors.Is(err, ErrRange) || m != nil {
			t.Errorf("length %d: %v", length, err)
		}
	}
	for _, length := range []int{1, 99, 100} {
		if m := mustMap(t, f, length, ReadOnly); len(m.Bytes()) != length {
			t.Errorf("length %d: %d bytes", length, len(m.Bytes()))
		}
	}
}

func TestAnUnknownModeIsRefused(t *testing.T) {
	if _, err := Map(newFile(t, 8), 8, 2); err == nil || !strings.Contains(err.Error(), "mode 2") {
		t.Errorf("got %v", err)
	}
	if got := ReadOnly.String() + ReadWrite.String() + Mode(2).String(); got != "read-onlyread-writeMode(2)" {
		t.Error(got)
	}
}

func TestAFileOpenForReadingCannotBeMappedForWriting(t *testing.T) {
	f, err := os.Open(newFile(t, 8).Name())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := Map(f, 8, ReadWrite); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
	mustMap(t, f, 8, ReadOnly)
}

func TestAClosedFileCannotBeMapped(t *testing.T) {
	f := newFile(t, 8)
	f.Close()
	if _, err := Map(f, 8, ReadOnly); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestMappingsAndTheFileShareTheirBytes(t *testing.T) {
	f := newFile(t, 100)
	writer, reader := mustMap(t, f, 100, ReadWrite), mustMap(t, f, 64, ReadOnly)
	unit := []byte("sixteen bytes...")
	writer.Store(40, unit)
	if got := reader.Bytes()[40:56]; !bytes.Equal(got, unit) {
		t.Errorf("the other mapping shows %q", got)
	}
	read := make([]byte, 16)
	if _, err := f.ReadAt(read, 40); err != nil || !bytes.Equal(read, unit) {
		t.Errorf("the file has %q, error %v", read, err)
	}
	if _, err := f.WriteAt([]byte("written!"), 0); err != nil {
		t.Fatal(err)
	}
	if got := writer.Bytes()[:8]; string(got) != "written!" {
		t.Errorf("the mapping shows %q", got)
	}
	if writer.mode != ReadWrite || reader.mode != ReadOnly {
		t.Error("the modes are wrong")
	}
}

func TestAnUnmapThatTheKernelRefusesSaysHowManyBytesItWasAbout(t *testing.T) {
	m := &Mapping{data: make([]byte, 24)} // which nobody mapped
	if err := m.Unmap(); err == nil || !strings.Contains(err.Error(), "unmap 24 bytes") {
		t.Errorf("got %v", err)
	}
	if err := m.Unmap(); err != nil || m.Bytes() != nil {
		t.Errorf("it is mapped still, or is unmapped again: %v", err)
	}
}

func TestAMappingOutlivesItsFile(t *testing.T) {
	f := newFile(t, 16)
	m := mustMap(t, f, 16, ReadWrite)
	path := f.Name()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	m.Store(8, []byte("12345678"))
	if err := m.Unmap(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got[8:]) != "12345678" {
		t.Errorf("%q, error %v", got, err)
	}
}

func TestAStoreCopiesExactlyItsUnit(t *testing.T) {
	const length = 4096
	for name, m := range kinds(t, length) {
		want := make([]byte, length)
		source := make([]byte, 2048+1)
		for i := range source {
			source[i] = byte(i*7 + 1)
		}
		for _, size := range []int{8, 16, 24, 64, 256, 1000, 2048} {
			for _, offset := range []int{0, 8, 1000, length - size} {
				unit := source[1 : 1+size] // not aligned in memory
				m.Store(offset, unit)
				copy(want[offset:], unit)
				if !bytes.Equal(m.Bytes(), want) {
					t.Fatalf("%s: %d bytes at %d are wrong", name, size, offset)
				}
				if got := m.Load(offset); got != binary.NativeEndian.Uint64(unit) {
					t.Fatalf("%s: word at %d is %#x", name, offset, got)
				}
			}
		}
	}
}

func TestAStoreThatCodeShouldNotMakePanics(t *testing.T) {
	const length = 4096 + 4 // the last 4 bytes can't be stored to
	for name, m := range kinds(t, length) {
		for _, test := range []struct{ offset, size int }{
			{4, 8}, {1, 8}, {0, 7}, {0, 9}, {0, 0}, {8, 0}, {4, 12}, {-8, 8}, {-8, 16}, {math.MinInt, 8},
			{4096, 8}, {4088, 16}, {4104, 8}, {0, 4104}, {math.MaxInt &^ 7, 8}, {math.MaxInt &^ 7, 4096},
		} {
			message := panicOf(func() { m.Store(test.offset, make([]byte, test.size)) })
			if !strings.HasPrefix(message, "mmap: store of ") {
				t.Errorf("%s: %d bytes at %d: %q", name, test.size, test.offset, message)
			}
		}
		for _, offset := range []int{4, -8, 4096, 4104, math.MaxInt &^ 7, math.MinInt} {
			if message := panicOf(func() { m.Load(offset) }); !strings.HasPrefix(message, "mmap: load of ") {
				t.Errorf("%s: load at %d: %q", name, offset, message)
			}
		}
		if !bytes.Equal(m.Bytes(), make([]byte, length)) {
			t.Errorf("%s: a refused store changed something", name)
		}
		if err := m.Unmap(); err != nil {
			t.Fatal(err)
		}
		if message := panicOf(func() { m.Store(0, make([]byte, 8)) }); message != "mmap: store after unmap" {
			t.Errorf("%s: %q", name, message)
		}
		if message := panicOf(func() { m.Load(0) }); message != "mmap: load after unmap" {
			t.Errorf("%s: %q", name, message)
		}
	}
}

func TestAStoreIntoAReadOnlyMappingPanics(t *testing.T) {
	for name, m := range map[string]*Mapping{
		"real": mustMap(t, newFile(t, 64), 64, ReadOnly),
		"heap": NewTwin(64, nil).Map(64, ReadOnly, nil),
	} {
		message := panicOf(func() { m.Store(0, make([]byte, 8)) })
		if message != "mmap: store into a read-only mapping" {
			t.Errorf("%s: %q", name, message)
		}
	}
}

// panicOf returns the text that fn panics with.
func panicOf(fn func()) (message string) {
	defer func() { message, _ = recover().(string) }()
	fn()
	return ""
}

func TestAStoreAllocatesNothing(t *testing.T) {
	for name, m := range kinds(t, 4096) {
		unit := make([]byte, 256)
		if n := testing.AllocsPerRun(100, func() { m.Store(256, unit) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// readBehindWriter stores units one after the other, while a reader follows by the first word alone and checks each
// unit as soon as it sees that word.
func readBehindWriter(t *testing.T, writer, reader *Mapping) {
	const size = 64
	units := len(writer.Bytes()) / size
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := range units {
			var word uint64
			for word == 0 {
				word = reader.Load(n * size)
			}
			for i, b := range reader.Bytes()[n*size : (n+1)*size] {
				if b != byte(n)|1 {
					t.Errorf("unit %d was seen with byte %d not yet stored", n, i)
					return
				}
			}
		}
	})
	for n := range units {
		writer.Store(n*size, bytes.Repeat([]byte{byte(n) | 1}, size))
	}
	wg.Wait()
}

func TestAReaderOfATwinThatSeesTheFirstWordSeesTheUnit(t *testing.T) {
	twin := NewTwin(1<<20, nil)
	readBehindWriter(t, twin.Map(1<<20, ReadWrite, nil), twin.Map(1<<20, ReadOnly, nil))
}

func TestUnmapMayBeCalledAgain(t *testing.T) {
	for name, m := range kinds(t, 4096) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := m.Unmap(); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wg.Wait()
		if m.Bytes() != nil {
			t.Errorf("%s: there are bytes after Unmap", name)
		}
	}
}

func TestPrefetchTakesAnyRangeAndChangesNothing(t *testing.T) {
	const length = 64 << 10
	for kind, m := range kinds(t, length) {
		unit := bytes.Repeat([]byte{7}, length)
		m.Store(0, unit)
		for _, r := range [][2]int{{0, 1}, {0, length}, {63, 2}, {length - 1, 1}, {length, 1}, {length - 1, 2}, {-1, 8}, {8, -1}, {0, 0}, {math.MaxInt, math.MaxInt}} {
			m.Prefetch(r[0], r[1])
		}
		if !bytes.Equal(m.Bytes(), unit) {
			t.Errorf("%s: bytes changed", kind)
		}
		if n := testing.AllocsPerRun(100, func() { m.Prefetch(4096, 400) }); n != 0 {
			t.Errorf("%s: %v allocations", kind, n)
		}
	}
}

func TestPrefetchOfWhatCanNotBeHadDoesNotFault(t *testing.T) {
	const length = 64 << 10
	f := newFile(t, length)
	m := mustMap(t, f, length, ReadWrite)
	if err := f.Truncate(0); err != nil {
		t.Fatal(err)
	}
	m.Prefetch(0, length)
	if err := m.Unmap(); err != nil {
		t.Fatal(err)
	}
	m.Prefetch(0, length)
	mustMap(t, newFile(t, length), length, ReadOnly).Prefetch(0, length)
}
