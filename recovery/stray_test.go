// This file holds the tests of files that have names like the store's and are not the store's: they are passed over,
// reported, and never removed.

package recovery_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

func TestAStraySegmentFileIsIgnoredAndKept(t *testing.T) {
	w := threeSegments(t, true)
	files := imageOf(t, w.dir)
	stray := mmapseg.FileName(2, 7)
	for what, content := range map[string][]byte{
		"text": []byte("not ours"), "a copy under another name": files[name(1)], "zeros": make([]byte, mmapseg.MinSize),
	} {
		changed := files.clone()
		changed[stray] = slices.Clone(content)
		dir := changed.memory(t)
		l := load(t, dir, recovery.Options{})
		s := l.state
		if !slices.Equal(s.Report.Ignored, []string{stray}) || len(s.Later)+len(s.Unused)+len(s.Damage) != 0 {
			t.Fatalf("%s: ignored %v, %+v", what, s.Report.Ignored, s)
		}
		sameEvents(t, l.events, w.written)
		verdict{events: w.written}.resumes(t, dir, w.next-1, what)
		if got := imageOf(t, dir)[stray]; !slices.Equal(got, content) {
			t.Errorf("%s: it was changed or removed", what)
		}
	}
}

func TestWhatIsNamedLikeATemporaryFileAndIsNoneIsIgnoredAndKept(t *testing.T) {
	path := t.TempDir()
	dir, err := vfs.OpenDir(path, false)
	if err != nil {
		t.Fatal(err)
	}
	w := write(t, dir)
	w.events(2)
	w.close()
	directory, link, ours := name(1)+".tmp", name(2)+".tmp", name(3)+".tmp"
	if err := os.Mkdir(filepath.Join(path, directory), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(path, name(0)), filepath.Join(path, link)); err != nil {
		t.Fatal(err)
	}
	image{ours: {1}}.put(t, dir)
	s := load(t, dir, recovery.Options{}).state
	if !slices.Equal(s.Report.Ignored, []string{directory, link}) || !slices.Equal(s.Unused, []string{ours}) || !s.Clean {
		t.Fatalf("ignored %v, unused %v, clean %t", s.Report.Ignored, s.Unused, s.Clean)
	}
	again := write(t, dir)
	again.events(1)
	again.close()
	names, err := dir.List()
	if err != nil || !slices.Equal(names, []string{name(0), directory, link}) {
		t.Errorf("left %v, %v", names, err)
	}
	if err := dir.Close(); err != nil {
		t.Error(err)
	}
}
