// What had been told, at every moment, and the checks of it.

package crash

import (
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
)

func known(sequence uint64) entry {
	return entry{Sequence: sequence, ID: event.MakeID(sequence, 0, 0), Stamp: stamp{laneOf(1, small, 0), uint32(sequence)}}
}

// notes make a record behind one with the events 1 and 2.
func recordWith(t *testing.T, notes ...*note) *record {
	t.Helper()
	r := newRecord(nothing())
	for at, n := range notes {
		if broken := r.take(at, n); broken != "" {
			t.Fatal(broken)
		}
	}
	return r
}

func TestWhatIsKnownDependsOnTheMoment(t *testing.T) {
	r := recordWith(t,
		&note{Kind: opened, Entries: []entry{known(1), known(2)}, Sequence: 10},
		&note{Kind: told, Event: known(12)}, &note{Kind: told, Event: known(11)}, &note{Kind: durable, Sequence: 11},
		&note{Kind: told, Event: known(13)}, &note{Kind: closed},
	)
	for at, want := range []struct {
		top, durable uint64
		closed       bool
	}{{10, 0, false}, {12, 0, false}, {12, 0, false}, {12, 11, false}, {13, 11, false}, {13, 13, true}} {
		if v := r.seen(at); v.top != want.top || v.durable != want.durable || v.closed != want.closed || v.blank || len(v.base) != 2 {
			t.Errorf("at %d: up to %d, durable %d, closed %v", at, v.top, v.durable, v.closed)
		}
	}
	if v := r.seen(-1); !v.blank || v.top != 0 {
		t.Errorf("before: %+v", v)
	}
}

func TestWhoIsToldSomethingElseFindsABrokenPromise(t *testing.T) {
	r := recordWith(t, &note{Kind: opened, Entries: []entry{known(1)}, Sequence: 5}, &note{Kind: told, Event: known(6)})
	other := known(6)
	other.ID = event.MakeID(99, 0, 0)
	for _, e := range []entry{other, known(3), known(1 << 40)} {
		if broken := r.take(2, &note{Kind: told, Event: e}); broken == "" {
			t.Errorf("sequence %d, %s, was taken", e.Sequence, e.ID)
		}
	}
	if broken := r.take(2, &note{Kind: told, Event: known(1)}); broken != "" {
		t.Error(broken)
	}
}

func TestEveryStampHasItsOwnContent(t *testing.T) {
	seen := make(map[string]stamp)
	lengths := make(map[size]int)
	for life := range uint32(4) {
		for s := range sizes {
			for writer := range lanes {
				for n := range uint32(20) {
					st := stamp{laneOf(life+1, s, writer), n + 1}
					lengths[s] = max(lengths[s], len(st.payload()))
					if text := string(st.payload()); len(text) > 150 {
						if other, again := seen[text]; again {
							t.Fatalf("%v and %v have the same payload", other, st)
						}
						seen[text] = st
					}
				}
			}
		}
	}
	if lengths[small] > 100 || lengths[mixed] < 2000 || lengths[large] < 2900 || lengths[large] > maxPayload {
		t.Errorf("longest payloads: %v", lengths)
	}
}

func TestThePlacesOfACutAreNamed(t *testing.T) {
	c := cut{How: newest, Except: make([]choice, 12)}
	if text := c.String(); !strings.Contains(text, "written last, but") || !strings.Contains(text, "and 4 more") {
		t.Error(text)
	}
}

func TestHeadsAreRememberedFromOpeningToOpening(t *testing.T) {
	head := func(n uint64) *note { return &note{Kind: headed, Head: event.TreeHead{Size: n}} }
	first := recordWith(t, &note{Kind: opened}, head(1), head(2), head(3), head(4), head(5))
	second := newRecord(first.seen(4))
	second.take(0, &note{Kind: opened})
	second.take(1, head(6))
	for at, want := range map[int][]uint64{-1: {1, 2, 3, 4}, 0: {2, 3, 4}, 1: {2, 3, 4, 6}} {
		v := second.seen(at)
		saved := v.saved()
		for _, heads := range [][]event.TreeHead{v.heads(), saved.view().heads()} {
			var got []uint64
			for _, h := range heads {
				got = append(got, h.Size)
			}
			if !slices.Equal(got, want) {
				t.Errorf("at %d: %v, want %v", at, got, want)
			}
		}
	}
}

func TestUnitsWithKeysAreRememberedFromOpeningToOpening(t *testing.T) {
	one, two, three := alone(known(1).Stamp, event.ID{}), alone(known(2).Stamp, event.ID{}), alone(known(3).Stamp, event.ID{})
	first := recordWith(t, &note{Kind: opened}, &note{Kind: asked, Unit: one}, &note{Kind: asked, Unit: two})
	second := newRecord(first.seen(1))
	second.take(0, &note{Kind: opened})
	second.take(1, &note{Kind: asked, Unit: three})
	for at, want := range map[int][]*unit{-1: {one}, 0: {one}, 1: {one, three}} {
		v := second.seen(at)
		saved := v.saved()
		if !slices.Equal(v.units(), want) || !slices.Equal(saved.view().units(), want) {
			t.Errorf("at %d: %v, and saved %v, want %v", at, v.units(), saved.view().units(), want)
		}
	}
	for n := range uint32(100) {
		second.take(int(n)+2, &note{Kind: asked, Unit: alone(stamp{9, n}, event.ID{})})
	}
	third := newRecord(second.seen(1000))
	third.take(0, &note{Kind: opened})
	if n := len(third.seen(0).units()); n != rememberedUnits {
		t.Errorf("%d units are remembered", n)
	}
}
