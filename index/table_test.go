// Tables: what a tail knew, its table knows; and what they may cost.

package index

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/checked"
)

func TestATableAnswersAsTheEventsOfItsTailSay(t *testing.T) {
	for _, n := range []int{0, 1, 2, 63, 64, 127, 128, 129, 1000, 20_000} {
		events := randomEvents(rand.New(rand.NewPCG(9, uint64(n))), n)
		f := footerOf(t, tailOf(t, events))
		table := f.open(t, uint32(n), f.bytes, checked.AppendSums(nil, f.bytes))
		if table.Events() != uint32(n) || !slices.Equal(f.kindsOf(), []uint32{16, 17, 18, 19, 20, 21, 22}) {
			t.Fatalf("%d events, sections %v", table.Events(), f.kindsOf())
		}
		modelOf(events).ask(table, func(what string) { t.Errorf("of %d events: %s", n, what) }, func(err error) { t.Fatal(err) })
	}
}

func TestAnEntityThatWasEnteredWithoutAnEventIsNotInTheTable(t *testing.T) {
	tail := tailOf(t, []indexed{{entity: "e", scope: "s", kind: 0x1000}})
	var e Entry
	e.Fill(&event.Draft{Coordinate: event.MustAt("refused", "s"), Kind: 0x1000}, 0)
	tail.Enter(&e)
	f := footerOf(t, tail)
	table := f.open(t, 1, f.bytes, checked.AppendSums(nil, f.bytes))
	if names, err := table.names(nil, Entity, "", "", true, 10); err != nil || fmt.Sprint(names) != "[e]" {
		t.Errorf("entities %v, %v", names, err)
	}
}

// TestClocksAreUnknownWhereOrdinalsHaveNoEvent passes over an ordinal: the event that had it may have been the entity's.
func TestClocksAreUnknownWhereOrdinalsHaveNoEvent(t *testing.T) {
	tail := tailOf(t, []indexed{{entity: "e", scope: "s", kind: 0x1000}, {entity: "e", scope: "s", kind: 0x1000, place: Place{Ordinal: 2}}})
	f := footerOf(t, tail)
	table := f.open(t, 3, f.bytes, checked.AppendSums(nil, f.bytes))
	p, ok, err := table.find(Entity, "e")
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	postingsModel{ordinals: []uint32{0, 2}, clock: 0}.mustBe(t, p)
}

func TestATailWithHolesHasNoTable(t *testing.T) {
	tail := tailOf(t, []indexed{{entity: "e", scope: "s", kind: 0x1000}})
	tail.Hole(1, 4)
	if err := tail.Encode(func(uint32, uint32, []byte) { t.Error("a section") }); err == nil {
		t.Error("encoded")
	}
}

func TestAFooterThatLacksASectionOrHasAnotherVersionIsNoTable(t *testing.T) {
	events := randomEvents(rand.New(rand.NewPCG(10, 1)), 300)
	f := footerOf(t, tailOf(t, events))
	for kind := sectionOf(Entity); kind <= sectionLinks; kind++ {
		open := func(change func(data checked.Range) (checked.Range, uint32, bool)) error {
			_, err := OpenTable(300, func(k uint32) (checked.Range, uint32, bool) {
				place := f.places[k]
				data := checked.Of(f.bytes[place[0]:place[1]])
				if k == kind {
					return change(data)
				}
				return data, versionOf(k), true
			})
			return err
		}
		var typed *TableError
		err := open(func(checked.Range) (checked.Range, uint32, bool) { return checked.Range{}, 0, false })
		if !errors.As(err, &typed) || typed.Section != kind || !errors.Is(err, checked.ErrDamaged) || errors.Is(err, ErrVersion) {
			t.Errorf("without section %d: %v", kind, err)
		}
		err = open(func(data checked.Range) (checked.Range, uint32, bool) { return data, versionOf(kind) + 1, true })
		if !errors.As(err, &typed) || typed.Section != kind || !errors.Is(err, ErrVersion) || errors.Is(err, checked.ErrDamaged) {
			t.Errorf("with another version of section %d: %v", kind, err)
		}
		if kind != sectionLinks {
			err = open(func(checked.Range) (checked.Range, uint32, bool) {
				return checked.Of(make([]byte, 7)), versionOf(kind), true
			})
			if !errors.Is(err, checked.ErrDamaged) {
				t.Errorf("with 7 bytes of section %d: %v", kind, err)
			}
		}
	}
}

// TestATableOfAnotherSegmentIsDamage opens sections with a number of events that they are not of.
func TestATableOfAnotherSegmentIsDamage(t *testing.T) {
	f := footerOf(t, tailOf(t, randomEvents(rand.New(rand.NewPCG(10, 2)), 300)))
	table := f.open(t, 299, f.bytes, checked.AppendSums(nil, f.bytes)) // as many zones
	for kind := Entity; kind <= Gate; kind++ {
		if _, _, err := table.find(kind, "x"); !errors.Is(err, checked.ErrDamaged) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if _, err := table.zone(0); !errors.Is(err, checked.ErrDamaged) {
		t.Errorf("zone: %v", err)
	}
}

// TestTheSectionsCostWhatTheyMay is the budget: bytes an event, of all sections together.
func TestTheSectionsCostWhatTheyMay(t *testing.T) {
	events := 150_000
	if raceEnabled {
		events = 60_000
	}
	source := rand.New(rand.NewPCG(11, 12))
	for _, c := range []struct {
		name   string
		most   float64
		entity func(i int) string
	}{
		{"1,000 entities", 4, func(int) string { return fmt.Sprintf("customer:%011d", source.IntN(1000)) }},
		{"an entity for each event", 24, func(i int) string { return fmt.Sprintf("customer:%011d", i*7) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := make([]indexed, events)
			for i := range list {
				list[i] = indexed{entity: c.entity(i), scope: fmt.Sprint("scope", source.IntN(4)), kind: event.Kind(0x1000 + source.IntN(4)),
					place: Place{uint32(i), 0, uint64(1_763_875_200_000 + i/100), 1_763_875_200_000_000 + int64(i)}}
			}
			tail := tailOf(t, list)
			tail.slots(Entity, uint32(events), func(slot uint32, _ []byte) bool { // as if they began in this segment
				tail.head(slot).Clock -= uint64(len(list[0].entity)) - 1
				return true
			})
			f := footerOf(t, tail)
			for _, kind := range f.kindsOf() {
				t.Logf("section %d: %.3f bytes an event", kind, float64(f.places[kind][1]-f.places[kind][0])/float64(events))
			}
			if got := float64(f.size()) / float64(events); got > c.most {
				t.Errorf("%.2f bytes an event, at most %v", got, c.most)
			} else {
				t.Logf("%.2f bytes an event", got)
			}
		})
	}
}
