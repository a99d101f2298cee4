// This file holds heap-backed mappings: what goes to the file below, when, and what happens if it can't.

package vfs

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/batpak/batpak/internal/fault"
	"github.com/batpak/batpak/internal/mmap"
)

// watched is a heap-backed directory in memory that records, and fails, what is done to the files below it.
type watched struct {
	Dir
	mu    sync.Mutex
	calls []string
	fail  map[OpKind]error
}

func newWatched() *watched {
	w := &watched{fail: make(map[OpKind]error)}
	disk := &memoryDisk{files: make(map[string]*content)}
	w.Dir = HeapBacked(Faulty(disk, func(op Op) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch op.Kind {
		case OpWriteAt:
			w.calls = append(w.calls, fmt.Sprintf("write %s %d+%d", op.Name, op.Offset, op.Length))
		case OpSyncData, OpSyncAll, OpClose:
			w.calls = append(w.calls, fmt.Sprintf("%v %s", op.Kind, op.Name))
		}
		return w.fail[op.Kind]
	}))
	return w
}

// want compares what was done since the last call.
func (w *watched) want(t *testing.T, what string, calls ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.calls, calls) {
		t.Errorf("%s: %q, want %q", what, w.calls, calls)
	}
	w.calls = nil
}

// reserved makes a file of a size.
func reserved(t *testing.T, d Dir, name string, size int64) File {
	t.Helper()
	f := mustCreate(t, d, name)
	must(t, f.Reserve(size))
	return f
}

func TestASyncWritesWhatWasStoredFirst(t *testing.T) {
	w := newWatched()
	f := reserved(t, w, "a", 4096)
	m := mustMap(t, f, 4096, mmap.ReadWrite)
	m.Store(64, make([]byte, 16))
	m.Store(80, make([]byte, 8))
	m.Store(1000, make([]byte, 8))
	w.want(t, "before the sync")
	must(t, f.SyncData())
	w.want(t, "first sync", "write a 64+24", "write a 1000+8", "sync data a")
	must(t, f.SyncAll())
	w.want(t, "second sync", "sync a")
}

func TestASyncOfAReaderWritesWhatAnotherStored(t *testing.T) {
	w := newWatched()
	writer := reserved(t, w, "a", 64)
	reader := mustOpen(t, w, "a", false)
	mustMap(t, writer, 64, mmap.ReadWrite).Store(8, make([]byte, 8))
	must(t, reader.SyncData())
	w.want(t, "sync", "write a 8+8", "sync data a")
}

func TestUnmappingAndClosingWriteWhatWasStored(t *testing.T) {
	w := newWatched()
	f := reserved(t, w, "a", 64)
	m, reader := mustMap(t, f, 64, mmap.ReadWrite), mustMap(t, f, 64, mmap.ReadOnly)
	m.Store(0, make([]byte, 8))
	must(t, f.Close())
	w.want(t, "close", "write a 0+8") // the file below is still needed
	m.Store(8, make([]byte, 8))
	must(t, reader.Unmap())
	w.want(t, "unmap of the reader")
	must(t, m.Unmap())
	w.want(t, "last unmap", "write a 8+8", "close a")
}

func TestAWriteThatFailsIsTheErrorOfTheSync(t *testing.T) {
	cause := errors.New("disk")
	w := newWatched()
	f := reserved(t, w, "a", 64)
	m, err := f.Map(64, mmap.ReadWrite)
	must(t, err)
	m.Store(8, []byte("stored.."))
	w.fail[OpWriteAt] = cause
	wantError(t, "sync data", f.SyncData(), cause)
	wantError(t, "sync", f.SyncAll(), cause)
	w.want(t, "failed syncs", "write a 8+8", "write a 8+8") // nothing was synced
	delete(w.fail, OpWriteAt)
	w.fail[OpSyncData] = cause
	wantError(t, "sync data", f.SyncData(), cause)
	delete(w.fail, OpSyncData)
	m.Store(16, []byte("stored.."))
	w.fail[OpWriteAt] = cause
	wantError(t, "close", f.Close(), cause)
	wantError(t, "unmap", m.Unmap(), cause)
	delete(w.fail, OpWriteAt)
	if got := get(t, w, "a")[8:24]; got != "stored..\x00\x00\x00\x00\x00\x00\x00\x00" {
		t.Errorf("the file holds %q", got)
	}
}

func TestAStoreBehindTheEndOfACutFileIsAnError(t *testing.T) {
	w := newWatched()
	f := reserved(t, w, "a", 64)
	m, err := f.Map(64, mmap.ReadWrite)
	must(t, err, f.Truncate(32))
	m.Store(24, make([]byte, 8))
	must(t, f.SyncData())
	m.Store(32, make([]byte, 8))
	wantError(t, "sync", f.SyncData(), fault.ErrMapFault)
	wantError(t, "unmap", m.Unmap(), fault.ErrMapFault)
	if size, err := f.Size(); size != 32 || err != nil {
		t.Errorf("the file has %d bytes, error %v", size, err)
	}
}

func TestMemoryInUseDoesNotGrow(t *testing.T) {
	d := NewMemory()
	f := reserved(t, d, "a", 64)
	m := mustMap(t, f, 8, mmap.ReadWrite)
	mustMap(t, f, 64, mmap.ReadOnly) // the file's size at the first mapping is the bound, not its length
	must(t, f.Reserve(128))
	_, err := f.Map(128, mmap.ReadOnly)
	wantError(t, "map", err, errors.ErrUnsupported)
	m.Store(0, []byte("stored.."))
	must(t, m.Unmap())
}

func TestAFileIsReadAnewAfterItsLastUnmap(t *testing.T) {
	d := NewMemory()
	f := reserved(t, d, "a", 64)
	must(t, mustMap(t, f, 64, mmap.ReadWrite).Unmap(), f.Reserve(128))
	_, err := f.WriteAt([]byte("written"), 100)
	must(t, err)
	if got := string(mustMap(t, f, 128, mmap.ReadOnly).Bytes()[100:107]); got != "written" {
		t.Errorf("the mapping shows %q", got)
	}
}

func TestAFileThatCannotBeReadIsNotMapped(t *testing.T) {
	cause := errors.New("disk")
	for _, kind := range []OpKind{OpReadAt, OpSize} {
		w := newWatched()
		f := reserved(t, w, "a", 64)
		w.fail[kind] = cause
		_, err := f.Map(64, mmap.ReadOnly)
		wantError(t, kind.String(), err, cause)
		delete(w.fail, kind)
		mustMap(t, f, 64, mmap.ReadOnly)
	}
}

func TestHeapBackingIsNotDoubled(t *testing.T) {
	for name, d := range map[string]Dir{"memory": NewMemory(), "heap-backed": HeapBacked(openReal(t))} {
		if HeapBacked(d) != d {
			t.Errorf("%s was wrapped again", name)
		}
	}
}

func TestARaceBuildOpensHeapBackedDirectories(t *testing.T) {
	_, backed := open(t, t.TempDir(), false).(*heapDir)
	if backed != raceDetector {
		t.Errorf("heap-backed %v, race build %v", backed, raceDetector)
	}
}

// foreign hides what a File knows about its identity, as one from elsewhere would.
type foreign struct{ Dir }

type foreignFile struct{ File }

func (d foreign) Create(name string) (File, error) {
	f, err := d.Dir.Create(name)
	return &foreignFile{f}, err
}

func TestAFileFromElsewhereSharesMemoryWithinOneOpening(t *testing.T) {
	for name, d := range map[string]Dir{
		"plain":  foreign{openReal(t)},
		"faulty": Faulty(foreign{openReal(t)}, func(Op) error { return nil }),
	} {
		f := reserved(t, HeapBacked(d), "a", 64)
		writer, reader := mustMap(t, f, 64, mmap.ReadWrite), mustMap(t, f, 64, mmap.ReadOnly)
		writer.Store(8, []byte("stored.."))
		if got := string(reader.Bytes()[8:16]); got != "stored.." {
			t.Errorf("%s: the mapping shows %q", name, got)
		}
	}
}

func TestStoresAndSyncsMayRunTogether(t *testing.T) {
	const size, units = 64, 500
	d := HeapBacked(openReal(t))
	f := reserved(t, d, "a", size*units)
	m := mustMap(t, f, size*units, mmap.ReadWrite)
	reader := mustMap(t, mustOpen(t, d, "a", false), size*units, mmap.ReadOnly)
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := range units {
			unit := make([]byte, size)
			for i := range unit {
				unit[i] = byte(n) | 1
			}
			m.Store(n*size, unit)
		}
	})
	wg.Go(func() {
		for range 20 {
			if err := f.SyncData(); err != nil {
				t.Error(err)
			}
		}
	})
	for n := range units {
		for reader.Load(n*size) == 0 {
		}
		if b := reader.Bytes()[(n+1)*size-1]; b != byte(n)|1 {
			t.Fatalf("unit %d ends with %d", n, b)
		}
	}
	wg.Wait()
	must(t, f.SyncData())
	if got := contentOf(t, f); got != string(m.Bytes()) {
		t.Error("the file differs")
	}
}

func TestOnlyWhatWasWrittenIsReadToBeMapped(t *testing.T) {
	for name, d := range map[string]Dir{"memory": NewMemory().disk, "real": openReal(t)} {
		f := mustCreate(t, d, "a")
		must(t, f.Reserve(64<<20))
		_, err := f.WriteAt([]byte("written"), 8<<20)
		must(t, err)
		s, ok := f.(sparse)
		if !ok {
			t.Fatalf("%s: %T does not know its holes", name, f)
		}
		from, to, err := s.nextData(0)
		if must(t, err); from > 8<<20 || to < 8<<20+7 {
			t.Errorf("%s: data from %d to %d, which leaves out some", name, from, to)
		}
		if next, end, err := s.nextData(min(to, 64<<20)); err != nil || next != end && end < 64<<20 {
			t.Errorf("%s: behind it there is data from %d to %d, %v", name, next, end, err)
		}
	}
}
