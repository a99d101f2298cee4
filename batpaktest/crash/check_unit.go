// This file holds the check of units: a batch is there whole or not at all, what a unit claimed is true of the history before it,
// no key is there twice, and causes are what they are said to be.

package crash

import (
	"fmt"

	"github.com/batpak/batpak/event"
)

// unread is the unit that is being read.
type unread struct {
	first  stamp
	at     int // index of its first event
	next   uint8
	items  uint8 // none is left when next is as much
	flags  labelFlags
	before placed
}

// batchFlags are those that all items of a batch share.
const batchFlags = inBatch | unitKeyed | reacts

// over fails unless all of the unit has been read.
func (u *unread) over() error {
	if u.next < u.items {
		return fmt.Errorf("of a batch of %d events there are the first %d", u.items, u.next)
	}
	return nil
}

// begin takes the first event of a unit.
func (u *unread) begin(l *label, s stamp, h *history) error {
	if err := u.over(); err != nil {
		return err
	}
	if l.index != 0 {
		return fmt.Errorf("it is number %d of a batch of %d events, what stands before it is not of that batch", l.index+1, l.items)
	}
	*u = unread{first: s, at: len(h.held), items: max(l.items, 1), flags: l.flags & batchFlags, before: h.now()}
	return nil
}

// inUnit checks an event's place in its unit, its claims and its keys.
func (x *examination) inUnit(ev *event.Event, s stamp) error {
	l, u := &x.label, &x.unit
	if u.next < u.items && l.index > 0 {
		want := stamp{u.first.Lane, u.first.Version + uint32(u.next)}
		if s != want || l.index != u.next || l.items != u.items || l.flags&batchFlags != u.flags || ev.Sequence != x.last.Sequence+1 {
			return fmt.Errorf("it is number %d of a batch of %d events, before it are %d of one of %d", l.index+1, l.items, u.next, u.items)
		}
	} else if err := u.begin(l, s, &x.history); err != nil {
		return err
	}
	u.next++
	for i := range l.claims {
		c := &l.claims[i]
		if text := x.against(c, s.entity(), &u.before); text != "" {
			return fmt.Errorf("it was stored on condition %s; %s", c, text)
		}
	}
	if l.is(itemKeyed) {
		if err := x.name(keyName{Stamp: s}, len(x.held)); err != nil {
			return err
		}
	}
	if l.is(unitKeyed) && l.index == 0 {
		return x.name(keyName{s, true}, len(x.held))
	}
	return nil
}

// name notes what has a key.
func (h *history) name(key keyName, at int) error {
	if other, ok := h.keys[key]; ok {
		return fmt.Errorf("its idempotency key is that of sequence %d, too", h.held[other].Sequence)
	}
	if h.keys == nil {
		h.keys = make(map[keyName]int)
	}
	h.keys[key] = at
	return nil
}

// cause checks what an event says of its cause, and of its conversation.
func (x *examination) cause(ev *event.Event) error {
	if ev.Cause.IsZero() {
		if ev.Position.Depth != 0 || ev.CauseSequence != 0 {
			return fmt.Errorf("depth %d without a cause", ev.Position.Depth)
		}
		return x.correlation(ev, ev.ID)
	}
	i := x.find(ev.CauseSequence)
	if i < 0 || x.held[i].ID != ev.Cause {
		return fmt.Errorf("its cause %s is not at sequence %d", ev.Cause, ev.CauseSequence)
	}
	if c := x.label.cause; c != 0 && i != x.unit.at+int(c)-1 {
		return fmt.Errorf("its cause is at sequence %d, appended was item %d of its batch, from 1", ev.CauseSequence, c)
	}
	if want := x.facts[i].depth + 1; ev.Position.Depth != want {
		return fmt.Errorf("its depth is %d, its cause has %d", ev.Position.Depth, want-1)
	}
	if x.label.is(reacts) {
		return x.correlation(ev, x.facts[i].correlation)
	}
	return x.correlation(ev, ev.ID)
}

func (x *examination) correlation(ev *event.Event, want event.ID) error {
	if ev.Correlation != want {
		return fmt.Errorf("its correlation is %s, must be %s", ev.Correlation, want)
	}
	return nil
}

// endsUnit reports whether an event with this label is the last one of its unit.
func (l *label) endsUnit() bool { return l.zero() || l.index+1 == l.items }
