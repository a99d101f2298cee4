// What events caused, level by level.

package query

import (
	"errors"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

func TestEffectsAreThoseOfALinearScanLevelByLevel(t *testing.T) {
	for seed := range uint64(5) {
		a := newArchive(t, 320+seed, 4, 30<<seed, everyOther)
		most := 0
		for range 100 {
			visible := uint64(len(a.events)) - a.random.Uint64N(uint64(len(a.events))/4)
			a.set.SetVisible(visible)
			of := &a.events[a.random.Uint64N(1+a.random.Uint64N(visible))]
			depth, limit := a.random.IntN(4)*a.random.IntN(3), a.random.IntN(30)*a.random.IntN(2)
			got, damage, ended := a.drained(a.reader.Effects(of.ID, depth, limit))
			want, _ := a.effects(of.ID, depth, visible, nil)
			if !slices.Equal(got, limited(want, limit)) || damage != nil || ended != nil {
				t.Fatalf("seed %d, effects of %d, depth %d, limit %d: got %v, %v, %v; want %v", seed, of.Sequence, depth, limit, got, damage, ended, want)
			}
			most = max(most, len(got))
		}
		if most < 20 {
			t.Errorf("seed %d: at most %d effects", seed, most)
		}
	}
}

// TestALevelThatIsWiderThanAPieceIsWhole has levels of many events, of many causes, in many parts.
func TestALevelThatIsWiderThanAPieceIsWhole(t *testing.T) {
	a := unstored(t, 330, 8*1500)
	for i := range a.events {
		ev := &a.events[i]
		*ev = event.Event{Header: ev.Header, Coordinate: ev.Coordinate}
		ev.Cause, ev.CauseSequence, ev.Position.Depth, ev.Correlation = event.ID{}, 0, 0, ev.ID
		at := 0
		switch {
		case i == 0:
			continue
		case i%3 == 0: // a third are of the second level
			at = 1 + a.random.IntN(i)/3*3
		}
		if at >= i {
			at = 0
		}
		cause := &a.events[at]
		ev.Cause, ev.CauseSequence, ev.Position.Depth = cause.ID, cause.Sequence, cause.Position.Depth+1
	}
	a.storeAll(8, 1500, func(number int) bool { return number != 4 })
	want, _ := a.effects(a.events[0].ID, 0, 12000, nil)
	if len(want) != 11999 {
		t.Fatalf("%d effects", len(want))
	}
	for _, limit := range []int{0, 1, 10, 100, 5000, 8001, 11998} {
		got, damage, ended := a.drained(a.reader.Effects(a.events[0].ID, 0, limit))
		if !slices.Equal(got, limited(want, limit)) || damage != nil || ended != nil {
			t.Errorf("limit %d: %d of %d, %v, %v", limit, len(got), len(want), damage, ended)
		}
	}
}

// TestLevelsOfSeveralWideCausesAreWhole has causes with more effects than a piece, mixed, with little room for the sequences of a
// level and with much.
func TestLevelsOfSeveralWideCausesAreWhole(t *testing.T) {
	a := unstored(t, 338, 5*1200)
	for i := range a.events {
		ev := &a.events[i]
		*ev = event.Event{Header: ev.Header, Coordinate: ev.Coordinate}
		ev.Cause, ev.CauseSequence, ev.Position.Depth, ev.Correlation = event.ID{}, 0, 0, ev.ID
		if i == 0 {
			continue
		}
		cause := &a.events[0]
		if i > 6 {
			cause = &a.events[6-a.random.IntN(1+a.random.IntN(7))] // later ones have more
		}
		ev.Cause, ev.CauseSequence, ev.Position.Depth = cause.ID, cause.Sequence, cause.Position.Depth+1
	}
	a.storeAll(5, 1200, func(number int) bool { return number != 2 })
	want, _ := a.effects(a.events[0].ID, 0, 6000, nil)
	for _, room := range []int{7, 64, 300, mostOfLevel} {
		for _, limit := range []int{0, 3, 700, 5000} {
			got, damage, ended := a.drained(func(yield func(event.Event, error) bool) {
				e := effects{reader: a.reader, yield: yield, left: limit, limited: limit > 0, room: room}
				e.run(a.events[0].ID, 0)
			})
			if !slices.Equal(got, limited(want, limit)) || damage != nil || ended != nil {
				t.Errorf("room %d, limit %d: %d of %d, %v, %v", room, limit, len(got), len(want), damage, ended)
			}
		}
	}
}

// TestOnlyWhatNamesACauseByIdAndSequenceIsItsEffect: the index names events by hashes, which others may have too.
func TestOnlyWhatNamesACauseByIdAndSequenceIsItsEffect(t *testing.T) {
	id, other := event.MakeID(1, 2, 3), event.MakeID(1, 2, 4)
	named := func(cause event.ID, sequence uint64) *event.Event {
		return &event.Event{Header: event.Header{Cause: cause, CauseSequence: sequence}}
	}
	l := level{parents: []parent{{other, 3}, {id, 7}}}
	if !l.caused(named(id, 7)) || !l.caused(named(other, 3)) || l.caused(named(id, 3)) || l.caused(named(other, 7)) || l.caused(named(id, 8)) {
		t.Error("a cause is mistaken for another")
	}
	l = level{parents: []parent{{id: id}}} // its sequence is not known
	if !l.caused(named(id, 7)) || l.caused(named(other, 7)) || l.caused(named(event.ID{}, 0)) {
		t.Error("a cause without a sequence is mistaken for another")
	}
	if l = (level{parents: []parent{{}}}); l.caused(named(event.ID{}, 0)) {
		t.Error("a root is the effect of nothing")
	}
}

func TestTheEffectsOfAnIdThatNothingHasAreNotFound(t *testing.T) {
	a := newArchive(t, 331, 2, 100, all)
	for _, id := range []event.ID{{}, event.MakeID(1, 2, 3), event.MakeID(a.wall, a.counter+1, 3)} {
		got, damage, ended := a.drained(a.reader.Effects(id, 0, 0))
		if got != nil || damage != nil || !errors.Is(ended, mmapseg.ErrNotFound) {
			t.Errorf("%s: %v, %v, %v", id, got, damage, ended)
		}
	}
}

func TestAnEventWithoutEffectsHasNone(t *testing.T) {
	a := newArchive(t, 332, 2, 100, all)
	got, damage, ended := a.drained(a.reader.Effects(a.events[199].ID, 0, 0))
	if got != nil || damage != nil || ended != nil {
		t.Errorf("%v, %v, %v", got, damage, ended)
	}
}

func TestTheEffectsOfACauseThatIsGoneAreFound(t *testing.T) {
	a := newArchive(t, 333, 3, 100, all)
	a.dropSegment(0)
	found := 0
	for i := range 100 {
		got, damage, ended := a.drained(a.reader.Effects(a.events[i].ID, 1, 0))
		var want []uint64
		for n := 100; n < 300; n++ {
			if a.events[n].Cause == a.events[i].ID {
				want = append(want, a.events[n].Sequence)
			}
		}
		if !slices.Equal(got, want) || damage != nil || errors.Is(ended, mmapseg.ErrNotFound) != (want == nil) {
			t.Fatalf("effects of %d: got %v, %v, %v; want %v", i+1, got, damage, ended, want)
		}
		found += len(got)
	}
	if found == 0 {
		t.Error("nothing was caused by what is gone")
	}
}

// TestADamagedEffectIsToldOfOnceAndTheOthersFollow asks with footers that name damaged events, and with an index that was
// built from what is left of the frames.
func TestADamagedEffectIsToldOfOnceAndTheOthersFollow(t *testing.T) {
	for _, rebuilt := range []bool{false, true} {
		a := newArchive(t, 334, 4, 250, all)
		damaged := a.damageSome(60)
		if rebuilt {
			a.rebuildPart(0)
			a.rebuildPart(2)
		}
		told := 0
		for i := 0; i < 400; i += 3 {
			of := &a.events[i]
			got, damage, ended := a.drained(a.reader.Effects(of.ID, 0, 0))
			want, unread := a.effects(of.ID, 0, 1000, damaged)
			if !slices.Equal(got, want) || ended != nil {
				t.Fatalf("effects of %d: got %v, %v; want %v", of.Sequence, got, ended, want)
			}
			for _, sequence := range unread {
				if !covers(damage, sequence) {
					t.Fatalf("effects of %d: damage of %d is not told of in %v", of.Sequence, sequence, damage)
				}
			}
			for n, d := range damage {
				if slices.Contains(damage[:n], d) {
					t.Fatalf("effects of %d: damage %v is told of twice", of.Sequence, d)
				}
				if !rebuilt && !damaged[of.Sequence] && !slices.ContainsFunc(unread, func(sequence uint64) bool { return covers([][2]uint64{d}, sequence) }) {
					t.Fatalf("effects of %d: told of %v, unread are %v", of.Sequence, d, unread)
				}
				if rebuilt && !damaged[of.Sequence] && d[1] <= of.Sequence {
					t.Fatalf("effects of %d: told of %v before it", of.Sequence, d)
				}
			}
			told += len(damage)
		}
		if told == 0 {
			t.Error("no damage was told of")
		}
	}
}

func TestKnownDamageIsToldOfOnTheFirstLevelOfEffects(t *testing.T) {
	a := newArchive(t, 335, 3, 100, all)
	a.dropSegment(1, &mmapseg.CorruptError{Segment: "x", First: 101, Last: 200}, &mmapseg.CorruptError{Segment: "y", First: 301, Last: 400})
	for i := range a.events {
		of := &a.events[i]
		want := [][2]uint64{{101, 200}, {301, 400}}
		if of.Sequence > 200 {
			want = want[1:]
		}
		_, damage, ended := a.drained(a.reader.Effects(of.ID, 0, 0))
		if i >= 100 && i < 200 {
			if len(damage) == 0 || ended != nil && !errors.Is(ended, mmapseg.ErrNotFound) {
				t.Fatalf("effects of the damaged %d: %v, %v", of.Sequence, damage, ended)
			}
			continue
		}
		if !slices.Equal(damage, want) || ended != nil {
			t.Fatalf("effects of %d: damage %v, %v, want %v", of.Sequence, damage, ended, want)
		}
	}
}

func TestALoopOverEffectsMayBeLeftAtAnyStep(t *testing.T) {
	a := newArchive(t, 336, 4, 250, everyOther)
	a.damageSome(30)
	of := a.events[0].ID
	sequences, damage, _ := a.drained(a.reader.Effects(of, 0, 0))
	for leave := range len(sequences) + len(damage) {
		steps := 0
		for range a.reader.Effects(of, 0, 0) {
			if steps == leave {
				break
			}
			steps++
		}
	}
	got, _, _ := a.drained(a.reader.Effects(of, 0, 0))
	if !slices.Equal(got, sequences) {
		t.Errorf("got %v, want %v", got, sequences)
	}
}

func TestEffectsEndWithTheirReader(t *testing.T) {
	a := newArchive(t, 337, 2, 200, all)
	steps := 0
	var last error
	for _, err := range a.reader.Effects(a.events[0].ID, 0, 0) {
		a.reader.Close()
		steps++
		last = err
	}
	if steps != 2 || !errors.Is(last, errEnded) {
		t.Errorf("%d steps, the last with %v", steps, last)
	}
	for _, err := range a.reader.Effects(a.events[0].ID, 0, 0) {
		if !errors.Is(err, errEnded) {
			t.Error(err)
		}
	}
}
