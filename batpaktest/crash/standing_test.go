// What is known of named cursors, at every moment.

package crash

import (
	"slices"
	"testing"

	"github.com/batpak/batpak/mmapseg"
)

func at(acked uint64) stand { return stand{Acked: acked} }

func TestACursorIsWhereItWasBroughtOrPerhapsWhereSomebodyTriedTo(t *testing.T) {
	r := recordWith(t,
		&note{Kind: opened}, &note{Kind: moving, Stand: at(0)}, &note{Kind: moved, Stand: at(0)}, &note{Kind: moving, Stand: at(7)},
		&note{Kind: moving, Cursor: 1, Stand: at(9)}, &note{Kind: moved, Stand: at(7)}, &note{Kind: moving, Stand: stand{Gone: true}, Anew: true},
	)
	for moment, allowed := range [][]stand{
		{{Gone: true}}, {{Gone: true}, at(0)}, {at(0)}, {at(0), at(7)}, {at(0), at(7)}, {at(7)}, {at(7), {Gone: true}},
	} {
		s := r.seen(moment).standing(0)
		for _, p := range []stand{{Gone: true}, at(0), at(7), at(9)} {
			if want := slices.Contains(allowed, p); (s.wrong(p) == "") != want {
				t.Errorf("moment %d, at %s: %q, allowed are %v", moment, p, s.wrong(p), allowed)
			}
		}
		if gone := slices.Contains(allowed, stand{Gone: true}); s.mayBe(true) != gone || s.mayBe(false) != (len(allowed) > 1 || !gone) {
			t.Errorf("moment %d: may be gone: %v, may be there: %v", moment, s.mayBe(true), s.mayBe(false))
		}
	}
}

func TestALossIsOwedToWhoWasGivenEventsOfIt(t *testing.T) {
	lost := mmapseg.Range{First: 10, Last: 20}
	notes := func(more ...*note) []*note {
		return append([]*note{{Kind: opened}, {Kind: moving, Stand: at(0)}, {Kind: moved, Stand: at(0)}}, more...)
	}
	for name, c := range map[string]struct {
		notes []*note
		from  uint64
		want  bool
	}{
		"nothing was given":          {notes(), 5, false},
		"what is before it":          {notes(&note{Kind: given, Sequence: 9}), 5, false},
		"an event of it":             {notes(&note{Kind: given, Sequence: 12}), 5, true},
		"it was brought into it":     {notes(), 15, false},
		"it was made to begin in it": {notes(&note{Kind: moving, Stand: at(15), Anew: true}), 15, true},
		"it stands behind it":        {notes(&note{Kind: given, Sequence: 12}), 20, false},
		"it was told":                {notes(&note{Kind: given, Sequence: 12}, &note{Kind: toldLost, Sequence: 10, Last: 20}), 5, false},
		"it was told of another":     {notes(&note{Kind: given, Sequence: 12}, &note{Kind: toldLost, Sequence: 30, Last: 40}), 5, true},
		"it was reset since":         {notes(&note{Kind: given, Sequence: 12}, &note{Kind: moving, Stand: at(1), Anew: true}), 5, false},
		"given what came afterward":  {notes(&note{Kind: given, Sequence: 12}, &note{Kind: given, Sequence: 9}), 5, true},
	} {
		s := recordWith(t, c.notes...).seen(never - 1).standing(0)
		if s.owes(lost, c.from) != c.want {
			t.Errorf("%s: owed is %v", name, !c.want)
		}
	}
}

func TestCursorsAreRememberedFromOpeningToOpening(t *testing.T) {
	first := recordWith(t, &note{Kind: opened}, &note{Kind: moving, Stand: at(0)}, &note{Kind: moved, Stand: at(0)}, &note{Kind: given, Sequence: 3})
	second := newRecord(first.seen(never - 1))
	second.take(0, &note{Kind: opened})
	second.take(1, &note{Kind: given, Sequence: 40})
	second.take(2, &note{Kind: given, Sequence: 41})
	second.take(3, &note{Kind: reacted, Cursor: reactorCursor, Sequence: 8})
	for moment, want := range map[int][]uint64{-1: {3}, 0: {3}, 1: {3, 40}, 2: {3, 41}} {
		v := second.seen(moment)
		saved := v.saved()
		for _, v := range []*view{v, saved.view()} {
			if s := v.standing(0); !slices.Equal(s.Given, want) || s.Sure != at(0) || s.mayBe(true) {
				t.Errorf("at %d: %+v, want %v given", moment, s, want)
			}
		}
	}
	last := second.seen(3)
	for range 2 * rememberedGiven {
		next := newRecord(last)
		next.take(0, &note{Kind: opened})
		next.take(1, &note{Kind: given, Sequence: 1000})
		last = next.seen(1)
	}
	s := last.standing(0)
	if reactor := last.standing(reactorCursor); len(s.Given) != rememberedGiven || reactor.Sure != at(8) {
		t.Errorf("%d sequences are remembered; the reactor is at %s", len(s.Given), reactor.Sure)
	}
}
