// This file holds the bookkeeping of a twin: what is dirty, what is flushed, what is cut, and who is told.

package mmap

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"unsafe"
)

// flushed returns the ranges that a flush writes, as text.
func flushed(t *testing.T, twin *Twin) (ranges []string) {
	t.Helper()
	err := twin.Flush(func(p []byte, offset int64) error {
		ranges = append(ranges, fmt.Sprintf("%d+%d", offset, len(p)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ranges
}

func TestATwinIsAlignedAndOfItsExactLength(t *testing.T) {
	for _, length := range []int{1, 7, 8, 9, 4096, 5001} {
		twin := NewTwin(length, nil)
		m := twin.Map(length, ReadWrite, nil)
		if twin.Len() != length || len(m.Bytes()) != length || cap(m.Bytes()) != length {
			t.Errorf("length %d: Len %d, %d bytes", length, twin.Len(), len(m.Bytes()))
		}
		if uintptr(unsafe.Pointer(&m.Bytes()[0]))%8 != 0 {
			t.Errorf("length %d: not aligned", length)
		}
	}
}

func TestATwinOfNoBytesPanics(t *testing.T) {
	for _, fn := range []func(){
		func() { NewTwin(0, nil) },
		func() { NewTwin(-1, nil) },
		func() { NewTwin(8, nil).Map(0, ReadOnly, nil) },
		func() { NewTwin(8, nil).Map(9, ReadOnly, nil) },
	} {
		if panicOf(fn) == "" {
			t.Error("accepted")
		}
	}
}

func TestAFlushWritesExactlyWhatWasStored(t *testing.T) {
	twin := NewTwin(4096, nil)
	m := twin.Map(4096, ReadWrite, nil)
	if got := flushed(t, twin); got != nil {
		t.Errorf("before any store: %v", got)
	}
	for _, s := range []span{{800, 816}, {0, 8}, {8, 24}, {400, 408}, {404 - 4, 432}, {792, 800}} {
		m.Store(s.from, make([]byte, s.to-s.from))
	}
	if got := flushed(t, twin); !slices.Equal(got, []string{"0+24", "400+32", "792+24"}) {
		t.Errorf("flushed %v", got)
	}
	if got := flushed(t, twin); got != nil {
		t.Errorf("flushed again: %v", got)
	}
}

func TestWhatTheFileHoldsIsNotFlushed(t *testing.T) {
	twin := NewTwin(64, nil)
	twin.WriteAt([]byte("from the file"), 60)
	twin.WriteAt([]byte("nothing"), 64)
	twin.WriteAt([]byte("nothing"), -1)
	if got := flushed(t, twin); got != nil {
		t.Errorf("flushed %v", got)
	}
	read := make([]byte, 10)
	if n := twin.ReadAt(read, 60); n != 4 || string(read[:4]) != "from" {
		t.Errorf("%d bytes: %q", n, read)
	}
	if n := twin.ReadAt(read, 64) + twin.ReadAt(read, -1); n != 0 {
		t.Errorf("%d bytes from outside", n)
	}
}

func TestALargeRangeIsFlushedInPieces(t *testing.T) {
	twin := NewTwin(3<<20, nil)
	m := twin.Map(3<<20, ReadWrite, nil)
	m.Store(8, make([]byte, 5<<19))
	if got := flushed(t, twin); !slices.Equal(got, []string{"8+1048576", "1048584+1048576", "2097160+524288"}) {
		t.Errorf("flushed %v", got)
	}
}

func TestWhatAFailedFlushDidNotWriteStaysDirty(t *testing.T) {
	twin := NewTwin(4096, nil)
	m := twin.Map(4096, ReadWrite, nil)
	for _, offset := range []int{0, 100 * 8, 200 * 8} {
		m.Store(offset, make([]byte, 8))
	}
	cause, calls := errors.New("disk"), 0
	err := twin.Flush(func([]byte, int64) error {
		if calls++; calls == 2 {
			return cause
		}
		return nil
	})
	if err != cause || calls != 2 {
		t.Errorf("error %v after %d calls", err, calls)
	}
	m.Store(3000, make([]byte, 8))
	if got := flushed(t, twin); !slices.Equal(got, []string{"800+8", "1600+8", "3000+8"}) {
		t.Errorf("flushed %v", got)
	}
}

func TestWhatIsCutIsZeroAndNotFlushed(t *testing.T) {
	twin := NewTwin(100, nil)
	m := twin.Map(100, ReadWrite, nil)
	m.Store(0, bytes.Repeat([]byte{1}, 96))
	twin.Cut(100)
	twin.Cut(-1)
	twin.Cut(50)
	if got := flushed(t, twin); !slices.Equal(got, []string{"0+50"}) {
		t.Errorf("flushed %v", got)
	}
	if want := append(bytes.Repeat([]byte{1}, 50), make([]byte, 50)...); !bytes.Equal(m.Bytes(), want) {
		t.Errorf("the bytes are %v", m.Bytes())
	}
}

func TestTheWatcherSeesEveryStoreInOrder(t *testing.T) {
	var seen []string
	twin := NewTwin(64, func(offset int, unit []byte) { seen = append(seen, fmt.Sprintf("%d %s", offset, unit)) })
	a, b := twin.Map(64, ReadWrite, nil), twin.Map(32, ReadWrite, nil)
	a.Store(8, []byte("first..."))
	b.Store(0, []byte("second.."))
	a.Store(8, []byte("third..."))
	if !slices.Equal(seen, []string{"8 first...", "0 second..", "8 third..."}) {
		t.Errorf("seen %q", seen)
	}
}

func TestUnmapOfATwinReportsOnce(t *testing.T) {
	cause, calls := errors.New("disk"), 0
	m := NewTwin(8, nil).Map(8, ReadWrite, func() error { calls++; return cause })
	if err := m.Unmap(); err != cause {
		t.Errorf("first: %v", err)
	}
	if err := m.Unmap(); err != nil || calls != 1 {
		t.Errorf("second: %v after %d calls", err, calls)
	}
}

// TestRandomStoresAndFlushesKeepAFileEqual compares a file that is only written by flushes, and a map of which bytes may
// be written, with a twin that is stored to at random.
func TestRandomStoresAndFlushesKeepAFileEqual(t *testing.T) {
	const length, seed = 1 << 14, 1
	random := rand.New(rand.NewPCG(seed, seed))
	twin := NewTwin(length, nil)
	m := twin.Map(length, ReadWrite, nil)
	file, stored := make([]byte, length), make([]bool, length)
	for step := range 20_000 {
		offset := random.IntN(length/8) * 8
		unit := make([]byte, min(length-offset, 8*(1+random.IntN(16))))
		for i := range unit {
			unit[i] = byte(random.Uint32())
			stored[offset+i] = true
		}
		m.Store(offset, unit)
		if random.IntN(200) != 0 {
			continue
		}
		last := int64(-1)
		err := twin.Flush(func(p []byte, offset int64) error {
			if offset <= last {
				t.Fatalf("step %d: range at %d after one up to %d", step, offset, last)
			}
			last = offset + int64(len(p))
			for i := range p {
				if !stored[int(offset)+i] {
					t.Fatalf("step %d: byte %d was not stored since the last flush", step, int(offset)+i)
				}
			}
			copy(file[offset:], p)
			return nil
		})
		clear(stored)
		if err != nil || !bytes.Equal(file, m.Bytes()) {
			t.Fatalf("step %d: the file differs, error %v", step, err)
		}
	}
}

func TestStoresMayRunBesideAFlush(t *testing.T) {
	const size, units = 64, 4096
	twin := NewTwin(size*units, nil)
	m := twin.Map(size*units, ReadWrite, nil)
	file := make([]byte, size*units)
	write := func(p []byte, offset int64) error { copy(file[offset:], p); return nil }
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				if err := twin.Flush(write); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for n := range units {
		m.Store(n*size, bytes.Repeat([]byte{byte(n) + 1}, size))
		m.Store(0, bytes.Repeat([]byte{byte(n) + 1}, size))
	}
	close(done)
	wg.Wait()
	if err := twin.Flush(write); err != nil || !bytes.Equal(file, m.Bytes()) {
		t.Errorf("the file differs, error %v", err)
	}
}
