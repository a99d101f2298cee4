// This file holds the way of a stored frame into the index.

package query

import (
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/borrow"
	"github.com/batpak/batpak/mmapseg"
)

// Indexer adds the events of frames to tails. It belongs to one goroutine.
type Indexer struct {
	decoder *mmapseg.Decoder
	entry   index.Entry
	event   event.Event
}

// NewIndexer returns an indexer.
func NewIndexer(decoder *mmapseg.Decoder) *Indexer { return &Indexer{decoder: decoder} }

// Add adds the event of a frame, which is borrowed, with its ordinal; ordinals that are passed over become holes. file names the
// segment in the error, which is a [mmapseg.CorruptError]: the frame does not hold what it should, and was not added.
func (x *Indexer) Add(tail *index.Tail, ordinal uint32, f *mmapseg.Frame, file string) error {
	entity, scope, kind, plain := f.Plain()
	if !plain {
		if err := x.decoder.Event(f, file, &x.event); err != nil {
			return err
		}
		tail.AddStored(&x.entry, ordinal, &x.event)
		return nil
	}
	head := index.Head{Clock: f.Clock()}
	head.Hash, _ = f.EventHash()
	place := index.Place{Ordinal: ordinal, Timestamp: f.Timestamp()}
	place.Wall, place.Counter = f.HLC()
	x.entry.FillPlain(borrow.String(entity), borrow.String(scope), kind)
	tail.AddFilled(&x.entry, head, place)
	return nil
}
