// The file of a cursor over its life: which slot counts, what is synced when, what is refused.

package cursorfile

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

const testName = "orders"

var testFile = FileName(testName)

func at(acked uint64) Position {
	return Position{Identity: [16]byte{7}, Acked: acked, Told: acked / 2, Event: [16]byte{0: 5, 15: byte(acked)}}
}

// mustContent returns the bytes of a file.
func mustContent(t *testing.T, dir vfs.Dir, file string) []byte {
	t.Helper()
	f, err := dir.Open(file, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, fileSize+1)
	n, err := f.ReadAt(b, 0)
	if err != io.EOF {
		t.Fatalf("a file of %d bytes or more, %v", n, err)
	}
	return b[:n]
}

// change writes bytes into a file.
func change(t *testing.T, dir vfs.Dir, file string, b []byte, offset int64) {
	t.Helper()
	f, err := dir.Open(file, true)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, offset); err != nil {
		t.Fatal(err)
	}
}

// made returns a directory with a cursor's file that was written so often.
func made(t *testing.T, writes uint64) *vfs.Memory {
	t.Helper()
	dir := vfs.NewMemory()
	f, err := Create(dir, testName, at(100))
	if err != nil {
		t.Fatal(err)
	}
	for n := range writes {
		if err := f.Write(at(101 + n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// mustBeAt fails the test unless the file opens at a position, and returns it.
func mustBeAt(t *testing.T, dir vfs.Dir, acked uint64) *File {
	t.Helper()
	f, err := Open(dir, testName)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Content().Position; got != at(acked) {
		t.Fatalf("it is at %+v, want %+v", got, at(acked))
	}
	return f
}

func TestAFileHoldsThePositionThatWasWrittenLast(t *testing.T) {
	for writes := range uint64(5) {
		dir := made(t, writes)
		for range 3 { // opening changes nothing
			f := mustBeAt(t, dir, 100+writes)
			if f.Content().Fallback != nil {
				t.Errorf("after %d writes: %v", writes, f.Content().Fallback)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if c, err := Read(dir, testFile); err != nil || c.Name != testName || c.Position != at(100+writes) {
			t.Errorf("after %d writes: %+v, %v", writes, c, err)
		}
		if got := len(mustContent(t, dir, testFile)); got != fileSize {
			t.Errorf("after %d writes the file has %d bytes, want %d", writes, got, fileSize)
		}
	}
}

func TestOneDamagedSlotLeavesTheOther(t *testing.T) {
	for writes := range uint64(4) {
		for damaged := range 2 {
			for _, b := range [][]byte{{0}, make([]byte, slotSize), []byte(strings.Repeat("\xff", slotSize))} {
				dir := made(t, writes)
				change(t, dir, testFile, b, int64(damaged)*pageSize)
				newer := 1
				if writes%2 == 1 {
					newer = 0
				}
				want := 100 + writes
				if damaged == newer && writes > 0 {
					want--
				}
				f := mustBeAt(t, dir, want)
				if problem := f.Content().Fallback; problem == nil || !strings.Contains(problem.Error(), string('0'+rune(damaged))) {
					t.Errorf("slot %d is damaged, and it is told that %v", damaged, problem)
				}
				if again := mustBeAt(t, dir, want); again.Content().Fallback != nil {
					t.Errorf("opening left slot %d damaged: %v", damaged, again.Content().Fallback)
				}
				if err := f.Write(at(500)); err != nil {
					t.Fatal(err)
				}
				if f := mustBeAt(t, dir, 500); f.Content().Fallback != nil {
					t.Errorf("the damaged slot stays: %v", f.Content().Fallback)
				}
			}
		}
	}
}

func TestTwoDamagedSlotsAreAnErrorUntilTheFileIsMadeAnew(t *testing.T) {
	dir := made(t, 3)
	for i := range int64(2) {
		change(t, dir, testFile, []byte{1}, i*pageSize)
	}
	for range 2 {
		_, err := Open(dir, testName)
		var refused *Error
		if !errors.As(err, &refused) || !errors.Is(err, mmapseg.ErrCorrupt) || refused.Name != testName || refused.File != testFile {
			t.Fatalf("got %v, want an Error about %s that is ErrCorrupt", err, testFile)
		}
	}
	if _, err := Create(dir, testName, at(8)); err != nil {
		t.Fatal(err)
	}
	mustBeAt(t, dir, 8)
}

func TestAFileThatWasCutShortHasTheSlotsThatAreLeft(t *testing.T) {
	for size, want := range map[int64]uint64{fileSize: 102, pageSize + slotSize: 102, pageSize + slotSize - 1: 101, pageSize: 101, slotSize: 101, slotSize - 1: 0, 0: 0} {
		dir := made(t, 2)
		f, err := dir.Open(testFile, true)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Truncate(size), f.Close()); err != nil {
			t.Fatal(err)
		}
		if want != 0 {
			mustBeAt(t, dir, want)
		} else if _, err := Open(dir, testName); !errors.Is(err, mmapseg.ErrCorrupt) {
			t.Errorf("%d bytes: got %v, want ErrCorrupt", size, err)
		}
	}
}

func TestAnotherVersionIsRefusedWhereNoSlotIsOfThisOne(t *testing.T) {
	dir := made(t, 2)
	change(t, dir, testFile, []byte{2}, pageSize+atVersion)
	mustBeAt(t, dir, 101)
	for _, slots := range [][]int64{{0, pageSize}, {0}} { // both, or one and the other is damaged
		dir := made(t, 2)
		change(t, dir, testFile, []byte{1}, pageSize)
		for _, offset := range slots {
			change(t, dir, testFile, []byte(magic), offset)
			change(t, dir, testFile, []byte{2}, offset+atVersion)
		}
		if _, err := Open(dir, testName); !errors.Is(err, mmapseg.ErrVersion) || errors.Is(err, mmapseg.ErrCorrupt) {
			t.Errorf("got %v, want ErrVersion", err)
		}
	}
}

func TestTheFileOfAnotherCursorIsRefused(t *testing.T) {
	dir := made(t, 1)
	if err := dir.Rename(testFile, FileName("others")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, "others"); !errors.Is(err, mmapseg.ErrCorrupt) || !strings.Contains(err.Error(), `"orders"`) {
		t.Errorf("got %v, want ErrCorrupt that names whose it is", err)
	}
	if _, err := Read(dir, FileName("others")); !errors.Is(err, mmapseg.ErrCorrupt) {
		t.Errorf("got %v, want ErrCorrupt", err)
	}

	dir = made(t, 1) // and one whose slots are of different ones
	change(t, dir, testFile, (&slot{name: "others", generation: 9}).encode(), pageSize)
	if _, err := Open(dir, testName); !errors.Is(err, mmapseg.ErrCorrupt) {
		t.Errorf("got %v, want ErrCorrupt", err)
	}
}

func TestAMissingFileIsSaidToBeMissing(t *testing.T) {
	dir := vfs.NewMemory()
	_, opened := Open(dir, testName)
	_, read := Read(dir, testFile)
	for _, err := range []error{opened, read, Remove(dir, testName)} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v, want fs.ErrNotExist", err)
		}
	}
}

func TestMakingAFileSyncsItBeforeItHasItsNameAndTheNameBeforeItReturns(t *testing.T) {
	var calls []vfs.OpKind
	dir := vfs.Faulty(vfs.NewMemory(), func(op vfs.Op) error { calls = append(calls, op.Kind); return nil })
	f, err := Create(dir, testName, at(1))
	if err != nil {
		t.Fatal(err)
	}
	if want := []vfs.OpKind{vfs.OpRemove, vfs.OpCreate, vfs.OpWriteAt, vfs.OpSyncAll, vfs.OpRename, vfs.OpSyncDir}; !slices.Equal(calls, want) {
		t.Errorf("calls %v, want %v", calls, want)
	}
	calls = nil
	if err := f.Write(at(2)); err != nil {
		t.Fatal(err)
	}
	if want := []vfs.OpKind{vfs.OpWriteAt, vfs.OpSyncData}; !slices.Equal(calls, want) {
		t.Errorf("calls %v, want %v", calls, want)
	}
}

func TestMakingThatFailsLeavesNothingOrWhatWasThere(t *testing.T) {
	errInjected := errors.New("injected failure")
	for _, before := range []bool{false, true} {
		for _, kind := range []vfs.OpKind{vfs.OpCreate, vfs.OpWriteAt, vfs.OpSyncAll, vfs.OpRename, vfs.OpSyncDir} {
			memory := vfs.NewMemory()
			if before {
				memory = made(t, 0)
			}
			dir := vfs.Faulty(memory, func(op vfs.Op) error {
				if op.Kind == kind {
					return errInjected
				}
				return nil
			})
			if _, err := Create(dir, testName, at(9)); !errors.Is(err, errInjected) {
				t.Fatalf("%v fails: got %v", kind, err)
			}
			names, _ := memory.List()
			kept := before && kind != vfs.OpSyncDir // the old one is gone by then
			if want := map[bool][]string{true: {testFile}}[kept]; !slices.Equal(names, want) {
				t.Errorf("%v fails: left are %q, want %q", kind, names, want)
			}
			if kept {
				mustBeAt(t, memory, 100)
			}
		}
	}
}

func TestAFailedWriteLeavesThePositionAndTheNextOneIsMadeInTheSameSlot(t *testing.T) {
	errInjected := errors.New("injected failure")
	memory, failing := made(t, 0), false
	var offsets []int64
	f, err := Open(vfs.Faulty(memory, func(op vfs.Op) error {
		if op.Kind == vfs.OpWriteAt {
			offsets = append(offsets, op.Offset)
		}
		if failing && (op.Kind == vfs.OpSyncData || op.Kind == vfs.OpWriteAt && len(offsets)%2 == 0) {
			return errInjected
		}
		return nil
	}), testName)
	if err != nil {
		t.Fatal(err)
	}
	offsets, failing = nil, true
	for n := range uint64(4) {
		if err := f.Write(at(101 + n)); !errors.Is(err, errInjected) || f.Content().Position != at(100) {
			t.Fatalf("got %v, position %+v", err, f.Content().Position)
		}
	}
	failing = false
	for n := range uint64(2) {
		if err := f.Write(at(110 + n)); err != nil {
			t.Fatal(err)
		}
	}
	if want := []int64{0, 0, 0, 0, 0, pageSize}; !slices.Equal(offsets, want) {
		t.Errorf("written at %v, want %v", offsets, want)
	}
	mustBeAt(t, memory, 111)
}

func TestSweepRemovesUnfinishedFilesOfCursorsOnly(t *testing.T) {
	dir := made(t, 0)
	for _, name := range []string{testFile + ".tmp", "orders.cursor.tmp", "00000000000000000001-00000.seg.tmp", testFile[:32] + ".cache.tmp", "lock"} {
		f, err := dir.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	before, _ := dir.List()
	if err := Sweep(dir); err != nil {
		t.Fatal(err)
	}
	after, _ := dir.List()
	if want := slices.DeleteFunc(before, func(name string) bool { return name == testFile+".tmp" }); !slices.Equal(after, want) {
		t.Errorf("left are %q, want %q", after, want)
	}
}
