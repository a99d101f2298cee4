// What readers see: the segments in order of their sequences, and the sequence up
// to which they may read. Finding, pinning and copying take no lock.

package mmapseg

import (
	"errors"
	"fmt"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/fault"
)

// Set is the ordered list of a store's segments and its visible watermark. The
// zero value is empty. Reading may go on beside one writer.
type Set struct {
	// list is replaced as a whole, never changed in place.
	list atomic.Pointer[[]*Segment]
	// visible is the highest sequence that readers may see. It is stored after
	// the ends of the segments that hold it: who loads it finds its frame.
	visible atomic.Uint64
	change  sync.Mutex
	// buffers are what readers copy into, kept between reads.
	buffers sync.Pool
}

// Add puts a segment behind the others.
func (s *Set) Add(segment *Segment) {
	s.change.Lock()
	defer s.change.Unlock()
	old := s.Segments()
	list := append(make([]*Segment, 0, len(old)+1), old...)
	list = append(list, segment)
	s.list.Store(&list)
}

// Segments returns the segments in order. The slice is not to be changed.
func (s *Set) Segments() []*Segment {
	if list := s.list.Load(); list != nil {
		return *list
	}
	return nil
}

// Visible returns the highest sequence that readers may see; 0: none.
func (s *Set) Visible() uint64 { return s.visible.Load() }

// SetVisible lets readers see up to sequence. The ends of the segments up to it
// must have been published before.
func (s *Set) SetVisible(sequence uint64) { s.visible.Store(sequence) }

// Close closes all segments, and returns the first error.
func (s *Set) Close() error {
	var first error
	for _, segment := range s.Segments() {
		if err := segment.Close(); err != nil && first == nil {
			first = fmt.Errorf("close %s: %w", segment.Name(), err)
		}
	}
	return first
}

// find returns the segment that would hold sequence and its place in the list;
// nil when all begin behind it.
func (s *Set) find(sequence uint64) (int, *Segment) {
	list := s.Segments()
	i := sort.Search(len(list), func(i int) bool { return list[i].Floor > sequence })
	if i == 0 {
		return -1, nil
	}
	return i - 1, list[i-1]
}

// Find returns a copy of the frame that holds sequence in buf, which grows where
// it is too small. It returns [ErrNotFound] for a sequence that no visible event
// has, a [CorruptError] for a damaged frame, and fault.ErrMapFault when the
// device could not give the bytes. check asks for the checksum to be verified.
func (s *Set) Find(sequence uint64, buf []byte, check bool) (Frame, *Segment, []byte, error) {
	visible := s.Visible()
	if sequence == 0 || sequence > visible {
		return Frame{}, nil, buf, ErrNotFound
	}
	_, segment := s.find(sequence)
	if segment == nil || !segment.holds(sequence) {
		return Frame{}, nil, buf, ErrNotFound
	}
	frame, buf, err := segment.frame(sequence, segment.Range(visible).Last, buf, check)
	return frame, segment, buf, err
}

// ErrSegmentClosed is the error of reading from a segment that is closed.
var ErrSegmentClosed = errors.New("batpak: segment closed")

// frame copies the frame with this sequence out of the segment, whose highest
// visible one is last.
func (s *Segment) frame(sequence, last uint64, buf []byte, check bool) (Frame, []byte, error) {
	if !s.holders.Hold() {
		return Frame{}, buf, ErrSegmentClosed
	}
	defer s.holders.Let()
	var walk walk
	err := fault.Guard(func() {
		if buf, walk = s.copyFrame(sequence, last, buf); walk.found {
			return
		}
		if walk = s.walkTo(sequence); walk.found {
			end := walk.offset + int64(align(walk.length))
			s.pages.Load().bring(walk.offset, end)
			buf = append(buf[:0], s.read.Bytes()[walk.offset:end]...)
		}
	})
	if hooks.Enabled && hooks.Planted(hooks.MapFaultSwallowed) {
		err = nil
	}
	if err != nil {
		return Frame{}, buf, fmt.Errorf("read %s: %w", s.Name(), err)
	}
	if walk.found && !check {
		return uncheckedFrame(buf, walk.offset, walk.length), buf, nil
	}
	if walk.found {
		frame, bad := parseFrame(buf, s.Salt, walk.offset, int64(len(buf)))
		if bad == problemNone {
			return frame, buf, frame.known(s.Name())
		}
		// It need not be the frame that it says it is.
	}
	return s.search(sequence, last, buf)
}

// quickCopy is the largest span between two points that is copied before it is
// looked at, in bytes.
const quickCopy = 16 << 10

// copyFrame copies what lies between the points of sequence and of the next one,
// without waiting for the frame's own length to come from memory. Nothing is found
// where the table is not that dense, or the bytes are not the frame: then the slow
// way is to be taken.
func (s *Segment) copyFrame(sequence, last uint64, buf []byte) ([]byte, walk) {
	at, next := s.points.Load().span(sequence, last)
	b := s.read.Bytes()
	if at < HeaderSize || next-at < minEventLength || next-at > quickCopy || next > min(s.end.Load(), int64(len(b))) {
		return buf, walk{}
	}
	s.pages.Load().bring(at, next)
	buf = append(buf[:0], b[at:next]...)
	first := leWord(buf)
	length := int64(first >> 32)
	if uint16(first) != frameMagic || FrameType(first>>16) != FrameEvent || length < minEventLength ||
		length > next-at || leWord(buf[24:]) != sequence {
		return buf, walk{}
	}
	return buf[:align(int(length))], walk{at, int(length), true}
}

// walk is the outcome of following frame lengths to a sequence.
type walk struct {
	offset int64
	length int
	found  bool
}

// walkTo follows the frames from the nearest point to sequence. It trusts lengths
// only within the published bytes; where they lead astray it gives up.
func (s *Segment) walkTo(sequence uint64) walk {
	b := s.read.Bytes()
	end := min(s.end.Load(), int64(len(b)))
	at := s.points.Load().before(sequence)
	if at < HeaderSize {
		return walk{}
	}
	for pages := s.pages.Load(); at+eventFixed <= end; {
		pages.bring(at, at+eventFixed)
		first := leWord(b[at:])
		length := int64(first >> 32)
		if uint16(first) != frameMagic || length < framePrefix || length > end-at {
			return walk{}
		}
		if FrameType(first>>16) == FrameEvent && length >= minEventLength {
			switch found := leWord(b[at+24:]); {
			case found == sequence:
				return walk{at, int(length), at+int64(align(int(length))) <= end}
			case found > sequence:
				return walk{}
			}
		}
		at += int64(align(int(length)))
	}
	return walk{}
}

// search looks for a sequence where the quick way to it is damaged, or where the
// segment does not hold it: past what is not sound, from a sound event before it.
func (s *Segment) search(sequence, last uint64, buf []byte) (Frame, []byte, error) {
	end := s.end.Load()
	window := &fileWindow{file: s.file, size: end, piece: fullChunk} // little is read, but often
	scanner := NewScanner(window, s.Salt, s.name, HeaderSize, end)
	if err := s.approach(scanner, sequence); err != nil {
		return Frame{}, buf, err
	}
	first := s.Floor // lowest sequence that the damage may have held
	var corrupt *CorruptError
	for {
		f, ok, err := scanner.Next()
		if err != nil {
			return Frame{}, buf, err
		}
		switch {
		case ok && f.Type == FrameEvent && f.Sequence() == sequence:
			buf = append(buf[:0], f.Bytes...)
			f.Bytes = buf
			return f, buf, nil
		case ok && f.Type == FrameEvent && f.Sequence() > sequence:
			return Frame{}, buf, missing(corrupt, first, f.Sequence()-1)
		case ok && f.Type == FrameEvent:
			first, corrupt = f.Sequence()+1, nil // what was damaged lies before a sequence below ours
		case ok:
		case scanner.Offset() >= end:
			return Frame{}, buf, missing(corrupt, first, last)
		default:
			if corrupt == nil {
				corrupt = &CorruptError{Segment: s.name, Offset: scanner.Offset(), Problem: scanner.Problem()}
			}
			if more, err := scanner.resync(); err != nil {
				return Frame{}, buf, err
			} else if !more {
				return Frame{}, buf, missing(corrupt, first, last)
			}
		}
	}
}

// missing returns the error for a sequence that is not where it should be: damage
// that took it, or, where there is none, that there is no such event.
func missing(corrupt *CorruptError, first, last uint64) error {
	if corrupt == nil {
		return ErrNotFound
	}
	corrupt.First, corrupt.Last = first, last
	return corrupt
}

// approach moves the scanner to a sound event at or before sequence and near it, or
// to the segment's first frame.
func (s *Segment) approach(scanner *Scanner, sequence uint64) error {
	points := s.points.Load()
	for back := uint64(0); back <= sequence-s.Floor; back = 4*back + PointStride {
		var at int64
		if err := fault.Guard(func() { at = points.before(sequence - back) }); err != nil {
			return fmt.Errorf("read %s: %w", s.name, err)
		}
		if at < HeaderSize {
			break
		}
		scanner.MoveTo(at)
		f, ok, err := scanner.Next()
		if err != nil {
			return err
		}
		if ok && f.Type == FrameEvent && f.Sequence() <= sequence {
			scanner.MoveTo(at)
			return nil
		}
	}
	scanner.MoveTo(HeaderSize)
	return nil
}
