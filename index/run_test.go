// Runs against a model: what they find, what they cover, and what of it they say when asked.

package index

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/checked"
)

var runOrigin = [16]byte{1, 2, 3, 15: 16}

// memoryFile is what a run is written to in these tests.
type memoryFile struct{ data []byte }

func (f *memoryFile) WriteAt(p []byte, at int64) (int, error) {
	f.data = append(f.data, make([]byte, max(0, int(at)+len(p)-len(f.data)))...)
	return copy(f.data[at:], p), nil
}

// linked is a part with what was put into it: sequences by type and hash.
type linked struct {
	part *Part
	want map[Type]map[uint64][]uint64
}

func (l *linked) add(t Type, hash, sequence uint64) {
	if l.want[t] == nil {
		l.want[t] = map[uint64][]uint64{}
	}
	if t == Entity { // one for the segment
		l.want[t][hash] = nil
	}
	l.want[t][hash] = append(l.want[t][hash], sequence)
}

// linkedPart returns a sealed part of random events: some are of the same entities, with the same causes, in other parts too.
func linkedPart(t testing.TB, number, first uint64, events int, source *rand.Rand) *linked {
	t.Helper()
	tail, l := NewTail(1<<16), &linked{want: map[Type]map[uint64][]uint64{}}
	var e Entry
	for i := range events {
		sequence := first + uint64(i)
		ev := event.Event{Coordinate: event.MustAt(fmt.Sprintf("entity-%d", source.IntN(50)), "scope")}
		ev.Kind, ev.ID = event.Data, event.MakeID(sequence, 0, 0)
		ev.Correlation, ev.Imported = ev.ID, source.IntN(10) == 0
		l.add(Entity, Hash(Entity, ev.Entity()), sequence)
		if source.IntN(3) == 0 {
			ev.Key = fmt.Sprintf("key-%d", sequence)
			l.add(Key, Hash(Key, ev.Key), sequence)
		}
		if source.IntN(3) == 0 {
			ev.Cause = event.MakeID(1+source.Uint64N(first+uint64(i)), 7, 0)
			l.add(Cause, HashID(Cause, ev.Cause), sequence)
		}
		if source.IntN(2) == 0 {
			ev.Correlation = event.MakeID(1+source.Uint64N(3), 9, 0)
			l.add(Correlation, HashID(Correlation, ev.Correlation), sequence)
		}
		if ev.Imported {
			l.add(Imported, HashID(Imported, ev.ID), sequence)
		}
		e.FillEvent(&ev)
		tail.Enter(&e).Clock++
		tail.Add(&e, Place{Ordinal: uint32(i), Wall: sequence})
	}
	l.part = NewPart(Identity{Number: number, Salt: number * 77}, first, tail, func(fn func()) error { fn(); return nil })
	l.part.Seal(tableOf(t, tail))
	return l
}

// tableOf returns the table that a tail's sections make.
func tableOf(t testing.TB, tail *Tail) *Table {
	t.Helper()
	sections := map[uint32][]byte{}
	if err := tail.Encode(func(kind, _ uint32, data []byte) { sections[kind] = data }); err != nil {
		t.Fatal(err)
	}
	table, err := OpenTable(tail.Events(), func(kind uint32) (checked.Range, uint32, bool) {
		data, ok := sections[kind]
		return checked.Of(data), versionOf(kind), ok
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// writeRun returns the bytes of a run over the inputs.
func writeRun(t testing.TB, inputs ...RunInput) []byte {
	t.Helper()
	w, err := NewRunWriter(runOrigin, inputs)
	if err != nil {
		t.Fatal(err)
	}
	f := &memoryFile{}
	if err := w.Write(f, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if int64(len(f.data)) != w.Info().Size {
		t.Fatalf("%d bytes were written, %d announced", len(f.data), w.Info().Size)
	}
	return f.data
}

func openRun(t testing.TB, data []byte) *Run {
	t.Helper()
	r, err := OpenRun(data, runOrigin, nil, func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// inputsOf returns parts as inputs.
func inputsOf(all []*linked) (inputs []RunInput, parts []*Part) {
	for _, l := range all {
		inputs = append(inputs, RunInput{Parts: []*Part{l.part}})
		parts = append(parts, l.part)
	}
	return inputs, parts
}

// wantAll compares what a run finds with what was put into its parts.
func wantAll(t *testing.T, r *Run, all []*linked) {
	t.Helper()
	for _, typ := range listTypes {
		want := map[uint64][]uint64{1: nil, 0: nil, math.MaxUint64: nil, Hash(typ, "nobody"): nil}
		for _, l := range all {
			for hash, sequences := range l.want[typ] {
				want[hash] = append(want[hash], sequences...)
			}
		}
		for hash, sequences := range want {
			if err := r.read(func() { wantHash(t, r, typ, hash, sequences) }); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func wantHash(t *testing.T, r *Run, typ Type, hash uint64, want []uint64) {
	t.Helper()
	got, err := r.lookup([]uint64{42}, typ, hash)
	if err != nil || !slices.Equal(got[1:], want) || got[0] != 42 {
		t.Errorf("%v %x: got %v, want %v, error %v", typ, hash, got, want, err)
	}
	newest, ok, err := r.newest(typ, hash)
	if err != nil || ok != (len(want) > 0) || ok && newest != want[len(want)-1] {
		t.Errorf("newest of %v %x: %d, %v, error %v; all are %v", typ, hash, newest, ok, err, want)
	}
	for _, b := range bounds(want) {
		var within []uint64
		for _, s := range want {
			if b[0] <= s && s <= b[1] {
				within = append(within, s)
			}
		}
		if got, err := r.between(nil, typ, hash, b[0], b[1]); err != nil || !slices.Equal(got, within) {
			t.Errorf("%v %x from %d to %d: got %v, want %v, error %v", typ, hash, b[0], b[1], got, within, err)
		}
	}
}

// bounds returns pairs of sequences to ask between.
func bounds(sequences []uint64) [][2]uint64 {
	all := [][2]uint64{{0, math.MaxUint64}, {0, 0}, {math.MaxUint64, math.MaxUint64}, {500, 100}}
	for i, s := range sequences {
		if i < 3 || i > len(sequences)-3 {
			all = append(all, [2]uint64{s, s}, [2]uint64{0, s}, [2]uint64{s + 1, math.MaxUint64}, [2]uint64{s - 1, s + 20})
		}
	}
	return all
}

func TestARunFindsWhatItsPartsHold(t *testing.T) {
	source := rand.New(rand.NewPCG(3, 1))
	first := uint64(1)
	var all []*linked
	for number, events := range []int{400, 1, 0, 3000, 700, 0, 30} {
		all = append(all, linkedPart(t, uint64(number+3), first, events, source))
		first += uint64(events) + source.Uint64N(100) // sequences are lost at times
	}
	inputs, parts := inputsOf(all)
	for n := 1; n <= len(all); n++ {
		r := openRun(t, writeRun(t, inputs[:n]...))
		wantAll(t, r, all[:n])
		if !r.Matches(parts[:n]) || !r.Covers(parts[n-1]) || n < len(parts) && r.Covers(parts[n]) {
			t.Errorf("%d parts: it covers %+v", n, r.Info())
		}
	}
}

func TestARunOfRunsIsTheRunOfTheirParts(t *testing.T) {
	source := rand.New(rand.NewPCG(3, 2))
	var all []*linked
	for number := range 6 {
		all = append(all, linkedPart(t, uint64(number+1), uint64(number*1000+1), 900, source))
	}
	inputs, parts := inputsOf(all)
	direct := writeRun(t, inputs...)
	wantAll(t, openRun(t, direct), all)

	left, right := openRun(t, writeRun(t, inputs[:2]...)), openRun(t, writeRun(t, inputs[2:5]...))
	merged := writeRun(t, RunInput{parts[:2], left}, RunInput{parts[2:5], right}, inputs[5])
	if !bytes.Equal(merged, direct) {
		t.Error("merging in two steps makes other bytes")
	}
}

func TestARunSaysWhatItCovers(t *testing.T) {
	source := rand.New(rand.NewPCG(3, 3))
	all := []*linked{linkedPart(t, 4, 100, 10, source), linkedPart(t, 6, 150, 20, source), linkedPart(t, 7, 170, 5, source)}
	inputs, parts := inputsOf(all)
	r := openRun(t, writeRun(t, inputs...))
	info := r.Info()
	want := RunInfo{
		Origin: runOrigin, First: 4, Last: 7, Segments: 3, Base: 100, LastSequence: 174,
		Identities: info.Identities, Entries: info.Entries, Size: info.Size,
	}
	if info != want || info.Entries == 0 {
		t.Errorf("got %+v, want %+v", info, want)
	}
	for what, others := range map[string][]*Part{
		"none": nil, "one less": parts[1:], "another order": {parts[1], parts[0], parts[2]}, "one twice": {parts[0], parts[0], parts[2]},
	} {
		if r.Matches(others) {
			t.Errorf("it matches %s", what)
		}
	}
	for what, change := range map[string]func(*Part){
		"salt": func(p *Part) { p.Segment.Salt++ }, "generation": func(p *Part) { p.Segment.Generation++ },
		"number": func(p *Part) { p.Segment.Number++ }, "first sequence": func(p *Part) { p.First++ },
		"no table": func(p *Part) { p.Rebuilt(NewTail(1)) },
	} {
		for i, p := range parts {
			if i == 1 && what == "first sequence" {
				continue // it follows from the frames, and is not what a run is about
			}
			other := NewSealedPart(p.Segment, p.First, p.table.Load(), p.read)
			change(other)
			list := slices.Clone(parts)
			list[i] = other
			if r.Matches(list) {
				t.Errorf("it matches in spite of part %d with another %s", i, what)
			}
		}
	}
}

func TestWhatDoesNotFollowIsNotMerged(t *testing.T) {
	source := rand.New(rand.NewPCG(3, 4))
	a, b := linkedPart(t, 1, 1, 10, source).part, linkedPart(t, 2, 11, 10, source).part
	far, overlapping := linkedPart(t, 3, 1<<32+1, 1, source).part, linkedPart(t, 3, 20, 10, source).part
	unsealed := NewPart(Identity{Number: 2}, 11, NewTail(1), nil)
	one := func(p *Part) RunInput { return RunInput{Parts: []*Part{p}} }
	for what, inputs := range map[string][]RunInput{
		"nothing": nil, "no part": {{}}, "two parts without a run": {{Parts: []*Part{a, b}}}, "not sealed": {one(a), one(unsealed)},
		"backwards": {one(b), one(a)}, "too far": {one(a), one(far)}, "overlapping": {one(b), one(overlapping)}, "twice": {one(a), one(a)},
	} {
		var input *InputError
		if _, err := NewRunWriter(runOrigin, inputs); err == nil || errors.As(err, &input) {
			t.Errorf("%s: %v", what, err)
		}
	}
	near := linkedPart(t, 3, 1<<32, 1, source)
	r := openRun(t, writeRun(t, one(a), one(near.part)))
	hash := slices.Collect(maps.Keys(near.want[Entity]))[0]
	if got, ok, err := r.newest(Entity, hash); got != 1<<32 || !ok || err != nil {
		t.Errorf("the highest sequence: %d, %v, error %v", got, ok, err)
	}
}

func TestAClosedRunIsNotRead(t *testing.T) {
	data := writeRun(t, RunInput{Parts: []*Part{linkedPart(t, 1, 1, 10, rand.New(rand.NewPCG(1, 1))).part}})
	failure, released := errors.New("unmap"), 0
	r, err := OpenRun(data, runOrigin, nil, func() error { released++; return failure })
	if err != nil {
		t.Fatal(err)
	}
	if err := r.read(func() {}); err != nil {
		t.Errorf("open: %v", err)
	}
	if first, second := r.Close(), r.Close(); first != failure || second != failure || released != 1 {
		t.Errorf("got %v, then %v, released %d times", first, second, released)
	}
	if err := r.read(func() { t.Error("it is read") }); err != errRunClosed {
		t.Errorf("closed: %v", err)
	}
}

// between returns the sequences of a hash from first to last, as the causal graph asks for them.
func (r *Run) between(dst []uint64, t Type, hash, first, last uint64) ([]uint64, error) {
	return r.body.between(dst, t, hash, first, last)
}

func (b *runBody) between(dst []uint64, t Type, hash, first, last uint64) ([]uint64, error) {
	if first > last {
		return dst, nil
	}
	return b.piece(dst, t, hash, first, last, math.MaxInt, false)
}

// newest returns the highest sequence of a hash, in the same way.
func (r *Run) newest(t Type, hash uint64) (sequence uint64, ok bool, err error) {
	return r.body.newest(t, hash)
}

func (b *runBody) newest(t Type, hash uint64) (sequence uint64, ok bool, err error) {
	found, err := b.piece(nil, t, hash, 0, math.MaxUint64, 1, true)
	if err != nil || len(found) == 0 {
		return 0, false, err
	}
	return found[0], true, nil
}
