// Damage to a small store: what opening it must say follows from which frames are
// whole and what the marks in them prove, and from nothing else.

package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

// specimen is the image of a store of one small segment, its events, and the frames
// of its segment.
type specimen struct {
	files   image
	name    string // of the segment
	events  history
	frames  []mmapseg.Frame
	end     int64 // behind the last frame
	options engine.Options
}

// newSpecimen makes a store of a few events, closed or as a kill leaves it.
func newSpecimen(t *testing.T, policy engine.SyncPolicy, closed bool) *specimen {
	t.Helper()
	p := &specimen{options: engine.Options{SegmentSize: engine.MinSegmentSize, Sync: policy}}
	dir := vfs.NewMemory()
	s, err := engine.OpenDir(dir, p.options)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		o := engine.AppendOptions{Lane: uint32(i / 3)}
		if i == 2 {
			o.Tags, o.Metadata = []string{"tag"}, []byte("metadata")
			o.Cause = p.events[0].ID
		}
		r, err := s.AppendBytesWith(event.MustAt(fmt.Sprint("e", i%2), "s"), event.Data, event.CodecRaw, randomBytes(uint64(i), 11*i), o)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := s.At(r.Sequence)
		if err != nil {
			t.Fatal(err)
		}
		p.events = append(p.events, ev)
	}
	if !closed {
		p.files = imageOfDir(t, dir)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if closed {
		p.files = imageOfDir(t, dir)
	}
	p.scan(t)
	return p
}

// scan notes where the frames stand.
func (p *specimen) scan(t *testing.T) {
	t.Helper()
	names := p.files.segments()
	if len(names) != 1 {
		t.Fatalf("segments %v, want one", names)
	}
	p.name = names[0]
	b := p.files[p.name]
	header, err := mmapseg.DecodeHeader(p.name, b)
	if err != nil {
		t.Fatal(err)
	}
	scanner := mmapseg.NewScanner(mmapseg.Memory(bytes.Clone(b)), header.Salt, p.name, mmapseg.HeaderSize, int64(len(b)))
	for {
		f, ok, err := scanner.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		p.frames = append(p.frames, f)
	}
	p.end = scanner.Offset()
	if p.frames[0].Type != mmapseg.FrameOpen || len(p.frames) < 1+len(p.events) {
		t.Fatalf("%d frames, the first %s", len(p.frames), p.frames[0].Type)
	}
}

func TestEveryFrameCarriesTheDurablePositionOfItsMoment(t *testing.T) {
	onSpecimens(t, func(t *testing.T, p *specimen) {
		opened := mmapseg.MakeMark(1, p.frames[0].End())
		for _, f := range p.frames[1:] {
			want := mmapseg.MakeMark(1, f.Offset) // all before it
			if f.Type == mmapseg.FrameEvent && p.options.Sync == engine.SyncManual() {
				want = opened
			}
			if f.Mark != want {
				t.Errorf("%s frame at %d: durable up to %d, want %d", f.Type, f.Offset, f.Mark.Offset(), want.Offset())
			}
		}
	})
}

// verdict is what opening a changed segment must come to.
type verdict struct {
	damaged int64 // offset at which the first damage must be reported; 0: it must open
	events  int   // that an opening must find, the first ones
}

// judge compares the changed bytes with the frames that were written. The first
// frame that is not whole is the end, unless one behind it is whole and says that
// a sync had passed it, or the file is shorter than it was made: only a close
// whose frame is durable makes it so, or somebody who cut it.
func (p *specimen) judge(changed []byte) verdict {
	v := verdict{}
	for i := range p.frames {
		f := &p.frames[i]
		if intact(f, changed) {
			if f.Type == mmapseg.FrameEvent {
				v.events++
			}
			continue
		}
		if len(changed) < engine.MinSegmentSize {
			v.damaged = f.Offset
		}
		for j := i + 1; j < len(p.frames); j++ {
			if intact(&p.frames[j], changed) && p.frames[j].Mark > mmapseg.MakeMark(1, f.Offset) {
				v.damaged = f.Offset
			}
		}
		return v
	}
	if last := p.frames[len(p.frames)-1]; last.Type != mmapseg.FrameClose && len(changed) < engine.MinSegmentSize {
		v.damaged = p.end
	}
	return v
}

func intact(f *mmapseg.Frame, b []byte) bool {
	return f.End() <= int64(len(b)) && bytes.Equal(b[f.Offset:f.End()], f.Bytes)
}

// mustJudge opens the store with changed bytes in place of its segment's and fails
// the test unless it does what it must.
func (p *specimen) mustJudge(t *testing.T, what string, changed []byte, thorough bool) {
	t.Helper()
	files := p.files.clone()
	files[p.name] = changed
	dir := files.memory(t)
	want := p.judge(changed)
	s, err := engine.OpenDir(dir, p.options)
	if want.damaged != 0 {
		var corrupt *engine.CorruptError
		if !errors.Is(err, engine.ErrCorrupt) || !errors.As(err, &corrupt) || corrupt.Segment != p.name || corrupt.Offset != want.damaged {
			t.Fatalf("%s: open: got %v, want damage of %s at %d", what, err, p.name, want.damaged)
		}
		if thorough {
			p.mustReadTheRest(t, what, dir, changed)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s: open: %v, want %d events", what, err, want.events)
	}
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), p.events[:want.events])
	if thorough {
		mustGoOn(t, dir, s, p.events[:want.events])
		return
	}
	if err := s.Close(); err != nil {
		t.Fatalf("%s: close: %v", what, err)
	}
}

// mustGoOn appends to a store that was opened, closes it, and opens it again.
func mustGoOn(t *testing.T, dir vfs.Dir, s *engine.Store, events history) {
	t.Helper()
	r, err := s.AppendBytes(event.MustAt("e0", "s"), event.Data, event.CodecRaw, []byte("after"))
	if err != nil {
		t.Fatal(err)
	}
	after, err := s.At(r.Sequence)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = engine.OpenDir(dir, engine.Options{}); err != nil {
		t.Fatal(err)
	}
	events = append(events[:len(events):len(events)], after)
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
	mustBeSound(t, events, true)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// mustReadTheRest opens a damaged store for reading: every event whose frame is whole
// is read, in both directions and by sequence, and errors name all others.
func (p *specimen) mustReadTheRest(t *testing.T, what string, dir vfs.Dir, changed []byte) {
	t.Helper()
	o := p.options
	o.ReadOnly = true
	s, err := engine.OpenDir(dir, o)
	if err != nil {
		t.Fatalf("%s: open for reading: %v", what, err)
	}
	whole, known := p.whole(changed)
	for _, direction := range []engine.Direction{engine.Forward, engine.Backward} {
		p.mustIterate(t, fmt.Sprint(what, " in direction ", direction), s, direction, changed)
	}
	for _, ev := range p.events {
		got, err := s.At(ev.Sequence)
		switch {
		case !whole[ev.Sequence] && !errors.Is(err, engine.ErrCorrupt) && !(ev.Sequence > known && errors.Is(err, engine.ErrNotFound)):
			t.Fatalf("%s: damaged sequence %d: got %v", what, ev.Sequence, err)
		case whole[ev.Sequence] && (err != nil || difference(got, ev) != ""):
			t.Fatalf("%s: sequence %d: %v %s", what, ev.Sequence, err, difference(got, ev))
		}
	}
	if err := s.Close(); err != nil {
		t.Fatalf("%s: close: %v", what, err)
	}
}

// whole returns which sequences are whole, and the highest that any frame tells of.
func (p *specimen) whole(changed []byte) (whole map[uint64]bool, known uint64) {
	whole = make(map[uint64]bool)
	for i := range p.frames {
		f := &p.frames[i]
		switch {
		case !intact(f, changed):
		case f.Type == mmapseg.FrameEvent:
			whole[f.Sequence()] = true
			known = f.Sequence()
		case f.Type == mmapseg.FrameClose:
			known = p.events[len(p.events)-1].Sequence
		}
	}
	return whole, known
}

// mustIterate fails the test unless events and errors account for every sequence that
// is known of, each once.
func (p *specimen) mustIterate(t *testing.T, what string, s *engine.Store, direction engine.Direction, changed []byte) {
	t.Helper()
	whole, known := p.whole(changed)
	seen := make(map[uint64]bool)
	for ev, err := range s.Events(0, 0, engine.ReadOptions{Direction: direction}) {
		if err == nil {
			if d := difference(ev, p.events[ev.Sequence-1]); d != "" || seen[ev.Sequence] {
				t.Fatalf("%s: sequence %d again, or: %s", what, ev.Sequence, d)
			}
			seen[ev.Sequence] = true
			continue
		}
		var corrupt *engine.CorruptError
		if !errors.As(err, &corrupt) || corrupt.Segment != p.name || corrupt.First == 0 || corrupt.First > corrupt.Last {
			t.Fatalf("%s: %v", what, err)
		}
		if corrupt.Last == math.MaxUint64 && corrupt.First == known+1 {
			continue // what may have been behind the last event, nobody knows how many
		}
		for sequence := corrupt.First; sequence <= min(corrupt.Last, known+1); sequence++ {
			if whole[sequence] || seen[sequence] {
				t.Fatalf("%s: %v names sequence %d, which is whole, or twice", what, err, sequence)
			}
			seen[sequence] = true
		}
	}
	if len(seen) != int(known) {
		t.Fatalf("%s: events and errors account for %d sequences, want %d", what, len(seen), known)
	}
}
