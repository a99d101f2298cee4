// Reader: single events and ranges out of a set of segments.

package query

import (
	"errors"
	"iter"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// Reader reads from a set. All methods may be called concurrently.
type Reader struct {
	set     *mmapseg.Set
	index   *index.Index
	finder  *index.Finder
	decoder *mmapseg.Decoder
	logger  *slog.Logger
	scratch sync.Pool // *[]byte: the frame of one event
	groups  sync.Pool // *mmapseg.Group
	closed  atomic.Bool
	ended   error // what everything fails with once it is closed
	damage  []*mmapseg.CorruptError

	rebuilding sync.Mutex // held while a part is built from its frames
	rebuilt    atomic.Uint64
}

// Config is what a reader reads and whom it tells what it finds.
type Config struct {
	Set     *mmapseg.Set
	Index   *index.Index // a part for every segment of Set
	Decoder *mmapseg.Decoder
	// Ended is what everything fails with once the reader is closed.
	Ended error
	// Damage is what opening found, in ascending order of sequences.
	Damage []*mmapseg.CorruptError
	Logger *slog.Logger // nil: silent
	// Damaged is told of a run whose bytes turned out to be damaged, and in what; the answer does without it. It may be
	// called by several goroutines at once, more than once for the same run, and must not block. nil: nobody is told.
	Damaged func(run *index.Run, cause error)
}

// New returns a reader.
func New(c Config) *Reader {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Reader{set: c.Set, index: c.Index, decoder: c.Decoder, logger: c.Logger, ended: c.Ended, damage: c.Damage}
	if c.Damaged == nil {
		c.Damaged = func(*index.Run, error) {}
	}
	r.finder = index.NewFinder(c.Index, r.rebuildPart, c.Damaged)
	return r
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
	return r.decodeInto(&f, segment, buf, into)
}

// decodeInto makes an event of its own memory of a frame, and gives the frame's buffer back.
func (r *Reader) decodeInto(f *mmapseg.Frame, segment *mmapseg.Segment, buf *[]byte, into *event.Event) error {
	payload, metadata := into.Payload[:0], into.Metadata[:0]
	err := r.decoder.Event(f, segment.Name(), into)
	if err != nil {
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
	Step() (*mmapseg.Frame, *mmapseg.Segment, error)
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
		f, segment, err := frames.Step()
		if f != nil {
			err = r.decoder.Event(f, segment.Name(), &ev)
		}
		switch {
		case err != nil && mmapseg.IsDamage(err):
			if !tell(way.over(err), yield) || !yield(event.Event{}, err) {
				return
			}
		case err != nil:
			yield(event.Event{}, r.translate(err))
			return
		case f == nil:
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
