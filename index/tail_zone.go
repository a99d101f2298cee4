// This file holds zones, which say in what times a stretch of events was made, and holes, of which nothing is known.

package index

import "math"

// zoneEvents is the number of ordinals in a zone; zone i begins with ordinal i*zoneEvents.
const zoneEvents = 128

// zone is the bounds of its events. Readers may look at it once all its ordinals are visible.
type zone struct {
	// wall and counter are the HLC of the first event. If that is in a hole, no event of the zone has a lower HLC, and
	// all events of the zones before, but for such in holes, do.
	wall    uint64
	counter uint32
	// lowest and highest are the bounds of the timestamps, in microseconds. A zone with a hole has all of them, one without
	// events none: lowest is above highest.
	lowest, highest int64
}

// hole is a range of ordinals, both included.
type hole struct{ from, to uint32 }

// addToZone widens the zone of an event by it.
func (t *Tail) addToZone(p Place) {
	t.wall, t.counter = p.Wall, p.Counter
	if p.Ordinal/zoneEvents >= t.zoneEnd {
		t.openZones(p.Ordinal/zoneEvents, p.Wall, p.Counter)
	}
	z := t.openZone
	z.lowest, z.highest = min(z.lowest, p.Timestamp), max(z.highest, p.Timestamp)
}

// addHoleToZones makes the zones of a hole ones that may be of any time.
func (t *Tail) addHoleToZones(from, to uint32) {
	wall, counter := t.wall, t.counter
	if t.events > 0 { // the first HLC behind that of the newest event
		if counter++; counter == 0 {
			wall++
		}
	}
	for i := from / zoneEvents; i <= to/zoneEvents; i++ {
		if i >= t.zoneEnd {
			t.openZones(i, wall, counter)
		}
		z := t.openZone
		z.lowest, z.highest = math.MinInt64, math.MaxInt64
	}
}

// openZones appends empty zones up to one, with a first HLC.
func (t *Tail) openZones(last uint32, wall uint64, counter uint32) {
	for i := t.zoneEnd; i <= last; i++ {
		t.zoneChunks.reserve(i/chunkLen, &t.short)
		t.openZone = &t.zoneChunks.chunk(i / chunkLen)[i%chunkLen]
		*t.openZone = zone{wall, counter, math.MaxInt64, math.MinInt64}
	}
	t.zoneEnd = last + 1
}

// zone returns a zone all of whose ordinals are visible; once nothing is added any more, any zone that there is.
func (t *Tail) zone(i uint32) zone { return t.zoneChunks.chunk(i / chunkLen)[i%chunkLen] }

// holesBelow returns the holes with ordinals below limit, cut off there, ascending, none beside another.
func (t *Tail) holesBelow(limit uint32) [][2]uint32 {
	var list [][2]uint32
	for i := range t.holeCount.Load() {
		h := t.holeChunks.chunk(i / chunkLen)[i%chunkLen]
		if h.from >= limit {
			break
		}
		h.to = min(h.to, limit-1)
		if last := len(list) - 1; last >= 0 && list[last][1]+1 == h.from {
			list[last][1] = h.to
		} else {
			list = append(list, [2]uint32{h.from, h.to})
		}
	}
	return list
}
