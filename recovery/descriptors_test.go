// This file holds the tests of the files that loading has open: few at once, and none afterwards.

package recovery_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/recovery"
)

// openFiles is a directory that counts the files which are open.
type openFiles struct {
	vfs.Dir
	now, most int
}

func (d *openFiles) Open(name string, writable bool) (vfs.File, error) {
	f, err := d.Dir.Open(name, writable)
	if err != nil {
		return nil, err
	}
	d.now++
	d.most = max(d.most, d.now)
	return &openFile{f, d}, nil
}

type openFile struct {
	vfs.File
	dir *openFiles
}

func (f *openFile) Close() error {
	f.dir.now--
	return f.File.Close()
}

func TestLoadingLeavesNoFileOpenWhateverFails(t *testing.T) {
	failure := errors.New("failing on purpose")
	stores := map[string]*writer{"sealed": reopenedStore(t), "not sealed": smallStore(t)}
	for what, w := range stores {
		for n, failed := 0, true; failed; n++ {
			left := n
			failed = false
			dir := &openFiles{Dir: vfs.Faulty(w.dir, func(op vfs.Op) error {
				if left--; left == -1 && op.Kind != vfs.OpClose {
					failed = true
					return failure
				}
				return nil
			})}
			_, err := recovery.Load(dir, recovery.Options{})
			if failed != errors.Is(err, failure) || dir.now != 0 {
				t.Fatalf("%s, call %d fails: %v, %d files are open", what, n, err, dir.now)
			}
			failed = failed || left < 0 // it was closing that did not fail
		}
	}
}

func TestLoadingManySegmentsHasFewFilesOpen(t *testing.T) {
	w := write(t, vfs.NewMemory())
	const segments = 600
	for range segments - 1 {
		w.events(1)
		w.rotate(true)
	}
	w.close()
	dir := &openFiles{Dir: w.dir}
	l, err := try(dir, recovery.Options{})
	if err != nil || l.state.Report.Sealed != segments-1 {
		t.Fatalf("%v, report %v", err, l.state.Report)
	}
	sameEvents(t, l.events, w.written)
	if dir.now != 0 || dir.most > 300 {
		t.Errorf("%d files are open at once, %d afterwards", dir.most, dir.now)
	}
}

func BenchmarkLoadOfSealedSegments(b *testing.B) {
	for _, segments := range []int{64, 256} {
		b.Run(fmt.Sprint(segments), func(b *testing.B) {
			dir, err := vfs.OpenDir(b.TempDir(), false)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() {
				if err := dir.Close(); err != nil {
					b.Error(err)
				}
			})
			w := write(b, dir)
			for range segments {
				for w.at.Fits(w.tail, 1000) {
					w.events(1)
				}
				w.rotate(true)
			}
			w.close()
			b.ReportAllocs()
			for b.Loop() {
				state, err := recovery.Load(dir, recovery.Options{})
				if err != nil || state.Report.Sealed != segments || !state.Clean {
					b.Fatal(err, state)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*(segments+1)), "us/segment")
		})
	}
}
