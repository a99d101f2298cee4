// Reading a range of sequences, forwards. Frames are copied out of the mapping in
// chunks: one guarded copy for many frames, and what is checked and handed out
// can't change or fault any more. Between chunks nothing is pinned, so that a
// reader that is left alone keeps nobody waiting.

package mmapseg

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/internal/fault"
)

const (
	firstChunk = 8 << 10  // bytes; a short read copies little
	fullChunk  = 64 << 10 // stays in the cache of a core
)

// Reader yields the visible event frames of a range in the order of their
// sequences. It belongs to one goroutine.
type Reader struct {
	set   *Set
	check bool
	next  uint64 // lowest sequence still wanted
	last  uint64 // highest
	buf   *[]byte

	segment *Segment
	chunk   []byte // copied bytes
	base    int64  // offset of chunk[0] in the segment
	at      int    // in chunk: the next frame
	want    int    // bytes of the next copy
}

// Reader returns a reader of the sequences from first to last, both inclusive,
// as far as they are visible now. check asks for every checksum to be verified.
func (s *Set) Reader(first, last uint64, check bool) *Reader {
	buf, _ := s.buffers.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	return &Reader{set: s, check: check, next: max(first, 1), last: min(last, s.Visible()), buf: buf, want: firstChunk}
}

// Close gives the reader's buffer back. Frames that it returned are not valid
// any more.
func (r *Reader) Close() {
	if r.buf != nil && cap(*r.buf) <= 4*fullChunk {
		r.set.buffers.Put(r.buf)
	}
	r.buf = nil
}

// Next returns the next event frame and its segment; the frame is valid until the
// next call. ok is false at the end. After a [CorruptError], which names the
// sequences that it skips, reading may go on behind the damage; after any other
// error it is over.
func (r *Reader) Next() (f Frame, segment *Segment, ok bool, err error) {
	for r.next <= r.last {
		if r.segment == nil {
			if ok, err := r.seek(); err != nil || !ok {
				return Frame{}, nil, false, err
			}
		}
		f, complete, bad := r.parse()
		if !complete {
			if err := r.refill(); err != nil {
				return Frame{}, nil, false, err
			}
			continue
		}
		if bad != problemNone {
			return Frame{}, nil, false, r.damage(bad)
		}
		r.at += align(f.Length)
		if f.Type != FrameEvent {
			if err := f.known(r.segment.Name()); err != nil {
				r.next = r.last + 1
				return Frame{}, nil, false, err
			}
			continue
		}
		sequence := f.Sequence()
		if sequence < r.next {
			continue
		}
		if sequence > r.last {
			break
		}
		r.next = sequence + 1
		return f, r.segment, true, nil
	}
	return Frame{}, nil, false, nil
}

// parse looks at the frame at r.at. complete is false when the chunk ends first.
func (r *Reader) parse() (f Frame, complete bool, bad problem) {
	b := r.chunk[r.at:]
	if len(b) < framePrefix {
		return Frame{}, false, problemNone
	}
	first := leWord(b)
	length := int(first >> 32)
	room := r.segment.End() - r.base - int64(r.at)
	if uint16(first) != frameMagic || length < framePrefix || int64(length) > room-int64(align(length)-length) {
		return Frame{}, true, problemMagic
	}
	if align(length) > len(b) {
		return Frame{}, false, problemNone
	}
	b = b[:align(length)]
	if r.check {
		f, bad = parseFrame(b, r.segment.Salt, r.base+int64(r.at), int64(len(b)))
		return f, true, bad
	}
	f = uncheckedFrame(b, r.base+int64(r.at), length)
	if f.Type == FrameEvent && length < minEventLength {
		return f, true, problemContent
	}
	return f, true, problemNone
}

// seek finds the segment that holds r.next, or the first one behind it.
func (r *Reader) seek() (bool, error) {
	i, segment := r.set.find(r.next)
	if segment == nil || !segment.holds(r.next) {
		list := r.set.Segments()
		if i+1 >= len(list) {
			return false, nil
		}
		segment = list[i+1]
		if segment.Floor > r.last {
			return false, nil
		}
		r.next = segment.Floor
	}
	start := int64(0)
	err := segment.pinned(func() { start = segment.points.Load().before(r.next) })
	if err != nil {
		return false, err
	}
	r.segment, r.base, r.at, r.chunk = segment, max(start, HeaderSize), 0, nil
	return true, nil
}

// refill copies the next bytes, beginning with the frame at r.at.
func (r *Reader) refill() error {
	offset := r.base + int64(r.at)
	end := r.segment.End()
	if offset >= end {
		return r.leave()
	}
	want := r.want
	if left := r.chunk[r.at:]; len(left) >= framePrefix {
		want = max(want, align(int(leWord(left)>>32)))
	} else if len(left) > 0 {
		want = max(want, fullChunk)
	}
	n := int(min(int64(want), end-offset))
	if cap(*r.buf) < n {
		*r.buf = make([]byte, n)
	}
	r.chunk = (*r.buf)[:n]
	err := r.segment.pinned(func() { copy(r.chunk, r.segment.read.Bytes()[offset:]) })
	if err != nil {
		return err
	}
	r.base, r.at = offset, 0
	r.want = min(r.want*4, fullChunk)
	return nil
}

// leave goes on behind the present segment.
func (r *Reader) leave() error {
	behind := r.segment.behind.Load()
	if behind == 0 || behind > r.last {
		// The segment ends before the range does: its last events are missing.
		missing := r.next
		r.next = r.last + 1
		return &CorruptError{Segment: r.segment.Name(), Offset: r.segment.End(), First: missing, Last: r.last, Problem: "events are missing at the end"}
	}
	if behind > r.next {
		missing := r.next
		name := r.segment.Name()
		r.next, r.segment = behind, nil
		return &CorruptError{Segment: name, Offset: r.base, First: missing, Last: behind - 1, Problem: "events are missing at the end"}
	}
	r.segment = nil
	return nil
}

// damage goes on behind bytes that are no sound frame and says what was skipped.
func (r *Reader) damage(bad problem) error {
	s := r.segment
	offset := r.base + int64(r.at)
	corrupt := &CorruptError{Segment: s.Name(), Offset: offset, First: r.next, Problem: string(bad)}
	end := s.End()
	scanner := NewScanner(NewFileWindow(s.file, end), s.Salt, s.Name(), offset, end)
	for {
		more, err := scanner.Resync()
		if err != nil {
			r.next = r.last + 1
			return err
		}
		if !more {
			break
		}
		f, ok, err := scanner.Next()
		if err != nil {
			r.next = r.last + 1
			return err
		}
		if ok && f.Type == FrameEvent && f.Sequence() >= r.next {
			corrupt.Last = f.Sequence() - 1
			r.base, r.at, r.chunk, r.next = f.Offset, 0, nil, f.Sequence()
			return corrupt
		}
		if ok {
			scanner.MoveTo(f.Offset)
		}
	}
	corrupt.Last = r.last
	if behind := s.behind.Load(); behind != 0 && behind <= r.last {
		corrupt.Last = behind - 1
	}
	r.next, r.segment = corrupt.Last+1, nil
	return corrupt
}

// pinned runs fn, which reads mapped bytes, with the segment pinned and faults
// turned into errors.
func (s *Segment) pinned(fn func()) error {
	if !s.pin() {
		return ErrSegmentClosed
	}
	defer s.unpin()
	if err := fault.Guard(fn); err != nil {
		return fmt.Errorf("read %s: %w", s.Name(), err)
	}
	return nil
}

// IsDamage reports whether reading may go on behind err.
func IsDamage(err error) bool {
	var corrupt *CorruptError
	return errors.As(err, &corrupt)
}
