// This file holds what had been told at a moment: the record of an opening, and views of it.

package crash

import (
	"slices"

	"github.com/batpak/batpak/event"
)

// never is a moment that does not come.
const never = int(^uint(0) >> 1)

// record is what was told while a store was open, in one line of history: what happened behind a cut did not.
// It is built from the notes of one life and does not change afterwards.
type record struct {
	before *view // what had been told when the opening began
	blank  bool  // there was no opening: nothing had been told, to nobody, and nothing can be there
	// openedAt is the moment at which the opening returned; never: it did not.
	openedAt int
	base     []entry  // what it served, all of it durable
	first    uint64   // sequence of the first event that may be appended
	live     []listed // by sequence, beginning with first
	durable  []mark   // ascending
	closedAt int      // moment at which Close had returned without an error; never: it did not
	asked    []asking // ascending
	told     []heading
	cursors  []stepped  // ascending
	stood    []standing // of each cursor, of a record whose before is not known
}

// heading is a head of the tree over all events that somebody was told. It covers what was durable.
type heading struct {
	at   int
	head event.TreeHead
}

// asking is the first append of a unit with a key.
type asking struct {
	at   int
	unit *unit
}

// listed is an event that was appended. at is the moment at which somebody was told of it, never: nobody was. All up to
// behind was known to be durable before it was appended.
type listed struct {
	entry
	at     int
	behind uint64
}

// mark says up to where all was known to be durable from a moment on.
type mark struct {
	at       int
	sequence uint64
}

// newRecord begins a record.
func newRecord(before *view) *record {
	return &record{before: before, openedAt: never, closedAt: never}
}

// take adds a note. They come in their order. The result says which promise the note itself breaks; empty: none.
func (r *record) take(at int, n *note) (broken string) {
	switch n.Kind {
	case opened:
		r.openedAt, r.base, r.first = at, n.Entries, n.Sequence+1
	case told:
		return r.tell(at, n)
	case durable:
		if len(r.durable) == 0 || n.Sequence > r.durable[len(r.durable)-1].sequence {
			r.durable = append(r.durable, mark{at, n.Sequence})
		}
	case closed:
		r.closedAt = at
	case headed:
		r.told = append(r.told, heading{at, n.Head})
	case asked:
		r.asked = append(r.asked, asking{at, n.Unit})
	case moving, moved, given, toldLost, reacted:
		r.cursors = append(r.cursors, stepped{at, n})
	}
	return ""
}

func (r *record) tell(at int, n *note) string {
	e := n.Event
	if e.Sequence < r.first {
		i, found := slices.BinarySearchFunc(r.base, e.Sequence, bySequence)
		if !found || r.base[i] != e {
			return "sequence " + number(e.Sequence) + " was read, which the opening did not serve like that"
		}
		return ""
	}
	for e.Sequence-r.first >= uint64(len(r.live)) {
		if e.Sequence-r.first > 1<<20 {
			return "sequence " + number(e.Sequence) + " was given, the first one could be " + number(r.first)
		}
		r.live = append(r.live, listed{at: never})
	}
	known := &r.live[e.Sequence-r.first]
	switch {
	case known.at == never:
		*known = listed{e, at, n.Behind}
	case known.entry != e:
		return "sequence " + number(e.Sequence) + " is " + e.ID.String() + ", it was " + known.ID.String()
	}
	known.behind = max(known.behind, n.Behind)
	return ""
}

func bySequence(e entry, sequence uint64) int {
	switch {
	case e.Sequence < sequence:
		return -1
	case e.Sequence > sequence:
		return 1
	}
	return 0
}

// view is what had been told at a moment of a record.
type view struct {
	*record
	at int
	// top is the highest sequence that may never name an event again unless it does already.
	top     uint64
	durable uint64 // highest sequence of which somebody knew that all up to it was durable; 0: none of this opening's
	closed  bool   // the store was closed in order, with nothing behind it
}

// rememberedUnits bounds how many units with keys are remembered from the openings before.
const rememberedUnits = 60

// units returns the units with keys that somebody had tried to append by then, the latest ones last.
func (v *view) units() []*unit {
	var all []*unit
	if v.before != nil {
		all = v.before.units()
		all = all[max(0, len(all)-rememberedUnits):]
	}
	for i := range v.asked {
		if v.asked[i].at <= v.at {
			all = append(all, v.asked[i].unit)
		}
	}
	return all
}

// rememberedHeads bounds how many heads are remembered from the openings before.
const rememberedHeads = 3

// heads returns the heads of the tree that somebody was told by then.
func (v *view) heads() []event.TreeHead {
	var all []event.TreeHead
	if v.before != nil {
		all = v.before.heads()
		all = all[max(0, len(all)-rememberedHeads):]
	}
	for i := range v.told {
		if v.told[i].at <= v.at {
			all = append(all, v.told[i].head)
		}
	}
	return all
}

// nothing is what had been told before there was a store.
func nothing() *view { return &view{record: &record{blank: true, closedAt: never, first: 1}} }

// seen returns what had been told at a moment.
func (r *record) seen(at int) *view {
	if at < r.openedAt {
		return r.before.unserved()
	}
	v := &view{record: r, at: at, top: r.first - 1, closed: at >= r.closedAt}
	for i := range r.live {
		// What was appended before Close returned is durable, though somebody was told of it only then.
		if r.live[i].at <= at || v.closed && r.live[i].at != never {
			v.top = r.live[i].Sequence
		}
	}
	for _, m := range r.durable {
		if m.at > at {
			break
		}
		v.durable = m.sequence
	}
	if v.closed {
		v.durable = max(v.durable, v.top)
	}
	return v
}

// unserved returns what is known of a store that somebody began to open: the same, but that it need not be closed in order any
// more.
func (v *view) unserved() *view {
	again := *v
	again.closed = false
	return &again
}
