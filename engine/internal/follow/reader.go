// This file holds Reader: reading a region on and on from a position.
//
// States of a reader: idle, at a position up to which everything was looked at -> reading the range from there to what was
// visible when it began -> idle. Stop ends it.

package follow

import (
	"context"
	"errors"
	"math"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// Walk goes through the events of a region, one range of sequences after the other. It waits in no goroutine, so that one that
// is left alone in the middle of a range outlives nothing.
type Walk interface {
	// Begin begins a range, both ends included and visible, and ends the one before.
	Begin(from, to uint64)
	// Next returns the next event of the range in the order of the sequences, valid until the next call of any method, or an
	// error in the place of those that can't be read; false: the range is over, as it is after an error that is no damage.
	Next() (ev event.Event, ok bool, err error)
	// Stop ends the range.
	Stop()
}

// Events makes a walk over the events of a region.
type Events func(region event.Region) Walk

// Reader reads the events of a region in their order, each once, from a position on. Between two ranges it holds nothing.
// It belongs to one goroutine at a time.
type Reader struct {
	hub   *Hub
	walk  Walk
	watch *index.Watch

	position uint64 // everything up to it was looked at and is behind
	upTo     uint64 // end of the range that is being read; 0: none is
	visible  uint64 // what was visible when it began
}

// NewReader returns a reader of what comes after a sequence.
func NewReader(hub *Hub, events Events, region event.Region, after uint64) *Reader {
	return &Reader{hub: hub, walk: events(region), watch: index.NewWatch(region), position: after}
}

// Position returns the sequence up to which everything of the region was returned.
func (r *Reader) Position() uint64 { return r.position }

// Watch returns the watch of the reader's region, which any goroutine may use.
func (r *Reader) Watch() *index.Watch { return r.watch }

// Reading reports whether the reader is in the middle of a range, of which it holds some frames.
func (r *Reader) Reading() bool { return r.upTo != 0 }

// MoveTo makes the reader go on behind a sequence, whichever it was at.
func (r *Reader) MoveTo(after uint64) {
	r.Stop()
	r.position = after
}

// Stop lets go of the range that is being read. The reader may go on afterwards.
func (r *Reader) Stop() {
	r.walk.Stop()
	r.upTo = 0
}

// Poll returns the next event, if one is visible. It does not wait. The event is valid until the next call of any method. An
// error stands in the place of an event: after one that is damage the next call goes on behind it, after any other one it tries
// again.
func (r *Reader) Poll() (ev event.Event, ok bool, err error) {
	for {
		if err := r.hub.Ended(); err != nil {
			r.Stop()
			return event.Event{}, false, err
		}
		if r.upTo == 0 && !r.begin() {
			return event.Event{}, false, nil
		}
		ev, ok, err := r.walk.Next()
		switch {
		case err != nil:
			r.fail(err)
			return event.Event{}, false, err
		case ok:
			r.position = ev.Sequence
			return ev, true, nil
		}
		r.position = max(r.position, r.upTo)
		r.Stop()
	}
}

// fail notes what an error says of the range.
func (r *Reader) fail(err error) {
	var corrupt *mmapseg.CorruptError
	if !errors.As(err, &corrupt) {
		r.Stop()
		return
	}
	if r.position = max(r.position, min(corrupt.Last, r.visible)); r.position >= r.upTo && r.hub.static == nil {
		r.Stop()
	}
}

// fewSequences is up to how many are looked at one by one, which is sooner done than planning a query.
const fewSequences = 16

// begin begins the next range; false: nothing is to be read.
func (r *Reader) begin() bool {
	visible := r.hub.Visible()
	r.visible = visible
	switch {
	case visible <= r.position:
		return false
	case r.hub.static != nil: // it may be damaged, also behind the end, and what is unsealed knows nothing of that
		r.upTo = visible
		r.walk.Begin(r.position+1, math.MaxUint64)
		return true
	case visible-r.position > fewSequences:
		if !r.hub.MayHave(r.watch, r.position, visible) {
			r.position = visible
			return false
		}
		r.upTo = visible
	default:
		for !r.hub.MayHave(r.watch, r.position, r.position+1) {
			if r.position++; r.position == visible {
				return false
			}
		}
		r.upTo = r.position + 1
	}
	r.walk.Begin(r.position+1, r.upTo)
	return true
}

// Wait returns when there may be an event to be read, ctx ends, or the hub is closed.
func (r *Reader) Wait(ctx context.Context) error {
	_, err := r.hub.Await(ctx, r.watch, r.position)
	return err
}

// Next is Poll that waits until there is an event, ctx ends, or the hub is closed.
func (r *Reader) Next(ctx context.Context) (event.Event, error) {
	for {
		if ev, ok, err := r.Poll(); ok || err != nil {
			return ev, err
		}
		if err := r.Wait(ctx); err != nil {
			return event.Event{}, err
		}
	}
}
