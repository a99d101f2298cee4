// This file holds the tests of footers: they are never needed, and never believed against the frames.

package recovery_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// sealedStore writes a store with two sealed segments and closes it.
func sealedStore(t testing.TB) *writer {
	w := write(t, vfs.NewMemory())
	w.events(20)
	w.batch(5)
	w.rotate(true)
	w.events(7)
	w.rotate(true)
	w.events(3)
	w.close()
	return w
}

// essence is what a state says about the store, whatever it was read from, with all events.
func essence(l *loaded) string { return standing(l.state) + fmt.Sprint(l.batches, l.events) }

// standing is essence without what segments hold.
func standing(s *recovery.State) string {
	text := fmt.Sprint(s.Exists, s.Origin, s.Identity, s.Hashing, s.Incarnation, s.Ancestors, s.LastSequence, s.TreeSize,
		s.Wall, s.Counter, s.Ahead, s.Lost, s.Clean, s.Damage, s.Refuses, s.Torn, s.Unused, s.Later)
	for _, segment := range s.Segments {
		c := segment.Contents
		text += fmt.Sprint(segment.Header, c.Floor, c.TreeBase, c.End, segment.Size, segment.Events, segment.Last, segment.Ended, segment.End)
	}
	return text
}

func TestFootersChangeNothing(t *testing.T) {
	w := sealedStore(t)
	with, without := load(t, w.dir, recovery.Options{}), load(t, w.dir, recovery.Options{IgnoreFooters: true})
	sameEvents(t, with.events, w.written)
	if essence(with) != essence(without) {
		t.Errorf("with footers:\n%s\nwithout:\n%s", essence(with), essence(without))
	}
	if with.state.Report.Sealed != 2 || without.state.Report.Sealed != 0 {
		t.Errorf("sealed: %d with footers, %d without", with.state.Report.Sealed, without.state.Report.Sealed)
	}
}

func TestADamagedFooterIsIgnoredAndReported(t *testing.T) {
	w := sealedStore(t)
	files := imageOf(t, w.dir)
	sound := load(t, w.dir, recovery.Options{})
	want, framesEnd := essence(sound), sound.state.Segments[0].Contents.End
	dir := files.memory(t)
	file, err := dir.Open(name(0), true)
	if err != nil {
		t.Fatal(err)
	}
	b := files[name(0)]
	believed := 0
	opened := footerImage(b).offset(checksSection) // what is in front of the checks is verified when it is read
	for at := framesEnd; at < int64(len(b)); at++ {
		if _, err := file.WriteAt([]byte{b[at] ^ 0x10}, at); err != nil {
			t.Fatal(err)
		}
		l := load(t, dir, recovery.Options{})
		if got := essence(l); got != want {
			t.Fatalf("offset %d of the footer:\n%s\nwant:\n%s", at-framesEnd, got, want)
		}
		if l.state.Segments[0].Sealed {
			if at >= opened {
				believed++ // padding between sections
			}
		} else if reported := len(l.state.Report.Footers) == 1 && l.state.Report.Footers[0].Segment == name(0); !reported && at < int64(len(b))-96 {
			t.Fatalf("offset %d of the footer: ignored without a word", at-framesEnd)
		}
		if _, err := file.WriteAt(b[at:at+1], at); err != nil {
			t.Fatal(err)
		}
	}
	if believed > 32 {
		t.Errorf("%d changed bytes were not noticed", believed)
	}
}

func TestASegmentWhoseFooterIsIgnoredIsGivenBackForSealing(t *testing.T) {
	w := sealedStore(t)
	files := imageOf(t, w.dir)
	b := files[name(0)]
	b[len(b)-1] ^= 1
	dir := files.memory(t)
	again := write(t, dir)
	if len(again.out.Unsealed) != 1 || again.out.Unsealed[0].Segment.Number != 1 {
		t.Fatalf("unsealed %+v", again.out.Unsealed)
	}
	again.seal(again.out.Unsealed[0].Segment, again.out.Unsealed[0].FramesEnd)
	again.close()
	l := load(t, dir, recovery.Options{})
	sameEvents(t, l.events, w.written)
	if l.state.Report.Sealed != 2 || len(l.state.Report.Footers) != 0 {
		t.Errorf("report %v", l.state.Report)
	}
}

func TestAFooterOfOtherFramesIsIgnored(t *testing.T) {
	// Two histories of one segment: the second goes on behind the first one's end.
	build := func(more int) (image, *writer) {
		w := write(t, vfs.NewMemory())
		w.events(8 + more)
		w.rotate(true)
		w.release()
		return imageOf(t, w.dir), w
	}
	short, _ := build(0)
	long, w := build(4)
	l := load(t, long.memory(t), recovery.Options{})
	framesEnd := l.state.Segments[0].Contents.End
	shortEnd := load(t, short.memory(t), recovery.Options{}).state.Segments[0].Contents.End

	mixed := long.clone()
	mixed[name(0)] = slices.Concat(long[name(0)][:framesEnd], short[name(0)][shortEnd:])
	got := load(t, mixed.memory(t), recovery.Options{})
	sameEvents(t, got.events, w.written)
	if len(got.state.Damage) != 0 || len(got.state.Report.Footers) != 1 {
		t.Errorf("damage %v, footers %v", got.state.Damage, got.state.Report.Footers)
	}
}

// Walking a sealed segment finds what rotted in it; opening does not walk it, see sealed_test.go.
func TestDamageInASealedSegmentIsNamedWithoutAnyMark(t *testing.T) {
	w := sealedStore(t)
	files := imageOf(t, w.dir)
	sealed := load(t, w.dir, recovery.Options{}).state.Segments[1]
	for at := int64(mmapseg.HeaderSize); at < sealed.Contents.End; at += 16 {
		changed := files.clone()
		changed[name(1)][at] ^= 4
		l := load(t, changed.memory(t), recovery.Options{IgnoreFooters: true})
		d := l.state.Damage
		if len(d) == 0 || d[0].Segment != name(1) || d[0].Offset > at || !errors.Is(d[0], mmapseg.ErrCorrupt) {
			t.Fatalf("changed at %d: damage %v", at, d)
		}
		if missing := int(d[0].Last - d[0].First + 1); at < sealed.Contents.End-mmapseg.EndSize && len(l.events)+missing != len(w.written) {
			t.Fatalf("changed at %d: %d events, damage %v", at, len(l.events), d)
		}
	}
}

func TestManyUnsealedSegmentsAreNotAllKept(t *testing.T) {
	w := write(t, vfs.NewMemory())
	for range 20 {
		w.events(3)
		w.rotate(false)
		w.sync()
	}
	w.events(1)
	w.release()
	files := imageOf(t, w.dir)
	dir := files.memory(t)
	var rewritten []string
	watched := vfs.Faulty(dir, func(op vfs.Op) error {
		if op.Kind == vfs.OpWriteAt && op.Offset == 0 && op.Length > mmapseg.HeaderSize {
			rewritten = append(rewritten, op.Name)
		}
		return nil
	})
	again := write(t, watched)
	if len(rewritten) == 0 || len(rewritten) > 3 || !slices.Contains(rewritten, name(20)) {
		t.Errorf("written again: %v, want the last ones only", rewritten)
	}
	if len(again.out.Unsealed) != 21 {
		t.Errorf("%d segments without a footer, want 21", len(again.out.Unsealed))
	}
	again.close()
	sameEvents(t, load(t, dir, recovery.Options{}).events, w.written)
}
