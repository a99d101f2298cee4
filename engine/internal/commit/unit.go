// A unit of frames, encoded and hashed outside the commit section.

package commit

import (
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// keepBytes bounds the buffer that a unit keeps for its next use.
const keepBytes = 1 << 20

// Unit is what is committed at once. It is filled by [Log.Encode], given to
// [Log.Append] once, and goes back with [Log.Release].
type Unit struct {
	bytes   []byte // the frames, one behind the other
	items   []item
	scratch []byte               // the preimage of a digest
	draft   event.Draft          // the draft with what the caller could change copied
	options mmapseg.EventOptions // of the draft; here so that it does not escape
	tags    [event.MaxTags]string
}

// item is one event of a unit.
type item struct {
	frame    mmapseg.Encoded
	assigned mmapseg.Assigned
	link     event.Link // the caller's part is set, the rest is assigned
	entity   string
	lane     uint32
}

// Receipt tells where an event was stored.
type Receipt struct {
	ID        event.ID
	Sequence  uint64
	Timestamp int64 // microseconds since the Unix epoch
	Position  event.Position
	Hash      event.Hash // zeros without hashing
}

// Cause is the event that caused another, as it was found before the section.
type Cause struct {
	ID       event.ID
	Sequence uint64
	Depth    uint32
}

// Encode adds the event of a validated draft to the unit and computes its digest.
// Everything that the caller could still change is copied before it is hashed, so
// that a frame and its hash always belong together.
func (l *Log) Encode(u *Unit, d *event.Draft, cause Cause) {
	u.draft = *d
	if len(d.Tags) != 0 {
		u.draft.Tags = u.tags[:copy(u.tags[:], d.Tags)]
	}
	u.options = mmapseg.EventOptions{Hashing: l.hashing}
	if !cause.ID.IsZero() {
		u.options.Depth, u.options.CauseSequence = cause.Depth+1, cause.Sequence
	}
	var frame mmapseg.Encoded
	u.bytes, frame = mmapseg.EncodeEvent(u.bytes, &u.draft, &u.options)
	u.items = append(u.items, item{frame: frame, entity: u.draft.Coordinate.Entity(), lane: u.draft.Lane})
	it := &u.items[len(u.items)-1]
	it.link.Depth = u.options.Depth
	if l.hashing {
		u.draft.Payload = frame.Payload(u.bytes, len(d.Payload))
		u.draft.Metadata = frame.Metadata(u.bytes)
		it.link.Digest, u.scratch = event.Digest(u.scratch, &u.draft, event.PayloadHash(u.draft.Payload))
	}
}

// NewUnit returns an empty unit.
func (l *Log) NewUnit() *Unit {
	if u, ok := l.units.Get().(*Unit); ok {
		return u
	}
	return &Unit{items: make([]item, 0, 1)}
}

// Release gives a unit back for another use. Nothing of it may be used afterwards.
func (l *Log) Release(u *Unit) {
	if cap(u.bytes) > keepBytes || cap(u.items) > 256 {
		return
	}
	clear(u.items)
	clear(u.tags[:])
	u.draft = event.Draft{}
	u.bytes, u.items = u.bytes[:0], u.items[:0]
	l.units.Put(u)
}

// receipt returns the receipt of an assigned item.
func (it *item) receipt() Receipt {
	return Receipt{
		ID: it.assigned.ID, Sequence: it.assigned.Sequence, Timestamp: it.assigned.Timestamp, Hash: it.assigned.Hash,
		Position: event.Position{
			Depth: it.link.Depth, Lane: it.lane, Clock: it.assigned.Clock,
			Wall: it.link.Wall, Counter: it.link.Counter,
		},
	}
}
