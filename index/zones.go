// This file holds the zones of a table: in what times its events were made, every so many of them.
//
//	0  u32 events of the segment
//	4  u32 events in a zone (128); the last zone has what is left
//	8  for each zone:
//	    0 u64 wall ms of the first event's HLC
//	    8 i64 lowest timestamp     16 i64 highest timestamp; lowest above highest: it has no event
//	   24 u32 counter of the first event's HLC

package index

import (
	"encoding/binary"
	"fmt"
)

const (
	zonesHeader = 8
	zoneSize    = 28
)

// zonesOf returns the number of zones of so many events.
func zonesOf(events uint32) uint32 { return uint32((uint64(events) + zoneEvents - 1) / zoneEvents) }

// zonesSize returns the size of the section.
func zonesSize(events uint32) int64 { return zonesHeader + int64(zonesOf(events))*zoneSize }

// appendTo appends the zone as it stands in the section.
func (z zone) appendTo(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, z.wall)
	b = le.AppendUint64(b, uint64(z.lowest))
	b = le.AppendUint64(b, uint64(z.highest))
	return le.AppendUint32(b, z.counter)
}

// zone returns the zone that begins with ordinal i*[zoneEvents]. A zone without events is an error, as one of damaged bytes.
func (t *Table) zone(i uint32) (zone, error) {
	le := binary.LittleEndian
	header, err := t.zones.At(0, zonesHeader)
	if err != nil {
		return zone{}, err
	}
	if events, each := le.Uint32(header), le.Uint32(header[4:]); events != t.events || each != zoneEvents {
		return zone{}, &TableError{Section: sectionZones, Problem: fmt.Sprintf("is of %d events, %d in a zone; want %d, %d", events, each, t.events, zoneEvents)}
	}
	at := zonesHeader + int64(i)*zoneSize
	b, err := t.zones.At(at, at+zoneSize)
	if err != nil {
		return zone{}, err
	}
	return zone{wall: le.Uint64(b), lowest: int64(le.Uint64(b[8:])), highest: int64(le.Uint64(b[16:])), counter: le.Uint32(b[24:])}, nil
}
