// This file holds the tests of the writable opening: the order of its calls, what it refuses, compaction's output.

package recovery_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// callsOf resumes the store and returns the calls that change or sync something, in order.
func callsOf(t *testing.T, dir vfs.Dir) []string {
	t.Helper()
	var calls []string
	watched := vfs.Faulty(dir, func(op vfs.Op) error {
		name := strings.Trim(strings.TrimSuffix(op.Name, "-00000.seg"), "0")
		switch op.Kind {
		case vfs.OpWriteAt:
			calls = append(calls, fmt.Sprintf("write %s %d+%d", name, op.Offset, op.Length))
		case vfs.OpSyncData, vfs.OpSyncAll, vfs.OpRename, vfs.OpRemove, vfs.OpSyncDir, vfs.OpReserve, vfs.OpTruncate:
			calls = append(calls, strings.TrimSpace(op.Kind.String()+" "+name))
		case vfs.OpMap:
			if op.Write {
				calls = append(calls, "map "+name+" for writing")
			}
		}
		return nil
	})
	l := load(t, watched, recovery.Options{})
	if len(calls) > 0 {
		t.Fatalf("loading changes something: %q", calls)
	}
	out, err := l.state.Resume(watched, resumption())
	if err != nil {
		t.Fatal(err)
	}
	calls = slices.Clone(calls)
	for _, s := range out.Segments {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return calls
}

func TestAnUncleanOpeningKeepsItsOrder(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.events(3)
	cut := w.tail
	w.rotate(false)
	w.events(2)
	w.release()
	files := imageOf(t, w.dir)
	clear(files[name(0)][cut:])
	files[name(3)+".tmp"] = nil
	got := callsOf(t, files.memory(t))
	want := []string{
		"sync directory", "remove 4-00000.seg.tmp",
		"reserve 1",
		fmt.Sprintf("write 1 0+%d", cut), "sync data 1",
		"reserve 3-00000.seg.tmp", "write 3-00000.seg.tmp 0+4096", "sync 3-00000.seg.tmp", "rename 3-00000.seg.tmp", "sync directory",
		"map 3 for writing",
		fmt.Sprintf("write 1 %d+%d", cut, mmapseg.EndSize), "sync 1",
		fmt.Sprintf("write 3 4096+%d", mmapseg.OpenSize(0)), "sync 3",
		"remove 2", "sync directory",
	}
	if !slices.Equal(got, want) {
		t.Errorf("calls\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestACleanOpeningWritesThePagesOfTheCloseFrameAgain(t *testing.T) {
	w := write(t, vfs.NewMemory())
	for w.tail < 2*4096+100 {
		w.events(1)
	}
	closing := w.tail
	w.close()
	page := closing &^ 4095
	want := []string{
		"sync directory", "reserve 1", "map 1 for writing",
		fmt.Sprintf("write 1 %d+%d", page, closing+mmapseg.CloseSize+int64(mmapseg.OpenSize(0))-page), "sync 1",
	}
	if got := callsOf(t, w.dir); !slices.Equal(got, want) {
		t.Errorf("calls\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAFullClosedStoreGoesOnInTheNextSegmentAndLosesNothing(t *testing.T) {
	w := crashStores(t)["closed and full"]
	again := write(t, w.dir)
	if !again.out.Lost.IsZero() || again.out.Next != w.next || again.out.Tail != int64(mmapseg.HeaderSize+mmapseg.OpenSize(0)) {
		t.Fatalf("resumed as %+v", again.out)
	}
	again.close()
	l := load(t, w.dir, recovery.Options{})
	sameEvents(t, l.events, w.written)
	if n := len(l.state.Segments); l.state.Segments[n-2].End.Reason != mmapseg.EndRotated {
		t.Errorf("the full segment ends with %+v", l.state.Segments[n-2].End)
	}
}

func TestSegmentsDoubleUpToTheirLargestSize(t *testing.T) {
	dir := vfs.NewMemory()
	var sizes []int64
	for range 5 {
		r := resumption()
		r.SegmentSize = 10 << 20
		out, err := load(t, dir, recovery.Options{}).state.Resume(dir, r)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, out.Segments[len(out.Segments)-1].Size)
		for _, s := range out.Segments {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := []int64{4 << 20, 8 << 20, 10 << 20, 10 << 20, 10 << 20}; !slices.Equal(sizes, want) {
		t.Errorf("sizes %d, want %d", sizes, want)
	}
}

func TestWhatCanNotBeResumedIsRefused(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.events(1)
	w.release()
	for field, change := range map[string]func(*recovery.Resumption){
		"ahead of 0":      func(r *recovery.Resumption) { r.Ahead = 0 },
		"segment size of": func(r *recovery.Resumption) { r.SegmentSize = mmapseg.MinSize - 1 },
	} {
		r := resumption()
		change(&r)
		if _, err := load(t, w.dir, recovery.Options{}).state.Resume(w.dir, r); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	state := load(t, w.dir, recovery.Options{}).state
	out, err := state.Resume(w.dir, resumption())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range out.Segments {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := state.Resume(w.dir, resumption()); err == nil {
		t.Error("a state is resumed twice")
	}
	if _, err := new(recovery.State).Resume(w.dir, resumption()); err == nil {
		t.Error("a state that was not loaded is resumed")
	}
}

func TestAStoreWithoutSequencesLeftIsRefused(t *testing.T) {
	dir := vfs.NewMemory()
	r := resumption()
	r.Ahead = math.MaxUint64
	out, err := load(t, dir, recovery.Options{}).state.Resume(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Segments[0].Close(); err != nil {
		t.Fatal(err)
	}
	before := imageOf(t, dir)
	if _, err := load(t, dir, recovery.Options{}).state.Resume(dir, resumption()); err == nil {
		t.Error("the lost range overflows")
	}
	if after := imageOf(t, dir); len(before) != len(after) || string(before[name(0)]) != string(after[name(0)]) {
		t.Error("refusing changed the directory")
	}
}

func TestAFullDiskIsNamedAndNothingIsLost(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.events(3)
	w.release()
	dir := vfs.NewMemory()
	imageOf(t, w.dir).put(t, dir)
	dir.SetCapacity(mmapseg.MinSize + 1000)
	if _, err := load(t, dir, recovery.Options{}).state.Resume(dir, resumption()); !errors.Is(err, vfs.ErrNoSpace) {
		t.Fatalf("resumed on a full disk: %v", err)
	}
	dir.SetCapacity(0)
	verdict{events: w.written}.resumes(t, dir, w.next-1, "space again")
}

// compact replaces the first two segments of three by one that holds the events from the third to the fifth, and the
// last, of eleven.
func compact(t *testing.T, w *writer) {
	t.Helper()
	l := load(t, w.dir, recovery.Options{})
	third := l.state.Segments[2].Header
	h := mmapseg.Header{Number: 1, Generation: 1, Hashing: true, Salt: 5, Size: mmapseg.MinSize, Origin: l.state.Origin, ReplacesFirst: 1, ReplacesLast: 2}
	out, err := mmapseg.Create(w.dir, h)
	if err != nil {
		t.Fatal(err)
	}
	c := &writer{t: t, dir: w.dir, at: out, tail: mmapseg.HeaderSize, hashing: true, wall: w.wall, out: &recovery.Resumed{Segments: []*mmapseg.Segment{out}}}
	gap := func(first, last uint64) {
		g := mmapseg.GapFrame{Range: mmapseg.Range{First: first, Last: last}, Leaves: last - first + 1, Reason: 1}
		c.put(mmapseg.AppendGap(nil, &g, c.place(c.tail)))
		c.tree += g.Leaves
		c.next = last + 1
	}
	c.put(mmapseg.AppendOpen(nil, &mmapseg.OpenFrame{Identity: l.state.Identity, Incarnation: 1, Ahead: ahead}, c.place(c.tail)))
	gap(1, 2)
	c.events(3)
	gap(6, 10)
	c.events(1)
	c.put(mmapseg.AppendEnd(nil, &mmapseg.EndFrame{
		LastSequence: 11, TreeSize: c.tree, NextNumber: third.Number, NextSalt: third.Salt, Reason: mmapseg.EndRotated,
	}, c.place(c.tail)))
	c.release()
}

func TestACompactionStandsForTheSegmentsThatItReplaces(t *testing.T) {
	w := threeSegments(t, true)
	compact(t, w)
	want := slices.Concat(w.written[2:5], w.written[10:])
	l := load(t, w.dir, recovery.Options{})
	sameEvents(t, l.events, want)
	if s := l.state; len(s.Damage) != 0 || s.TreeSize != 18 || !slices.Equal(s.Unused, []string{name(0), name(1)}) {
		t.Fatalf("loaded %+v", s)
	}
	// Half of what it replaces is removed already.
	half := imageOf(t, w.dir)
	delete(half, name(0))
	sameEvents(t, load(t, half.memory(t), recovery.Options{}).events, want)

	again := write(t, w.dir)
	if again.out.Next != 19+ahead || len(again.out.Unsealed) != 2 {
		t.Fatalf("resumed as %+v", again.out)
	}
	again.close()
	l = load(t, w.dir, recovery.Options{})
	sameEvents(t, l.events, want)
	forwards, single := readAll(t, w.dir)
	if !slices.Equal(forwards, want) || !slices.Equal(single, want) {
		t.Errorf("forwards %q\nsingle %q", forwards, single)
	}
}
