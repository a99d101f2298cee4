// Holes: ordinals whose events can't be read; and ordinals that are passed over.

package index

import (
	"math"
	"slices"
	"testing"
)

func TestHolesAreToldCutOffAtTheLimitAndJoined(t *testing.T) {
	tail := NewTail(0)
	put(tail, 0, "a", "s")
	tail.Hole(1, 3)
	tail.Hole(4, 4)
	put(tail, 5, "a", "s")
	tail.Hole(6, 2000)
	put(tail, 2001, "a", "s")
	for limit, want := range map[uint32][][2]uint32{
		0: nil, 1: nil, 2: {{1, 1}}, 4: {{1, 3}}, 5: {{1, 4}}, 6: {{1, 4}}, 7: {{1, 4}, {6, 6}}, 2002: {{1, 4}, {6, 2000}},
	} {
		if got := tail.holesBelow(limit); !slices.Equal(got, want) {
			t.Errorf("below %d: %v, want %v", limit, got, want)
		}
	}
	if got := eventsOf(tail, Entity, "a", 2002); !slices.Equal(got, []uint32{0, 5, 2001}) {
		t.Errorf("events: %v", got)
	}
	var scanned []uint32
	tail.scan(0, 2002, func(ordinal uint32, _ *record) bool { scanned = append(scanned, ordinal); return true })
	if !slices.Equal(scanned, []uint32{0, 5, 2001}) || tail.Events() != 2002 {
		t.Errorf("scanned %v of %d", scanned, tail.Events())
	}
}

func TestManyHolesAreKept(t *testing.T) {
	tail := NewTail(0)
	const n = 3 * chunkLen
	for i := range uint32(n) {
		put(tail, 2*i, "a", "s")
		tail.Hole(2*i+1, 2*i+1)
	}
	if got := tail.holesBelow(2 * n); len(got) != n || got[n-1] != [2]uint32{2*n - 1, 2*n - 1} {
		t.Errorf("%d holes", len(got))
	}
}

func TestAZoneWithAHoleMayBeOfAnyTimeAndLiesBehindTheZonesBefore(t *testing.T) {
	tail := NewTail(0)
	tail.Hole(0, 9)                             // zone 0 begins with a hole
	put(tail, 10, "a", "s")                     // HLC 100, 10
	tail.Hole(11, 3*zoneEvents+4)               // zones 1 and 2 are one, 3 begins with it
	put(tail, 3*zoneEvents+5, "a", "s")         // in zone 3
	for i := range uint32(zoneEvents - 6 + 1) { // up to the first of zone 4
		put(tail, 3*zoneEvents+6+i, "a", "s")
	}
	anyTime := func(wall uint64, counter uint32) zone { return zone{wall, counter, math.MinInt64, math.MaxInt64} }
	first := uint32(4 * zoneEvents)
	want := []zone{anyTime(0, 0), anyTime(100, 11), anyTime(100, 11), anyTime(100, 11), {10 * uint64(first), first, int64(first), int64(first)}}
	for i, w := range want {
		if got := tail.zone(uint32(i)); got != w {
			t.Errorf("zone %d: %+v, want %+v", i, got, w)
		}
	}
}

func TestTheHLCBehindTheLastCounterIsInTheNextMillisecond(t *testing.T) {
	tail := NewTail(0)
	put(tail, 0, "a", "s")
	tail.wall, tail.counter = 7, math.MaxUint32
	tail.Hole(1, zoneEvents)
	if z := tail.zone(1); z.wall != 8 || z.counter != 0 {
		t.Errorf("zone 1 begins at %d, %d", z.wall, z.counter)
	}
}

func TestAnOrdinalThatIsPassedOverHasNoEvent(t *testing.T) {
	tail := NewTail(0)
	put(tail, 5, "a", "s")
	put(tail, 3*zoneEvents, "a", "s")
	if got := eventsOf(tail, Scope, "s", tail.Events()); !slices.Equal(got, []uint32{5, 3 * zoneEvents}) {
		t.Errorf("events: %v", got)
	}
	count := 0
	tail.scan(0, tail.Events(), func(uint32, *record) bool { count++; return true })
	if count != 2 || tail.holesBelow(tail.Events()) != nil {
		t.Errorf("%d records", count)
	}
	if z := tail.zone(1); z.lowest <= z.highest {
		t.Errorf("a zone without events: %+v", z)
	}
	if z := tail.zone(0); z != (zone{50, 5, 5, 5}) {
		t.Errorf("the first zone: %+v", z)
	}
}
