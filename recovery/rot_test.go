// This file holds the tests of bytes that rotted in segments which were sealed: what opening notices of them, and when
// they keep nobody from writing.

package recovery_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// frameAt returns the type of the frame of a segment's image that holds the byte at offset, and where it begins.
func frameAt(t testing.TB, b []byte, offset int64) (mmapseg.FrameType, int64) {
	t.Helper()
	scanner := mmapseg.NewScanner(mmapseg.Memory(b), salt(b), "", mmapseg.HeaderSize, int64(len(b)))
	for {
		f, ok, err := scanner.Next()
		if err != nil || !ok {
			t.Fatalf("no frame at %d: %v", offset, err)
		}
		if f.End() > offset {
			return f.Type, f.Offset
		}
	}
}

// unfooted makes the footer of a segment's image one that is not believed, or bytes that are none.
func unfooted(b []byte, none bool) {
	if none {
		clear(b[len(b)-96:])
	} else {
		b[len(b)-1] ^= 1
	}
}

// goesOn opens the store for writing, appends, closes it, and returns what it holds then.
func goesOn(t testing.TB, dir vfs.Dir) (*writer, *loaded) {
	t.Helper()
	w := write(t, dir)
	w.events(2)
	w.close()
	return w, load(t, dir, recovery.Options{})
}

func TestRotAmongTheEventsOfASealedSegmentIsLeftToItsReaders(t *testing.T) {
	w := reopenedStore(t)
	files := imageOf(t, w.dir)
	sound := load(t, w.dir, recovery.Options{}).state
	want := standing(sound)
	seen := map[mmapseg.FrameType]int{}
	for _, segment := range []int{0, 2} {
		for at := int64(mmapseg.HeaderSize); at < sound.Segments[segment].Contents.End; at += 8 {
			changed := files.clone()
			changed[name(segment)][at] ^= 4
			kind, _ := frameAt(t, files[name(segment)], at)
			seen[kind]++
			l := load(t, changed.memory(t), recovery.Options{})
			switch kind {
			case mmapseg.FrameOpen, mmapseg.FrameClose, mmapseg.FrameEnd:
				if d := l.state.Damage; len(d) == 0 || l.state.Segments[segment].Sealed || len(l.state.Report.Footers) == 0 {
					t.Fatalf("segment %d, %s frame at %d: damage %v, %v", segment+1, kind, at, d, l.state.Report)
				}
			default:
				if got := standing(l.state); got != want || !l.state.Segments[segment].Sealed {
					t.Fatalf("segment %d, %s frame at %d:\n%s\nwant:\n%s", segment+1, kind, at, got, want)
				}
			}
		}
	}
	for _, kind := range []mmapseg.FrameType{mmapseg.FrameEvent, mmapseg.FrameBatchBegin, mmapseg.FrameBatchCommit, mmapseg.FrameOpen, mmapseg.FrameClose, mmapseg.FrameEnd} {
		if seen[kind] == 0 {
			t.Errorf("no %s frame was changed", kind)
		}
	}
}

func TestRotInASegmentThatWasSealedIsListedAndTheStoreGoesOn(t *testing.T) {
	w := reopenedStore(t)
	files := imageOf(t, w.dir)
	sound := load(t, w.dir, recovery.Options{}).state
	for _, segment := range []int{0, 2} {
		for at := int64(mmapseg.HeaderSize); at < sound.Segments[segment].Contents.End; at += 24 {
			kind, _ := frameAt(t, files[name(segment)], at)
			changed := files.clone()
			changed[name(segment)][at] ^= 4
			unfooted(changed[name(segment)], at%16 == 0)
			dir := changed.memory(t)
			what := fmt.Sprintf("segment %d, %s frame at %d", segment+1, kind, at)
			l := load(t, dir, recovery.Options{})
			s := l.state
			if len(s.Damage) == 0 || s.Damage[0].Segment != name(segment) || !s.Segments[segment].Damaged || s.Segments[segment].Sealed {
				t.Fatalf("%s: damage %v, %v", what, s.Damage, s.Report)
			}
			if kind == mmapseg.FrameEnd { // nothing says which segment is the next
				if _, err := s.Resume(dir, resumption()); !errors.Is(err, mmapseg.ErrCorrupt) || s.Refuses == nil || s.Report.Refuses != s.Refuses {
					t.Fatalf("%s: resumed: %v", what, err)
				}
				continue
			}
			if s.Refuses != nil || !s.Clean || len(s.Damage) != 1 {
				t.Fatalf("%s: refuses %v, clean %t, damage %v", what, s.Refuses, s.Clean, s.Damage)
			}
			missing := 0
			if s.Damage[0].First != 0 {
				missing = int(s.Damage[0].Last - s.Damage[0].First + 1)
			}
			if len(l.events)+missing != len(w.written) || s.LastSequence != sound.LastSequence || s.TreeSize != sound.TreeSize ||
				s.Identity != sound.Identity || s.Incarnation != sound.Incarnation || s.Ahead != sound.Ahead || s.Wall != sound.Wall {
				t.Fatalf("%s: %d events, %d missing, of %d: %+v", what, len(l.events), missing, len(w.written), s)
			}
			again, after := goesOn(t, dir)
			if again.out.Next != w.next || !again.out.Lost.IsZero() || len(again.out.Unsealed) != 0 {
				t.Fatalf("%s: resumed as %+v", what, again.out)
			}
			sameEvents(t, after.events, append(l.events, again.written...))
			if s := after.state; len(s.Damage) != 1 || s.Refuses != nil || !s.Clean {
				t.Fatalf("%s: afterwards %+v", what, s)
			}
		}
	}
}

func TestRotIsBorneInAStoreThatWasNotClosedIfAnOpenFrameFollows(t *testing.T) {
	for _, followed := range []bool{true, false} {
		w := write(t, vfs.NewMemory())
		w.events(1)
		w.rotate(true)
		w.events(9)
		w.rotate(true)
		if followed {
			w.close()
			before := w
			w = write(t, w.dir)
			w.written = append(before.written, w.written...)
		}
		w.events(3)
		w.sync()
		w.events(1)
		w.release()
		files := imageOf(t, w.dir)
		files[name(1)][mmapseg.HeaderSize+300] ^= 1
		unfooted(files[name(1)], followed)
		dir := files.memory(t)
		l := load(t, dir, recovery.Options{})
		if d := l.state.Damage; len(d) != 1 || d[0].Segment != name(1) || len(l.events) != len(w.written)-1 || followed == (l.state.Refuses != nil) {
			t.Fatalf("followed %t: damage %v, refuses %v, events %q", followed, d, l.state.Refuses, l.events)
		}
		if !followed {
			_, err := l.state.Resume(dir, resumption())
			if !errors.Is(err, mmapseg.ErrCorrupt) || !strings.Contains(err.Error(), "open frame may have stood there") {
				t.Errorf("resumed: %v", err)
			}
			continue
		}
		watched := vfs.Faulty(dir, func(op vfs.Op) error {
			if op.Kind == vfs.OpWriteAt && op.Name == name(1) {
				t.Errorf("%d bytes are written at %d of the damaged segment", op.Length, op.Offset)
			}
			return nil
		})
		again, after := goesOn(t, watched)
		if again.out.Lost != (mmapseg.Range{First: w.next, Last: w.next + ahead - 1}) {
			t.Errorf("lost %v", again.out.Lost)
		}
		sameEvents(t, after.events, append(l.events, again.written...))
	}
}

func TestAnOpenFrameThatRottedIsMissedOnlyWhereNothingFollowsThatReplacesIt(t *testing.T) {
	once := sealedStore(t) // its only open frame stands in the first segment
	files := imageOf(t, once.dir)
	files[name(0)][mmapseg.HeaderSize+30] ^= 1
	l := damage(t, files, name(0))
	if s := l.state; s.Identity != once.out.Identity || s.Incarnation != 1 {
		t.Errorf("the close frame says identity %x, incarnation %d", s.Identity, s.Incarnation)
	}
	sameEvents(t, l.events, once.written)

	// The close frame is that of a later incarnation than the last open frame.
	w := write(t, vfs.NewMemory())
	w.events(2)
	w.close()
	again := write(t, w.dir)
	again.events(2)
	again.rotate(true)
	again.close()
	files = imageOf(t, w.dir)
	second := load(t, w.dir, recovery.Options{}).state.Segments[0].Contents.Footer.Control()[2]
	files[name(0)][second+30] ^= 1
	l = damage(t, files, name(0))
	sameEvents(t, l.events, append(w.written, again.written...))
	if s := l.state; len(s.Damage) != 1 || s.Incarnation != 2 || !strings.Contains(s.Refuses.Problem, "open frame") {
		t.Errorf("damage %v, incarnation %d", s.Damage, s.Incarnation)
	}
}

func TestRotInASegmentThatWasNeverSealedRefuses(t *testing.T) {
	w := threeSegments(t, true) // the second segment ended and was not sealed, the first was
	files := imageOf(t, w.dir)
	for _, u := range w.units {
		if u.segment == 1 {
			changed := files.clone()
			changed[name(1)][u.offset+25] ^= 1
			l := damage(t, changed, name(1))
			if text := l.state.Report.String(); !strings.Contains(text, "opens for reading only: "+name(1)) {
				t.Errorf("the report does not say so:\n%s", text)
			}
		}
	}
}

func TestASealedSegmentWhoseHeaderRottedIsReadByItsEndFrame(t *testing.T) {
	w := sealedStore(t)
	files := imageOf(t, w.dir)
	clear(files[name(1)][:mmapseg.HeaderSize])
	dir := files.memory(t)
	l := load(t, dir, recovery.Options{})
	sameEvents(t, l.events, w.written)
	if s := l.state; len(s.Damage) != 1 || s.Refuses != nil || !s.Segments[1].Sealed || !s.Segments[1].Damaged || !s.Clean {
		t.Fatalf("loaded %+v, damage %v", s, s.Damage)
	}
	again, after := goesOn(t, dir)
	sameEvents(t, after.events, append(slices.Clone(w.written), again.written...))
	forwards, single := readAll(t, dir)
	if !slices.Equal(forwards, after.events) || !slices.Equal(single, after.events) {
		t.Errorf("forwards %q\nsingle %q", forwards, single)
	}
}

func TestASealedSegmentIsNamedWhereTheStoreDoesNotGoOnWithIt(t *testing.T) {
	w := reopenedStore(t)
	files := imageOf(t, w.dir)
	for what, change := range map[string]func(image){
		"missing":                   func(f image) { delete(f, name(3)) },
		"another one's bytes":       func(f image) { f[name(3)] = f[name(2)] },
		"its end frame and footer":  func(f image) { f[name(3)] = f[name(3)][:len(f[name(3)])/2] },
		"the salt is another one's": func(f image) { f[name(3)][32]++; resum(f[name(3)]) },
	} {
		changed := files.clone()
		change(changed)
		if l := damage(t, changed, name(3)); len(l.events) >= len(w.written) {
			t.Errorf("%s: %d events", what, len(l.events))
		}
	}
}

func TestRotIsBorneInAStoreThatWasOpenedOnceIfItWasClosed(t *testing.T) {
	w := sealedStore(t)
	files := imageOf(t, w.dir)
	files[name(1)][mmapseg.HeaderSize+30] ^= 1
	unfooted(files[name(1)], false)
	dir := files.memory(t)
	again, after := goesOn(t, dir)
	if !again.out.Lost.IsZero() || again.out.Next != w.next || len(after.state.Damage) != 1 || len(after.events) != len(w.written)-1+2 {
		t.Errorf("lost %v, damage %v, events %q", again.out.Lost, after.state.Damage, after.events)
	}
}

func TestASequenceThatGoesBackBehindRotRefuses(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.events(5)
	rotten := w.units[4].offset
	w.next, w.tree = 3, 4
	w.event("a second one with this sequence")
	w.next, w.tree = 6, 5
	end := w.tail + mmapseg.EndSize
	w.rotate(false)
	w.events(1)
	w.close()
	files := imageOf(t, w.dir)
	files[name(0)] = files[name(0)][:end] // as if it had been sealed
	if l := load(t, files.memory(t), recovery.Options{}); l.state.Refuses == nil {
		t.Fatal("it goes back without rot")
	}
	files[name(0)][rotten+30] ^= 1
	damage(t, files, name(0))
}

func TestRotInASealedSegmentOfWholeSizeIsNoTornTail(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.events(5)
	old, end := w.at, w.tail+mmapseg.EndSize
	w.rotateTo(mmapseg.MinSize)
	footer, err := old.BuildFooter(end, nil, func(add func(kind, version uint32, data []byte)) error {
		add(mmapseg.FirstForeignSection, 1, make([]byte, mmapseg.MinSize)) // its footer reaches beyond what was reserved
		return nil
	})
	if err == nil {
		err = errors.Join(old.Retire(), old.Seal(end, footer), old.GiveBack(end, end+int64(len(footer))))
	}
	if err != nil {
		t.Fatal(err)
	}
	w.release()
	files := imageOf(t, w.dir)
	if len(files[name(0)]) <= mmapseg.MinSize {
		t.Fatalf("the file has %d bytes", len(files[name(0)]))
	}
	files[name(0)][w.units[1].offset+30] ^= 1
	l := load(t, files.memory(t), recovery.Options{IgnoreFooters: true})
	if s := l.state; len(s.Damage) != 1 || s.Torn != nil || len(l.events) != 4 {
		t.Errorf("damage %v, torn %+v, events %q", s.Damage, s.Torn, l.events)
	}
	if s := load(t, files.memory(t), recovery.Options{}).state; len(s.Damage) != 0 || !s.Segments[0].Sealed {
		t.Errorf("with its footer: %+v", s)
	}
}

func TestASealedSegmentBehindAMissingOneIsWalked(t *testing.T) {
	r := resumption()
	r.Hashing = false // no tree whose size could tell
	w := begin(t, vfs.NewMemory(), r)
	w.events(5)
	w.rotate(true)
	w.events(6)
	w.rotate(true)
	w.events(2)
	w.close()
	files := imageOf(t, w.dir)
	delete(files, name(0))
	l := damage(t, files, name(0))
	sameEvents(t, l.events, w.written[5:])
	if s := l.state; s.Damage[0].First != 1 || s.Damage[0].Last != 5 || s.Segments[0].Sealed || len(s.Report.Footers) != 1 || s.Segments[0].Contents.Floor != 6 {
		t.Errorf("damage %v, segments %+v, %v", s.Damage, s.Segments[0], s.Report)
	}
}

func TestAFooterProvesThatAllBeforeItIsDurable(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.events(3)
	mark := w.mark
	w.rotate(false)
	w.events(2)
	w.rotate(true)
	w.mark = mark // no frame says it
	w.events(1)
	w.release()
	var again []string
	watched := vfs.Faulty(w.dir, func(op vfs.Op) error {
		if op.Kind == vfs.OpWriteAt && op.Offset == 0 {
			again = append(again, op.Name)
		}
		return nil
	})
	out := write(t, watched).out
	if !slices.Equal(again, []string{name(2), name(3) + ".tmp"}) || len(out.Unsealed) != 2 {
		t.Errorf("written are %q, to be sealed %d segments", again, len(out.Unsealed))
	}
}
