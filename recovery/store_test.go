// This file holds the small writer of stores that the tests use: it goes through Load and Resume to begin, and then
// lays frames behind one another as an engine would.

package recovery_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

const ahead = 1000

// seeded is a source of random numbers that repeats.
func seeded(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// unit is a unit that the writer wrote.
type unit struct {
	segment     int // from 0
	offset, end int64
	mark        mmapseg.Mark
	events      []string
}

// writer writes a store.
type writer struct {
	t       testing.TB
	dir     vfs.Dir
	out     *recovery.Resumed
	at      *mmapseg.Segment
	tail    int64
	next    uint64
	tree    uint64
	mark    mmapseg.Mark
	wall    uint64
	units   []unit
	written []string // events of all units
	hashing bool
}

// write opens the store in dir for writing.
func write(t testing.TB, dir vfs.Dir) *writer {
	t.Helper()
	return begin(t, dir, resumption())
}

// begin opens the store in dir for writing as r says.
func begin(t testing.TB, dir vfs.Dir, r recovery.Resumption) *writer {
	t.Helper()
	state := load(t, dir, recovery.Options{}).state
	out, err := state.Resume(dir, r)
	if err != nil {
		t.Fatalf("resume: %v", err)
	}
	w := &writer{
		t: t, dir: dir, out: out, at: out.Segments[len(out.Segments)-1], tail: out.Tail, next: out.Next, tree: out.TreeSize,
		mark: out.Mark, wall: max(out.Wall, 1_700_000_000_000), hashing: out.Hashing,
	}
	t.Cleanup(w.release)
	return w
}

func resumption() recovery.Resumption {
	return recovery.Resumption{SegmentSize: mmapseg.MinSize, Ahead: ahead, Now: 1_700_000_000_000_000, Random: seeded(1), Hashing: true}
}

// release lets go of the files as they are.
func (w *writer) release() {
	for _, s := range w.out.Segments {
		if err := s.Close(); err != nil {
			w.t.Errorf("close %s: %v", s.Header.Name(), err)
		}
	}
	w.out.Segments = nil
}

// put stores a unit.
func (w *writer) put(b []byte, events ...string) {
	w.t.Helper()
	w.units = append(w.units, unit{len(w.out.Segments) - 1, w.tail, w.tail + int64(len(b)), w.mark, events})
	w.written = append(w.written, events...)
	w.at.Store(w.tail, b)
	w.tail += int64(len(b))
	w.at.Publish(w.tail)
}

func (w *writer) place(offset int64) mmapseg.Place {
	return mmapseg.Place{Salt: w.at.Salt, Offset: offset, Mark: w.mark}
}

// frame encodes the next event behind unit, which will stand at the tail.
func (w *writer) frame(unit []byte, payload string, inBatch bool) ([]byte, uint32, string) {
	w.t.Helper()
	sequence := w.next
	entity := fmt.Sprintf("entity-%d", sequence%3)
	d := event.Draft{Coordinate: event.MustAt(entity, "scope"), Kind: event.Data, Payload: []byte(payload)}
	unit, e := mmapseg.EncodeEvent(unit, &d, &mmapseg.EventOptions{Hashing: w.hashing, InBatch: inBatch})
	a := mmapseg.Assigned{Sequence: sequence, Clock: 1 + sequence/3, Timestamp: int64(sequence), ID: event.MakeID(w.wall, uint32(sequence), 1)}
	if w.hashing {
		a.Hash = event.Hash{1, byte(sequence)}
	}
	e.Assign(unit, &a, w.at.Salt, w.tail, w.mark)
	w.next++
	w.tree++
	return unit, e.BodyCRC(unit), fmt.Sprintf("%d %s %s", sequence, entity, payload)
}

// event appends one event.
func (w *writer) event(payload string) {
	w.t.Helper()
	b, _, text := w.frame(nil, payload, false)
	w.put(b, text)
}

// events appends n events.
func (w *writer) events(n int) {
	w.t.Helper()
	for range n {
		w.event(fmt.Sprintf("payload of %d", w.next))
	}
}

// batch appends n events as one batch.
func (w *writer) batch(n int) {
	w.t.Helper()
	begin := mmapseg.BatchBegin{Events: uint32(n), FirstSequence: w.next, Key: "key"}
	b, err := mmapseg.AppendBatchBegin(nil, &begin, w.place(w.tail))
	if err != nil {
		w.t.Fatal(err)
	}
	head := len(b)
	var sum uint32
	var texts []string
	for i := range n {
		var crc uint32
		var text string
		b, crc, text = w.frame(b, fmt.Sprintf("item %d", i), true)
		sum = mmapseg.BatchCRC(sum, crc)
		texts = append(texts, text)
	}
	begin.Bytes = uint32(len(b) - head)
	again, err := mmapseg.AppendBatchBegin(nil, &begin, w.place(w.tail))
	if err != nil {
		w.t.Fatal(err)
	}
	copy(b, again)
	b = mmapseg.AppendBatchCommit(b, &mmapseg.BatchCommit{Events: begin.Events, Bytes: begin.Bytes, FirstSequence: begin.FirstSequence, CRC: sum},
		w.place(w.tail+int64(len(b))))
	w.put(b, texts...)
}

// sync makes everything durable.
func (w *writer) sync() {
	w.t.Helper()
	if err := w.at.Sync(false); err != nil {
		w.t.Fatal(err)
	}
	w.mark = mmapseg.MakeMark(w.at.Number, w.tail)
}

// rotate ends the segment and goes on in the next one. The segment is sealed if seal.
func (w *writer) rotate(seal bool) {
	w.t.Helper()
	old, end := w.at, w.tail+mmapseg.EndSize
	w.rotateTo(mmapseg.MinSize)
	if seal {
		if err := old.Sync(false); err != nil {
			w.t.Fatal(err)
		}
		w.mark = mmapseg.MakeMark(old.Number, end)
		w.seal(old, end)
	}
}

// rotateTo ends the segment and goes on in one of this size.
func (w *writer) rotateTo(size int64) {
	w.t.Helper()
	old := w.at
	next, err := mmapseg.Create(w.dir, mmapseg.Header{
		Number: old.Number + 1, Hashing: w.hashing, Salt: mmapseg.Salt(0xABCD_0000_1234_0000 + old.Number), Size: size, Origin: w.out.Origin,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.put(mmapseg.AppendEnd(nil, &mmapseg.EndFrame{
		LastSequence: w.next - 1, TreeSize: w.tree, NextNumber: next.Number, NextSalt: next.Salt, Reason: mmapseg.EndRotated,
	}, w.place(w.tail)))
	old.Finish(w.next - 1)
	next.Activate(w.next, w.tree)
	w.out.Segments = append(w.out.Segments, next)
	w.at, w.tail = next, mmapseg.HeaderSize
}

// seal gives a segment its footer.
func (w *writer) seal(s *mmapseg.Segment, framesEnd int64) {
	w.t.Helper()
	footer, err := s.BuildFooter(framesEnd, nil, nil)
	if err == nil {
		err = errors.Join(s.Retire(), s.Seal(framesEnd, footer), s.GiveBack(framesEnd, framesEnd+int64(len(footer))))
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// close closes the store in order.
func (w *writer) close() {
	w.t.Helper()
	w.sync()
	w.put(mmapseg.AppendClose(nil, &mmapseg.CloseFrame{
		Identity: w.out.Identity, Incarnation: w.out.Incarnation, LastSequence: w.next - 1, TreeSize: w.tree, Wall: w.wall, Counter: uint32(w.next),
	}, w.place(w.tail)))
	w.sync()
	if err := errors.Join(w.at.Retire(), w.at.Truncate(w.tail)); err != nil {
		w.t.Fatal(err)
	}
	w.release()
}

// loaded is a state with the events of the store: those that were given out, and those of sealed segments, which are not.
type loaded struct {
	state   *recovery.State
	events  []string
	batches int
}

var decoder = mmapseg.NewDecoder()

// given is what loading gave out, by segment file.
type given struct {
	events  map[string][]string
	batches map[string]int
}

// collect loads a store and collects what is given out.
func collect(dir vfs.Dir, o recovery.Options) (*recovery.State, given, error) {
	out := given{map[string][]string{}, map[string]int{}}
	var ev event.Event
	o.Event = func(s *recovery.Segment, f *mmapseg.Frame) error {
		name := s.Header.Name()
		if err := decoder.Event(f, name, &ev); err != nil {
			return err
		}
		out.events[name] = append(out.events[name], fmt.Sprintf("%d %s %s", ev.Sequence, ev.Entity(), ev.Payload))
		return nil
	}
	o.Batch = func(s *recovery.Segment, _ *mmapseg.BatchBegin) error { out.batches[s.Header.Name()]++; return nil }
	state, err := recovery.Load(dir, o)
	return state, out, err
}

// try loads a store. What sealed segments hold is what loading without footers gives out of them.
func try(dir vfs.Dir, o recovery.Options) (*loaded, error) {
	state, out, err := collect(dir, o)
	l := &loaded{state: state}
	if err != nil {
		return l, err
	}
	var walked given
	if state.Report.Sealed > 0 {
		if _, walked, err = collect(dir, recovery.Options{IgnoreFooters: true}); err != nil {
			return l, err
		}
	}
	for _, segment := range state.Segments {
		from, name := out, segment.Header.Name()
		if segment.Sealed {
			if len(out.events[name])+out.batches[name] > 0 {
				return l, fmt.Errorf("events of %s are given out, which is sealed", name)
			}
			from = walked
		}
		l.events = append(l.events, from.events[name]...)
		l.batches += from.batches[name]
	}
	return l, nil
}

// load is try for what must work.
func load(t testing.TB, dir vfs.Dir, o recovery.Options) *loaded {
	t.Helper()
	l, err := try(dir, o)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return l
}

// image is the content of a directory.
type image map[string][]byte

// imageOf copies the files of dir.
func imageOf(t testing.TB, dir vfs.Dir) image {
	t.Helper()
	names, err := dir.List()
	if err != nil {
		t.Fatal(err)
	}
	files := image{}
	for _, name := range names {
		f, err := dir.Open(name, false)
		if err != nil {
			t.Fatal(err)
		}
		size, err := f.Size()
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, size)
		if _, err := f.ReadAt(b, 0); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	return files
}

// clone copies the files.
func (files image) clone() image {
	out := image{}
	for name, b := range files {
		out[name] = bytes.Clone(b)
	}
	return out
}

// memory returns a directory with these files.
func (files image) memory(t testing.TB) vfs.Dir {
	t.Helper()
	dir := vfs.NewMemory()
	files.put(t, dir)
	return dir
}

// put makes the files in dir.
func (files image) put(t testing.TB, dir vfs.Dir) {
	t.Helper()
	for name, b := range files {
		f, err := dir.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(b, 0); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// name returns the name of the i-th segment, from 0.
func name(i int) string { return mmapseg.FileName(uint64(i)+1, 0) }

// salt returns the salt of a segment's image.
func salt(b []byte) mmapseg.Salt { return mmapseg.Salt(binary.LittleEndian.Uint64(b[32:])) }

// sameEvents fails if the events are others.
func sameEvents(t testing.TB, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("events:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
