// This file holds the quick way of most events through a chunk: those without optional fields, of an entity that the chunk has met. It only
// ever finds that an event holds; whatever else there is to say is left to the other way.

package chain

import (
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// bare verifies an event and reports whether it holds. If not nothing has changed, and it is to be verified in the other way, which
// tells why, or finds that it holds.
func (w *worker) bare(f *mmapseg.Frame) bool {
	b, ok := f.Bare()
	if !ok {
		return false
	}
	i, known := w.entities[string(b.Entity)]
	if !known {
		return false
	}
	p := w.part
	s := &p.seen[i]
	hash, _ := f.EventHash()
	id := f.ID()
	wall, counter := f.HLC()
	now := ancestor{f.Sequence(), f.Clock(), hash}
	at := moment{wall, counter}
	if string(b.Scope) != s.at.Scope() || now.clock != s.last.clock+1 || !p.last.before(at) || p.events == 0 {
		return false
	}
	d, link := &w.draft, &w.link
	d.Coordinate, d.Kind, d.Codec, d.Flags = s.at, b.Kind, b.Codec, b.Flags
	link.Digest, w.linker.scratch = event.Digest(w.linker.scratch, d, event.PayloadHash(b.Payload))
	link.Prev, link.ID, link.Timestamp, link.Sequence, link.Clock = s.last.hash, id, f.Timestamp(), now.sequence, now.clock
	link.Wall, link.Counter = wall, counter
	if link.Hash() != hash {
		return false
	}
	s.last, p.last = now, at
	w.causes.known = append(w.causes.known, causing{id: id, inBatch: f.InBatch()})
	w.hold(hash, len(b.Payload))
	return true
}
