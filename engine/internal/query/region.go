// This file holds queries: the places that the index names are read in groups, and what the frames say decides.

package query

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"sort"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// Options say how a query reads.
type Options struct {
	Backward bool
	Limit    int  // 0: none
	Check    bool // every checksum of what is read
}

// Query yields the visible events that a region selects. An event is valid until the next step. After an error that
// [mmapseg.IsDamage], going on reads behind the damage; any other one is the last.
func (r *Reader) Query(region event.Region, o Options) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		if r.closed.Load() {
			yield(event.Event{}, r.ended)
			return
		}
		s := &search{reader: r, region: region, options: o, group: r.group(), yield: yield, size: firstGroup(o.Limit)}
		visible := r.set.Visible() // before the plan looks at the parts
		s.begin()
		s.run(r.finder.Plan(index.Query{Region: region, Visible: visible, Backward: o.Backward, Limit: o.Limit}))
		r.groups.Put(s.group) // unless the loop's body panics: then it is lost
	}
}

// group returns a group to gather frames in.
func (r *Reader) group() *mmapseg.Group {
	if group, _ := r.groups.Get().(*mmapseg.Group); group != nil {
		return group
	}
	return new(mmapseg.Group)
}

// A query gathers so many events at first, and four times as many each time until a group is full: who wants few does not wait
// for many.
const (
	smallGroup = 16
	fullGroup  = 64
)

func firstGroup(limit int) int {
	if limit > 0 {
		return min(limit, smallGroup)
	}
	return smallGroup
}

// plan says step by step which places are looked at.
type plan interface {
	Next() (index.Step, bool, error)
}

// search is one loop over a query.
type search struct {
	reader  *Reader
	region  event.Region
	wanted  func(*event.Event) bool // is asked beside the region; nil: no more is asked
	options Options
	yield   func(event.Event, error) bool

	way     passage
	event   event.Event
	group   *mmapseg.Group
	size    int // of the next group
	yielded int
	segment *mmapseg.Segment // of the last step
	told    bool             // damage was told of
	from    uint64           // the last damage that was told of
	to      uint64
	entity  string // the one that is asked for, in a region of one term; "": any
	clocks  [2]uint64
}

// run reads all steps of the plan.
func (s *search) run(p plan) {
	for {
		step, ok, err := p.Next()
		switch {
		case err != nil:
			s.yield(event.Event{}, s.reader.translate(err))
			return
		case !ok:
			tell(s.way.end(), s.yield)
			return
		case step.Ordinals == nil && !s.all(step.From, step.To), step.Ordinals != nil && !s.some(&step):
			return
		}
	}
}

// begin finds out which sequences and clocks are of concern.
func (s *search) begin() {
	s.way = passage{reader: s.reader, backward: s.options.Backward, only: [][2]uint64{}}
	first, last := uint64(math.MaxUint64), uint64(0)
	terms := s.region.Terms()
	for _, term := range terms {
		from, to := term.Sequences()
		from = max(from, 1)
		first, last = min(first, from), max(last, to)
		s.way.only = append(s.way.only, [2]uint64{from, to})
	}
	if len(terms) == 1 {
		s.entity, _ = terms[0].Entity()
		s.clocks[0], s.clocks[1] = terms[0].Clocks()
	}
	s.way.next, s.way.last = first, last
	if s.options.Backward {
		s.way.next, s.way.last = last, first
	}
}

// all reads every event of a range; false: the loop is over.
func (s *search) all(from, to uint64) bool {
	r := s.reader
	var frames source
	if s.options.Backward {
		frames = r.set.Backward(from, to, s.options.Check)
	} else {
		frames = r.set.Reader(from, to, s.options.Check)
	}
	defer frames.Close()
	for {
		if r.closed.Load() {
			s.yield(event.Event{}, r.ended)
			return false
		}
		f, segment, err := frames.Step()
		switch {
		case err != nil:
			if !s.fail(err) {
				return false
			}
		case f == nil:
			return true
		case !s.offer(f, segment):
			return false
		}
	}
}

// some reads the events of a step's ordinals; false: the loop is over.
func (s *search) some(step *index.Step) bool {
	if s.segment == nil || s.segment.Floor != step.First {
		s.segment = s.reader.segmentFrom(step.First)
	}
	if s.segment == nil {
		s.yield(event.Event{}, errNoSegment(step.First))
		return false
	}
	for ordinals := step.Ordinals; len(ordinals) > 0; {
		if s.reader.closed.Load() {
			s.yield(event.Event{}, s.reader.ended)
			return false
		}
		taken, err := s.segment.Gather(s.group, ordinals[:min(len(ordinals), s.size)], s.options.Check)
		if err != nil {
			return s.fail(err)
		}
		s.size = min(4*s.size, fullGroup)
		for i, ordinal := range ordinals[:taken] {
			if !s.gathered(i, step.First+uint64(ordinal)) {
				return false
			}
		}
		ordinals = ordinals[taken:]
	}
	return true
}

func errNoSegment(first uint64) error {
	return fmt.Errorf("the index has a part from sequence %d on, and no segment begins there", first)
}

// gathered looks at a frame of the group; false: the loop is over.
func (s *search) gathered(i int, sequence uint64) bool {
	if s.reader.closed.Load() {
		s.yield(event.Event{}, s.reader.ended)
		return false
	}
	if s.told && sequence >= s.from && sequence <= s.to {
		return true
	}
	if f := s.group.Step(i); f != nil {
		return s.offer(f, s.segment)
	}
	return s.alone(sequence)
}

// alone looks at an event that is not where it should be.
func (s *search) alone(sequence uint64) bool {
	r := s.reader
	buf, _ := r.scratch.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	defer r.release(buf)
	f, segment, grown, err := r.set.Find(sequence, *buf, s.options.Check)
	*buf = grown
	switch {
	case errors.Is(err, mmapseg.ErrNotFound): // the index vouches for nothing
		return true
	case err != nil:
		return s.fail(err)
	}
	return s.offer(&f, segment)
}

// offer yields the event of a frame if the region selects it; false: the loop is over.
func (s *search) offer(f *mmapseg.Frame, segment *mmapseg.Segment) bool {
	if err := s.reader.decoder.Event(f, segment.Name(), &s.event); err != nil {
		var corrupt *mmapseg.CorruptError
		if errors.As(err, &corrupt) && corrupt.First == 0 {
			corrupt.First, corrupt.Last = f.Sequence(), f.Sequence()
		}
		return s.fail(err)
	}
	if !s.region.Matches(&s.event) || s.wanted != nil && !s.wanted(&s.event) {
		if s.past() {
			tell(s.way.to(s.event.Sequence), s.yield) // what lies before may have held some
			return false
		}
		return true
	}
	if !tell(s.way.to(s.event.Sequence), s.yield) || !s.yield(s.event, nil) {
		return false
	}
	s.yielded++
	return s.yielded != s.options.Limit
}

// past reports whether no event behind the present one can be selected, since the clocks of the one entity that is asked
// for lie behind those that are wanted.
func (s *search) past() bool {
	if s.entity == "" || s.event.Entity() != s.entity {
		return false
	}
	if s.options.Backward {
		return s.event.Position.Clock < s.clocks[0]
	}
	return s.event.Position.Clock > s.clocks[1]
}

// fail yields an error; false: the loop is over.
func (s *search) fail(err error) bool {
	var corrupt *mmapseg.CorruptError
	if !errors.As(err, &corrupt) {
		s.yield(event.Event{}, s.reader.translate(err))
		return false
	}
	s.told, s.from, s.to = true, corrupt.First, corrupt.Last
	return tell(s.way.over(corrupt), s.yield) && s.yield(event.Event{}, err)
}

// segmentFrom returns the segment whose first sequence this is; nil: there is none.
func (r *Reader) segmentFrom(first uint64) *mmapseg.Segment {
	list := r.set.Segments()
	i := sort.Search(len(list), func(i int) bool { return list[i].Floor > first })
	if i == 0 || list[i-1].Floor != first {
		return nil
	}
	return list[i-1]
}
