// Reading a range of sequences, forwards. Frames are copied out of the mapping in
// chunks: one guarded copy for many frames, and what is checked and handed out
// can't change or fault any more. Between chunks nothing is pinned, so that a
// reader that is left alone keeps nobody waiting.

package mmapseg

import (
	"errors"
	"math"
	"runtime"
)

const (
	firstChunk = 8 << 10  // bytes; a short read copies little
	fullChunk  = 64 << 10 // stays in the cache of a core
	// yieldAfter is after how many bytes a reader offers the processor to others: some 300 us of reading. The offer takes
	// up to 4 us.
	yieldAfter = 1 << 20
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
	copied  int64  // bytes since the processor was offered to others
	hinted  bool   // a point led to base, and no event has shown yet that it was right
	spent   int64  // bytes of the segment's frames that were not sound
	frame   Frame  // at r.at, once it was parsed
	window  Window // over the segment's file, once there was damage
}

// Reader returns a reader of the sequences from first to last, both inclusive,
// as far as they are visible now. check asks for every checksum to be verified.
func (s *Set) Reader(first, last uint64, check bool) *Reader {
	buf, _ := s.buffers.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	last = min(last, s.Visible(), math.MaxUint64-1) // so that there is one behind it
	return &Reader{set: s, check: check, next: max(first, 1), last: last, buf: buf, want: firstChunk}
}

// Close gives the reader's buffer back. Frames that it returned are not valid
// any more.
func (r *Reader) Close() {
	if r.buf != nil && cap(*r.buf) <= 4*fullChunk {
		r.set.buffers.Put(r.buf)
	}
	r.buf = nil
}

// Next is [Reader.Step] with a frame of its own; ok is false at the end.
func (r *Reader) Next() (f Frame, segment *Segment, ok bool, err error) {
	return owned(r.Step())
}

// owned makes of what a step returns what Next does.
func owned(f *Frame, segment *Segment, err error) (Frame, *Segment, bool, error) {
	if f == nil {
		return Frame{}, nil, false, err
	}
	return *f, segment, true, nil
}

// Step returns the next event frame and its segment; the frame is valid until the
// next call, and nil at the end and beside an error. After a [CorruptError], which names the
// sequences that it skips, reading may go on behind the damage; after any other
// error it is over.
func (r *Reader) Step() (*Frame, *Segment, error) {
	for r.next <= r.last {
		if r.segment == nil {
			if ok, err := r.seek(); err != nil || !ok {
				return nil, nil, r.over(err)
			}
		}
		f := &r.frame
		complete, bad := r.parse()
		if !complete {
			if err := r.refill(); err != nil {
				return nil, nil, r.over(err)
			}
			continue
		}
		if bad != problemNone {
			if err := r.damage(bad); err != nil {
				return nil, nil, r.over(err)
			}
			continue
		}
		if err := f.known(r.segment.name); err != nil {
			return nil, nil, r.over(err)
		}
		if f.Type != FrameEvent {
			r.at += align(f.Length)
			continue
		}
		sequence := f.Sequence()
		if r.hinted && sequence > r.next {
			r.rewind()
			continue
		}
		r.hinted = false
		r.at += align(f.Length)
		if sequence < r.next {
			continue
		}
		if sequence > r.last {
			r.next = r.last + 1
			break
		}
		r.next = sequence + 1
		return f, r.segment, nil
	}
	return nil, nil, nil
}

// over ends reading after any error but damage.
func (r *Reader) over(err error) error {
	if !IsDamage(err) {
		r.next = r.last + 1
	}
	return err
}

// rewind goes back to the segment's first frame: the point that was followed led
// astray. Points are derived, and no event is given up for one.
func (r *Reader) rewind() { r.hinted, r.base, r.at, r.chunk = false, HeaderSize, 0, nil }

// parse looks at the frame at r.at, which is r.frame then. complete is false when the chunk ends first.
func (r *Reader) parse() (complete bool, bad problem) {
	b := r.chunk[r.at:]
	offset := r.base + int64(r.at)
	room := r.segment.End() - offset
	if len(b) < framePrefix {
		if room > 0 && room < framePrefix {
			return true, problemLength
		}
		return false, problemNone
	}
	if r.check {
		p, bad := parsePrefix(b, r.segment.Salt, offset, room)
		if bad != problemNone || p.aligned() > len(b) {
			return bad != problemNone, bad
		}
		return true, p.into(&r.frame, b, r.segment.Salt, offset)
	}
	first := leWord(b)
	length := int(first >> 32)
	if uint16(first) != frameMagic || length < framePrefix || int64(length) > room-int64(align(length)-length) {
		return true, problemMagic
	}
	if align(length) > len(b) {
		return false, problemNone
	}
	b = b[:align(length)]
	f := &r.frame
	f.unchecked(b, offset, length)
	if f.Type == FrameEvent && length < minEventLength {
		return true, problemContent
	}
	if f.known("") != nil { // a later version's, or damaged
		_, bad = parseFrame(b, r.segment.Salt, offset, room)
	}
	return true, bad
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
	err := segment.Read(func() { start = segment.points.Load().before(r.next) })
	if err != nil {
		return false, err
	}
	r.segment, r.base, r.at, r.chunk = segment, max(start, HeaderSize), 0, nil
	r.hinted, r.spent, r.window = start > HeaderSize, 0, nil
	return true, nil
}

// refill copies the next bytes, beginning with the frame at r.at.
func (r *Reader) refill() error {
	offset := r.base + int64(r.at)
	end := r.segment.End()
	if offset >= end {
		if r.hinted {
			r.rewind()
			return nil
		}
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
	err := r.segment.Read(func() {
		if pages := r.segment.pages.Load(); r.want == fullChunk { // who came that far reads on
			pages.bringAhead(offset, offset+int64(n))
		} else {
			pages.bring(offset, offset+int64(n))
		}
		copy(r.chunk, r.segment.read.Bytes()[offset:])
	})
	if err != nil {
		return err
	}
	r.base, r.at = offset, 0
	if r.copied += int64(n); r.copied >= yieldAfter {
		r.copied = 0
		runtime.Gosched() // a long scan lets others, who append, have the processor in between
	}
	r.want = min(r.want*4, fullChunk)
	return nil
}

// leave goes on behind the present segment, whose frames are read to the last.
func (r *Reader) leave() error {
	name, offset := r.segment.name, r.segment.End()
	if r.skip() {
		return nil
	}
	corrupt := &CorruptError{Segment: name, Offset: offset, First: r.next, Problem: "events are missing at the end"}
	corrupt.Last = r.skipped()
	return corrupt
}

// skip leaves the present segment if it holds nothing that is still wanted.
func (r *Reader) skip() bool {
	if behind := r.segment.behind.Load(); behind == 0 || behind > r.next {
		return false
	}
	r.segment = nil
	return true
}

// skipped gives up what is wanted of the present segment and returns the last
// sequence of it.
func (r *Reader) skipped() (last uint64) {
	last = r.last
	if behind := r.segment.behind.Load(); behind != 0 {
		last = min(last, behind-1)
	}
	r.next, r.segment = last+1, nil
	return last
}

// damage goes on behind bytes that are no sound frame. It returns a [CorruptError]
// if they may have held events that are wanted.
func (r *Reader) damage(bad problem) error {
	if r.hinted {
		r.rewind()
		return nil
	}
	s := r.segment
	if !s.holders.Hold() {
		return ErrSegmentClosed
	}
	defer s.holders.Let()
	offset, end := r.base+int64(r.at), s.End()
	if bad == problemBody {
		r.spent += int64(leWord(r.chunk[r.at:]) >> 32)
	}
	if r.window == nil || r.window.Size() != end {
		r.window = newFileWindow(s.file, end)
	}
	scanner := NewScanner(r.window, s.Salt, s.name, offset, end)
	scanner.spent = r.spent
	f, found, err := scanner.eventBehind(r.next)
	r.spent = scanner.spent
	if err != nil {
		return err
	}
	corrupt := &CorruptError{Segment: s.name, Offset: offset, First: r.next, Problem: string(bad)}
	if found {
		r.base, r.at, r.chunk = f.Offset, 0, nil
		if f.Sequence() == r.next {
			return nil
		}
		r.next = f.Sequence()
		corrupt.Last = min(r.next-1, r.last)
		return corrupt
	}
	if r.skip() {
		return nil
	}
	corrupt.Last = r.skipped()
	return corrupt
}

// IsDamage reports whether reading may go on behind err.
func IsDamage(err error) bool {
	var corrupt *CorruptError
	return errors.As(err, &corrupt)
}
