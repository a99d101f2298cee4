// This file holds the hash of one stored event, computed anew.

package chain

import (
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// linker computes what the hash of an event covers. It belongs to one goroutine.
type linker struct {
	draft   event.Draft
	scratch []byte
}

// link returns what the hash of the event covers, but for the hash of the entity's event before, which is left zero. payload is
// the hash of its payload.
func (k *linker) link(ev *event.Event, payload event.Hash) event.Link {
	k.draft = ev.Draft()
	var digest event.Hash
	digest, k.scratch = event.Digest(k.scratch, &k.draft, payload)
	return ev.Link(event.Hash{}, digest)
}

// content returns what the hash of an event covers, but for the hash of the entity's event before, which is left zero, and checks what beside
// it is derived from that. f is the event's frame, nil: that is read if it is needed. The error is an [Error] if something does not hold.
func (c *Chain) content(k *linker, ev *event.Event, f *mmapseg.Frame) (event.Link, error) {
	if f == nil && (ev.Tombstone || ev.Key != "") {
		own, err := c.frame(ev)
		if err != nil {
			return event.Link{}, err
		}
		f = &own
	}
	if ev.Hash.IsZero() {
		return event.Link{}, fault(ev, Hash, "it has no hash")
	}
	var payload event.Hash
	if !ev.Tombstone {
		payload = event.PayloadHash(ev.Payload)
	} else if hash, _, ok := f.Tombstone(); ok {
		payload = hash
	} else {
		return event.Link{}, fault(ev, Hash, "a tombstone without the hash of its payload")
	}
	link := k.link(ev, payload)
	if ev.Key != "" {
		if _, request, ok := f.Key(); !ok || request != link.Digest {
			return link, fault(ev, Request, "the digest beside its idempotency key is %s, that of the event is %s", request, link.Digest)
		}
	}
	return link, nil
}

// frame reads the frame of a visible event. The error is an [Error] if it is damaged.
func (c *Chain) frame(ev *event.Event) (mmapseg.Frame, error) {
	f, _, _, err := c.Set.Find(ev.Sequence, nil, true)
	if mmapseg.IsDamage(err) {
		e := fault(ev, Damaged, "it can't be read")
		e.Err = err
		return f, e
	}
	return f, c.translate(err)
}

// ancestor is an entity's event before another one.
type ancestor struct {
	sequence uint64
	clock    uint64 // 0: there is none
	hash     event.Hash
}

// predecessor finds the event before ev in its entity, and checks that it is the one: that its clock is one less. The error is
// an [Error] where it is not, or can't be read.
func (c *Chain) predecessor(ev *event.Event) (found ancestor, err error) {
	region, any := before(ev)
	var damage error
	if any {
		for p, err := range c.Query(region, true, 1) {
			switch {
			case err != nil && damaged(1, err) == nil:
				return found, c.translate(err)
			case err != nil:
				damage = err // it may have held events of others
				continue
			}
			found = ancestor{p.Sequence, p.Position.Clock, p.Hash}
			break
		}
	}
	return c.judge(ev, found, damage)
}

// judge returns the event before ev, given the one that was found, if the clocks follow each other; and the one that was
// dropped where the frame says so. damage is what lay on the way.
func (c *Chain) judge(ev *event.Event, found ancestor, damage error) (ancestor, error) {
	if ev.Position.Clock == found.clock+1 {
		return found, nil
	}
	if damage != nil && ev.Position.Clock > found.clock {
		e := fault(ev, Damaged, "the event before it in its entity can't be read")
		e.Err = damage
		return found, e
	}
	f, err := c.frame(ev)
	if err != nil {
		return found, err
	}
	if prev, ok := f.PrevHash(); ok && ev.Position.Clock > found.clock {
		return ancestor{clock: ev.Position.Clock - 1, hash: prev}, nil
	}
	return found, clockFault(ev, found.clock)
}

// clockFault is the error of an event whose clock does not follow one, 0 for none.
func clockFault(ev *event.Event, behind uint64) *Error {
	if behind == 0 {
		return fault(ev, Clock, "clock %d without an event of the entity before", ev.Position.Clock)
	}
	return fault(ev, Clock, "clock %d behind clock %d", ev.Position.Clock, behind)
}

// hashFault is the error of an event that has another hash than it must have.
func hashFault(ev *event.Event, want event.Hash) *Error {
	return fault(ev, Hash, "it has the hash %s, content and event before make %s", ev.Hash, want)
}

// verify checks one event behind the one before it in its entity.
func (c *Chain) verify(k *linker, ev *event.Event, behind ancestor) error {
	link, err := c.content(k, ev, nil)
	if err != nil {
		return err
	}
	link.Prev = behind.hash
	if want := link.Hash(); ev.Hash != want {
		return hashFault(ev, want)
	}
	return nil
}
