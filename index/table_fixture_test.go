// What the tests of tables share: events, the tail that has them, its sections, and what all of them answer.

package index

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/checked"
)

// indexed is one event as an index sees it.
type indexed struct {
	entity, scope string
	kind          event.Kind
	gate          event.GateOutcome
	tags          []string
	key           string
	place         Place
}

// tailOf returns a tail with events, and with the heads that they make.
func tailOf(tb testing.TB, events []indexed) *Tail {
	tb.Helper()
	t := NewTail(1 << 20)
	var e Entry
	for i := range events {
		ev := &events[i]
		at, err := event.At(ev.entity, ev.scope)
		if err != nil {
			tb.Fatal(err)
		}
		e.Fill(&event.Draft{Coordinate: at, Kind: ev.kind, Tags: ev.tags, Key: ev.key}, ev.gate)
		t.Resolve(&e)
		e.Head = Head{Clock: uint64(len(ev.entity)) - 1} // as if it had so many events in earlier segments
		t.Enter(&e).Clock++
		t.Add(&e, ev.place)
	}
	return t
}

// randomEvents returns events with the names of few entities, scopes, kinds and tags, some of them rare.
func randomEvents(source *rand.Rand, n int) []indexed {
	events := make([]indexed, n)
	wall := uint64(1_763_875_200_000)
	for i := range events {
		wall += source.Uint64N(3)
		ev := &events[i]
		ev.entity = fmt.Sprint("player:", source.IntN(1+n/10)*source.IntN(4)) // 0 is frequent
		ev.scope = fmt.Sprint("room:", source.IntN(3))
		ev.kind = event.Kind(0x1000 + source.IntN(5)*source.IntN(400))
		ev.gate = event.GateOutcome(max(0, source.IntN(9)-6))
		for j := range source.IntN(3) {
			ev.tags = append(ev.tags, fmt.Sprint("tag", j, source.IntN(7)))
		}
		ev.place = Place{uint32(i), source.Uint32N(9), wall, int64(wall)*1000 + source.Int64N(9999) - 5000}
	}
	return events
}

// tableModel is what a table has to answer.
type tableModel struct {
	types [Gate + 1]dictionaryModel
	zones []zone
}

func modelOf(events []indexed) *tableModel {
	m := &tableModel{}
	for kind := range m.types {
		m.types[kind] = dictionaryModel{}
	}
	add := func(kind Type, name string, ordinal uint32, clock uint64) {
		p, known := m.types[kind][name]
		if !known {
			p.clock = clock
		}
		p.ordinals = append(p.ordinals, ordinal)
		m.types[kind][name] = p
	}
	for _, ev := range events {
		ordinal := ev.place.Ordinal
		add(Entity, ev.entity, ordinal, uint64(len(ev.entity)))
		add(Scope, ev.scope, ordinal, 0)
		add(Kind, kindName(ev.kind), ordinal, 0)
		for _, tag := range ev.tags {
			add(Tag, tag, ordinal, 0)
		}
		if ev.gate != 0 {
			add(Gate, gateName(ev.gate), ordinal, 0)
		}
		if ordinal%zoneEvents == 0 {
			m.zones = append(m.zones, zone{ev.place.Wall, ev.place.Counter, ev.place.Timestamp, ev.place.Timestamp})
		}
		z := &m.zones[len(m.zones)-1]
		z.lowest, z.highest = min(z.lowest, ev.place.Timestamp), max(z.highest, ev.place.Timestamp)
	}
	return m
}

// footer is the sections of a table behind each other, as in a file.
type footer struct {
	bytes  []byte
	places map[uint32][2]int
}

func footerOf(tb testing.TB, t *Tail) footer {
	tb.Helper()
	f := footer{places: map[uint32][2]int{}}
	err := t.Encode(func(kind, version uint32, data []byte) {
		if _, twice := f.places[kind]; twice || version != versionOf(kind) {
			tb.Fatalf("section %d twice, or with version %d", kind, version)
		}
		f.places[kind] = [2]int{len(f.bytes), len(f.bytes) + len(data)}
		f.bytes = pad(append(f.bytes, data...))
	})
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// open returns the table over bytes that were checksummed as sums says.
func (f footer) open(tb testing.TB, events uint32, data, sums []byte) *Table {
	tb.Helper()
	all, err := checked.New(data, sums, nil)
	if err != nil {
		tb.Fatal(err)
	}
	table, err := OpenTable(events, func(kind uint32) (checked.Range, uint32, bool) {
		place, ok := f.places[kind]
		section, err := all.Range(int64(place[0]), int64(place[1]))
		return section, versionOf(kind), ok && err == nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

// size returns the size of all sections.
func (f footer) size() int { return len(f.bytes) }

// ask asks for everything that the model knows, and for some of what it does not, and calls wrong with each answer that
// differs and failed with each error.
func (m *tableModel) ask(table *Table, wrong func(what string), failed func(err error)) {
	for kind := Entity; kind <= Gate; kind++ {
		for name, want := range m.types[kind] {
			what := fmt.Sprintf("%s %q", kind, name)
			switch p, ok, err := table.find(kind, name); {
			case err != nil:
				failed(err)
			case !ok:
				wrong(what + " is not there")
			default:
				want.ask(p, what, wrong, failed)
			}
		}
		for _, name := range []string{"", "player:", "nobody", "\xff"} {
			if _, ok, err := table.find(kind, name); err != nil {
				failed(err)
			} else if ok {
				wrong(fmt.Sprintf("%s %q is there", kind, name))
			}
		}
		var names []string
		err := table.prefixed(kind, "", func(name []byte, p postings) error {
			names = append(names, string(name))
			m.types[kind][string(name)].ask(p, fmt.Sprintf("%s %q in its order", kind, name), wrong, failed)
			return nil
		})
		if err != nil {
			failed(err)
		} else if !slices.Equal(names, m.types[kind].names()) {
			wrong(fmt.Sprint(kind, " names"))
		}
	}
	for i, want := range m.zones {
		if z, err := table.zone(uint32(i)); err != nil {
			failed(err)
		} else if z != want {
			wrong(fmt.Sprintf("zone %d is %v, want %v", i, z, want))
		}
	}
}

func (m postingsModel) ask(p postings, what string, wrong func(what string), failed func(err error)) {
	if p.count != uint32(len(m.ordinals)) || p.firstClock != m.clock {
		wrong(fmt.Sprintf("%s: %d events from clock %d on", what, p.count, p.firstClock))
	}
	if got, err := p.appendTo(nil); err != nil {
		failed(err)
	} else if !slices.Equal(got, m.ordinals) {
		wrong(what + ": ordinals")
	}
	if got, err := p.bitmap(); err != nil {
		failed(err)
	} else if !slices.Equal(got.ToArray(), m.ordinals) {
		wrong(what + ": bitmap")
	}
}

// kindsOf returns the kinds of the footer's sections, ascending.
func (f footer) kindsOf() []uint32 { return slices.Sorted(maps.Keys(f.places)) }
