// A unit of frames, encoded and hashed outside the commit section.

package commit

import (
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// keepBytes bounds the buffer that a unit keeps for its next use.
const keepBytes = 1 << 20

// Unit is what is committed at once. For each event its Draft is filled in, then
// given to [Log.Encode]; the unit is given to [Log.Append] once, and goes back with
// [Log.Release].
type Unit struct {
	// Draft is the event to encode next. Its Tags may use [Unit.Tags].
	Draft event.Draft

	bytes   []byte // the frames, one behind the other
	items   []item
	scratch []byte               // the preimage of a digest
	options mmapseg.EventOptions // of the draft; here so that it does not escape
	tags    [event.MaxTags + 1]string
}

// Tags copies tags, so that what is validated is what is stored; of too many one
// more than is allowed.
func (u *Unit) Tags(tags []string) []string { return u.tags[:copy(u.tags[:], tags)] }

// item is one event of a unit.
type item struct {
	frame    mmapseg.Encoded
	assigned mmapseg.Assigned
	link     event.Link // the caller's part is set, the rest is assigned
	entry    index.Entry
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

// Encode adds the event of the unit's draft, which was validated, and computes its
// digest. What the caller could still change is copied into the frame before it is
// hashed, so that a frame and its hash always belong together.
func (l *Log) Encode(u *Unit, cause Cause) {
	d := &u.Draft
	u.options.Hashing = l.hashing
	u.options.Depth, u.options.CauseSequence = 0, 0
	if !cause.ID.IsZero() {
		u.options.Depth, u.options.CauseSequence = cause.Depth+1, cause.Sequence
	}
	it := u.add()
	it.lane, it.link.Depth = d.Lane, u.options.Depth
	it.entry.Fill(d, 0)
	u.bytes, it.frame = mmapseg.EncodeEvent(u.bytes, d, &u.options)
	if l.hashing {
		d.Payload = it.frame.Payload(u.bytes, len(d.Payload))
		d.Metadata = it.frame.Metadata(u.bytes)
		it.link.Digest, u.scratch = event.Digest(u.scratch, d, event.PayloadHash(d.Payload))
	}
}

// add extends the items by one, which holds what it held before: every field of it
// is set by Encode or when it is assigned.
func (u *Unit) add() *item {
	if n := len(u.items); n < cap(u.items) {
		u.items = u.items[:n+1]
	} else {
		u.items = append(u.items, item{})
	}
	return &u.items[len(u.items)-1]
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
	if len(u.Draft.Tags) != 0 {
		clear(u.tags[:])
	}
	for i := range u.items {
		u.items[i].entry.Release()
	}
	u.Draft = event.Draft{}
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
