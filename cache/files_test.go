// This file holds the tests of the tier in files: what is written, found again, and how much of it.

package cache

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
)

// atOnce makes Put write before it returns.
func atOnce(work func()) bool {
	work()
	return true
}

var (
	testOrigin   = [16]byte{1, 2, 3}
	testIdentity = [16]byte{4, 5, 6}
)

// openFiles opens the tier of a directory, which writes at once and believes what is up to sequence 1000.
func openFiles(t testing.TB, dir vfs.Dir, change func(*FilesConfig)) *Files {
	t.Helper()
	c := FilesConfig{
		Dir: dir, Limit: 1 << 20, Origin: testOrigin, Identity: testIdentity, Go: atOnce,
		Holds: func(identity [16]byte, sequence uint64) bool { return identity == testIdentity && sequence <= 1000 },
	}
	if change != nil {
		change(&c)
	}
	f, err := OpenFiles(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// stateOf returns a state that says of what it is one.
func stateOf(n int, sequence uint64, size int) FileState {
	text := fmt.Sprintf("state of %d up to %d", n, sequence)
	return FileState{Sequence: sequence, Last: sequence / 2, Encoded: append(make([]byte, max(size-len(text), 0)), text...)}
}

// wantState checks what Get returns; sequence 0: nothing.
func wantState(t testing.TB, f *Files, n int, sequence uint64, size int) {
	t.Helper()
	got, ok := f.Get(keyOf(n))
	if want := stateOf(n, sequence, size); ok != (sequence != 0) || ok && (got.Sequence != want.Sequence || got.Last != want.Last || !bytes.Equal(got.Encoded, want.Encoded)) {
		t.Errorf("key %d: a state of sequence %d, %d bytes, %v; want sequence %d", n, got.Sequence, len(got.Encoded), ok, sequence)
	}
}

// wantNames checks which files the directory has.
func wantNames(t testing.TB, dir vfs.Dir, want ...string) {
	t.Helper()
	names, err := dir.List()
	if slices.Sort(want); err != nil || !slices.Equal(names, want) {
		t.Errorf("the directory has %q, error %v; want %q", names, err, want)
	}
}

func TestAStateIsFoundInTheNextOpening(t *testing.T) {
	dir := vfs.NewMemory()
	sizes := []int{0, 1, 100, 4096, 100_000}
	f := openFiles(t, dir, nil)
	for n, size := range sizes {
		wantState(t, f, n, 0, size)
		f.Put(keyOf(n), stateOf(n, 10, size))
		wantState(t, f, n, 10, size)
	}
	if got := f.Stats(); got.Written != 5 || got.Hits != 5 || got.Misses != 5 || got.Files != 5 || got.Bytes != (1+1+1+2+25)*4096 {
		t.Errorf("%+v", got)
	}
	f.Close()
	again := openFiles(t, dir, nil)
	for n, size := range sizes {
		wantState(t, again, n, 10, size)
	}
	if got := again.Stats(); got.Hits != 5 || got.Misses != 0 || got.Files != 5 || got.Bytes != (1+1+1+2+25)*4096 || got.Discarded != 0 {
		t.Errorf("%+v", got)
	}
}

func TestAnyKeyHasAFile(t *testing.T) {
	dir := vfs.NewMemory()
	f := openFiles(t, dir, nil)
	keys := []Key{
		{}, {Version: math.MaxUint32}, {Region: strings.Repeat("x", 5000)}, {Region: "../../etc/passwd\x00\xff\n"}, {Projection: "ä/", Type: "a"},
		{Type: "ab", Region: "c"}, {Type: "a", Region: "bc"}, {Projection: "ab", Type: "c"},
	}
	for n := range keys {
		f.Put(&keys[n], stateOf(n, 10, 0))
	}
	for n := range keys {
		if got, ok := f.Get(&keys[n]); !ok || string(got.Encoded) != string(stateOf(n, 10, 0).Encoded) {
			t.Errorf("key %d: %q, %v", n, got.Encoded, ok)
		}
	}
	names, err := dir.List()
	if err != nil || len(names) != len(keys) {
		t.Errorf("%q, error %v", names, err)
	}
	for _, name := range names {
		if !isFileName(name) || isTemporaryName(name) || !isTemporaryName(temporaryName(name)) || isFileName(temporaryName(name)) {
			t.Errorf("%q is not taken for what it is", name)
		}
	}
}

func TestWhatIsReturnedIsTheCallers(t *testing.T) {
	held := make(chan struct{})
	dir := vfs.Faulty(vfs.NewMemory(), func(op vfs.Op) error {
		if op.Kind == vfs.OpCreate {
			<-held
		}
		return nil
	})
	f := openFiles(t, dir, func(c *FilesConfig) { c.Go = nil })
	f.Put(keyOf(1), stateOf(1, 10, 0))
	for round := range 2 { // waiting to be written, then from the file
		got, ok := f.Get(keyOf(1))
		if !ok {
			t.Fatalf("round %d: not found", round)
		}
		clear(got.Encoded)
		_ = append(got.Encoded, "more"...)
		wantState(t, f, 1, 10, 0)
		if round == 0 {
			close(held)
			f.awaitIdle()
		}
	}
}

// awaitIdle returns when nobody writes.
func (f *Files) awaitIdle() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.running {
		f.idle.Wait()
	}
}

func TestAnOlderStateNeverReplacesANewerOneOnDisk(t *testing.T) {
	dir := vfs.NewMemory()
	for round := range 2 {
		f := openFiles(t, dir, nil)
		if round == 0 {
			f.Put(keyOf(1), stateOf(1, 10, 0))
		} // else it is there, and nobody has read it yet
		f.Put(keyOf(1), stateOf(1, 9, 50))
		f.Put(keyOf(1), stateOf(1, 10, 60))
		wantState(t, f, 1, 10, 0)
		f.Put(keyOf(1), stateOf(1, 1, 70))
		wantState(t, f, 1, 10, 0)
		if got := f.Stats(); got.Older != 2 || got.Written != uint64(1-round) || got.Discarded+got.Failed != 0 {
			t.Errorf("round %d: %+v", round, got)
		}
		f.Close()
	}
	f := openFiles(t, dir, nil)
	f.Put(keyOf(1), stateOf(1, 11, 0))
	wantState(t, f, 1, 11, 0)
}

func TestTheNewestOfWhatWaitsIsWritten(t *testing.T) {
	for _, c := range []struct {
		name string
		go_  func(start chan struct{}) func(func()) bool
	}{
		{"the goroutine is late", func(start chan struct{}) func(func()) bool {
			return func(work func()) bool { go func() { <-start; work() }(); return true }
		}},
		{"no goroutine is begun any more", func(chan struct{}) func(func()) bool { return func(func()) bool { return false } }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, start := vfs.NewMemory(), make(chan struct{})
			f := openFiles(t, dir, func(config *FilesConfig) { config.Go = c.go_(start) })
			for _, sequence := range []uint64{5, 7, 6, 7, 9, 8} {
				for n := range 3 {
					f.Put(keyOf(n), stateOf(n, sequence, 0))
				}
			}
			for n := range 3 {
				wantState(t, f, n, 9, 0)
			}
			wantNames(t, dir)
			close(start)
			f.Close()
			if got := f.Stats(); got.Written != 3 || got.Older != 6 || got.Dropped != 0 {
				t.Errorf("%+v", got)
			}
			wantNames(t, dir, fileName(keyOf(0)), fileName(keyOf(1)), fileName(keyOf(2)))
			again := openFiles(t, dir, nil)
			for n := range 3 {
				wantState(t, again, n, 9, 0)
			}
		})
	}
}

func TestTooManyThatWaitAreDropped(t *testing.T) {
	start := make(chan struct{})
	f := openFiles(t, vfs.NewMemory(), func(c *FilesConfig) {
		c.Limit = 1 << 30
		c.Go = func(work func()) bool { go func() { <-start; work() }(); return true }
	})
	for n := range maxWaiting + 10 {
		f.Put(keyOf(n), stateOf(n, 5, 0))
	}
	for n := range maxWaiting + 10 { // newer ones of the same keys still find a place
		f.Put(keyOf(n), stateOf(n, 6, 0))
	}
	f.Put(keyOf(0), stateOf(0, 7, maxWaitingBytes))
	if got := f.Stats(); got.Dropped != 21 {
		t.Errorf("%+v", got)
	}
	wantState(t, f, 0, 6, 0)
	close(start)
	f.awaitIdle()
	for n := range maxWaiting {
		wantState(t, f, n, 6, 0)
	}
	f.Put(keyOf(maxWaiting), stateOf(maxWaiting, 7, maxWaitingBytes)) // a single one may be larger
	f.awaitIdle()
	wantState(t, f, maxWaiting, 7, maxWaitingBytes)
	if got := f.Stats(); got.Dropped != 21 || got.Written != maxWaiting+1 || f.bytes != 0 || len(f.waiting)+len(f.order) != 0 {
		t.Errorf("%+v, %d bytes wait", got, f.bytes)
	}
}

func TestTheFilesAreBounded(t *testing.T) {
	const limit = 100_000 // 24 blocks
	dir := vfs.NewMemory()
	f := openFiles(t, dir, func(c *FilesConfig) { c.Limit = limit })
	for n := range 24 {
		f.Put(keyOf(n), stateOf(n, 10, 0))
	}
	wantState(t, f, 0, 10, 0) // used last
	f.Put(keyOf(1), stateOf(1, 11, 0))
	f.Put(keyOf(100), stateOf(100, 10, 5000)) // two blocks
	for n := range 24 {
		sequence := uint64(10)
		switch n {
		case 1:
			sequence = 11
		case 2, 3:
			sequence = 0
		}
		wantState(t, f, n, sequence, 0)
	}
	if got := f.Stats(); got.Evicted != 2 || got.Files != 23 || got.Bytes != 24*4096 {
		t.Errorf("%+v", got)
	}
	f.Put(keyOf(200), stateOf(200, 10, limit-1000)) // less than a limit, in blocks more
	f.Put(keyOf(201), stateOf(201, 10, limit*10))
	if got := f.Stats(); got.Dropped != 2 || got.Files != 23 {
		t.Errorf("%+v", got)
	}
	f.Put(keyOf(202), stateOf(202, 10, 23*4096))
	wantNames(t, dir, fileName(keyOf(202)))
	f.Close()

	if err := dir.Remove(fileName(keyOf(202))); err != nil {
		t.Fatal(err)
	}
	for n := range 10 {
		openFiles(t, dir, nil).Put(keyOf(n), stateOf(n, 10, 0))
	}
	f = openFiles(t, dir, func(c *FilesConfig) { c.Limit = MinLimit }) // another limit than before
	wantState(t, f, 7, 10, 0)
	f.Put(keyOf(300), stateOf(300, 10, 10*4096))
	wantState(t, f, 7, 10, 0)
	if got := f.Stats(); got.Bytes > MinLimit || got.Files != 6 || got.Evicted != 5 || got.Written != 1 {
		t.Errorf("%+v", got)
	}
}

func TestWhatWasNotFinishedIsRemovedAndNothingElse(t *testing.T) {
	dir := vfs.NewMemory()
	others := []string{"a.cache", "a.cache.tmp", strings.Repeat("A", 32) + ".cache", strings.Repeat("0", 31) + ".cache.tmp", "00000000000000000001.seg", "LOCK"}
	left := temporaryName(fileName(keyOf(7)))
	for _, name := range append(others, left, temporaryName(fileName(keyOf(1)))) {
		writeFile(t, dir, name, []byte("something"))
	}
	f := openFiles(t, dir, func(c *FilesConfig) { c.Limit = MinLimit })
	wantState(t, f, 1, 0, 0)
	f.Put(keyOf(1), stateOf(1, 10, 0))
	wantState(t, f, 1, 10, 0)
	f.Put(keyOf(2), stateOf(2, 10, MinLimit-4096))
	wantNames(t, dir, append(others, fileName(keyOf(2)))...)
	writeFile(t, dir, left, []byte("while it is open"))
	f.Put(keyOf(7), stateOf(7, 10, 0))
	wantNames(t, dir, append(others, fileName(keyOf(7)))...)
	if got := f.Stats(); got.Failed != 0 || got.Files != 1 {
		t.Errorf("%+v", got)
	}
}

// writeFile makes or replaces a file.
func writeFile(t testing.TB, dir vfs.Dir, name string, content []byte) {
	t.Helper()
	_ = dir.Remove(name) // if it is there
	file, err := dir.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt(content, 0); err != nil {
		t.Fatal(err)
	}
}

func readAll(t testing.TB, dir vfs.Dir, name string) []byte {
	t.Helper()
	file, err := dir.Open(name, false)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := file.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAReadOnlyTierChangesNothing(t *testing.T) {
	dir := vfs.NewMemory()
	writer := openFiles(t, dir, nil)
	writer.Put(keyOf(1), stateOf(1, 10, 0))
	writer.Put(keyOf(2), stateOf(2, 2000, 0)) // ahead of what the reader sees
	writeFile(t, dir, fileName(keyOf(3)), []byte("damaged"))
	writeFile(t, dir, temporaryName(fileName(keyOf(4))), []byte("being written"))
	before, _ := dir.List()
	lines := &logged{}
	f := openFiles(t, vfs.Faulty(dir, func(op vfs.Op) error {
		if op.Kind != vfs.OpOpen && op.Kind != vfs.OpReadAt && op.Kind != vfs.OpSize && op.Kind != vfs.OpClose || op.Write {
			t.Errorf("%v of %s", op.Kind, op.Name)
		}
		return nil
	}), func(c *FilesConfig) { c.ReadOnly, c.Logger = true, lines.logger() })
	for range 3 {
		wantState(t, f, 1, 10, 0)
		wantState(t, f, 2, 0, 0)
		wantState(t, f, 3, 0, 0)
		f.Put(keyOf(1), stateOf(1, 11, 0))
		f.Put(keyOf(5), stateOf(5, 11, 0))
	}
	f.Discard(keyOf(1), "it does not decode")
	wantNames(t, dir, before...)
	if got := f.Stats(); got.Hits != 3 || got.Discarded != 7 || got.Failed+got.Written+got.Dropped != 0 || lines.count() != 3 {
		t.Errorf("%+v, %d lines", got, lines.count())
	}
	writer.Put(keyOf(1), stateOf(1, 12, 0)) // by the other process
	wantState(t, f, 1, 12, 0)
}

func TestAWrongConfigurationIsRefused(t *testing.T) {
	holds := func([16]byte, uint64) bool { return true }
	for _, c := range []FilesConfig{
		{Limit: MinLimit, Holds: holds}, {Limit: MinLimit, Dir: vfs.NewMemory()}, {Limit: MinLimit - 1, Dir: vfs.NewMemory(), Holds: holds},
		{Limit: math.MinInt64, Dir: vfs.NewMemory(), Holds: holds},
	} {
		if _, err := OpenFiles(c); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
