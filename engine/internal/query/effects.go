// This file holds effects: what an event caused, what that caused, and so on, level by level.

package query

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// Effects yields the events that the event with this id caused, then those that these caused, and so on: level by level,
// each in the order of sequences. It goes depth levels far, and yields at most limit events; 0 is no bound. An event is valid
// until the next step. If no event has the id, or the one that may have it is damaged, it is taken for that of a cause that is
// gone. [mmapseg.ErrNotFound]: neither an event nor a cause has the id.
//
// After an error that [mmapseg.IsDamage], going on reads behind the damage; any other one is the last. Damage in which there
// may be effects of any event is told of on the first level, in its place; what events that can't be read caused is not
// found, and each damage is told of once.
//
// Two levels of events are remembered, 24 bytes each.
func (r *Reader) Effects(id event.ID, depth, limit int) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		if r.closed.Load() {
			yield(event.Event{}, r.ended)
			return
		}
		e := effects{reader: r, yield: yield, left: limit, limited: limit > 0, room: mostOfLevel}
		e.run(id, depth)
	}
}

// parent is an event whose effects are looked for.
type parent struct {
	id       event.ID
	sequence uint64 // 0: not known
}

// effects is one loop over effects.
type effects struct {
	reader  *Reader
	yield   func(event.Event, error) bool
	limited bool
	left    int // of the limit
	room    int // see level
	deeper  bool
	next    []parent    // the next level, ascending
	told    [][2]uint64 // damage
	any     bool        // something was yielded
	over    bool        // the loop was left, or an error ended it
}

func (e *effects) run(id event.ID, depth int) {
	root := parent{id: id}
	found, err := e.reader.ByID(id)
	switch {
	case err == nil:
		root.sequence = found.Sequence
	case errors.Is(err, mmapseg.ErrNotFound):
	case !e.fail(fmt.Errorf("id %s: %w", id, err)):
		return
	}
	l := &level{
		places: places{reader: e.reader, visible: e.reader.set.Visible()}, links: e.reader.finder.Links(index.Cause),
		parents: []parent{root}, first: true, room: e.room,
	}
	s := &search{reader: e.reader, group: e.reader.group(), wanted: l.caused, yield: e.take}
	for at := 1; len(l.parents) > 0 && !e.over && (depth == 0 || at <= depth); at++ {
		e.deeper = depth == 0 || at < depth
		l.from, l.most = l.parents[0].sequence+1, leastPiece
		e.search(s, l)
		l.parents, e.next, l.first = e.next, l.parents[:0], false
	}
	e.reader.groups.Put(s.group)
	if !e.any && root.sequence == 0 {
		e.yield(event.Event{}, fmt.Errorf("id %s: %w", id, mmapseg.ErrNotFound))
	}
}

// search yields the events of a level.
func (e *effects) search(s *search, l *level) {
	s.options, s.size, s.yielded, s.told = Options{Limit: e.left, Check: true}, firstGroup(e.left), 0, false
	if l.first {
		s.region = event.Everything().Sequences(l.from, 0)
		s.begin()
	} else {
		s.region = event.Everything()
		s.way = passage{reader: e.reader, only: nowhere} // all that was known was told of
	}
	s.run(l)
}

// nowhere are the sequences of a passage that tells of nothing.
var nowhere = [][2]uint64{}

// take yields an event, and remembers it for the next level; false: the loop is over.
func (e *effects) take(ev event.Event, err error) bool {
	if err != nil {
		return e.fail(err)
	}
	e.any = true
	if !e.yield(ev, nil) {
		e.over = true
		return false
	}
	if e.deeper {
		e.next = append(e.next, parent{ev.ID, ev.Sequence})
	}
	if e.limited {
		e.left--
		e.over = e.left == 0
	}
	return !e.over
}

// fail yields an error, damage only once; false: the loop is over.
func (e *effects) fail(err error) bool {
	var corrupt *mmapseg.CorruptError
	if errors.As(err, &corrupt) && corrupt.First != 0 {
		if slices.ContainsFunc(e.told, func(t [2]uint64) bool { return corrupt.First >= t[0] && corrupt.Last <= t[1] }) {
			return true
		}
		e.told = append(e.told, [2]uint64{corrupt.First, corrupt.Last})
	}
	e.any = true
	e.over = !e.yield(event.Event{}, err) || !mmapseg.IsDamage(err)
	return !e.over
}

// level is a plan: the places of the events that any of some events caused.
type level struct {
	places
	links   *index.Links
	parents []parent // ascending
	first   bool     // what may be anything is looked at too
	from    uint64   // what was not asked for yet begins here
	most    int      // of the next piece
	room    int      // how many sequences a piece goes on with
}

// caused reports whether one of the parents caused an event.
func (l *level) caused(ev *event.Event) bool {
	if l.parents[0].sequence == 0 {
		return ev.Cause == l.parents[0].id && !ev.Cause.IsZero()
	}
	i, found := slices.BinarySearchFunc(l.parents, ev.CauseSequence, func(p parent, sequence uint64) int {
		return cmp.Compare(p.sequence, sequence)
	})
	return found && l.parents[i].id == ev.Cause
}

// Next returns the next step.
func (l *level) Next() (index.Step, bool, error) {
	for {
		if step, ok := l.step(); ok {
			return step, true, nil
		}
		if l.from > l.visible {
			return index.Step{}, false, nil
		}
		if err := l.turn(); err != nil {
			return index.Step{}, false, err
		}
	}
}

// turn asks for the next piece: what all parents caused up to a sequence, which is as far as each of them was answered.
func (l *level) turn() error {
	last := l.visible
	l.sequences = l.sequences[:0]
	for _, p := range l.parents {
		first := max(l.from, p.sequence+1)
		if first > last {
			break // effects come behind their causes
		}
		found, upTo, err := l.links.Ascend(l.sequences, index.HashID(index.Cause, p.id), first, last, l.most)
		if err != nil {
			return err
		}
		l.sequences, last = found, upTo
		if len(l.sequences) > 2*l.room {
			last = l.keep(last)
		}
	}
	l.sequences = slices.DeleteFunc(l.sequences, func(sequence uint64) bool { return sequence > last })
	_, last = l.arrange(l.from, last, l.first)
	l.from = last + 1
	l.most = min(8*l.most, mostPiece)
	return nil
}

// mostOfLevel is the room for the sequences of a piece, half a MiB. Those of one parent may be more.
const mostOfLevel = 1 << 16

// keep leaves of the sequences the lowest ones, and returns up to where they are all.
func (l *level) keep(last uint64) uint64 {
	l.sequences = slices.DeleteFunc(l.sequences, func(sequence uint64) bool { return sequence > last })
	if len(l.sequences) <= l.room {
		return last
	}
	slices.Sort(l.sequences)
	l.sequences = l.sequences[:l.room]
	return l.sequences[l.room-1]
}
