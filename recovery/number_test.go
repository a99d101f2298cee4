// This file holds the tests of the numbers of segments: marks have 32 bits for them.

package recovery_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// beside makes a segment without frames, of the store's origin, beside those that it has.
func beside(t *testing.T, w *writer, number uint64) error {
	t.Helper()
	s, err := mmapseg.Create(w.dir, mmapseg.Header{Number: number, Hashing: true, Salt: 7, Size: mmapseg.MinSize, Origin: w.out.Origin})
	if err != nil {
		return err
	}
	return s.Close()
}

// TestATornTailIsTornUpToTheLastNumberOfASegment opens stores whose next segment has a high number, tears the last unit, and wants
// that cut off. A number of which a mark holds a part only would make it damage of what was durable.
func TestATornTailIsTornUpToTheLastNumberOfASegment(t *testing.T) {
	for _, number := range []uint64{2, mmapseg.MaxNumber - 2, mmapseg.MaxNumber - 1} {
		w := write(t, vfs.NewMemory())
		w.events(5)
		w.sync()
		w.events(1)
		w.release()
		if err := beside(t, w, number); err != nil {
			t.Fatal(err)
		}
		again := write(t, w.dir)
		if again.at.Number != number+1 {
			t.Fatalf("behind %d comes %d", number, again.at.Number)
		}
		again.events(2)
		tear := again.tail - 8
		again.release()
		files := imageOf(t, w.dir)
		clear(files[again.at.Name()][tear:])
		if s := load(t, files.memory(t), recovery.Options{}).state; s.Torn == nil || s.Torn.Segment != again.at.Name() || s.Refuses != nil || len(s.Damage) != 0 {
			t.Errorf("segment %d: torn %v, damage %v", number+1, s.Torn, s.Damage)
		}
	}
}

func TestNoSegmentIsMadeWhoseNumberAMarkCanNotHold(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.events(5)
	w.release()
	if err := beside(t, w, mmapseg.MaxNumber+1); err == nil || !strings.Contains(err.Error(), "4294967296") {
		t.Fatalf("a segment with a number of 33 bits: %v", err)
	}
	if err := beside(t, w, mmapseg.MaxNumber); err != nil {
		t.Fatal(err)
	}
	before := imageOf(t, w.dir)
	_, err := load(t, w.dir, recovery.Options{}).state.Resume(w.dir, resumption())
	var corrupt *mmapseg.CorruptError
	if !errors.As(err, &corrupt) || corrupt.Segment != mmapseg.FileName(mmapseg.MaxNumber, 0) {
		t.Errorf("the store goes on behind the last number: %v", err)
	}
	if after := imageOf(t, w.dir); len(after) != len(before) {
		t.Errorf("refusing changed the directory: %d files, were %d", len(after), len(before))
	}
}
