// A unit of frames, encoded and hashed outside the commit section.

package commit

import (
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// What a unit keeps for its next use, at most.
const (
	keepBytes = 1 << 20
	keepItems = 512 // append doubles: a batch of 256 needs no more
)

// Unit is what is committed at once: one event, or a batch. For each event its Draft is
// filled in, then given to [Log.Encode], for a batch between [Log.BeginBatch] and [Log.EndBatch]; the unit is given to
// [Log.Append] once, and goes back with [Log.Release].
type Unit struct {
	// Draft is the event to encode next. Its Tags may use [Unit.Tags].
	Draft event.Draft
	// Conditions are what must hold when the unit is placed, beside what its items expect.
	Conditions []Condition
	// Admit, if given, is called once, when the unit's keys are found to be new and before its conditions are judged. Its error ends the
	// append.
	Admit func() error

	bytes   []byte // the frames, one behind the other
	items   []item
	scratch []byte               // the preimage of a digest
	options mmapseg.EventOptions // of the draft; here so that it does not escape
	tags    [event.MaxTags + 1]string

	batch    bool
	key      string // of the batch
	request  event.Hash
	entities map[string]members // of a batch
	expects  bool               // an item expects a clock
	keys     []keyed            // what has a key, the batch before its items
	watches  []watch            // of Conditions, as of the last judging
	terms    uint64             // what the watches compare an event with, together
	seen     uint64             // sequence up to which the unit was judged
	none     uint64             // sequence up to which no region has an event that it must not have
	rounds   int                // how often it was judged or resolved in vain
	doubtful bool               // an expected clock was not found in the section
}

// members are the items of a batch that are of one entity.
type members struct {
	count uint32
	first int // index
}

// keyed is a key of a unit.
type keyed struct {
	item int // -1: of the batch
	key  string
	hash uint64
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
	cause    uint16 // place in the batch of the item that caused it, from 1; 0: none did
	earlier  uint32 // items of the batch before this one that are of the same entity
	first    int    // index of the first of them, if there are any
	expects  bool   // its entity is to have the clock want
	want     uint64
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

// Gate is what the gates said about an event, encoded. The zero Gate is none.
type Gate struct {
	Record  []byte
	Digest  event.Hash
	Outcome event.GateOutcome
}

// BeginBatch makes the empty unit a batch, with a key of its own unless that is empty.
func (l *Log) BeginBatch(u *Unit, key string) {
	u.batch, u.key = true, key
	size := mmapseg.BatchBeginSize(len(key))
	u.bytes = append(u.bytes, make([]byte, size)...)
	if u.entities == nil {
		u.entities = make(map[string]members)
	}
	if key != "" {
		u.keys = append(u.keys, keyed{-1, key, index.Hash(index.Key, key)})
	}
}

// EndBatch ends a batch, which has an item at least.
func (l *Log) EndBatch(u *Unit) {
	if u.key != "" {
		digests := make([]event.Hash, len(u.items))
		for i := range u.items {
			digests[i] = u.items[i].link.Digest
		}
		u.request = event.BatchDigest(digests)
		if hooks.Enabled && hooks.Planted(hooks.BatchRequestForgotten) {
			u.request = event.Hash{}
		}
		found := u.key
		if hooks.Enabled && hooks.Planted(hooks.BatchKeyNotIndexed) {
			found += "!"
		}
		u.items[0].entry.AddKey(found) // by which the batch is found
	}
	u.bytes = append(u.bytes, make([]byte, mmapseg.BatchCommitSize)...)
}

// Size returns how many bytes the items of the unit take so far.
func (u *Unit) Size() int {
	if u.batch {
		return len(u.bytes) - mmapseg.BatchBeginSize(len(u.key))
	}
	return len(u.bytes)
}

// Encode adds the event of the unit's draft, which was validated, and computes its
// digest. What the caller could still change is copied into the frame before it is
// hashed, so that a frame and its hash always belong together. In a batch an earlier item can be
// the cause, which the draft names, in place of a cause that was found.
func (l *Log) Encode(u *Unit, cause Cause, gate Gate) {
	d := &u.Draft
	it := u.add()
	it.cause, it.earlier, it.expects, it.want = d.CauseInBatch, 0, false, 0
	u.options.Hashing, u.options.InBatch, u.options.Gate = l.hashing, u.batch, gate.Record
	u.options.Depth, u.options.CauseSequence = 0, 0
	switch {
	case it.cause != 0:
		u.options.Depth = u.items[it.cause-1].link.Depth + 1
	case !cause.ID.IsZero():
		u.options.Depth, u.options.CauseSequence = cause.Depth+1, cause.Sequence
	}
	if hooks.Enabled && hooks.Planted(hooks.DepthNotCounted) {
		u.options.Depth = cause.Depth
	}
	it.lane, it.link.Depth, it.link.Gate = d.Lane, u.options.Depth, gate.Digest
	it.entry.Fill(d, gate.Outcome)
	if u.batch {
		m := u.entities[d.Coordinate.Entity()]
		if m.count == 0 {
			m.first = len(u.items) - 1
		}
		it.earlier, it.first = m.count, m.first
		m.count++
		u.entities[d.Coordinate.Entity()] = m
	}
	u.bytes, it.frame = mmapseg.EncodeEvent(u.bytes, d, &u.options)
	if !l.hashing && d.Key == "" && u.key == "" {
		return
	}
	d.Payload = it.frame.Payload(u.bytes, len(d.Payload))
	d.Metadata = it.frame.Metadata(u.bytes)
	it.link.Digest, u.scratch = event.Digest(u.scratch, d, event.PayloadHash(d.Payload))
	if d.Key != "" {
		it.frame.SetRequest(u.bytes, it.link.Digest)
		u.keys = append(u.keys, keyed{len(u.items) - 1, d.Key, index.Hash(index.Key, d.Key)})
	}
}

// ExpectClock makes the unit's last item expect that its entity has this clock, with the items before it stored.
func (u *Unit) ExpectClock(clock uint64) {
	it := &u.items[len(u.items)-1]
	if hooks.Enabled && hooks.Planted(hooks.EarlierItemsForgotten) {
		clock += uint64(it.earlier)
	}
	it.expects, it.want = true, clock
	u.expects = true
}

// Earlier returns how many items of a batch there are of an entity.
func (u *Unit) Earlier(entity string) int {
	if !u.batch {
		return 0
	}
	return int(u.entities[entity].count)
}

// Next returns the index of a batch's next item, -1 for a unit that is no batch.
func (u *Unit) Next() int {
	if !u.batch {
		return -1
	}
	return len(u.items)
}

// admit calls Admit, once.
func (u *Unit) admit() error {
	if u.Admit == nil {
		return nil
	}
	admit := u.Admit
	u.Admit = nil
	return admit()
}

// asks reports whether there is anything to judge before the section.
func (u *Unit) asks() bool { return len(u.keys) != 0 || len(u.Conditions) != 0 || u.doubtful }

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
	if cap(u.bytes) > keepBytes || cap(u.items) > keepItems {
		return
	}
	if len(u.Draft.Tags) != 0 || u.batch {
		clear(u.tags[:])
	}
	for i := range u.items {
		u.items[i].entry.Release()
	}
	u.Draft = event.Draft{}
	u.bytes, u.items = u.bytes[:0], u.items[:0]
	u.Admit = nil
	if u.batch || u.asks() || u.expects {
		clear(u.entities)
		clear(u.keys)
		clear(u.watches)
		u.keys, u.watches, u.Conditions = u.keys[:0], u.watches[:0], nil
		u.batch, u.key, u.expects, u.doubtful = false, "", false, false
		u.seen, u.none = 0, 0
	}
	u.rounds = 0
	l.units.Put(u)
}

// Receipt returns the receipt of an item of a unit that was placed.
func (u *Unit) Receipt(i int) Receipt {
	it := &u.items[i]
	return Receipt{
		ID: it.assigned.ID, Sequence: it.assigned.Sequence, Timestamp: it.assigned.Timestamp, Hash: it.assigned.Hash,
		Position: event.Position{
			Depth: it.link.Depth, Lane: it.lane, Clock: it.assigned.Clock,
			Wall: it.link.Wall, Counter: it.link.Counter,
		},
	}
}

// Len returns the number of items.
func (u *Unit) Len() int { return len(u.items) }
