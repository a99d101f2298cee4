// This file holds the tests of the writable opening on a disk that is nearly full.

package recovery_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// crowded returns a directory in memory with the files and so much room besides.
func (files image) crowded(t testing.TB, room int64) *vfs.Memory {
	t.Helper()
	dir := vfs.NewMemory()
	files.put(t, dir)
	for _, b := range files {
		room += int64(len(b))
	}
	dir.SetCapacity(room)
	return dir
}

// largeStore writes a store of one segment of 1 MiB, closed in order or not.
func largeStore(t testing.TB, closed bool) *writer {
	t.Helper()
	dir := vfs.NewMemory()
	w := begin(t, dir, large())
	w.events(5)
	if closed {
		w.close()
	}
	w.release()
	return w
}

// large is a resumption with segments of up to 1 MiB.
func large() recovery.Resumption {
	r := resumption()
	r.SegmentSize = 1 << 20
	return r
}

// resumeLarge opens the store for writing with segments of up to 1 MiB.
func resumeLarge(t testing.TB, dir vfs.Dir) (*recovery.Resumed, error) {
	t.Helper()
	out, err := load(t, dir, recovery.Options{}).state.Resume(dir, large())
	if err == nil {
		t.Cleanup(func() {
			for _, s := range out.Segments {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	return out, err
}

func TestASuccessorIsMadeAsLargeAsThereIsRoomFor(t *testing.T) {
	w := largeStore(t, false)
	files := imageOf(t, w.dir)
	for room, want := range map[int64]int64{1 << 20: 1 << 20, 1<<20 - 1: 512 << 10, 200 << 10: 128 << 10, mmapseg.MinSize: mmapseg.MinSize} {
		dir := files.crowded(t, room)
		out, err := resumeLarge(t, dir)
		if err != nil {
			t.Fatalf("room for %d bytes: %v", room, err)
		}
		if got := out.Segments[len(out.Segments)-1].Size; got != want || out.Lost.First != 6 {
			t.Errorf("room for %d bytes: a segment of %d, want %d; lost %v", room, got, want, out.Lost)
		}
		sameEvents(t, load(t, dir, recovery.Options{}).events, w.written)
	}
	dir := files.crowded(t, mmapseg.MinSize-1)
	if _, err := resumeLarge(t, dir); !errors.Is(err, vfs.ErrNoSpace) {
		t.Fatalf("without room for any segment: %v", err)
	}
	if got := imageOf(t, dir); len(got) != 1 || !slices.Equal(got[name(0)], files[name(0)]) {
		t.Error("the failure changed the directory")
	}
}

func TestAClosedStoreGoesOnInASmallerSegmentWhereItsOwnHasNoRoomAgain(t *testing.T) {
	w := largeStore(t, true)
	files := imageOf(t, w.dir)
	dir := files.crowded(t, 100<<10)
	out, err := resumeLarge(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if !out.Lost.IsZero() || out.Next != w.next || len(out.Segments) != 2 || out.Segments[1].Size != mmapseg.MinSize {
		t.Fatalf("resumed as %+v", out)
	}
	if u := out.Unsealed; len(u) != 1 || u[0].FramesEnd != int64(len(files[name(0)]))+mmapseg.EndSize || u[0].Segment.End() != u[0].FramesEnd {
		t.Errorf("unsealed %+v", u)
	}
	l := load(t, dir, recovery.Options{})
	if s := l.state; s.Segments[0].End.Reason != mmapseg.EndRotated || len(s.Damage) != 0 || s.Torn != nil {
		t.Errorf("loaded %+v", s)
	}
	sameEvents(t, l.events, w.written)
	// It can be sealed once there is room.
	dir.SetCapacity(0)
	footer, err := out.Unsealed[0].Segment.BuildFooter(out.Unsealed[0].FramesEnd, nil, nil)
	if err == nil {
		end := out.Unsealed[0].FramesEnd
		err = errors.Join(out.Unsealed[0].Segment.Seal(end, footer), out.Unsealed[0].Segment.GiveBack(end, end+int64(len(footer))))
	}
	if err != nil {
		t.Fatal(err)
	}
	l = load(t, dir, recovery.Options{})
	sameEvents(t, l.events, w.written)
	if !l.state.Segments[0].Sealed {
		t.Errorf("not sealed: %v", l.state.Report)
	}
}

func TestAClosedStoreOnAFullDiskStaysClosedAndWhole(t *testing.T) {
	w := largeStore(t, true)
	files := imageOf(t, w.dir)
	for _, room := range []int64{1, mmapseg.EndSize - 1, mmapseg.EndSize, mmapseg.MinSize} {
		dir := files.crowded(t, room)
		if _, err := resumeLarge(t, dir); !errors.Is(err, vfs.ErrNoSpace) {
			t.Fatalf("room for %d bytes: %v", room, err)
		}
		l := load(t, dir, recovery.Options{})
		if !l.state.Clean {
			t.Errorf("room for %d bytes: %+v", room, l.state)
		}
		sameEvents(t, l.events, w.written)
		dir.SetCapacity(0)
		out, err := resumeLarge(t, dir)
		if err != nil || out.Next != w.next || !out.Lost.IsZero() || len(out.Segments) != 1 {
			t.Errorf("room again: %+v, %v", out, err)
		}
	}
}

func TestWhatAFailedReservationTookIsGivenBackFirst(t *testing.T) {
	w := largeStore(t, true)
	files := imageOf(t, w.dir)
	dir := files.crowded(t, 100<<10)
	greedy := vfs.Faulty(dir, func(op vfs.Op) error {
		if op.Kind != vfs.OpReserve || op.Name != name(0) || op.Length != 1<<20 {
			return nil
		}
		f, err := dir.Open(op.Name, true)
		if err != nil {
			return err
		}
		return errors.Join(f.Truncate(int64(len(files[name(0)]))+100<<10), f.Close(), vfs.ErrNoSpace) // as fallocate may
	})
	out, err := resumeLarge(t, greedy)
	if err != nil || len(out.Segments) != 2 || !out.Lost.IsZero() {
		t.Fatalf("resumed as %+v, %v", out, err)
	}
	sameEvents(t, load(t, dir, recovery.Options{}).events, w.written)
}

func TestAnEmptySuccessorThatHasNoRoomIsEndedToo(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.events(4)
	w.rotate(false)
	w.release()
	full := vfs.Faulty(w.dir, func(op vfs.Op) error {
		if op.Kind == vfs.OpReserve && op.Name == name(1) && op.Length == mmapseg.MinSize {
			return vfs.ErrNoSpace // a copy of the file has holes
		}
		return nil
	})
	out, err := load(t, full, recovery.Options{}).state.Resume(full, resumption())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range out.Segments {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	l := load(t, w.dir, recovery.Options{})
	if s := l.state; len(s.Segments) != 3 || len(s.Damage) != 0 || s.LastSequence != 4+ahead {
		t.Errorf("loaded %+v", s)
	}
	sameEvents(t, l.events, w.written)
}

func TestSegmentsThatAreOnlyWrittenAgainAreNotReserved(t *testing.T) {
	w := smallStore(t)
	files := imageOf(t, w.dir)
	dir := files.memory(t)
	reserved := map[string]int64{}
	watched := vfs.Faulty(dir, func(op vfs.Op) error {
		if op.Kind == vfs.OpReserve {
			reserved[op.Name] = op.Length
		}
		return nil
	})
	out, err := load(t, watched, recovery.Options{}).state.Resume(watched, resumption())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range out.Segments {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := reserved[name(0)]; ok || reserved[name(1)] != w.tail+mmapseg.EndSize {
		t.Errorf("reserved %v, the tail ends at %d", reserved, w.tail)
	}
}
