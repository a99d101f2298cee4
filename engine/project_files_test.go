// Tests of states in files: what outlives the process, and what of it is believed.

package engine_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// filed keeps states in files, written after every event.
func filed(events int) engine.Options {
	return engine.Options{Sync: engine.SyncManual(), Cache: engine.CacheOptions{FileBytes: engine.MinCacheFileBytes, FileEvents: events}}
}

// states returns the names of the files of states.
func (m image) states() (names []string) {
	for name := range m {
		if strings.HasSuffix(name, ".cache") {
			names = append(names, name)
		}
	}
	return names
}

func TestStatesInFilesOutliveTheProcess(t *testing.T) {
	t.Parallel()
	dir := vfs.NewMemory()
	s, f := mustOpenDir(t, dir, filed(1)), newFolds()
	storeTurns(t, s, 20)
	f.mustFold(t, s, event.Entity("a"), engine.Consistent())
	storeTurns(t, s, 2)
	f.mustFold(t, s, event.Entity("a"), engine.Consistent())
	mustClose(t, s)

	// The one with a Clone has an unexported field: it has no file.
	f.applied.Store(0)
	s = mustOpenDir(t, imageOfDir(t, dir).memory(t), filed(1))
	storeTurns(t, s, 4)
	f.mustFold(t, s, event.Entity("a"), engine.Consistent())
	f.mustApply(t, "after the restart", 2+2+13)
	if got := s.Stats().Cache; got.FileHits != 2 || got.FilesDiscarded != 0 {
		t.Errorf("%+v", got)
	}
	mustClose(t, s)
	if n := len(imageOfDir(t, dir).states()); n != 2 {
		t.Errorf("%d files, want 2", n)
	}
}

func TestAStateIsWrittenAgainAfterSoManyEvents(t *testing.T) {
	t.Parallel()
	s, f := mustOpenDir(t, vfs.NewMemory(), filed(10)), newFolds()
	ask := func() {
		if _, err := f.ask(t.Context(), "tally", s, event.Entity("a"), engine.Consistent()); err != nil {
			t.Fatal(err)
		}
		f.applied.Store(0)
	}
	ask() // of no events: not written
	mustAppendTo(t, s, "a", 0)
	ask() // the first time
	until(func() bool { return s.Stats().Cache.FilesWritten == 1 })
	for range 25 {
		mustAppendTo(t, s, "a", 0)
		ask()
	}
	mustClose(t, s)
	if got := s.Stats().Cache.FilesWritten + s.Stats().Cache.FilesDropped; got < 2 || got > 3 {
		t.Errorf("written %d times, want at the first, the 11th and the 21st event, or two of these at once", got)
	}
}

func TestAStateInAFileOfAnotherVersionOrTypeIsNotTaken(t *testing.T) {
	t.Parallel()
	dir := vfs.NewMemory()
	s := mustOpenDir(t, dir, filed(1))
	storeTurns(t, s, 10)
	p := func(version uint32) *engine.Projection[uint64] {
		return engine.MustProjection(engine.Fold[uint64]{Name: "n", Version: version, Apply: func(n *uint64, _ event.Event) error { *n++; return nil }})
	}
	if _, err := engine.Project(t.Context(), s, p(1), event.Everything(), engine.Consistent()); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	s = openFor(t, imageOfDir(t, dir).memory(t), filed(1))
	other := engine.MustProjection(engine.Fold[int64]{Name: "n", Version: 1, Apply: func(n *int64, _ event.Event) error { *n--; return nil }})
	down, err := engine.Project(t.Context(), s, other, event.Everything(), engine.Consistent())
	if err != nil || down.Value != -10 || down.Cached {
		t.Errorf("another type: %+v, %v", down, err)
	}
	for version, cached := range map[uint32]bool{0: false, 1: true, 2: false} {
		state, err := engine.Project(t.Context(), s, p(version), event.Everything(), engine.Consistent())
		if err != nil || state.Value != 10 || state.Cached != cached {
			t.Errorf("version %d: %+v, %v", version, state, err)
		}
	}
}

func TestAStateOfEventsThatWereLostIsNotBelieved(t *testing.T) {
	t.Parallel()
	d := newDevice(nothing())
	s, f := mustOpenDir(t, d, filed(1)), newFolds()
	storeTurns(t, s, 10)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	storeTurns(t, s, 10)
	f.mustFold(t, s, event.Entity("a"), engine.Consistent())
	until(func() bool { return s.Stats().Cache.FilesWritten == 2 })
	files := imageOfDir(t, d)
	left := d.cut(nil)
	_ = s.Close() // what it writes goes to a device that is gone
	disk := newDevice(left)
	for _, name := range files.states() { // as if the disk had written those first
		mustPut(t, disk, name, files[name])
	}
	s = openFor(t, disk, filed(1))
	if got := f.mustFold(t, s, event.Entity("a"), engine.Consistent()); got.Events != 5 || got.last != 9 {
		t.Errorf("got %+v", got)
	}
	storeTurns(t, s, 2)
	if got := f.mustFold(t, s, event.Entity("a"), engine.Consistent()); got.Events != 6 {
		t.Errorf("after another event: %+v", got)
	}
	if got := s.Stats().Cache; got.FilesDiscarded == 0 {
		t.Error("no file was discarded")
	}
}

// mustPut puts a file into a directory, in the place of one that has its name.
func mustPut(t *testing.T, dir vfs.Dir, name string, content []byte) {
	t.Helper()
	if err := dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	file, err := dir.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt(content, 0); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(file.SyncAll(), file.Close(), dir.Sync()); err != nil {
		t.Fatal(err)
	}
}

func TestAnOlderCopyOfTheSegmentsGetsNoStateOfTheNewerOne(t *testing.T) {
	t.Parallel()
	first := vfs.NewMemory()
	s, f := mustOpenDir(t, first, filed(1)), newFolds()
	storeTurns(t, s, 10)
	mustClose(t, s)
	copied := imageOfDir(t, first)
	newer := copied.memory(t)
	s = mustOpenDir(t, newer, filed(1))
	storeTurns(t, s, 10)
	f.mustFold(t, s, event.Entity("a"), engine.Consistent())
	mustClose(t, s)
	files := imageOfDir(t, newer)

	// The older files come back, the states stay, and other events get the same sequences.
	for _, name := range files.states() {
		copied[name] = files[name]
	}
	s = openFor(t, copied.memory(t), filed(1))
	for i := range 14 {
		mustAppendTo(t, s, []string{"b", "a", "c"}[i%3], 0)
		if i > 10 {
			f.mustFold(t, s, event.Entity("a"), engine.Consistent())
		}
	}
	if got := s.Stats().Cache; got.FilesDiscarded == 0 {
		t.Error("no file was discarded")
	}
}

func TestDamagedFilesOfStatesCostTimeOnly(t *testing.T) {
	t.Parallel()
	dir := vfs.NewMemory()
	s, f := mustOpenDir(t, dir, filed(1)), newFolds()
	storeTurns(t, s, 10)
	f.mustFold(t, s, event.Entity("a"), engine.Consistent())
	mustClose(t, s)
	sound := imageOfDir(t, dir)
	for what, damage := range map[string]func(b []byte) []byte{
		"cut":     func(b []byte) []byte { return b[:len(b)/2] },
		"empty":   func([]byte) []byte { return nil },
		"zeros":   func(b []byte) []byte { return make([]byte, len(b)) },
		"flipped": func(b []byte) []byte { b[len(b)*2/3] ^= 1; return b },
	} {
		m := sound.clone()
		for _, name := range m.states() {
			m[name] = damage(m[name])
		}
		s := mustOpenDir(t, m.memory(t), filed(1))
		if got := f.mustFold(t, s, event.Entity("a"), engine.Consistent()); got.Events != 5 {
			t.Errorf("%s: %+v", what, got)
		}
		if got := s.Stats().Cache; got.FileHits != 0 || got.FilesDiscarded == 0 {
			t.Errorf("%s: %+v", what, got)
		}
		mustClose(t, s)
	}
}
