// Reading a range of sequences, backwards: in groups that are found through the
// offset table, copied, walked forwards and handed out in reverse.

package mmapseg

import (
	"errors"

	"github.com/batpak/batpak/event"
)

// backwardGroup is how many events a group has at most; the offsets of a group
// are kept in the reader.
const backwardGroup = 64

// groupBytes is more than two of the largest events take. A group that seems to be
// larger has lost its points to damage.
const groupBytes = 4 * event.MaxPayload

// Backward yields the visible event frames of a range from the highest sequence
// to the lowest. It belongs to one goroutine.
type Backward struct {
	set   *Set
	check bool
	first uint64 // lowest sequence wanted
	next  uint64 // highest still wanted; 0: done
	buf   *[]byte

	segment *Segment
	view    Reader // of one frame of the chunk
	base    int64
	chunk   []byte
	offsets [backwardGroup]int32 // in chunk, of the group's frames
	count   int                  // of offsets not handed out yet
	groups  int                  // copied so far
	lowest  uint64               // the group's lowest sequence
	single  bool                 // the group is damaged: one event at a time, from next to lowest
}

// Backward returns a reader of the sequences from last down to first, both
// inclusive, as far as they are visible now.
func (s *Set) Backward(first, last uint64, check bool) *Backward {
	r := s.Reader(first, last, check)
	return &Backward{set: s, check: check, first: r.next, next: r.last, buf: r.buf}
}

// Close gives the reader's buffer back.
func (r *Backward) Close() {
	(&Reader{set: r.set, buf: r.buf}).Close()
	r.buf = nil
}

// Next is [Backward.Step] with a frame of its own; ok is false at the end.
func (r *Backward) Next() (f Frame, segment *Segment, ok bool, err error) {
	return owned(r.Step())
}

// Step returns the event frame before the one that it returned last, as
// [Reader.Step] does.
func (r *Backward) Step() (*Frame, *Segment, error) {
	for r.next >= r.first {
		if r.count == 0 && !r.single {
			if more, err := r.group(); err != nil || !more {
				r.next = 0
				return nil, nil, err
			}
			continue
		}
		if r.single {
			f, segment, ok, err := r.one()
			if err != nil {
				return nil, nil, err
			}
			if ok {
				r.view.frame = f
				return &r.view.frame, segment, nil
			}
			continue
		}
		r.count--
		_ = r.parse(int(r.offsets[r.count]), false) // collect has checked it
		if r.count == 0 {
			r.next = r.lowest - 1
		}
		return &r.view.frame, r.segment, nil
	}
	return nil, nil, nil
}

// one reads the event at r.next by itself, for groups with damage.
func (r *Backward) one() (Frame, *Segment, bool, error) {
	sequence := r.next
	r.next--
	f, segment, buf, err := r.set.Find(sequence, *r.buf, r.check)
	*r.buf = buf
	var corrupt *CorruptError
	switch {
	case errors.As(err, &corrupt): // all at once that the damage took
		corrupt.First, corrupt.Last = min(max(corrupt.First, r.first), sequence), sequence
		r.next = corrupt.First - 1
	case errors.Is(err, ErrNotFound):
		err = nil
	case err != nil:
		r.next = 0
	}
	r.single = r.next >= r.lowest
	return f, segment, err == nil && f.Bytes != nil, err
}

// group copies the frames of the highest sequences that are still wanted.
func (r *Backward) group() (bool, error) {
	i, segment := r.set.find(r.next)
	if segment == nil {
		return false, nil
	}
	if !segment.holds(r.next) { // a gap behind the segment
		r.next = segment.behind.Load() - 1
		if r.next < segment.Floor {
			if i == 0 {
				return false, nil
			}
			r.next = segment.Floor - 1
		}
		return r.next >= r.first, nil
	}
	high := r.next
	low := max(r.first, segment.Floor)
	if high-low >= backwardGroup {
		low = high - backwardGroup + 1
	}
	start, end, low, err := r.span(segment, low, high)
	if err != nil {
		return false, err
	}
	r.segment, r.base, r.lowest = segment, start, low
	if end-start > groupBytes {
		r.single = true
		return true, nil
	}
	if n := int(end - start); cap(*r.buf) < n {
		*r.buf = make([]byte, n)
	}
	r.chunk = (*r.buf)[:end-start]
	err = segment.Read(func() {
		if pages := segment.pages.Load(); r.groups > 1 { // who came that far reads on
			pages.bringBehind(start, end)
		} else {
			pages.bring(start, end)
		}
		copy(r.chunk, segment.read.Bytes()[start:end])
	})
	if err != nil {
		return false, err
	}
	r.groups++
	r.collect(low, high)
	return true, nil
}

// span returns the bytes that hold the events from low to high, and raises low
// where that would be too many bytes.
func (r *Backward) span(s *Segment, low, high uint64) (start, end int64, from uint64, err error) {
	known := r.set.Visible()
	if behind := s.behind.Load(); behind != 0 {
		known = min(known, behind-1)
	}
	err = s.Read(func() {
		points := s.points.Load()
		end = s.End()
		if next := points.after(high, known); next >= HeaderSize {
			end = min(end, next)
		}
		start = max(points.before(low), HeaderSize)
		for end-start > fullChunk && low < high {
			low = high - (high-low)/2
			start = max(points.before(low), HeaderSize)
		}
	})
	return min(start, end), end, low, err
}

// collect notes where the frames of the sequences from low to high stand in the
// chunk; damage, and any that are not there, make the reader look for them one by
// one.
func (r *Backward) collect(low, high uint64) {
	r.count = 0
	for at := 0; at < len(r.chunk); {
		if r.parse(at, r.check) != problemNone {
			break
		}
		f := &r.view.frame
		if f.Type == FrameEvent && f.Sequence() >= low {
			if f.Sequence() != low+uint64(r.count) || f.Sequence() > high {
				break
			}
			r.offsets[r.count] = int32(at)
			r.count++
		}
		at += align(f.Length)
	}
	if r.single = uint64(r.count) != high-low+1; r.single {
		r.count = 0
	}
}

// parse makes the frame at a place in the chunk that of the view.
func (r *Backward) parse(at int, check bool) problem {
	view := &r.view
	view.check, view.segment, view.chunk, view.base, view.at = check, r.segment, r.chunk, r.base, at
	complete, bad := view.parse()
	if !complete {
		return problemLength
	}
	return bad
}
