// Lookups by hash and by time against a linear scan.

package index

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/checked"
)

func TestLinksAreFoundFromTheNewestOn(t *testing.T) {
	for seed := range uint64(30) {
		w := newWorld(t, seed, 1+int(seed)%7, 300)
		for range 50 {
			if len(w.imports) == 0 {
				break
			}
			id, visible := w.imports[w.random.IntN(len(w.imports))], w.visible()
			var want []uint64
			for i := range w.events {
				if ev := &w.events[i]; ev.ID == id && ev.Sequence <= visible && !w.unknown[ev.Sequence] {
					want = append(want, ev.Sequence)
				}
			}
			slices.Reverse(want)
			got := linkedTo(t, w, HashID(Imported, id), visible)
			// Of a part that a run covers, the run names also what the part itself has lost.
			got = slices.DeleteFunc(got, func(sequence uint64) bool { return w.unknown[sequence] })
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d, visible up to %d: got %v, want %v", seed, visible, got, want)
			}
		}
		if got := linkedTo(t, w, 12345, 1<<40); len(got) > 0 {
			t.Errorf("a hash that nothing has: %v", got)
		}
	}
}

func linkedTo(t *testing.T, w *world, hash, visible uint64) (sequences []uint64) {
	t.Helper()
	err := w.finder.Linked(Imported, hash, visible, func(sequence uint64) (bool, error) {
		sequences = append(sequences, sequence)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sequences
}

func TestALookupEndsWhenItIsTold(t *testing.T) {
	w := newWorld(t, 1, 6, 300)
	failure := errors.New("enough")
	for _, answer := range []error{nil, failure} {
		calls := 0
		id := w.imports[len(w.imports)-1]
		err := w.finder.Linked(Imported, HashID(Imported, id), 1<<40, func(uint64) (bool, error) {
			calls++
			return false, answer
		})
		if calls != 1 || !errors.Is(err, answer) {
			t.Errorf("%d calls, %v", calls, err)
		}
	}
}

// TestTheHeadBeforeATailIsThatOfTheNewestEvent asks for the heads of entities before the last part.
func TestTheHeadBeforeATailIsThatOfTheNewestEvent(t *testing.T) {
	for seed := range uint64(40) {
		w := newWorld(t, seed, 2+int(seed)%6, 300)
		parts := w.index.Parts()
		at := w.random.IntN(len(parts))
		tail := parts[at].Tail()
		if tail == nil {
			at = len(parts) - 1 // as for one that is outdated
			tail = NewTail(0)
		}
		for entity := range w.clocks {
			newest := newestBefore(w, entity, parts[at].First)
			head, sequence, err := headBefore(w, tail, entity)
			var hole *HoleError
			switch {
			case errors.As(err, &hole):
				if newest != nil && newest.Sequence > hole.Last {
					t.Fatalf("seed %d, %s: a hole up to %d hides sequence %d", seed, entity, hole.Last, newest.Sequence)
				}
			case err != nil:
				t.Fatal(err)
			case newest == nil && (head != Head{} || sequence != 0):
				t.Fatalf("seed %d, %s: head %+v, sequence %d, want none", seed, entity, head, sequence)
			case newest != nil && sequence != newest.Sequence && head.Clock != newest.Position.Clock:
				t.Fatalf("seed %d, %s: head %+v, sequence %d, want sequence %d, clock %d", seed, entity, head, sequence, newest.Sequence, newest.Position.Clock)
			}
		}
	}
}

// headBefore returns the head, or else the sequence of the newest event.
func headBefore(w *world, tail *Tail, entity string) (head Head, newest uint64, err error) {
	head, _, err = w.finder.Before(tail, entity, Hash(Entity, entity), func(sequence uint64) (bool, error) {
		newest = sequence
		return w.at(sequence).Entity() != entity, nil
	})
	return head, newest, err
}

func newestBefore(w *world, entity string, before uint64) *event.Event {
	for i := range slices.Backward(w.events) {
		if ev := &w.events[i]; ev.Sequence < before && ev.Entity() == entity {
			return ev
		}
	}
	return nil
}

func TestAMomentIsFoundInItsStretch(t *testing.T) {
	for seed := range uint64(30) {
		w := newWorld(t, seed, 1+int(seed)%6, 100<<(seed%5))
		for i := range w.events {
			ev := &w.events[i]
			visible := w.visible()
			m := Moment{ev.Position.Wall, ev.Position.Counter}
			s, ok, err := w.finder.Around(m, visible)
			if err != nil {
				t.Fatal(err)
			}
			if ev.Sequence > visible || w.unknown[ev.Sequence] || w.unsure(t, visible, ev.Sequence) {
				continue
			}
			if !ok || ev.Sequence < s.First || ev.Sequence > s.Last || s.Last > visible || s.Last-s.First >= zoneEvents {
				t.Fatalf("seed %d: sequence %d of %d is not in %+v", seed, ev.Sequence, visible, s)
			}
			if probes, found, ok := w.search(s, m); ok && found != ev.Sequence || probes > 12 {
				t.Fatalf("seed %d: sequence %d in %+v: found %d with %d probes", seed, ev.Sequence, s, found, probes)
			}
		}
	}
}

// unsure reports whether a sequence is one that the search by time can't find.
func (w *world) unsure(t *testing.T, visible, sequence uint64) bool {
	t.Helper()
	stretches, err := w.finder.Unsure(visible)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(stretches, func(s Stretch) bool {
		if !w.unknown[s.First] || s.Last > visible {
			t.Fatalf("unsure of %+v", s)
		}
		return sequence >= s.First && sequence <= s.Last
	})
}

// search looks for a moment in a stretch. It returns how many events it looked at, and the one that it found, 0 for none;
// ok is false if it came to one that can't be read: then all of the stretch has to be looked at.
func (w *world) search(s Stretch, m Moment) (probes int, found uint64, ok bool) {
	for {
		sequence, more := s.Next(m, probes >= 4)
		if !more {
			return probes, 0, !w.unknown[s.First]
		}
		if w.unknown[sequence] {
			return probes, 0, false
		}
		probes++
		ev := w.at(sequence)
		at := Moment{ev.Position.Wall, ev.Position.Counter}
		if at == m {
			return probes, sequence, true
		}
		s.Narrow(sequence, at, m)
	}
}

func TestMomentsThatNoEventIsOfEndTheSearch(t *testing.T) {
	w := newWorld(t, 4, 5, 400)
	last := w.events[len(w.events)-1]
	for range 2000 {
		m := Moment{w.random.Uint64N(last.Position.Wall + 100), w.random.Uint32N(6)}
		if slices.ContainsFunc(w.events, func(ev event.Event) bool { return ev.Position.Wall == m.Wall && ev.Position.Counter == m.Counter }) {
			continue
		}
		s, ok, err := w.finder.Around(m, last.Sequence)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			continue
		}
		if _, found, _ := w.search(s, m); found != 0 {
			t.Errorf("%+v is said to be that of %d", m, found)
		}
	}
}

// TestEventsAtASteadyRateAreFoundAtOnce: by interpolation among the zones, and in the zone with the first look.
func TestEventsAtASteadyRateAreFoundAtOnce(t *testing.T) {
	for _, each := range []uint64{1, 40, 1000, 100_000} { // events in a millisecond
		tail := NewTail(1 << 20)
		var e Entry
		ev := event.Event{Coordinate: event.MustAt("entity", "scope")}
		e.FillEvent(&ev)
		const events = 50_000
		moment := func(ordinal uint64) Moment { return Moment{5000 + ordinal/each, uint32(ordinal % each)} }
		for i := range uint64(events) {
			tail.Enter(&e)
			m := moment(i)
			tail.Add(&e, Place{Ordinal: uint32(i), Wall: m.Wall, Counter: m.Counter})
		}
		x := new(Index)
		x.AddPart(NewPart(Identity{Number: 1}, 1, tail, nil))
		f := NewFinder(x, nil, nil)
		probes, most := 0, 0
		for i := uint64(0); i < events; i += 997 {
			s, ok, err := f.Around(moment(i), events)
			if err != nil || !ok {
				t.Fatal(err)
			}
			for n := 1; ; n++ {
				sequence, ok := s.Next(moment(i), n > 4)
				if !ok {
					t.Fatalf("ordinal %d is not in %+v", i, s)
				}
				probes, most = probes+1, max(most, n)
				if sequence == i+1 {
					break
				}
				s.Narrow(sequence, moment(sequence-1), moment(i))
			}
		}
		if average := float64(probes) / (events/997 + 1); average > 1.5 || most > 3 {
			t.Errorf("%d events in a millisecond: %.2f looks on average, at most %d", each, average, most)
		}
	}
}

// TestADamagedTableIsRebuiltAndTheQuestionAskedAgain: whatever is asked.
func TestADamagedTableIsRebuiltAndTheQuestionAskedAgain(t *testing.T) {
	for _, seed := range []uint64{7, 8, 9} {
		w := newWorld(t, seed, 6, 400)
		w.index.SetRuns(nil)
		rebuilt := 0
		w.finder = NewFinder(w.index, func(p *Part, cause error) error {
			if !errors.Is(cause, checked.ErrDamaged) {
				t.Fatal(cause)
			}
			rebuilt++
			p.Rebuilt(w.rebuiltTail(p))
			return nil
		}, nil)
		for _, p := range w.index.Parts() {
			if p.Sealed() {
				_, table := p.source()
				p.Seal(damagedTable(t, table.Events()))
			}
		}
		for range 50 {
			q := Query{Region: w.region(), Visible: w.visible(), Backward: w.random.IntN(2) == 0}
			mustCover(t, w, q, read(t, w, q))
		}
		if rebuilt == 0 {
			t.Errorf("seed %d: nothing was rebuilt", seed)
		}
	}
}

// rebuiltTail returns the tail of a part's events.
func (w *world) rebuiltTail(p *Part) *Tail {
	tail := NewTail(0)
	_, table := p.source()
	var e Entry
	for i := range w.events {
		ev := &w.events[i]
		if ev.Sequence < p.First || ev.Sequence >= p.First+uint64(table.Events()) {
			continue
		}
		e.FillEvent(ev)
		tail.Enter(&e)
		tail.Add(&e, Place{Ordinal: uint32(ev.Sequence - p.First), Wall: ev.Position.Wall, Counter: ev.Position.Counter, Timestamp: ev.Timestamp})
	}
	return tail
}

// damagedTable returns a table all of whose bytes are wrong.
func damagedTable(t *testing.T, events uint32) *Table {
	t.Helper()
	table, err := OpenTable(events, func(kind uint32) (checked.Range, uint32, bool) {
		size := int64(4096)
		if kind == sectionZones {
			size = zonesSize(events)
		}
		data := make([]byte, size)
		sums := checked.AppendSums(nil, append([]byte{1}, data[1:]...))
		b, err := checked.New(data, sums, nil)
		if err != nil {
			t.Fatal(err)
		}
		all, err := b.Range(0, size)
		return all, versionOf(kind), err == nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestWhatCanNotBeRebuiltIsTheErrorOfEveryQuestion(t *testing.T) {
	x, failure := new(Index), fmt.Errorf("frames: %w", errors.New("gone"))
	x.AddPart(NewSealedPart(Identity{Number: 1}, 1, damagedTable(t, 10), func(fn func()) error { fn(); return nil }))
	x.AddPart(NewPart(Identity{Number: 2}, 11, NewTail(0), nil))
	f := NewFinder(x, func(*Part, error) error { return failure }, nil)
	plan := f.Plan(Query{Region: event.Entity("e"), Visible: 10})
	_, _, planned := plan.Next()
	_, _, around := f.Around(Moment{1, 1}, 10)
	_, _, before := f.Before(x.Parts()[1].Tail(), "e", 1, nil)
	for what, err := range map[string]error{
		"plan": planned, "around": around, "before": before, "linked": f.Linked(Key, 1, 10, nil),
	} {
		if !errors.Is(err, failure) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, ok, err := plan.Next(); ok || err != nil {
		t.Errorf("behind its error the plan goes on: %v", err)
	}
}

func TestADamagedRunIsToldOfOnceAndDoneWithout(t *testing.T) {
	w := newWorld(t, 11, 8, 300)
	var runs []*Run
	var inputs []RunInput
	for _, p := range w.index.Parts() {
		if p.Sealed() {
			inputs = append(inputs, RunInput{Parts: []*Part{p}})
		} else if len(inputs) > 0 {
			break
		}
	}
	data := writeRun(t, inputs...)
	for i := runHeaderSize; i < len(data); i += 64 {
		data[i] ^= 1
	}
	run := openRun(t, data)
	w.index.SetRuns(append(runs, run))
	told := 0
	w.finder = NewFinder(w.index, nil, func(r *Run, cause error) {
		if r != run || !errors.Is(cause, checked.ErrDamaged) {
			t.Errorf("told of %v", cause)
		}
		told++
	})
	q := Query{Region: event.Entity(w.events[0].Entity()), Visible: w.visible()}
	mustCover(t, w, q, read(t, w, q))
	if told != 1 {
		t.Errorf("told %d times", told)
	}
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	mustCover(t, w, q, read(t, w, q))
	if told != 1 {
		t.Errorf("told of a closed run")
	}
}
