// The index of what is not sealed, as opening finds it: built from the frames that
// recovery reads.

package engine

import (
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// tails builds the index of every segment whose events it is shown.
type tails struct {
	decoder *mmapseg.Decoder
	built   map[*recovery.Segment]*index.Tail

	segment *recovery.Segment // of the last event
	tail    *index.Tail
	entry   index.Entry
	event   event.Event
}

// add takes one event; it is what recovery calls.
func (t *tails) add(s *recovery.Segment, f *mmapseg.Frame) error {
	if s != t.segment {
		t.segment, t.tail = s, index.NewTail(s.Header.Size)
		t.built[s] = t.tail
	}
	if err := t.decoder.Event(f, s.Header.Name(), &t.event); err != nil {
		return err
	}
	t.tail.AddStored(&t.entry, uint32(f.Sequence()-s.Contents.Floor), &t.event)
	return nil
}

// of returns the index of a segment that has no footer. Events that its frames should
// hold and don't are noted as unknown.
func (t *tails) of(s *recovery.Segment) *index.Tail {
	tail := t.built[s]
	if tail == nil {
		tail = index.NewTail(s.Header.Size)
	}
	most := uint64(s.Header.Size / mmapseg.MinEventSize)
	if expected := min(s.Last+1-s.Contents.Floor, most); s.Ended && uint64(tail.Events()) < expected {
		tail.Hole(tail.Events(), uint32(expected-1))
	}
	return tail
}
