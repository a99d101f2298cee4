// Walks: they answer like queries, range by range, leave nothing behind, and go on behind damage.

package query

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// walked reads the rest of a walk's range, and returns the sequences of its events and those that are told of as damaged.
func (a *archive) walked(w *Walk, region event.Region) (sequences []uint64, damage [][2]uint64) {
	a.t.Helper()
	for {
		ev, ok, err := w.Next()
		var corrupt *mmapseg.CorruptError
		switch {
		case errors.As(err, &corrupt):
			damage = append(damage, [2]uint64{corrupt.First, corrupt.Last})
		case err != nil:
			a.t.Fatalf("%s: %v", region, err)
		case !ok:
			return sequences, damage
		default:
			want := &a.events[ev.Sequence-1]
			if ev.Header != want.Header || ev.Coordinate != want.Coordinate || !bytes.Equal(ev.Payload, want.Payload) || !slices.Equal(ev.Tags, want.Tags) {
				a.t.Fatalf("%s: sequence %d is %+v, want %+v", region, ev.Sequence, ev, *want)
			}
			sequences = append(sequences, ev.Sequence)
		}
	}
}

// span returns a range of sequences up to a highest one, small ones and single ones often.
func (a *archive) span(visible uint64) (from, to uint64) {
	from = 1 + a.random.Uint64N(visible)
	switch a.random.IntN(4) {
	case 0:
		return from, from
	case 1:
		return from, min(visible, from+a.random.Uint64N(20))
	}
	return from, from + a.random.Uint64N(visible-from+1)
}

func TestAWalkAnswersRangeByRangeLikeAQuery(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		a := newArchive(t, 30+seed, 4, 40<<seed, everyOther)
		visible := uint64(len(a.events)) - a.random.Uint64N(20)
		a.set.SetVisible(visible)
		for range 60 {
			region := a.region()
			w := a.reader.Walk(region)
			for range 8 {
				from, to := a.span(visible)
				w.Begin(from, to)
				if a.random.IntN(3) == 0 { // left alone in the middle
					for range a.random.IntN(5) {
						_, _, err := w.Next()
						a.must(err)
					}
					continue
				}
				got, damage := a.walked(w, region)
				if want := a.selected(region.Sequences(from, to), visible, Options{}); !slices.Equal(got, want) || damage != nil {
					t.Fatalf("seed %d: %s from %d to %d: got %v, want %v; damage %v", seed, region, from, to, got, want, damage)
				}
				if _, ok, err := w.Next(); ok || err != nil {
					t.Fatalf("%s: goes on behind its end: %v, %v", region, ok, err)
				}
			}
			w.Stop()
			if _, ok, err := w.Next(); ok || err != nil || w.search.group != nil || w.frames != nil {
				t.Fatalf("%s: goes on, or holds something, after it was stopped: %v, %v", region, ok, err)
			}
		}
	}
}

func TestAWalkTellsOfDamageAsAQueryDoes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		a := newArchive(t, 40+seed, 3, 300, everyOther)
		damaged := map[uint64]bool{}
		for range 10 {
			sequence := 1 + a.random.Uint64N(uint64(len(a.events)))
			if !damaged[sequence] {
				damaged[sequence] = true
				a.damageEvent(sequence)
			}
		}
		for range 200 {
			region := a.region()
			from, to := a.span(uint64(len(a.events)))
			w := a.reader.Walk(region)
			w.Begin(from, to)
			got, told := a.walked(w, region)
			want, wantTold := a.answer(region.Sequences(from, to), Options{Check: true})
			if from != to && !slices.Equal(told, wantTold) || !slices.Equal(got, want) {
				t.Fatalf("%s from %d to %d: got %v and damage %v, want %v and %v", region, from, to, got, told, want, wantTold)
			}
			if from == to && damaged[from] && len(region.Terms()) > 0 && len(told) != 1 && slices.Contains(a.selected(region, from, Options{}), from) {
				t.Fatalf("%s: damage of %d is not told of", region, from)
			}
		}
	}
}

func TestAWalkOverOneSequenceTellsOfDamageThatOpeningFound(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 50, 3, 100, all)
	segments, parts := a.set.Segments(), a.index.Parts()
	a.must(segments[1].Close())
	a.set, a.index = new(mmapseg.Set), new(index.Index)
	for _, i := range []int{0, 2} {
		a.set.Add(segments[i])
		a.index.AddPart(parts[i])
	}
	a.set.SetVisible(300)
	a.reader = New(Config{
		Set: a.set, Index: a.index, Decoder: a.decoder, Ended: errEnded, Damage: []*mmapseg.CorruptError{{Segment: "x", First: 101, Last: 200}},
	})
	for _, c := range []struct {
		region event.Region
		told   int
	}{{event.Everything(), 1}, {event.Scope("scope0"), 1}, {event.Everything().Sequences(1, 149), 0}, {event.Nothing(), 0}} {
		w := a.reader.Walk(c.region)
		w.Begin(150, 150)
		if got, damage := a.walked(w, c.region); len(got) != 0 || len(damage) != c.told {
			t.Errorf("%s: events %v, damage %v, want it %d times", c.region, got, damage, c.told)
		}
	}
}

func TestAWalkEndsWithItsReader(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 51, 2, 100, all)
	for _, to := range []uint64{1, 150} {
		for _, region := range []event.Region{event.Everything(), event.Scope("scope0")} {
			a.reader.closed.Store(false)
			w := a.reader.Walk(region)
			w.Begin(1, to)
			a.reader.Close()
			if _, ok, err := w.Next(); ok || !errors.Is(err, errEnded) {
				t.Errorf("%s to %d: %v, %v, want the end", region, to, ok, err)
			}
			if _, ok, err := w.Next(); ok || err != nil {
				t.Errorf("%s to %d: goes on behind its end: %v, %v", region, to, ok, err)
			}
		}
	}
}

func TestAWalkOverOneSequenceAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates by itself")
	}
	a := newArchive(t, 52, 2, 100, all)
	w := a.reader.Walk(event.Union(event.Scope("scope0"), event.Scope("scope1")))
	sequence := uint64(0)
	round := func() {
		sequence = sequence%200 + 1
		w.Begin(sequence, sequence)
		_, _, err := w.Next()
		a.must(err)
	}
	for range 200 {
		round()
	}
	if n := testing.AllocsPerRun(400, round); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
