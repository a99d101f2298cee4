// Reader: single events and ranges out of a set of segments.

package query

import (
	"errors"
	"iter"
	"math"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// Reader reads from a set. All methods may be called concurrently.
type Reader struct {
	set     *mmapseg.Set
	decoder *mmapseg.Decoder
	scratch sync.Pool // *[]byte: the frame of one event
	closed  atomic.Bool
	ended   error // what everything fails with once it is closed
	damage  []*mmapseg.CorruptError
}

// New returns a reader of set, which fails with ended once it is closed. damage is
// what opening found, in ascending order of sequences.
func New(set *mmapseg.Set, decoder *mmapseg.Decoder, ended error, damage []*mmapseg.CorruptError) *Reader {
	return &Reader{set: set, decoder: decoder, ended: ended, damage: damage}
}

// Close makes every later call, and the next step of every iterator, fail. It does not wait for them; the set's segments do.
func (r *Reader) Close() { r.closed.Store(true) }

// frame returns the checked frame of a sequence, its segment, and the buffer that
// holds it, which goes back with [Reader.release].
func (r *Reader) frame(sequence uint64) (mmapseg.Frame, *mmapseg.Segment, *[]byte, error) {
	if r.closed.Load() {
		return mmapseg.Frame{}, nil, nil, r.ended
	}
	buf, _ := r.scratch.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	f, segment, grown, err := r.set.Find(sequence, *buf, true)
	*buf = grown
	if err != nil {
		r.release(buf)
		if errors.Is(err, mmapseg.ErrNotFound) {
			if known := r.damaged(sequence, sequence); len(known) > 0 {
				err = known[0]
			}
		}
		return mmapseg.Frame{}, nil, nil, r.translate(err)
	}
	return f, segment, buf, nil
}

// keepBytes bounds the buffers that are kept for later reads.
const keepBytes = 1 << 20

func (r *Reader) release(buf *[]byte) {
	if cap(*buf) <= keepBytes {
		r.scratch.Put(buf)
	}
}

// translate makes the error of a closed segment that of a closed store.
func (r *Reader) translate(err error) error {
	if errors.Is(err, mmapseg.ErrSegmentClosed) {
		return r.ended
	}
	return err
}

// Into reads the event with this sequence into an event whose memory it reuses.
func (r *Reader) Into(sequence uint64, into *event.Event) error {
	f, segment, buf, err := r.frame(sequence)
	if err != nil {
		return err
	}
	payload, metadata := into.Payload[:0], into.Metadata[:0]
	if err = r.decoder.Event(&f, segment.Name(), into); err != nil {
		into.Payload, into.Metadata = nil, nil // not the buffer's
	}
	into.Payload = append(payload, into.Payload...)
	into.Metadata = append(metadata, into.Metadata...)
	r.release(buf)
	return err
}

// Range says what an iteration yields.
type Range struct {
	First, Last uint64 // inclusive; Last 0: open end
	Backward    bool
	Limit       int // 0: none
	Check       bool
}

// source is a reader of frames in one of the two directions.
type source interface {
	Next() (mmapseg.Frame, *mmapseg.Segment, bool, error)
	Close()
}

// Events yields the visible events of a range. An event is valid until the next
// step.
func (r *Reader) Events(want Range) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		if r.closed.Load() {
			yield(event.Event{}, r.ended)
			return
		}
		first, asked := max(want.First, 1), want.Last
		if asked == 0 {
			asked = math.MaxUint64
		}
		last := min(asked, r.set.Visible())
		var frames source
		way := passage{reader: r, backward: want.Backward}
		if want.Backward {
			frames = r.set.Backward(first, last, want.Check)
			way.next, way.last = asked, first
		} else {
			frames = r.set.Reader(first, last, want.Check)
			way.next, way.last = first, asked
		}
		defer frames.Close()
		r.each(frames, &way, want.Limit, yield)
	}
}

func (r *Reader) each(frames source, way *passage, limit int, yield func(event.Event, error) bool) {
	var ev event.Event
	for n := 0; limit == 0 || n < limit; {
		if r.closed.Load() {
			yield(event.Event{}, r.ended)
			return
		}
		f, segment, ok, err := frames.Next()
		if err == nil && ok {
			err = r.decoder.Event(&f, segment.Name(), &ev)
		}
		switch {
		case err != nil && mmapseg.IsDamage(err):
			way.over(err)
			if !yield(event.Event{}, err) {
				return
			}
		case err != nil:
			yield(event.Event{}, r.translate(err))
			return
		case !ok:
			tell(way.end(), yield)
			return
		default:
			if !tell(way.to(f.Sequence()), yield) || !yield(ev, nil) {
				return
			}
			n++
		}
	}
}

// tell yields damage; false when the loop was left.
func tell(damage []*mmapseg.CorruptError, yield func(event.Event, error) bool) bool {
	for _, d := range damage {
		if !yield(event.Event{}, d) {
			return false
		}
	}
	return true
}

// Found is what an event's header tells to one that it may cause.
type Found struct {
	Sequence uint64
	Depth    uint32
}

// ByID finds a visible event by its id. Ids of one store ascend with sequences,
// so that it searches by halving: in the list of segments, then in one of them.
func (r *Reader) ByID(id event.ID) (Found, error) {
	segments, ranges := r.visibleRanges()
	var failed error
	idAt := func(sequence uint64) event.ID {
		f, _, buf, err := r.frame(sequence)
		if err != nil {
			failed = err
			return event.ID{}
		}
		defer r.release(buf)
		return f.ID()
	}
	i := sort.Search(len(segments), func(i int) bool { return failed != nil || idAt(ranges[i].First).Compare(id) > 0 })
	if failed != nil {
		return Found{}, failed
	}
	if i == 0 {
		return Found{}, mmapseg.ErrNotFound
	}
	in := ranges[i-1]
	n := sort.Search(int(in.Last-in.First+1), func(n int) bool {
		return failed != nil || idAt(in.First+uint64(n)).Compare(id) >= 0
	})
	if failed != nil {
		return Found{}, failed
	}
	sequence := in.First + uint64(n)
	if sequence > in.Last {
		return Found{}, mmapseg.ErrNotFound
	}
	var ev event.Event
	if err := r.Into(sequence, &ev); err != nil {
		return Found{}, err
	}
	if ev.ID != id {
		return Found{}, mmapseg.ErrNotFound
	}
	return Found{Sequence: sequence, Depth: ev.Position.Depth}, nil
}

// visibleRanges returns the segments that hold visible events, and which.
func (r *Reader) visibleRanges() ([]*mmapseg.Segment, []mmapseg.Range) {
	visible := r.set.Visible()
	var segments []*mmapseg.Segment
	var ranges []mmapseg.Range
	for _, s := range r.set.Segments() {
		if in := s.Range(visible); !in.IsZero() {
			segments, ranges = append(segments, s), append(ranges, in)
		}
	}
	return segments, ranges
}
