// This file holds the check of named cursors in a store of which all is known: each is where it may be, and returns what is behind
// that, all of it and nothing else.

package crash

import (
	"fmt"
	"math/rand/v2"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// follower reads with a cursor what a history holds.
type follower struct {
	*tracked
	*history
	at int // index of the event to look at next
}

// positions checks where the named cursors of a store are, without using them.
func (v *view) positions(store *engine.Store, held *history) error {
	found, err := store.Cursors()
	if err != nil {
		return fmt.Errorf("list cursors: %w", err)
	}
	var there [len(names)]bool
	for i := range found {
		info := &found[i]
		index := cursorNamed(info.Name)
		if index < 0 {
			return fmt.Errorf("there is a cursor %q, which nobody made", info.Name)
		}
		if there[index] = true; info.Err != nil {
			return fmt.Errorf("cursor %.10q: %w", info.Name, info.Err)
		}
		s := v.standing(index)
		if index == reactorCursor {
			if err := held.reactedUpTo(s.Sure, info.Acked); err != nil {
				return err
			}
			continue
		}
		if text := s.wrong(stand{Acked: info.Acked}); text != "" {
			return fmt.Errorf("cursor %.10q: %s", info.Name, text)
		}
	}
	for i := range names {
		if s := v.standing(i); !there[i] && !s.mayBe(true) {
			return fmt.Errorf("cursor %.10q is gone, it was at %s", names[i], s.Sure)
		}
	}
	return nil
}

func cursorNamed(name string) int {
	for i := range names {
		if names[i] == name {
			return i
		}
	}
	return -1
}

// follow uses some of the cursors, as many as are asked for: what each returns is what the history holds.
func (x *trying) follow(h *history, v *view, store *engine.Store, killed func() bool, seed uint64, most int, to *list) error {
	r := rand.New(rand.NewPCG(seed, 300))
	for _, index := range r.Perm(reactorCursor)[:most] {
		f := &follower{history: h, tracked: v.track(store, index, to, x.tally, func(error) bool { return killed() })}
		if err := f.use(r); err != nil && err != errStopped {
			if killed() {
				return nil
			}
			return err
		}
	}
	return nil
}

// use opens the cursor, reads with it, acknowledges, and sometimes does something else to it.
func (f *follower) use(r *rand.Rand) error {
	start, fresh := uint64(0), f.stand.mayBe(true) && !f.stand.mayBe(false)
	if n := len(f.held); n > 0 && r.IntN(4) == 0 {
		start = f.held[r.IntN(n)].Sequence
	}
	if err := f.open(&areas[r.IntN(len(areas))], start); err != nil {
		return err
	}
	for f.at < len(f.held) && f.held[f.at].Sequence <= f.from {
		f.at++
	}
	most := len(f.held) + 8
	if r.IntN(4) == 0 {
		most = r.IntN(8)
	}
	if err := f.read(most, fresh); err != nil {
		return err
	}
	if r.IntN(2) == 0 {
		to := f.behind
		if acked := f.stand.Sure.Acked; to > acked && r.IntN(2) == 0 {
			to = acked + r.Uint64N(to-acked+1)
		}
		if err := f.ack(to); err != nil {
			return err
		}
	}
	switch r.IntN(12) {
	case 0:
		return f.remove()
	case 1:
		if err := f.reset(start); err != nil {
			return err
		}
	case 2:
		if err := f.refuses(f.store.Stats().Staged + 1); err != nil {
			return err
		}
	}
	return f.close()
}

// read reads so many steps, or to the end. A cursor that is fresh tells of no loss.
func (f *follower) read(most int, fresh bool) error {
	for range most {
		ev, ok, err := f.cursor.Poll()
		if err == nil && !ok {
			return f.ended()
		}
		if err == nil {
			if err := f.expected(&ev); err != nil {
				return err
			}
		}
		lost, err := f.returned(&ev, err)
		switch {
		case err != nil:
			return err
		case lost && fresh:
			return f.broken("tells of the loss up to %d, it is new", f.behind)
		case lost:
			if n := f.next(); n < len(f.held) && f.held[n].Sequence < f.behind {
				return f.broken("tells of the loss up to %d before it returns sequence %d", f.behind, f.held[n].Sequence)
			}
		default:
			f.at++
		}
	}
	return nil
}

// next returns the index of the next event of the area.
func (f *follower) next() int {
	for f.at < len(f.held) && !f.area.has(f.held[f.at].Stamp, f.facts[f.at].clock) {
		f.at++
	}
	return f.at
}

// expected fails unless the event is the next one.
func (f *follower) expected(ev *event.Event) error {
	switch n := f.next(); {
	case n == len(f.held):
		return f.broken("returns sequence %d, %s, behind all that is of %s", ev.Sequence, ev.ID, f.area.region)
	case entryOf(ev) != f.held[n]:
		return f.broken("returns sequence %d, %s, next of %s is %d, %s", ev.Sequence, ev.ID, f.area.region, f.held[n].Sequence, f.held[n].ID)
	}
	return nil
}

// ended fails unless everything was returned.
func (f *follower) ended() error {
	if n := f.next(); n < len(f.held) {
		return f.broken("ends before sequence %d of %s", f.held[n].Sequence, f.area.region)
	}
	top := f.store.Stats().Visible
	if err := f.past(top + 1); err != nil {
		return err
	}
	if p := f.cursor.Position(); p < f.behind || p > top {
		return f.broken("has returned all up to %d, says that it is at %d; visible is %d", f.behind, p, top)
	}
	return nil
}
