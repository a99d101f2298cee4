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

// Batch is what an event has of being the first one of its batch.
type Batch struct {
	Key  string // of the batch, in its begin frame; empty: none, or it is not the first one
	Lost bool   // the begin frame can't be read, so that the batch may have any key
}

// Add adds the event of a frame, which is borrowed, with its ordinal; ordinals that are passed over become holes. file names the
// segment in the error, which is a [mmapseg.CorruptError]: the frame does not hold what it should, and was not added.
func (x *Indexer) Add(tail *index.Tail, ordinal uint32, f *mmapseg.Frame, batch Batch, file string) error {
	entity, scope, kind, plain := f.Plain()
	head := index.Head{Clock: f.Clock()}
	head.Hash, _ = f.EventHash()
	if plain {
		x.entry.FillPlain(borrow.String(entity), borrow.String(scope), kind)
	} else {
		if err := x.decoder.Event(f, file, &x.event); err != nil {
			return err
		}
		x.entry.FillEvent(&x.event)
	}
	switch {
	case batch.Lost:
		x.entry.LoseKey()
	case batch.Key != "":
		x.entry.AddKey(batch.Key)
	}
	place := index.Place{Ordinal: ordinal, Timestamp: f.Timestamp()}
	place.Wall, place.Counter = f.HLC()
	tail.AddFilled(&x.entry, head, place)
	return nil
}
