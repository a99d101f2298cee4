// Reading many single frames of one segment at once. A random read waits for memory
// several times, one after the other; here the cache lines of a whole group of frames are
// asked for by loads that don't depend on each other, so that the waiting overlaps.

package mmapseg

// The bounds of one group. The buffer stays in a core's second cache.
const (
	gatherFrames = 64
	gatherBytes  = 128 << 10
	cacheLine    = 64
)

// Group is a group of frames that [Segment.Gather] copied out of one segment. The zero Group is
// empty. It can be used again and keeps its memory, 130 KiB and, until it is used again,
// that of a larger frame. It belongs to one goroutine.
type Group struct {
	segment *Segment
	check   bool
	count   int
	frames  [gatherFrames]gathered
	buf     []byte
	frame   Frame // that Step returned
	touched byte  // so that the loads are not left out
}

// gathered says where a frame stands, in the file and in the group's buffer.
type gathered struct {
	sequence uint64
	at, end  int64 // in the file; end is that of its bytes, or more
	start    int   // in the buffer
	length   int   // without padding; 0: no frame is where it should be
}

// Gather copies the frames of events of one segment, given by their ordinals, which are
// sequences less [Segment.Floor]. All must be visible; their order is free. It takes as
// many from the beginning of ordinals as a group holds, 64 frames of together
// 128 KiB, or a larger one alone, and returns how many it took: at least one, unless
// there are none or an error is returned. Then [Group.Step] gives them. check asks for
// every checksum to be verified.
//
// Errors: [ErrSegmentClosed], and fault.ErrMapFault when the device could not give the
// bytes of one of the frames. A frame that is damaged is no error here.
//
// Gather takes no lock and does not allocate once the group has its memory.
func (s *Segment) Gather(g *Group, ordinals []uint32, check bool) (taken int, err error) {
	g.segment, g.check, g.count = s, check, 0
	ordinals = ordinals[:min(len(ordinals), gatherFrames)]
	if err := s.Read(func() { taken = s.gather(g, ordinals) }); err != nil {
		return 0, err
	}
	g.count = taken
	return taken, nil
}

// Step returns the frame of the i-th ordinal that was taken, valid until the next Step or Gather.
// It is nil if the frame is not where it should be or is damaged: [Set.Find] then says
// what there is to be said, and finds the event where only what led to it is damaged.
func (g *Group) Step(i int) *Frame {
	if i >= g.count || g.frames[i].length == 0 {
		return nil
	}
	frame, f := &g.frames[i], &g.frame
	b := g.buf[frame.start:][:align(frame.length)]
	first := leWord(b)
	if uint16(first) != frameMagic || FrameType(first>>16) != FrameEvent || int(first>>32) != frame.length ||
		leWord(b[24:]) != frame.sequence {
		return nil
	}
	if !g.check {
		f.unchecked(b, frame.at, frame.length)
	} else if f.read(b, g.segment.Salt, frame.at, int64(len(b))) != problemNone {
		return nil
	}
	if f.known("") != nil {
		return nil
	}
	return f
}

// gather runs with the segment held.
func (s *Segment) gather(g *Group, ordinals []uint32) (taken int) {
	taken, size := s.locate(g, ordinals)
	b := s.read.Bytes()
	touched := byte(0)
	for i := range g.frames[:taken] {
		frame := &g.frames[i]
		for at := frame.at &^ (cacheLine - 1); at < frame.end; at += cacheLine {
			touched += b[at]
		}
	}
	g.touched = touched
	g.room(size)
	used := 0
	for i := range g.frames[:taken] {
		frame := &g.frames[i]
		frame.start, frame.length = used, 0
		if frame.at == 0 {
			continue
		}
		length := int64(leWord(b[frame.at:]) >> 32)
		if length < minEventLength || int64(align(int(length))) > frame.end-frame.at {
			continue
		}
		frame.length = int(length)
		used += copy(g.buf[used:size], b[frame.at:frame.at+int64(align(frame.length))])
	}
	return taken
}

// room makes the buffer hold size bytes.
func (g *Group) room(size int) {
	if size <= gatherBytes && cap(g.buf) > 2*gatherBytes {
		g.buf = nil // that of a single large frame
	}
	if cap(g.buf) < size {
		g.buf = make([]byte, max(size, min(2*cap(g.buf), gatherBytes)))
	}
	g.buf = g.buf[:cap(g.buf)]
}

// locate finds the places of as many frames as fit into the group, and brings in their
// pages. It returns their number and how many bytes they have at most.
func (s *Segment) locate(g *Group, ordinals []uint32) (taken, size int) {
	points, pages := s.points.Load(), s.pages.Load()
	limit := min(s.end.Load(), int64(len(s.read.Bytes())))
	// Points are known to be written up to the highest sequence that is known to be visible.
	known := s.behind.Load()
	for _, ordinal := range ordinals {
		known = max(known, s.Floor+uint64(ordinal)+1)
	}
	for _, ordinal := range ordinals {
		frame := &g.frames[taken]
		frame.sequence = s.Floor + uint64(ordinal)
		frame.at, frame.end = points.span(frame.sequence, known-1)
		if !frame.within(limit) || frame.end-frame.at > quickCopy {
			frame.at, frame.end = s.measured(points, pages, frame.sequence, limit)
		}
		length := int(frame.end - frame.at)
		if taken > 0 && size+length > gatherBytes {
			break
		}
		pages.bring(frame.at, frame.end)
		size += length
		taken++
	}
	return taken, size
}

func (f *gathered) within(limit int64) bool {
	return f.at >= HeaderSize && f.end-f.at >= minEventLength && f.end <= limit
}

// measured is [points.span] where it is not known, or not near, where the next event
// begins: the frame says itself how long it is. 0, 0: there is no such frame.
func (s *Segment) measured(points *points, pages *populated, sequence uint64, limit int64) (at, end int64) {
	if points.stride != 1 {
		return 0, 0
	}
	at = points.at(sequence - points.first)
	if at < HeaderSize || at > limit-minEventLength {
		return 0, 0
	}
	pages.bring(at, at+framePrefix)
	found := gathered{at: at, end: at + int64(align(int(leWord(s.read.Bytes()[at:])>>32)))}
	if !found.within(limit) {
		return 0, 0
	}
	return found.at, found.end
}
