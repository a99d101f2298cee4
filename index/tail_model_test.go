// A tail answers like plain slices and maps, also where hashes are equal.

package index

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/batpak/batpak/event"
)

// called is a name of a type: of a link the name that was hashed.
type called struct {
	typ  Type
	name string
}

// model is what a tail should know.
type model struct {
	random *rand.Rand
	mask   uint64 // of hashes
	events map[called][]uint32
	heads  map[string]Head
	kinds  []event.Kind
	gates  []event.GateOutcome
	places []Place
}

func newModel(seed, mask uint64) *model {
	return &model{
		random: rand.New(rand.NewPCG(seed, mask)), mask: mask, events: map[called][]uint32{}, heads: map[string]Head{},
	}
}

// entry returns a random entry and what it is called.
func (m *model) entry() (*Entry, []called) {
	r := m.random
	entity, scope := fmt.Sprintf("entity-%d", r.IntN(300)), fmt.Sprintf("scope-%d", r.IntN(5))
	d := event.Draft{Coordinate: event.MustAt(entity, scope), Kind: event.Kind(0x1000 + r.IntN(4))}
	names := []called{{Entity, entity}, {Scope, scope}}
	for _, i := range r.Perm(6)[:r.IntN(4)] {
		d.Tags = append(d.Tags, fmt.Sprintf("tag-%d", i))
		names = append(names, called{Tag, d.Tags[len(d.Tags)-1]})
	}
	if len(d.Tags) > 0 && r.IntN(4) == 0 {
		d.Tags = append(d.Tags, d.Tags[0]) // given twice
	}
	if r.IntN(2) == 0 {
		d.Key = fmt.Sprintf("key-%d", r.IntN(2000))
		names = append(names, called{Key, d.Key})
	}
	if r.IntN(2) == 0 {
		d.Correlation = event.MakeID(uint64(1+r.IntN(40)), 0, 0)
		names = append(names, called{Correlation, string(d.Correlation[:])})
	}
	e := new(Entry)
	e.Fill(&d, event.GateOutcome(r.IntN(3)))
	if r.IntN(2) == 0 {
		id := event.MakeID(uint64(1+r.IntN(40)), 0, 0)
		e.link(Cause, id)
		names = append(names, called{Cause, string(id[:])})
	}
	m.shorten(e)
	return e, names
}

// shorten makes hashes equal, as far as the mask does.
func (m *model) shorten(e *Entry) {
	for i := range e.terms {
		e.terms[i].hash &= m.mask
	}
}

// hash returns the hash of a name as shortened entries have it.
func (m *model) hash(c called) uint64 { return Hash(c.typ, c.name) & m.mask }

// add adds a random event at an ordinal to the tail and the model.
func (m *model) add(t *testing.T, tail *Tail, ordinal uint32) {
	r := m.random
	e, names := m.entry()
	entity := names[0].name
	known, entered := m.heads[entity]
	if r.IntN(8) > 0 { // else it was resolved against no tail
		if found := tail.Resolve(e); found != entered {
			t.Fatalf("%q: there %v, want %v", entity, found, entered)
		}
	}
	if !entered {
		known = Head{Clock: uint64(r.IntN(100))} // from before the tail
		e.Head = known
	} else {
		e.Head = Head{Clock: 1 << 60} // not to be used
	}
	head := tail.Enter(e)
	if *head != known {
		t.Fatalf("head of %q is %v, want %v", entity, *head, known)
	}
	m.heads[entity] = known
	if r.IntN(20) == 0 {
		e, names = m.entry() // the event came to nothing; another is added
		entity = names[0].name
		e.Head = m.heads[entity]
		tail.Resolve(e)
		head = tail.Enter(e)
	}
	head.Clock++
	head.Hash[0] = byte(ordinal)
	m.heads[entity] = *head
	p := Place{Ordinal: ordinal, Wall: uint64(ordinal / 3), Counter: ordinal % 3, Timestamp: int64(r.IntN(1000)) - 500}
	tail.Add(e, p)
	for _, c := range names {
		m.events[c] = append(m.events[c], ordinal)
	}
	m.kinds, m.gates, m.places = append(m.kinds, e.kind), append(m.gates, e.gate), append(m.places, p)
}

// below returns the ordinals below limit.
func below(list []uint32, limit uint32) []uint32 {
	n, _ := slices.BinarySearch(list, limit)
	return list[:n]
}

// found returns the events as a tail tells them apart: links by nothing but their hash, which is put in the place of the
// name.
func (m *model) found() map[called][]uint32 {
	found := map[called][]uint32{}
	for c, list := range m.events {
		if c.typ >= firstLink {
			c.name = fmt.Sprint(m.hash(c))
		}
		found[c] = slices.Sorted(slices.Values(append(found[c], list...)))
	}
	return found
}

func (m *model) check(t *testing.T, tail *Tail, limit uint32) {
	t.Helper()
	want := map[Type]map[string]bool{}
	for c, list := range m.found() {
		hash, name := m.hash(c), c.name
		if c.typ >= firstLink {
			hash, _ = strconv.ParseUint(c.name, 10, 64)
			name = ""
		}
		slot, list := tail.find(c.typ, hash, name), below(list, limit)
		if slot == 0 || tail.typeOf(slot) != c.typ || string(tail.name(slot)) != name || tail.slot(slot).hash != hash {
			t.Fatalf("%v %q is not found, or slot %d is another's", c.typ, c.name, slot)
		}
		if got := tail.ordinals([]uint32{7}, slot, limit); got[0] != 7 || !slices.Equal(got[1:], list) {
			t.Fatalf("%v %q below %d: %v, want %v", c.typ, c.name, limit, got[1:], list)
		}
		newest, ok := tail.newest(slot, limit)
		if ok != (len(list) > 0) || ok && newest != list[len(list)-1] {
			t.Fatalf("newest of %v %q below %d: %d %v, want %v", c.typ, c.name, limit, newest, ok, list)
		}
		if len(list) > 0 {
			if want[c.typ] == nil {
				want[c.typ] = map[string]bool{}
			}
			want[c.typ][c.name] = true
		}
	}
	for _, typ := range []Type{Entity, Scope, Tag, Key, Cause, Correlation} {
		got, count := map[string]bool{}, 0
		tail.slots(typ, limit, func(slot uint32, name []byte) bool {
			if count++; typ >= firstLink {
				name = fmt.Append(nil, tail.slot(slot).hash)
			}
			got[string(name)] = true
			return true
		})
		if !maps.Equal(got, want[typ]) || count != len(got) {
			t.Fatalf("%v below %d: %d of %v, want %v", typ, limit, count, got, want[typ])
		}
	}
}

func (m *model) checkRecords(t *testing.T, tail *Tail, limit uint32) {
	t.Helper()
	next := uint32(0)
	tail.scan(0, limit, func(ordinal uint32, r *record) bool {
		if ordinal != next || r.kind != m.kinds[ordinal] || r.gate != m.gates[ordinal] {
			t.Fatalf("scan: ordinal %d, kind %v, gate %v", ordinal, r.kind, r.gate)
		}
		next++
		return true
	})
	if next != limit {
		t.Fatalf("scan came to %d of %d", next, limit)
	}
	for i := uint32(0); (i+1)*zoneEvents <= limit; i++ {
		places := m.places[i*zoneEvents:][:zoneEvents]
		want := zone{wall: places[0].Wall, counter: places[0].Counter, lowest: 1 << 62, highest: -1 << 62}
		for _, p := range places {
			want.lowest, want.highest = min(want.lowest, p.Timestamp), max(want.highest, p.Timestamp)
		}
		if got := tail.zone(i); got != want {
			t.Fatalf("zone %d: %+v, want %+v", i, got, want)
		}
	}
}

func TestATailAnswersLikePlainMaps(t *testing.T) {
	for _, mask := range []uint64{1<<64 - 1, 0xFF00FF, 0xF << 60, 3, 0} {
		t.Run(fmt.Sprintf("mask=%x", mask), func(t *testing.T) {
			t.Parallel()
			m, tail := newModel(1, mask), NewTail(1<<20)
			for ordinal := range uint32(3000) {
				m.add(t, tail, ordinal)
				if m.random.IntN(300) == 0 {
					m.check(t, tail, uint32(m.random.IntN(int(ordinal)+2)))
				}
			}
			for _, limit := range []uint32{0, 1, chunkLen - 1, chunkLen, chunkLen + 1, 2999, 3000} {
				m.check(t, tail, limit)
				m.checkRecords(t, tail, limit)
			}
			if tail.Events() != 3000 {
				t.Errorf("%d events", tail.Events())
			}
			for entity, want := range m.heads {
				if got, ok := tail.HeadOf(m.hash(called{Entity, entity}), entity); !ok || got != want {
					t.Errorf("head of %q is %v %v, want %v", entity, got, ok, want)
				}
			}
		})
	}
}
