// This file holds the tests of stores that were closed or sealed, and then lost the end of a file: what the file's size
// says was durable is damaged, not torn, and nothing is removed.

package recovery_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// closedStore writes a store of one segment that was closed twice.
func closedStore(t testing.TB) *writer {
	w := write(t, vfs.NewMemory())
	w.events(3)
	w.close()
	again := write(t, w.dir)
	again.events(2)
	again.batch(2)
	again.events(1)
	again.close()
	again.written = append(w.written, again.written...)
	return again
}

// wholeUntil returns how many of the events stand before offset, batches as a whole.
func (w *writer) wholeUntil(offset int64) (n int) {
	n = len(w.written)
	for _, u := range w.units {
		if u.end > offset {
			n -= len(u.events)
		}
	}
	return n
}

func TestAClosedStoreThatLostItsEndIsDamaged(t *testing.T) {
	w := closedStore(t)
	files := imageOf(t, w.dir)
	whole := files[name(0)]
	firstClose := w.units[0].offset - int64(mmapseg.OpenSize(0)) // an open frame stands between
	for at := int64(mmapseg.HeaderSize); at < int64(len(whole)); at += 8 {
		zeroed, cut := files.clone(), files.clone()
		clear(zeroed[name(0)][at:])
		cut[name(0)] = cut[name(0)][:at]
		for what, changed := range map[string]image{"zeros from": zeroed, "cut to": cut} {
			if at == firstClose {
				continue // as after the first close, which nobody can tell
			}
			if at > firstClose && at < w.units[0].offset {
				continue // an open frame that was torn
			}
			l := damage(t, changed, name(0))
			d := l.state.Damage[0]
			if d.First != l.state.LastSequence+1 || d.Last != math.MaxUint64 {
				t.Fatalf("%s %d: damage %v", what, at, d)
			}
			if at >= w.units[0].offset {
				sameEvents(t, l.events, w.written[:w.wholeUntil(at)])
			}
		}
	}
}

func TestAClosedStoreWithZerosBehindItsCloseFrameIsWhole(t *testing.T) {
	w := closedStore(t)
	for _, size := range []int{8, 4096, mmapseg.MinSize} { // an opening was cut off while it reserved the file again
		files := imageOf(t, w.dir)
		files[name(0)] = append(files[name(0)], make([]byte, size)...)[:min(len(files[name(0)])+size, mmapseg.MinSize)]
		l := load(t, files.memory(t), recovery.Options{})
		if !l.state.Clean || l.state.Torn != nil || len(l.state.Damage) != 0 {
			t.Errorf("%d zeros: %+v", size, l.state)
		}
		sameEvents(t, l.events, w.written)
	}
}

func TestASealedSegmentThatLostItsFooterAndEndFrameIsDamaged(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.events(5)
	end := w.tail
	w.rotate(true)
	w.release()
	files := imageOf(t, w.dir)
	clear(files[name(0)][end:])
	l := damage(t, files, name(0))
	if d := l.state.Damage; d[0].Offset != end || d[0].First != 6 || d[0].Last != math.MaxUint64 {
		t.Errorf("damage %v", d)
	}
	sameEvents(t, l.events, w.written)

	// What comes behind it is read all the same, although no mark in it proves anything.
	w = write(t, vfs.NewMemory())
	w.events(5)
	w.sync()
	end = w.tail
	mark := w.mark
	w.rotate(true)
	w.mark = mark
	w.events(3)
	w.release()
	files = imageOf(t, w.dir)
	clear(files[name(0)][end:])
	sameEvents(t, damage(t, files, name(0)).events, w.written)
}

func TestALaterSegmentThatWasClosedProvesWhatIsBeforeItEvenWithoutFrames(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.events(4)
	end := w.tail
	w.rotate(false)
	w.events(3)
	w.close()
	files := imageOf(t, w.dir)
	clear(files[name(0)][end:])
	clear(files[name(1)][mmapseg.HeaderSize:])
	l := damage(t, files, name(0))
	sameEvents(t, l.events, w.written[:4])
	if s := l.state; len(s.Unused) != 0 || len(s.Later) != 0 || len(s.Segments) != 2 {
		t.Errorf("loaded %+v", s)
	}
}

func TestAStoreWhoseFirstSegmentIsLostIsReadFromTheNextOne(t *testing.T) {
	for _, seal := range []bool{false, true} {
		w := write(t, vfs.NewMemory())
		w.events(5)
		w.rotate(seal)
		w.events(6)
		w.close() // the open frame stands in the segment that is lost
		files := imageOf(t, w.dir)
		lost := map[string]func(image){
			"missing":          func(f image) { delete(f, name(0)) },
			"empty":            func(f image) { f[name(0)] = nil },
			"cut":              func(f image) { f[name(0)] = f[name(0)][:100] },
			"without a header": func(f image) { clear(f[name(0)][:mmapseg.HeaderSize]) },
		}
		for what, change := range lost {
			changed := files.clone()
			change(changed)
			l := damage(t, changed, name(0))
			if d := l.state.Damage; len(d) != 1 || d[0].First != 1 || d[0].Last != 5 {
				t.Errorf("%s: damage %v", what, d)
			}
			if s := l.state; s.LastSequence != 11 || s.TreeSize != 11 || s.Identity != w.out.Identity || s.Clean || len(s.Report.Ignored) != 0 {
				t.Errorf("%s: loaded %+v", what, s)
			}
			sameEvents(t, l.events, w.written[5:])
			forwards, single := readAll(t, changed.memory(t))
			if !slices.Equal(forwards, w.written[5:]) || !slices.Equal(single, w.written[5:]) {
				t.Errorf("%s: forwards %q, single %q", what, forwards, single)
			}
		}
	}
}

func TestAFirstSegmentOfAnotherVersionIsRefusedAndNotPassedOver(t *testing.T) {
	files := imageOf(t, threeSegments(t, false).dir)
	files[name(0)][8], files[name(0)][2048+8] = 2, 2
	if _, err := try(files.memory(t), recovery.Options{}); !errors.Is(err, mmapseg.ErrVersion) {
		t.Errorf("got %v", err)
	}
}

func TestDamageAtTheEndNamesFromWhereOn(t *testing.T) {
	w := threeSegments(t, true)
	for what, change := range map[string]func(image){
		"the last segment is missing": func(f image) { delete(f, name(2)) },
		"the last segment is empty":   func(f image) { f[name(2)] = nil },
		"a file that is no segment":   func(f image) { delete(f, name(2)); f[name(3)] = []byte("no header") },
	} {
		files := imageOf(t, w.dir)
		change(files)
		for _, d := range damage(t, files, name(2)).state.Damage {
			if d.First != 12 || d.Last != math.MaxUint64 {
				t.Errorf("%s: %v", what, d)
			}
		}
	}
}

func TestAnEmptyFileWithTheHighestNumberTakesNoNumber(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.events(3)
	w.release()
	files := imageOf(t, w.dir)
	highest := mmapseg.FileName(math.MaxUint64, 0)
	files[highest] = nil
	dir := files.memory(t)
	verdict{events: w.written}.resumes(t, dir, w.next-1, "an empty file")
	if names := fmt.Sprint(slices.Sorted(mapKeys(imageOf(t, dir)))); names != fmt.Sprint([]string{name(0), name(1)}) {
		t.Errorf("left %s", names)
	}

	for _, number := range []uint64{mmapseg.MaxNumber, math.MaxUint64} { // with a header that fits its name, and no frames
		b := slices.Clone(imageOf(t, w.dir)[name(0)])
		clear(b[mmapseg.HeaderSize:])
		binary.LittleEndian.PutUint64(b[16:], number)
		resum(b)
		files := imageOf(t, dir)
		files[mmapseg.FileName(number, 0)] = b
		dir := files.memory(t)
		_, err := load(t, dir, recovery.Options{}).state.Resume(dir, resumption())
		var corrupt *mmapseg.CorruptError
		if !errors.As(err, &corrupt) || corrupt.Segment != mmapseg.FileName(number, 0) {
			t.Errorf("without a number left: %v", err)
		}
	}
}
