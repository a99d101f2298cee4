// Finding the begin frame of a batch from the batch's first event: it ends where that event begins, and has one of few
// sizes, so that nothing before it has to be read.

package mmapseg

import (
	"fmt"

	"github.com/batpak/batpak/event"
)

// The room that a batch's begin frame takes, without a key and with the longest one.
const (
	minBatchBegin = (framePrefix + 17 + FrameAlign - 1) &^ (FrameAlign - 1)
	maxBatchBegin = (framePrefix + 17 + event.MaxKey + 32 + FrameAlign - 1) &^ (FrameAlign - 1)
)

// BatchBegin returns the begin frame of the batch whose first event is first, a frame of this segment that was
// checked. ok is false if no begin frame with that event's sequence ends where the event begins: the
// event is no first one, or the frame's header is damaged. What is around does not matter, and some 300 bytes are read.
//
// Errors: a [CorruptError] if there is a begin frame with a sound header and it is damaged; [ErrSegmentClosed];
// fault.ErrMapFault when the device could not give the bytes.
func (s *Segment) BatchBegin(first *Frame) (b BatchBegin, ok bool, err error) {
	if !first.InBatch() || first.Type != FrameEvent {
		return b, false, nil
	}
	var copied [maxBatchBegin]byte
	from := max(first.Offset-maxBatchBegin, HeaderSize)
	n := first.Offset - from
	err = s.Read(func() {
		s.pages.Load().bring(from, first.Offset)
		copy(copied[:], s.read.Bytes()[from:first.Offset])
	})
	if err != nil {
		return b, false, err
	}
	// The longest is the one: a shorter one could only stand in its key.
	for at := int64(0); at+minBatchBegin <= n; at += FrameAlign {
		p, bad := parsePrefix(copied[at:n], s.Salt, from+at, n-at)
		if bad != problemNone || p.kind != FrameBatchBegin || int64(p.aligned()) != n-at {
			continue
		}
		b, err = s.batchBegin(&p, copied[at:n], from+at, first.Sequence())
		return b, err == nil, err
	}
	return b, false, nil
}

// batchBegin checks the rest of a begin frame whose header is sound.
func (s *Segment) batchBegin(p *prefix, frame []byte, offset int64, sequence uint64) (BatchBegin, error) {
	f, bad := p.frame(frame, s.Salt, offset)
	if bad != problemNone {
		return BatchBegin{}, &CorruptError{Segment: s.name, Offset: offset, First: sequence, Last: sequence, Problem: string(bad)}
	}
	if err := f.known(s.name); err != nil {
		return BatchBegin{}, err
	}
	b, err := DecodeBatchBegin(&f, s.name)
	if err == nil && b.FirstSequence != sequence {
		err = contentError(&f, s.name, fmt.Sprintf("goes on with sequence %d, the event behind it has %d", b.FirstSequence, sequence))
	}
	return b, err
}
