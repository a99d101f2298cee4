// Claims and labels: what is claimed is judged as the engine's own predicates would, and what is stored says it.

package crash

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
)

// eventOf returns the event of a stamp as a store would give it.
func eventOf(s stamp, sequence, clock uint64) *event.Event {
	return &event.Event{
		Header: event.Header{
			ID: event.MakeID(sequence, 0, 0), Sequence: sequence, Kind: s.kind(), Version: s.Version, Position: event.Position{Lane: s.Lane, Clock: clock},
		},
		Coordinate: coordinates[s.entity()], Tags: s.tags(), Payload: s.payload(),
	}
}

// historyOf returns a history of so many single events.
func historyOf(n uint32) *history {
	h := new(history)
	for i := range n {
		s := stamp{laneOf(1, small, 0), i + 1}
		h.add(known(uint64(i+1)), fact{clock: h.heads[s.entity()].Clock + 1})
	}
	return h
}

func TestAnAreaIsItsRegion(t *testing.T) {
	selected := make([]int, len(areas))
	for n := range uint32(3000) {
		s, clock := stamp{laneOf(1, small, 0), n}, uint64(n%60)
		ev := eventOf(s, uint64(n)+1, clock)
		for i := range areas {
			has := areas[i].has(s, clock)
			if has != areas[i].region.Matches(ev) {
				t.Fatalf("%s selects %v, which the area says to be %v", areas[i].region, ev, has)
			}
			if has {
				selected[i]++
			}
		}
	}
	for i, n := range selected {
		if none := areas[i].region.String() == event.Nothing().String() || areas[i].region.String() == event.Entity("nobody").String(); (n == 0) != none {
			t.Errorf("%s selects %d events", areas[i].region, n)
		}
	}
}

func TestAClaimIsJudgedByWhatStandsBeforeIt(t *testing.T) {
	h := historyOf(50)
	entity, everything := h.held[49].Stamp.entity(), uint8(len(areas)-1)
	at, other := h.heads[entity], h.heads[(entity+1)%entities]
	before := h.now()
	before.heads[entity].Clock -= 2
	for _, c := range []struct {
		claim claim
		holds bool
	}{
		{claim{Kind: ownClock, Number: at.Clock}, true}, {claim{Kind: ownClock, Number: at.Clock - 1}, false},
		{claim{Kind: ownLast, ID: at.ID}, true}, {claim{Kind: ownLast, ID: other.ID}, false}, {claim{Kind: ownLast}, false},
		{claim{Kind: entityClock, What: uint8(entity), Number: at.Clock - 2}, true}, {claim{Kind: entityClock, What: uint8(entity), Number: at.Clock}, false},
		{claim{Kind: entityLast, What: uint8(entity), ID: at.ID}, true}, {claim{Kind: entityLast, What: uint8(entity), ID: other.ID}, false},
		{claim{Kind: noneAfter, What: everything, Number: 50}, true}, {claim{Kind: noneAfter, What: everything, Number: 49}, false},
		{claim{Kind: noneAfter, What: everything - 2, Number: 0}, true}, // nothing
	} {
		if text := h.against(&c.claim, entity, &before); (text == "") != c.holds {
			t.Errorf("%s: %q, holds %v", &c.claim, text, c.holds)
		}
	}
	before.n = 40
	if text := h.against(&claim{Kind: noneAfter, What: everything, Number: 40}, entity, &before); text != "" {
		t.Errorf("events of the unit itself stand against it: %s", text)
	}
}

// someUnits returns units of all kinds.
func someUnits(n int, scout scout) (all []*unit) {
	c := &composer{random: rand.New(rand.NewPCG(1, 2)), lane: laneOf(1, large, 3), version: 1, mixed: true}
	for range n {
		u := c.compose(scout)
		c.goOn(u)
		all = append(all, u)
	}
	return all
}

// somebody is a scout that knows a history.
type somebody struct{ *history }

func (s somebody) head(entity int) head   { return s.heads[entity] }
func (s somebody) last() uint64           { return s.held[len(s.held)-1].Sequence }
func (s somebody) effect() event.ID       { return s.held[0].ID }
func (s somebody) taken() (keyName, bool) { return keyName{stamp{1, 1}, false}, true }

func TestALabelSaysWhatItsUnitIs(t *testing.T) {
	for _, u := range someUnits(500, somebody{historyOf(30)}) {
		for i := range u.Items {
			want, s := u.label(i), u.stamp(i)
			b := u.options(i, 0).Metadata
			var got label
			if !got.decode(b, s) || got.flags != want.flags || got.items != want.items || got.index != want.index ||
				got.cause != want.cause || !slices.Equal(got.claims, want.claims) {
				t.Fatalf("%+v is read as %+v", want, got)
			}
			if len(b) > 0 && got.decode(b, stamp{s.Lane, s.Version + 1}) {
				t.Fatal("the label of one event is that of another, too")
			}
			for bit := range 8 * len(b) {
				b[bit/8] ^= 1 << (bit % 8)
				if got.decode(b, s) {
					t.Fatalf("bit %d of a label does not matter", bit)
				}
				b[bit/8] ^= 1 << (bit % 8)
			}
		}
	}
}

func TestUnitsOfAllKindsAreComposed(t *testing.T) {
	var events, batches, long, bulky, keyedOnes, keyedBatches, keyedItems, both, takers, conditional, reactions, caused int
	kinds := make(map[claimKind]int)
	stamps := make(map[stamp]bool)
	for _, u := range someUnits(3000, somebody{historyOf(30)}) {
		bytes := 0
		for i := range u.Items {
			if stamps[u.stamp(i)] {
				t.Fatalf("%v was appended before", u.stamp(i))
			}
			stamps[u.stamp(i)] = true
			bytes += len(u.stamp(i).payload())
			if u.Items[i].Cause > 0 {
				caused++
			}
		}
		count := func(to *int, is bool) {
			if is {
				*to++
			}
		}
		own := u.Items[0].Key
		count(&events, !u.Batch)
		count(&batches, u.Batch)
		count(&long, len(u.Items) > 20)
		count(&bulky, bytes > 64<<10)
		count(&keyedOnes, !u.Batch && own)
		count(&keyedBatches, u.Key && !own)
		count(&keyedItems, u.Batch && own && !u.Key)
		count(&both, own && u.Key)
		count(&takers, u.takes())
		count(&conditional, u.conditional())
		count(&reactions, u.Reacts)
		for _, c := range u.claims {
			kinds[c.Kind]++
		}
	}
	for what, n := range map[string]int{
		"events": events, "batches": batches, "long batches": long, "batches longer than a segment": bulky, "events with a key": keyedOnes,
		"batches with a key": keyedBatches, "batches of which each item has a key": keyedItems, "batches with all keys": both,
		"units with another one's key": takers, "conditional units": conditional, "reactions": reactions, "items caused by items": caused,
		"clocks": kinds[ownClock], "last ids": kinds[ownLast], "other clocks": kinds[entityClock], "other last ids": kinds[entityLast],
		"regions": kinds[noneAfter],
	} {
		if n < 10 {
			t.Errorf("%d %s in 3000 units", n, what)
		}
	}
}
