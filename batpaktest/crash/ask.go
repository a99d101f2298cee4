// This file holds the check of the other ways in which events can be asked for: they give what reading them all gave.

package crash

import (
	"fmt"

	"github.com/batpak/batpak/engine"
)

// asked asks for the events in the other ways that there are.
func (x *examination) asked() error {
	for i := range coordinates {
		n, entity := 0, coordinates[i].Entity()
		for ev, err := range x.store.Stream(entity, engine.ReadOptions{}) {
			for n < len(x.held) && x.held[n].Stamp.entity() != i {
				n++
			}
			if err != nil || n == len(x.held) || entryOf(&ev) != x.held[n] {
				return fmt.Errorf("the stream of %s gives sequence %d, %s, error %v", entity, ev.Sequence, ev.ID, err)
			}
			n++
		}
		for ; n < len(x.held); n++ {
			if x.held[n].Stamp.entity() == i {
				return fmt.Errorf("the stream of %s ends before sequence %d", entity, x.held[n].Sequence)
			}
		}
		if clock, err := x.store.Clock(entity); err != nil || clock != x.heads[i].Clock {
			return fmt.Errorf("the clock of %s is %d, error %v; its newest event has %d", entity, clock, err, x.heads[i].Clock)
		}
	}
	if err := x.linked(); err != nil {
		return err
	}
	if x.hashing {
		if err := x.chained(x.view.heads()); err != nil {
			return err
		}
	}
	for i := range areas {
		if (i+len(x.held))%8 == 0 {
			if err := x.selected(&areas[i]); err != nil {
				return err
			}
		}
	}
	for i := 0; i < len(x.held); i += 1 + len(x.held)/8 {
		ev, err := x.store.Get(x.held[i].ID)
		if err != nil || entryOf(&ev) != x.held[i] {
			return fmt.Errorf("the id of sequence %d gives sequence %d, error %v", x.held[i].Sequence, ev.Sequence, err)
		}
		if ev, err = x.store.At(x.held[i].Sequence); err != nil || entryOf(&ev) != x.held[i] {
			return fmt.Errorf("sequence %d gives %s, error %v", x.held[i].Sequence, ev.ID, err)
		}
	}
	return nil
}

// selected asks for the events of an area.
func (x *examination) selected(a *area) error {
	n := 0
	next := func() {
		for n < len(x.held) && !a.has(x.held[n].Stamp, x.facts[n].clock) {
			n++
		}
	}
	for ev, err := range x.store.Query(a.region, engine.ReadOptions{}) {
		next()
		if err != nil || n == len(x.held) || entryOf(&ev) != x.held[n] {
			return fmt.Errorf("of %s there is sequence %d, %s, error %v", a.region, ev.Sequence, ev.ID, err)
		}
		n++
	}
	if next(); n < len(x.held) {
		return fmt.Errorf("what is of %s ends before sequence %d", a.region, x.held[n].Sequence)
	}
	return nil
}
