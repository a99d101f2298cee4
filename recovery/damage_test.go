// This file holds the tests of damaged bytes: each change is either cut off as a torn tail or named as damage, as the
// durable marks say, and no event ever comes out that was not written, or half a batch.

package recovery_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// smallStore writes two segments without footers, with marks behind some units and the last units not durable.
func smallStore(t testing.TB) *writer {
	w := write(t, vfs.NewMemory())
	w.units = []unit{{0, mmapseg.HeaderSize, w.out.Tail, 0, nil}} // the open frame
	w.event("a")
	w.sync()
	w.event("b")
	w.batch(2)
	w.sync()
	w.event("c")
	w.rotate(false)
	w.event("d")
	w.batch(2)
	w.sync()
	w.event("e")
	w.batch(2)
	w.event("f")
	w.release()
	return w
}

// verdict is what has to come of a store in which some bytes are not as written.
type verdict struct {
	damaged bool
	hit     unit     // the first unit that is not as written
	events  []string // that must come out
}

// judge is the rule that loading follows, on what the writer knows: the first unit hit is damage if a later one that
// was not hit carries a mark beyond its beginning. hit says whether a unit is changed.
func judge(units []unit, hit func(unit) bool) verdict {
	first := slices.IndexFunc(units, hit)
	if first < 0 {
		first = len(units)
	}
	var v verdict
	for _, u := range units[:first] {
		v.events = append(v.events, u.events...)
	}
	if first == len(units) {
		return v
	}
	v.hit = units[first]
	begin := mmapseg.MakeMark(uint64(v.hit.segment)+1, v.hit.offset)
	if slices.ContainsFunc(units[first+1:], func(u unit) bool { return !hit(u) && u.mark > begin }) {
		behind := first + 1
		for behind < len(units) && hit(units[behind]) {
			behind++ // the same damage
		}
		rest := judge(units[behind:], hit) // what follows is judged by itself
		v.damaged = true
		v.events = append(v.events, rest.events...)
	}
	return v
}

// expect loads the files and compares with the verdict.
func (v verdict) expect(t testing.TB, dir vfs.Dir, what string) *recovery.State {
	t.Helper()
	l, err := try(dir, recovery.Options{})
	if err != nil {
		t.Fatalf("%s: load: %v", what, err)
	}
	if !slices.Equal(l.events, v.events) {
		t.Fatalf("%s: events %q, want %q", what, l.events, v.events)
	}
	s := l.state
	if s.Clean || v.damaged != (len(s.Damage) > 0) {
		t.Fatalf("%s: damaged %t, want %t: %+v", what, !v.damaged, v.damaged, s)
	}
	if !v.damaged {
		return s
	}
	d := s.Damage[0]
	if d.Segment != name(v.hit.segment) || d.Offset < v.hit.offset || d.Offset >= v.hit.end || !errors.Is(d, mmapseg.ErrCorrupt) {
		t.Fatalf("%s: damage %v, want it in segment %d at %d to %d", what, d, v.hit.segment+1, v.hit.offset, v.hit.end)
	}
	if n := len(v.hit.events); n > 0 {
		var first, last uint64
		if _, err := fmt.Sscanf(v.hit.events[0]+" "+v.hit.events[n-1], "%d", &first); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscanf(v.hit.events[n-1], "%d", &last); err != nil {
			t.Fatal(err)
		}
		if d.First != first || d.Last != last {
			t.Fatalf("%s: damage %v, want sequences %d to %d", what, d, first, last)
		}
	}
	if _, err := s.Resume(dir, resumption()); !errors.Is(err, mmapseg.ErrCorrupt) {
		t.Fatalf("%s: a damaged store is resumed: %v", what, err)
	}
	return s
}

// resumes checks that a store that was cut goes on with the same events, and never with a sequence seen before.
func (v verdict) resumes(t testing.TB, dir vfs.Dir, last uint64, what string) {
	t.Helper()
	s := load(t, dir, recovery.Options{}).state
	out, err := s.Resume(dir, resumption())
	if err != nil {
		t.Fatalf("%s: resume: %v", what, err)
	}
	for _, segment := range out.Segments {
		if err := segment.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if out.Next <= last {
		t.Fatalf("%s: goes on with sequence %d, %d was given away", what, out.Next, last)
	}
	l := load(t, dir, recovery.Options{})
	if !slices.Equal(l.events, v.events) || len(l.state.Damage) != 0 || l.state.LastSequence != out.Next-1 {
		t.Fatalf("%s: after resuming: events %q, want %q; %+v", what, l.events, v.events, l.state)
	}
}

func TestEveryBitFlipIsCutOffOrNamed(t *testing.T) {
	w := smallStore(t)
	files := imageOf(t, w.dir)
	counts := map[bool]int{}
	for segment := range 2 {
		b := files[name(segment)]
		end := int64(mmapseg.HeaderSize)
		for _, u := range w.units {
			if u.segment == segment {
				end = u.end
			}
		}
		dir := vfs.NewMemory()
		files.put(t, dir)
		file, err := dir.Open(name(segment), true)
		if err != nil {
			t.Fatal(err)
		}
		for at := int64(mmapseg.HeaderSize); at < end+64; at++ {
			for bit := range 8 {
				if raceEnabled && (at%16 != 0 || bit != int(at/16%8)) {
					continue
				}
				what := fmt.Sprintf("segment %d, offset %d, bit %d", segment+1, at, bit)
				change := func(b byte) {
					if _, err := file.WriteAt([]byte{b}, at); err != nil {
						t.Fatal(err)
					}
				}
				change(b[at] ^ 1<<bit)
				v := judge(w.units, func(u unit) bool { return u.segment == segment && at >= u.offset && at < u.end })
				v.expect(t, dir, what)
				counts[v.damaged]++
				if !v.damaged && (bit == int(at%8) || raceEnabled) {
					changed := files.clone()
					changed[name(segment)][at] ^= 1 << bit
					v.resumes(t, changed.memory(t), w.next-1, what)
				}
				change(b[at])
			}
		}
	}
	if counts[true] == 0 || counts[false] == 0 {
		t.Fatalf("flips: %v", counts)
	}
}

func TestEveryBitFlipInAHeaderIsRepairedRefusedOrNamed(t *testing.T) {
	w := smallStore(t)
	files := imageOf(t, w.dir)
	for segment := range 2 {
		dir := vfs.NewMemory()
		files.put(t, dir)
		file, err := dir.Open(name(segment), true)
		if err != nil {
			t.Fatal(err)
		}
		b := files[name(segment)]
		for at := range int64(mmapseg.HeaderSize) {
			if at >= 256 && at < mmapseg.HeaderSize-16 && at%64 != 0 {
				continue // all zero
			}
			for bit := range 8 {
				if raceEnabled && bit != int(at%8) {
					continue
				}
				if _, err := file.WriteAt([]byte{b[at] ^ 1<<bit}, at); err != nil {
					t.Fatal(err)
				}
				l, err := try(dir, recovery.Options{})
				known := errors.Is(err, mmapseg.ErrCorrupt) || errors.Is(err, mmapseg.ErrVersion)
				if !known && (err != nil || len(l.state.Damage) == 0 && !slices.Equal(l.events, w.written)) {
					t.Fatalf("segment %d, offset %d, bit %d: %v, %+v", segment+1, at, bit, err, l.state)
				}
			}
			if _, err := file.WriteAt(b[at:at+1], at); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestATailZeroedAnywhereIsCut(t *testing.T) {
	w := smallStore(t)
	files := imageOf(t, w.dir)
	b := files[name(1)]
	for at := int64(mmapseg.HeaderSize); at <= w.tail; at += 8 {
		changed := files.clone()
		clear(changed[name(1)][at:])
		v := judge(w.units, func(u unit) bool { return u.segment == 1 && u.end > at })
		what := fmt.Sprintf("zero from %d", at)
		v.expect(t, changed.memory(t), what)
		v.resumes(t, changed.memory(t), w.next-1, what)

		// A unit that is torn in the other way: its beginning is missing.
		if bytes.Equal(b[at-8:at], make([]byte, 8)) || at == mmapseg.HeaderSize {
			continue
		}
		copy(changed[name(1)][at:], b[at:])
		clear(changed[name(1)][at-8 : at])
		v = judge(w.units, func(u unit) bool { return u.segment == 1 && u.offset < at && u.end > at-8 })
		v.expect(t, changed.memory(t), fmt.Sprintf("zero word before %d", at))
	}
}

func TestAHoleIsJudgedByTheMarksBehindIt(t *testing.T) {
	w := smallStore(t)
	files := imageOf(t, w.dir)
	for segment := range 2 {
		for at := int64(mmapseg.HeaderSize); at < w.tail; at += 64 {
			changed := files.clone()
			end := min(at+512, mmapseg.MinSize)
			clear(changed[name(segment)][at:end])
			v := judge(w.units, func(u unit) bool { return u.segment == segment && u.offset < end && u.end > at })
			what := fmt.Sprintf("segment %d, hole at %d", segment+1, at)
			l, err := try(changed.memory(t), recovery.Options{})
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if v.damaged != (len(l.state.Damage) > 0) || !slices.Equal(l.events, v.events) {
				t.Fatalf("%s: events %q, want %q; %+v", what, l.events, v.events, l.state)
			}
			if !v.damaged {
				v.resumes(t, changed.memory(t), w.next-1, what)
			}
		}
	}
}

func TestALaterSegmentWithoutAnEndFrameBeforeItCountsForNothing(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.events(2)
	w.sync()
	w.event("the last one that counts")
	end := w.tail
	durable := slices.Clone(w.written)
	w.rotate(false)
	w.events(3)
	w.release()

	files := imageOf(t, w.dir)
	clear(files[name(0)][end:])
	dir := files.memory(t)
	l := load(t, dir, recovery.Options{})
	sameEvents(t, l.events, durable)
	s := l.state
	if s.Torn == nil || s.Torn.Offset != end || !slices.Equal(s.Later, []string{name(1)}) || len(s.Damage) != 0 {
		t.Fatalf("loaded %+v, torn %+v", s, s.Torn)
	}
	verdict{events: durable}.resumes(t, dir, w.next-1, "later segment")
	if _, ok := imageOf(t, dir)[name(1)]; ok {
		t.Error("the later segment was not removed")
	}
}

func TestAHeaderAloneProvesWhatWasDurable(t *testing.T) {
	w := smallStore(t)
	files := imageOf(t, w.dir)
	b := files[name(1)]
	last := w.units[slices.IndexFunc(w.units, func(u unit) bool { return slices.Contains(u.events, "9 entity-0 e") })]
	clear(b[last.offset+24:]) // of the first frame behind the mark only the header reached the disk
	b[mmapseg.HeaderSize+40] ^= 1
	l := load(t, files.memory(t), recovery.Options{})
	if d := l.state.Damage; len(d) != 1 || d[0].Offset != mmapseg.HeaderSize {
		t.Fatalf("damage %v, want what the mark proves", d)
	}
	if s := l.state; s.Torn == nil || s.Torn.Offset != last.offset {
		t.Errorf("torn %+v, want the frame without its body cut", s.Torn)
	}
}
