// What is found in the directory: files that can be believed, and all the others.

package merge

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/klauspost/crc32"

	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/checked"
	"github.com/batpak/batpak/internal/vfs"
)

// nameOf returns the name of the run over segments.
func nameOf(first, last uint64) string { return fileName(index.RunInfo{First: first, Last: last}) }

func TestOnlyNamesOfRunsAreNamesOfRuns(t *testing.T) {
	if name := nameOf(3, 18); name != "00000000000000000003-00000000000000000018.run" || !isFileName(name) {
		t.Error(name)
	}
	for _, name := range []string{
		"", ".run", "1-2.run", nameOf(1, 2) + temporary, nameOf(1, 2) + "x", "x" + nameOf(1, 2),
		"+0000000000000000003-00000000000000000018.run", "99999999999999999999-99999999999999999999.run",
	} {
		if isFileName(name) {
			t.Errorf("%q", name)
		}
	}
}

func TestWhatCanNotBeBelievedIsMadeAnew(t *testing.T) {
	sound := func(t *testing.T, s *store, from, to int) []byte { return atOnce(t, s.index.Parts()[from-1:to]) }
	for what, test := range map[string]struct {
		spoil   func(t *testing.T, s *store) // with runs over 1-4 and 5-6
		dropped uint64
	}{
		"empty":             {func(t *testing.T, s *store) { writeFile(t, s.dir, nameOf(1, 4), nil) }, 1},
		"zeros":             {func(t *testing.T, s *store) { writeFile(t, s.dir, nameOf(1, 4), make([]byte, 60_000)) }, 1},
		"cut":               {func(t *testing.T, s *store) { writeFile(t, s.dir, nameOf(1, 4), sound(t, s, 1, 4)[:8192]) }, 1},
		"of other segments": {func(t *testing.T, s *store) { writeFile(t, s.dir, nameOf(1, 4), sound(t, s, 2, 5)) }, 1},
		"of a part of them": {func(t *testing.T, s *store) { writeFile(t, s.dir, nameOf(2, 3), sound(t, s, 2, 3)) }, 1},
		"left when a larger one was there": {func(t *testing.T, s *store) {
			writeFile(t, s.dir, nameOf(1, 2), sound(t, s, 1, 2))
			writeFile(t, s.dir, nameOf(3, 4), sound(t, s, 3, 4))
		}, 2},
		"of another version": {func(t *testing.T, s *store) {
			data := sound(t, s, 5, 6)
			data[8]++
			writeFile(t, s.dir, nameOf(5, 6), data)
		}, 1},
		"of a segment's other salt": {func(t *testing.T, s *store) {
			data := sound(t, s, 5, 6)
			data[56]++
			binary.LittleEndian.PutUint32(data[4092:], crc32.Checksum(data[:4092], crc32.MakeTable(crc32.Castagnoli)))
			writeFile(t, s.dir, nameOf(5, 6), data)
		}, 1},
		"unfinished": {func(t *testing.T, s *store) { writeFile(t, s.dir, nameOf(1, 6)+temporary, make([]byte, 9000)) }, 0},
		"nothing":    {func(t *testing.T, s *store) {}, 0},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStore(t, vfs.NewMemory())
			s.load()
			s.seal(6)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			test.spoil(t, s)
			s.reopen(Config{})
			s.load()
			s.wantRuns(4, 2)
			if stats := s.Stats(); stats.Dropped != test.dropped || stats.Failures != 0 {
				t.Errorf("%+v", stats)
			}
		})
	}
}

func TestFilesOfOthersAreLeftAlone(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	s.load()
	s.seal(4)
	foreign := atOnce(t, s.index.Parts()[:2])
	foreign[16]++ // its origin
	binary.LittleEndian.PutUint32(foreign[4092:], crc32.Checksum(foreign[:4092], crc32.MakeTable(crc32.Castagnoli)))
	names := []string{nameOf(1, 4), nameOf(1, 2), "notes.run", "1-2.run.tmp"}
	writeFile(t, s.dir, names[1], foreign)
	writeFile(t, s.dir, names[2], []byte("mine"))
	writeFile(t, s.dir, names[3], nil)
	s.reopen(Config{})
	s.load()
	if runs := s.index.Runs(); len(runs) != 1 || runs[0].Info().Segments != 4 {
		t.Errorf("%d runs", len(runs))
	}
	s.wantFiles(names...)
}

func TestARunThatIsFoundDamagedIsMadeAnew(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	s.load()
	s.seal(6)
	run := s.index.Runs()[0]
	s.Damaged(run, checked.ErrDamaged)
	s.Damaged(run, checked.ErrDamaged) // said by two readers
	if slices.Contains(s.index.Runs(), run) {
		t.Error("it is in the index")
	}
	s.Wait()
	s.wantRuns(4, 2)
	if stats := s.Stats(); stats.Dropped != 1 || slices.Contains(s.index.Runs(), run) {
		t.Errorf("%+v", stats)
	}
}

func TestADamagedInputOfAMergeIsMadeAnewFirst(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	s.load()
	s.seal(6)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data := readFile(t, s.dir, nameOf(1, 4))
	data[2*4096]++ // in the first list
	writeFile(t, s.dir, nameOf(1, 4), data)
	s.reopen(Config{})
	s.load() // nobody looks at the list
	if stats := s.Stats(); stats.Dropped != 0 || stats.Runs != 2 {
		t.Fatalf("%+v", stats)
	}
	s.seal(2)
	s.wantRuns(8)
	if stats := s.Stats(); stats.Dropped != 1 || stats.Failures != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestARunIsMappedOnARealDirectory(t *testing.T) {
	dir, err := vfs.OpenDir(t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	s := newStore(t, dir)
	s.load()
	s.seal(7)
	s.wantRuns(4, 2)
	s.reopen(Config{})
	s.load()
	s.seal(9)
	s.wantRuns(16)
	if err := errors.Join(s.Close(), dir.Close()); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoRegularFileIsNeitherOpenedNorRemoved(t *testing.T) {
	decide := func(op vfs.Op) error {
		if op.Kind == vfs.OpOpen && op.Name == nameOf(1, 2) {
			return &vfs.NotRegularError{}
		}
		return nil
	}
	s := newStore(t, vfs.Faulty(vfs.NewMemory(), decide))
	s.index.AddPart(sealedPart(t, 1))
	writeFile(t, s.dir, nameOf(1, 2), nil)
	s.load()
	if stats := s.Stats(); stats.Failures != 1 || stats.Dropped != 0 {
		t.Errorf("%+v", stats)
	}
	s.wantFiles(nameOf(1, 2))
	failure := errors.New("list")
	s.dir = vfs.Faulty(s.dir, func(op vfs.Op) error {
		if op.Kind == vfs.OpList {
			return failure
		}
		return nil
	})
	s.reopen(Config{})
	if err := s.Load(); !errors.Is(err, failure) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that can't be listed: %v", err)
	}
}
