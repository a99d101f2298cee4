// This file holds the fuzz tests: stores whose bytes were changed in any way, and files with sound checksums whose
// frames contradict each other.

package recovery_test

import (
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// mutate changes files as b says, in steps of 8 bytes: operation, file, place (u24), and three bytes of argument.
func (files image) mutate(b []byte) {
	names := slices.Sorted(mapKeys(files))
	for ; len(b) >= 8 && len(names) > 0; b = b[8:] {
		name := names[int(b[1])%len(names)]
		file := files[name]
		if len(file) == 0 {
			continue
		}
		at := int(b[2]) | int(b[3])<<8 | int(b[4])<<16
		at %= len(file)
		n := min(int(b[6])|int(b[7])<<8, len(file)-at)
		switch b[0] % 8 {
		case 0, 1:
			file[at] ^= b[5]
		case 2:
			clear(file[at : at+n])
		case 3: // what stands elsewhere, in this file or another
			from := files[names[int(b[5])%len(names)]]
			copy(file[at:at+n], from[at%(len(from)+1):])
		case 4:
			files[name] = file[:at]
		case 5:
			delete(files, name)
			names = slices.Sorted(mapKeys(files))
		case 6:
			files[mmapseg.FileName(uint64(b[5])%5+1, uint32(b[6])%3)] = slices.Clone(file)
			names = slices.Sorted(mapKeys(files))
		case 7:
			copy(file[at&^7:], file[(at+n)&^7:])
		}
	}
}

// loadBounded loads the store and checks what has to hold for any bytes.
func loadBounded(t *testing.T, files image, dir vfs.Dir) *loaded {
	t.Helper()
	input := 0
	for _, b := range files {
		input += len(b)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := recovery.Load(dir, recovery.Options{})
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > uint64(2*input+2<<20) {
		t.Fatalf("loading %d bytes allocates %d", input, used)
	}
	if err != nil {
		for _, known := range []error{mmapseg.ErrCorrupt, mmapseg.ErrVersion, mmapseg.ErrForeign} {
			if errors.Is(err, known) {
				return nil
			}
		}
		t.Fatalf("load: %v", err)
	}
	return load(t, dir, recovery.Options{})
}

// goOn resumes a store without damage that refuses it and checks that nothing is missing and nothing was added.
func goOn(t *testing.T, dir vfs.Dir, l *loaded) {
	t.Helper()
	s := l.state
	last := s.LastSequence
	out, err := s.Resume(dir, resumption())
	if s.Refuses != nil {
		if !errors.Is(err, mmapseg.ErrCorrupt) {
			t.Fatalf("a damaged store is resumed: %v", err)
		}
		return
	}
	if err != nil {
		if errors.Is(err, mmapseg.ErrCorrupt) || s.Ahead > ahead || last > 1<<60 || s.Incarnation > 1<<60 {
			return // no room, or no numbers are left
		}
		t.Fatalf("resume: %v\n%+v", err, s)
	}
	for _, segment := range out.Segments {
		if err := segment.Close(); err != nil {
			t.Fatal(err)
		}
	}
	again := load(t, dir, recovery.Options{})
	if out.Next <= last || again.state.LastSequence != out.Next-1 || again.state.Refuses != nil || !slices.Equal(again.events, l.events) {
		t.Fatalf("resumed from %d to %d: %+v\nthen %+v", last, out.Next, s, again.state)
	}
}

func FuzzLoadOfAChangedStore(f *testing.F) {
	writers := []*writer{smallStore(f), threeSegments(f, true), sealedStore(f), reopenedStore(f)}
	images := make([]image, len(writers))
	for i, w := range writers {
		images[i] = imageOf(f, w.dir)
	}
	f.Add([]byte{0})
	f.Add([]byte{0, 0, 1, 0x40, 0x10, 0, 4, 0, 0})
	f.Add([]byte{1, 2, 1, 0x40, 0x10, 0, 0, 0, 2, 4, 2, 0x40, 0x10, 0, 0, 0, 0})
	f.Add([]byte{2, 3, 1, 0x00, 0x10, 0, 1, 0, 2})
	f.Add([]byte{2, 5, 1, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0, 6, 1, 0, 0, 0, 2, 0, 0, 7, 0, 0x40, 0x10, 0, 0, 0x40, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		w := writers[int(b[0])%len(writers)]
		files := images[int(b[0])%len(writers)].clone()
		files.mutate(b[1:])
		dir := files.memory(t)
		l := loadBounded(t, files, dir)
		if l == nil {
			return
		}
		rest := w.written
		for _, text := range l.events {
			at := slices.Index(rest, text)
			if at < 0 {
				t.Fatalf("event %q was never written, or comes out of order", text)
			}
			rest = rest[at+1:]
		}
		for _, u := range w.units {
			if n := len(u.events); n > 1 && slices.Contains(l.events, u.events[0]) != slices.Contains(l.events, u.events[n-1]) {
				t.Fatalf("half a batch: %q", l.events)
			}
		}
		goOn(t, dir, l)
	})
}

// forge writes frames with sound checksums and contents that b determines.
func forge(w *writer, b []byte) {
	le := binary.LittleEndian
	take := func(n uint64) uint64 { // mostly small numbers
		if len(b) == 0 {
			return 0
		}
		v := uint64(b[0])
		b = b[1:]
		return v % n
	}
	sequence := func() uint64 {
		switch v := take(32); v {
		case 30:
			return 0
		case 31:
			return 1<<64 - 1
		default:
			return w.next + v - min(v, 4)
		}
	}
	for len(b) > 0 && w.at.Fits(w.tail, 1024) {
		at := w.place(w.tail)
		switch take(12) {
		case 0, 1:
			w.event("forged")
		case 2:
			w.next = sequence()
			w.event("forged")
		case 3:
			w.batch(1 + int(take(3)))
		case 4:
			frame, _, _ := w.frame(nil, "item", true)
			w.put(frame)
		case 5:
			frame, err := mmapseg.AppendBatchBegin(nil, &mmapseg.BatchBegin{Events: uint32(take(4)), Bytes: uint32(take(255) * 8), FirstSequence: sequence()}, at)
			if err == nil {
				w.put(frame)
			}
		case 6:
			w.put(mmapseg.AppendBatchCommit(nil, &mmapseg.BatchCommit{Events: uint32(take(4)), Bytes: uint32(take(255) * 8), FirstSequence: sequence()}, at))
		case 7:
			lost := mmapseg.Range{First: sequence(), Last: sequence()}
			o := mmapseg.OpenFrame{Identity: w.out.Identity, Incarnation: 1 + take(4), Ahead: take(9), Lost: lost, LastSequence: max(lost.Last, sequence()), TreeSize: w.tree + take(2)}
			o.Ancestors = make([]mmapseg.Ancestor, take(20))
			w.put(mmapseg.AppendOpen(nil, &o, at))
		case 8:
			w.put(mmapseg.AppendClose(nil, &mmapseg.CloseFrame{Identity: w.out.Identity, Incarnation: 1 + take(2), LastSequence: sequence(), TreeSize: w.tree}, at))
		case 9:
			w.put(mmapseg.AppendEnd(nil, &mmapseg.EndFrame{LastSequence: sequence(), TreeSize: w.tree, NextNumber: 1 + take(3), Reason: mmapseg.EndReason(take(3))}, at))
		case 10:
			w.put(mmapseg.AppendGap(nil, &mmapseg.GapFrame{Range: mmapseg.Range{First: sequence(), Last: sequence()}, Leaves: take(9)}, at))
		case 11: // bytes that are no frame, and marks that claim more or less
			junk := le.AppendUint64(nil, take(255)<<56|take(255))
			w.put(junk)
			w.mark = mmapseg.MakeMark(1+take(2), int64(take(255))*64)
		}
	}
}

func FuzzLoadOfForgedFrames(f *testing.F) {
	f.Add([]byte{0, 3, 2, 0, 8, 0, 5})
	f.Add([]byte{3, 1, 5, 2, 20, 4, 4, 4, 6, 2, 20, 4})
	f.Add([]byte{0, 7, 10, 30, 4, 2, 5, 1, 0, 9, 4, 1, 1})
	f.Add([]byte{2, 9, 2, 31, 11, 200, 3, 1, 100, 0, 0, 10, 4, 9, 3, 0})
	fresh := vfs.NewMemory()
	write(f, fresh).release()
	files := imageOf(f, fresh)
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := files.memory(t)
		l := load(t, dir, recovery.Options{})
		header := l.state.Segments[0].Header
		tail, err := mmapseg.OpenTail(dir, header, l.state.Segments[0].Contents)
		if err != nil {
			t.Fatal(err)
		}
		w := &writer{t: t, dir: dir, at: tail, tail: l.state.Segments[0].Contents.End, next: 1, hashing: true, wall: 1_700_000_000_000}
		w.out = &recovery.Resumed{Segments: []*mmapseg.Segment{tail}, Identity: l.state.Identity}
		forge(w, b)
		w.release()
		forged := imageOf(t, dir)
		if l = loadBounded(t, forged, dir); l == nil {
			return
		}
		ascending(t, dir)
		goOn(t, dir, l)
	})
}

// ascending checks that the sequences that come out ascend.
func ascending(t *testing.T, dir vfs.Dir) {
	t.Helper()
	last := uint64(0)
	_, err := recovery.Load(dir, recovery.Options{Event: func(_ *recovery.Segment, f *mmapseg.Frame) error {
		if f.Sequence() <= last {
			t.Fatalf("sequence %d behind %d", f.Sequence(), last)
		}
		last = f.Sequence()
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
}
