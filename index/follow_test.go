// Links, a piece at a time and in both directions, against a linear scan.

package index

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/checked"
)

// causal is an index of parts in every form, with runs over some, whose events name a few causes: the first of them half of all
// events, the last ones none.
type causal struct {
	*world
	causes []event.ID
}

func newCausal(t testing.TB, seed uint64, parts, most int) *causal {
	w := &causal{world: &world{random: rand.New(rand.NewPCG(seed, 3)), index: new(Index), unknown: map[uint64]bool{}, clocks: map[string]uint64{}, wall: 1000}}
	w.finder = NewFinder(w.index, func(_ *Part, cause error) error { return cause }, func(_ *Run, cause error) { t.Error(cause) })
	for i := range uint64(5) {
		w.causes = append(w.causes, event.MakeID(i+1, 0, 0))
	}
	next := 1 + w.random.Uint64N(3)
	for number := range uint64(parts) {
		events := w.random.IntN(most + 1)
		for i := range uint64(events) {
			ev := w.newEvent(next + i)
			if at := []int{0, 0, 0, 0, 0, 1, 2, 9, 9, 9, 9}[w.random.IntN(11)]; at < 2 || at == 2 && w.random.IntN(50) == 0 {
				ev.Cause = w.causes[at]
			}
			w.events = append(w.events, ev)
		}
		tail := NewTail(1 << 20)
		p := NewPart(Identity{Number: number + 1, Salt: 3 * number}, next, tail, func(fn func()) error { fn(); return nil })
		sound := w.random.IntN(4) != 0
		w.fill(tail, w.events[len(w.events)-events:], next, !sound)
		if sound && w.random.IntN(3) != 0 {
			p.Seal(tableOf(t, tail))
		}
		w.index.AddPart(p)
		if next += uint64(events); w.random.IntN(4) == 0 {
			next += 1 + w.random.Uint64N(1000) // lost
		}
	}
	w.merge(t)
	return w
}

// fill adds events to a tail, some of them as holes.
func (w *causal) fill(tail *Tail, events []event.Event, first uint64, holes bool) {
	var e Entry
	for i := range events {
		ev := &events[i]
		ordinal := uint32(ev.Sequence - first)
		if holes && w.random.IntN(10) == 0 {
			w.unknown[ev.Sequence] = true
			tail.Hole(ordinal, ordinal)
			continue
		}
		e.FillEvent(ev)
		tail.Resolve(&e)
		tail.Enter(&e).Clock++
		tail.Add(&e, Place{Ordinal: ordinal, Wall: ev.Position.Wall, Counter: ev.Position.Counter, Timestamp: ev.Timestamp})
	}
}

// linked is the linear scan.
func (w *causal) linked(cause event.ID, from, to uint64) (sequences []uint64) {
	for i := range w.events {
		if ev := &w.events[i]; ev.Cause == cause && ev.Sequence >= from && ev.Sequence <= to && !w.unknown[ev.Sequence] {
			sequences = append(sequences, ev.Sequence)
		}
	}
	return sequences
}

// ascendAll asks piece after piece.
func ascendAll(t *testing.T, l *Links, hash, from, to uint64, most int) (all []uint64) {
	t.Helper()
	for from <= to {
		before := len(all)
		var upTo uint64
		var err error
		all, upTo, err = l.Ascend(all, hash, from, to, most)
		if err != nil {
			t.Fatal(err)
		}
		if upTo < from || upTo > to || len(all) > before && (all[before] < from || all[len(all)-1] > upTo) {
			t.Fatalf("from %d to %d: up to %d, %v", from, to, upTo, all[before:])
		}
		from = upTo + 1
	}
	return all
}

func descendAll(t *testing.T, l *Links, hash, from, to uint64, most int) (all []uint64) {
	t.Helper()
	for from <= to {
		before := len(all)
		var downTo uint64
		var err error
		all, downTo, err = l.Descend(all, hash, from, to, most)
		if err != nil {
			t.Fatal(err)
		}
		if downTo < from || downTo > to || len(all) > before && (all[before] > to || all[len(all)-1] < downTo) || len(all)-before > most {
			t.Fatalf("from %d to %d: down to %d, %v", from, to, downTo, all[before:])
		}
		to = downTo - 1
	}
	return all
}

func TestLinksAreNamedInTheirOrderAPieceAtATime(t *testing.T) {
	for seed := range uint64(rounds(60)) {
		w := newCausal(t, seed, 1+int(seed)%9, 400)
		last := uint64(1)
		if n := len(w.events); n > 0 {
			last = w.events[n-1].Sequence
		}
		l := w.finder.Links(Cause)
		for range 60 {
			cause := w.causes[w.random.IntN(len(w.causes))]
			from, to := 1+w.random.Uint64N(last), 1+w.random.Uint64N(last+2)
			if w.random.IntN(3) == 0 {
				from, to = 1, last
			}
			most := 1 + w.random.IntN(1+w.random.IntN(500))
			want, hash := w.linked(cause, from, to), HashID(Cause, cause)
			if got := ascendAll(t, l, hash, from, to, most); !slices.Equal(got, want) {
				t.Fatalf("seed %d, %d to %d, at most %d: got %v, want %v", seed, from, to, most, got, want)
			}
			slices.Reverse(want)
			if got := descendAll(t, l, hash, from, to, most); !slices.Equal(got, want) {
				t.Fatalf("seed %d, %d down to %d, at most %d: got %v, want %v", seed, to, from, most, got, want)
			}
		}
	}
}

// TestARunGoesOnNamingWhatAPartHasLost: its lists were made when the part was sound.
func TestARunGoesOnNamingWhatAPartHasLost(t *testing.T) {
	covered := 0
	for seed := range uint64(20) {
		w := newCausal(t, 100+seed, 6, 300)
		last := w.events[len(w.events)-1].Sequence
		lost := 0
		for i, p := range w.index.Parts() {
			if p.Sealed() && w.index.covering(p) != nil && lost == 0 {
				lost = i + 1
				tail := NewTail(1 << 20)
				events := w.events[:0:0]
				for _, ev := range w.events {
					if ev.Sequence >= p.First && (i+1 == len(w.index.Parts()) || ev.Sequence < w.index.Parts()[i+1].First) {
						events = append(events, ev)
					}
				}
				if len(events) > 0 {
					tail.Hole(0, uint32(events[len(events)-1].Sequence-p.First))
				}
				p.Rebuilt(tail)
				covered++
			}
		}
		hash := HashID(Cause, w.causes[0])
		l := w.finder.Links(Cause)
		if got, want := ascendAll(t, l, hash, 1, last, 1000), w.linked(w.causes[0], 1, last); !slices.Equal(got, want) {
			t.Fatalf("seed %d: got %v, want %v", seed, got, want)
		}
		wantUnknown(t, w, 1, last, last)
	}
	if covered == 0 {
		t.Error("no part under a run was lost")
	}
}

// wantUnknown compares what is said to be unknown with what is.
func wantUnknown(t *testing.T, w *causal, from, to, visible uint64) {
	t.Helper()
	var got []uint64
	for _, hole := range w.finder.Unknown(from, to, visible) {
		if hole.Last < from || hole.First > to {
			t.Fatalf("%d to %d: hole %v", from, to, hole)
		}
		for sequence := max(hole.First, from); sequence <= min(hole.Last, to); sequence++ {
			got = append(got, sequence)
		}
	}
	var want []uint64
	for i := range w.events {
		if sequence := w.events[i].Sequence; w.unknown[sequence] && sequence >= from && sequence <= min(to, visible) {
			want = append(want, sequence)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%d to %d, visible %d: unknown %v, want %v", from, to, visible, got, want)
	}
}

func TestEventsOfWhichNothingIsKnownAreNamed(t *testing.T) {
	for seed := range uint64(40) {
		w := newCausal(t, 200+seed, 1+int(seed)%9, 300)
		if len(w.events) == 0 {
			continue
		}
		last := w.events[len(w.events)-1].Sequence
		for range 20 {
			visible := 1 + w.random.Uint64N(last)
			from := 1 + w.random.Uint64N(last)
			wantUnknown(t, w, from, from+w.random.Uint64N(500), visible)
		}
		wantUnknown(t, w, 0, math.MaxUint64, last)
	}
}

func TestADamagedRunIsDoneWithoutAndTheLinksAreThoseOfItsParts(t *testing.T) {
	w := newCausal(t, 300, 8, 300)
	if len(w.index.Runs()) == 0 {
		t.Fatal("no run")
	}
	told := map[*Run]int{}
	w.finder = NewFinder(w.index, nil, func(r *Run, cause error) {
		if !errors.Is(cause, checked.ErrDamaged) {
			t.Error(cause)
		}
		told[r]++
	})
	for _, r := range w.index.Runs() {
		r.body.span = 0 // so that every value contradicts
	}
	last := w.events[len(w.events)-1].Sequence
	hash := HashID(Cause, w.causes[0])
	want := w.linked(w.causes[0], 1, last)
	if got := ascendAll(t, w.finder.Links(Cause), hash, 1, last, 7); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	slices.Reverse(want)
	if got := descendAll(t, w.finder.Links(Cause), hash, 1, last, 7); !slices.Equal(got, want) {
		t.Errorf("backwards: got %v, want %v", got, want)
	}
	if len(told) == 0 {
		t.Error("nobody was told of a damaged run")
	}
}
