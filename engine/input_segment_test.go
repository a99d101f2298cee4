// Segment files that are missing, empty, cut, of another store or of a newer version:
// refused, and left as they are.

package engine_test

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
)

// threeSegments returns the image of a closed store with at least three segments,
// and its events.
func threeSegments(t *testing.T) (image, history) {
	t.Helper()
	path := quickDir(t)
	s := mustOpen(t, path, engine.Options{SegmentSize: engine.MinSegmentSize, Sync: engine.SyncManual()})
	events := mustAppend(t, s, 400)
	mustClose(t, s)
	files := imageOf(t, path)
	if len(files.segments()) < 3 {
		t.Fatalf("segments %v, want three", files.segments())
	}
	return files, events
}

// withVersion returns a segment with another format version and the right checksum.
func withVersion(segment []byte, version uint32) []byte {
	binary.LittleEndian.PutUint32(segment[8:], version)
	binary.LittleEndian.PutUint32(segment[508:], crc32.Checksum(segment[:508], crc32.MakeTable(crc32.Castagnoli)))
	copy(segment[2048:], segment[:512])
	return segment
}

func TestSegmentFilesThatCanNotBeTheStoresAreRefused(t *testing.T) {
	t.Parallel()
	files, _ := threeSegments(t)
	other, _ := threeSegments(t)
	names := files.segments()
	first, second, tail := names[0], names[1], names[len(names)-1]
	for _, test := range []struct {
		what   string
		change func(m image)
		want   error
		named  string // in the error
	}{
		{"newer version", func(m image) { m[second] = withVersion(m[second], 2) }, engine.ErrVersion, second},
		{"first of a newer version", func(m image) { m[first] = withVersion(m[first], 7) }, engine.ErrVersion, first},
		{"another store's", func(m image) { m[second] = other[second] }, engine.ErrForeign, second},
		{"another store's first", func(m image) { m[first] = other[first] }, engine.ErrForeign, first},
		{"two names for one", func(m image) { m[second] = m[first] }, engine.ErrCorrupt, second},
		{"first missing", func(m image) { delete(m, first) }, engine.ErrCorrupt, first},
		{"second missing", func(m image) { delete(m, second) }, engine.ErrCorrupt, second},
		{"tail missing", func(m image) { delete(m, tail) }, engine.ErrCorrupt, tail},
		{"first empty", func(m image) { m[first] = nil }, engine.ErrCorrupt, first},
		{"second empty", func(m image) { m[second] = nil }, engine.ErrCorrupt, second},
		{"tail empty", func(m image) { m[tail] = nil }, engine.ErrCorrupt, tail},
		{"tail cut in its header", func(m image) { m[tail] = m[tail][:100] }, engine.ErrCorrupt, tail},
		{"tail cut behind its header", func(m image) { m[tail] = m[tail][:4096] }, engine.ErrCorrupt, tail},
		{"sealed one cut", func(m image) { m[second] = m[second][:20_000] }, engine.ErrCorrupt, second},
		{"no segment at all", func(m image) { m[first] = []byte("this is a text, not a segment") }, engine.ErrCorrupt, first},
		{"cursors without segments", func(m image) { clear(m); m["mine.cursor"] = []byte("position") }, engine.ErrCorrupt, "mine.cursor"},
	} {
		changed := files.clone()
		test.change(changed)
		path := quickDir(t)
		changed.write(t, path)
		s, err := engine.Open(path, engine.Options{SegmentSize: engine.MinSegmentSize})
		if s != nil || !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.what, err, test.want)
			continue
		}
		if !strings.Contains(err.Error(), test.named) {
			t.Errorf("%s: %q does not name %s", test.what, err, test.named)
		}
		mustBeUnchanged(t, path, changed)
	}
}

func TestAVersionErrorNamesBothVersions(t *testing.T) {
	t.Parallel()
	files, _ := threeSegments(t)
	name := files.segments()[1]
	files[name] = withVersion(files[name], 2)
	path := quickDir(t)
	files.write(t, path)
	_, err := engine.Open(path, engine.Options{})
	var version *engine.VersionError
	if !errors.As(err, &version) || version.File != name || version.Found != 2 || version.Known != 1 {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoRegularFileIsNotOpenedAsASegment(t *testing.T) {
	t.Parallel()
	files, _ := threeSegments(t)
	name := files.segments()[1]
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.WriteFile(elsewhere, files[name], 0o600); err != nil {
		t.Fatal(err)
	}
	for what, replace := range map[string]func(path string) error{
		"symbolic link": func(path string) error { return os.Symlink(elsewhere, path) },
		"directory":     func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		path := quickDir(t)
		files.write(t, path)
		segment := filepath.Join(path, name)
		if err := errors.Join(os.Remove(segment), replace(segment)); err != nil {
			t.Fatal(err)
		}
		s, err := engine.Open(path, engine.Options{})
		if s != nil || !errors.Is(err, engine.ErrNotRegular) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want ErrNotRegular", what, err)
		}
	}
	if b, err := os.ReadFile(elsewhere); err != nil || string(b) != string(files[name]) {
		t.Errorf("the file behind the link changed: %v", err)
	}
}

func TestADamagedStoreCanBeReadAroundTheDamage(t *testing.T) {
	t.Parallel()
	files, events := threeSegments(t)
	name := files.segments()[1]
	files[name][30_000] ^= 1
	path := quickDir(t)
	files.write(t, path)
	// A sealed segment's frames are not read at opening, unless everything derived is ignored.
	s := mustOpen(t, path, engine.Options{ReadOnly: true, Rebuild: true})
	if got := s.Report().Damage; len(got) != 1 || got[0].Segment != name {
		t.Errorf("damage %v", got)
	}
	mustReadAround(t, s, events)
	mustClose(t, s)
	s = mustOpen(t, path, engine.Options{ReadOnly: true})
	mustReadAround(t, s, events)
	mustClose(t, s)
	mustBeUnchanged(t, path, files)
	s = mustOpen(t, path, engine.Options{})
	mustReadAround(t, s, events)
	mustClose(t, s)
}

// mustReadAround fails the test unless all events but one are read, and one is damaged.
func mustReadAround(t *testing.T, s *engine.Store, events history) {
	t.Helper()
	seen, damaged := 0, uint64(0)
	for ev, err := range s.Events(0, 0, engine.ReadOptions{}) {
		var corrupt *engine.CorruptError
		switch {
		case errors.As(err, &corrupt):
			damaged += corrupt.Last - corrupt.First + 1
		case err != nil:
			t.Fatal(err)
		case difference(ev, events[ev.Sequence-1]) != "":
			t.Fatal(difference(ev, events[ev.Sequence-1]))
		default:
			seen++
		}
	}
	if damaged != 1 || seen != len(events)-1 {
		t.Errorf("%d events read, %d damaged, of %d", seen, damaged, len(events))
	}
}
