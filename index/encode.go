// This file holds Encode: the sections of a footer, made from a Tail.

package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/batpak/batpak/event"
)

// errHoles says that a tail does not know all of its events.
var errHoles = errors.New("index: a tail with unreadable events has no table")

// Encode hands the sections of the segment's footer to add, from which [OpenTable] makes a table with the same answers;
// add keeps the data. The writer may call it, and everybody once nothing is added any more. A tail with
// holes has no table, which is an error, and so is one whose dictionaries are too large for 32-bit offsets.
func (t *Tail) Encode(add func(kind, version uint32, data []byte)) error {
	if len(t.holesBelow(t.events)) > 0 {
		return errHoles
	}
	kinds, gates, whole := t.listRecords()
	for _, typ := range []Type{Entity, Scope, Kind, Tag, Gate} {
		w := newDictionaryWriter(typ, t.events)
		var err error
		switch typ {
		case Kind:
			err = addLists(w, kinds, kindName)
		case Gate:
			err = addLists(w, gates, gateName)
		default:
			err = t.addSlots(w, whole)
		}
		if err != nil {
			return err
		}
		section, err := w.finish()
		if err != nil {
			return err
		}
		add(sectionOf(typ), sectionVersion, section)
	}
	add(sectionZones, sectionVersion, t.encodeZones())
	encodeLinks(t, add)
	return nil
}

// listRecords returns the ordinals of each kind and gate outcome, and whether every ordinal has an event.
func (t *Tail) listRecords() (kinds map[event.Kind][]uint32, gates map[event.GateOutcome][]uint32, whole bool) {
	kinds, gates = map[event.Kind][]uint32{}, map[event.GateOutcome][]uint32{}
	events := uint32(0)
	t.scan(0, t.events, func(ordinal uint32, r *record) bool {
		events++
		kinds[r.kind] = append(kinds[r.kind], ordinal)
		if r.gate != 0 {
			gates[r.gate] = append(gates[r.gate], ordinal)
		}
		return true
	})
	return kinds, gates, events == t.events
}

// addLists adds names whose order is that of their keys.
func addLists[K event.Kind | event.GateOutcome](w *dictionaryWriter, lists map[K][]uint32, name func(K) string) error {
	for _, key := range slices.Sorted(maps.Keys(lists)) {
		if err := w.add([]byte(name(key)), lists[key], 0); err != nil {
			return err
		}
	}
	return nil
}

// addSlots adds the names of the writer's type. In a tail that is whole an entity's clocks have no gap, so that the first
// one follows from the last.
func (t *Tail) addSlots(w *dictionaryWriter, whole bool) error {
	type named struct {
		name []byte
		slot uint32
	}
	var list []named
	t.slots(w.kind, t.events, func(slot uint32, name []byte) bool {
		list = append(list, named{name, slot})
		return true
	})
	slices.SortFunc(list, func(a, b named) int { return bytes.Compare(a.name, b.name) })
	var ordinals []uint32
	for _, n := range list {
		ordinals = t.ordinals(ordinals[:0], n.slot, t.events)
		clock := uint64(0)
		if w.kind == Entity && whole {
			if last, count := t.head(n.slot).Clock, uint64(len(ordinals)); last >= count {
				clock = last - count + 1
			}
		}
		if err := w.add(n.name, ordinals, clock); err != nil {
			return err
		}
	}
	return nil
}

// encodeZones returns the zones section, see zones.go.
func (t *Tail) encodeZones() []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, zonesSize(t.events))
	b = le.AppendUint32(b, t.events)
	b = le.AppendUint32(b, zoneEvents)
	for i := range zonesOf(t.events) {
		b = t.zone(i).appendTo(b)
	}
	return b
}
