// This file holds units: what is appended at once, an event or a batch, with what it asks for.

package crash

import (
	"fmt"
	"strings"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// unit is an event or a batch, and all that is asked of its append. It does not change. Its fields are exported for
// saving.
type unit struct {
	First  stamp // of the first item; the others count on from there
	Batch  bool
	Key    bool     // of the batch as a whole; that of an event alone is its item's
	Taken  keyName  // with Key: the key is another unit's; zero: its own
	Reacts bool     // to Cause: the correlation is inherited
	Cause  event.ID // of all items that no other item causes; zero: none
	Claims []claim  // of the batch as a whole
	Items  []item
}

// item is one event of a unit.
type item struct {
	Key    bool
	Taken  keyName // with Key: the key is another unit's; zero: its own
	Cause  uint8   // item that causes it, counted from 1; 0: none does
	Claims []claim
}

// keyName names an idempotency key.
type keyName struct {
	Stamp stamp // of the event, or of the batch's first one
	Batch bool  // the key is that of a batch as a whole
}

// key returns the key.
func (k keyName) key() string {
	name := fmt.Sprintf("%x/%x", k.Stamp.Lane, k.Stamp.Version)
	if k.Batch {
		name = "batch/" + name
	}
	if k.Stamp.mix()>>40%8 == 0 { // as long as they may be
		name += strings.Repeat("/", event.MaxKey-len(name))
	}
	return name
}

// alone returns the unit of one event of which nothing is asked.
func alone(s stamp, cause event.ID) *unit {
	return &unit{First: s, Cause: cause, Items: make([]item, 1)}
}

// stamp returns that of an item.
func (u *unit) stamp(i int) stamp { return stamp{u.First.Lane, u.First.Version + uint32(i)} }

// names returns the keys that the unit has, those of others among them.
func (u *unit) names() (all []keyName) {
	pick := func(taken, own keyName) {
		if taken != (keyName{}) {
			own = taken
		}
		all = append(all, own)
	}
	if u.Key {
		pick(u.Taken, keyName{u.First, true})
	}
	for i := range u.Items {
		if u.Items[i].Key {
			pick(u.Items[i].Taken, keyName{Stamp: u.stamp(i)})
		}
	}
	return all
}

// keyed reports whether the unit has a key.
func (u *unit) keyed() bool { return len(u.names()) > 0 }

// takes reports whether the unit has a key of another unit.
func (u *unit) takes() bool {
	taken := u.Taken != keyName{}
	for i := range u.Items {
		taken = taken || u.Items[i].Taken != keyName{}
	}
	return taken
}

// claims calls yield with every claim and the index of the item that makes it, -1 for those of the batch.
func (u *unit) claims(yield func(int, *claim) bool) {
	for i := range u.Claims {
		if !yield(-1, &u.Claims[i]) {
			return
		}
	}
	for i := range u.Items {
		for j := range u.Items[i].Claims {
			if !yield(i, &u.Items[i].Claims[j]) {
				return
			}
		}
	}
}

// conditional reports whether the unit claims anything.
func (u *unit) conditional() bool {
	for range u.claims {
		return true
	}
	return false
}

// label returns what an item says of the unit.
func (u *unit) label(i int) label {
	it := &u.Items[i]
	l := label{items: uint8(len(u.Items)), index: uint8(i), cause: it.Cause, claims: it.Claims}
	l.set(inBatch, u.Batch)
	l.set(unitKeyed, u.Batch && u.Key)
	l.set(itemKeyed, it.Key)
	l.set(reacts, u.Reacts)
	if i == 0 && len(u.Claims) > 0 {
		l.claims = append(append([]claim(nil), u.Claims...), it.Claims...)
	}
	if !u.Batch && l.flags == 0 && len(l.claims) == 0 {
		return label{}
	}
	return l
}

// options returns what the append of an item says beside coordinate, kind and payload.
func (u *unit) options(i int, wait engine.Wait) engine.AppendOptions {
	s, it := u.stamp(i), &u.Items[i]
	o := engine.AppendOptions{Tags: s.tags(), Version: s.Version, Lane: s.Lane, Wait: wait}
	if l := u.label(i); !l.zero() {
		o.Metadata = l.encode(nil, s)
	}
	if it.Key {
		name := it.Taken
		if name == (keyName{}) {
			name.Stamp = s
		}
		o.Key = name.key()
	}
	for j := range it.Claims {
		if c := &it.Claims[j]; c.own() {
			o.Expect = c.expectation()
		} else {
			o.Conditions = append(o.Conditions, c.condition())
		}
	}
	return o
}

// append appends the unit. What a batch waits for is not asked.
func (u *unit) append(store *engine.Store, wait engine.Wait) ([]engine.Receipt, error) {
	if u.Batch {
		return store.AppendBatch(u.batch())
	}
	s, o := u.First, u.options(0, wait)
	at, kind := coordinates[s.entity()], s.kind()
	var receipt engine.Receipt
	var err error
	if u.Reacts {
		receipt, err = store.AppendReaction(u.Cause, at, kind, s.payload(), o)
	} else {
		o.Cause = u.Cause
		receipt, err = store.AppendBytesWith(at, kind, event.CodecRaw, s.payload(), o)
	}
	if err != nil {
		return nil, err
	}
	return []engine.Receipt{receipt}, nil
}

// batch builds the batch.
func (u *unit) batch() *engine.Batch {
	b := new(engine.Batch)
	for i := range u.Items {
		s := u.stamp(i)
		it := b.AddBytes(coordinates[s.entity()], s.kind(), event.CodecRaw, s.payload()).With(u.options(i, engine.WaitPolicy))
		if cause := u.Items[i].Cause; cause != 0 {
			it.CausedByIndex(int(cause) - 1)
		}
	}
	if u.Key {
		name := u.Taken
		if name == (keyName{}) {
			name = keyName{u.First, true}
		}
		b.Key = name.key()
	}
	for i := range u.Claims {
		b.Conditions = append(b.Conditions, u.Claims[i].condition())
	}
	if !u.Cause.IsZero() {
		b.ReactTo(u.Cause)
	}
	return b
}

// entries returns what receipts tell.
func (u *unit) entries(receipts []engine.Receipt) []entry {
	all := make([]entry, len(receipts))
	for i := range receipts {
		r := &receipts[i]
		all[i] = entry{r.Sequence, r.ID, r.Hash, u.stamp(i)}
	}
	return all
}

// wrong says in what receipts are not those of the unit, whatever was stored before.
func (u *unit) wrong(receipts []engine.Receipt) string {
	if len(receipts) != len(u.Items) {
		return fmt.Sprintf("%d receipts for %d events", len(receipts), len(u.Items))
	}
	first := &receipts[0]
	for i := range receipts {
		switch r := &receipts[i]; {
		case r.Duplicate != first.Duplicate:
			return "some events of a batch are duplicates, others are not"
		case r.Duplicate && !u.keyed():
			return fmt.Sprintf("sequence %d is called a duplicate, without a key", r.Sequence)
		case (!r.Duplicate || u.Batch && u.Key) && r.Sequence != first.Sequence+uint64(i):
			return fmt.Sprintf("item %d of a batch has sequence %d, its first one %d", i, r.Sequence, first.Sequence)
		case r.Position.Lane != u.First.Lane:
			return fmt.Sprintf("sequence %d has lane %d, appended was %d", r.Sequence, r.Position.Lane, u.First.Lane)
		}
	}
	return ""
}
