// This file holds the search by time: where the event with a given hybrid logical clock must be. That of a store's events
// ascends with their sequences, and so do their ids, which are made of it.

package index

// Moment is a reading of the hybrid logical clock.
type Moment struct {
	Wall    uint64 // milliseconds
	Counter uint32
}

// Before reports whether m is earlier than o.
func (m Moment) Before(o Moment) bool {
	return m.Wall < o.Wall || m.Wall == o.Wall && m.Counter < o.Counter
}

// Stretch is a range of neighbouring sequences.
type Stretch struct {
	First, Last uint64 // both included
	// Begin is the moment of the event First. End is that of the event behind Last, if Bounded.
	Begin, End Moment
	Bounded    bool
}

// Around returns the stretch of at most [zoneEvents] sequences up to visible which has the event of a moment, if any event
// is of that moment. false: it is before the first event; then First is the sequence of that, 0 if there is none. Events
// that can't be read are not found.
func (f *Finder) Around(m Moment, visible uint64) (Stretch, bool, error) {
	line, err := f.timeline(visible)
	if err != nil || len(line.begins) == 0 {
		return Stretch{}, false, err
	}
	low, high := 0, len(line.begins)-1 // the last one that does not begin behind m
	for low < high {
		middle := low + (high-low+1)/2
		if m.Before(line.begins[middle].moment) {
			high = middle - 1
		} else {
			low = middle
		}
	}
	begin := line.begins[low]
	p := line.parts[begin.part]
	if m.Before(begin.moment) {
		return Stretch{First: begin.first}, false, nil
	}
	s := Stretch{Begin: begin.moment}
	if low+1 < len(line.begins) {
		s.End, s.Bounded = line.begins[low+1].moment, true
	}
	s, err = f.around(p, extentOf(line.parts, begin.part, visible), s, m)
	return s, true, err
}

// around narrows a stretch, whose moments are the bounds of a part, to a zone of it.
func (f *Finder) around(p *Part, e extent, part Stretch, m Moment) (Stretch, error) {
	q, _ := f.moments.Get().(*momentQuestion)
	if q == nil {
		q = new(momentQuestion)
	}
	*q = momentQuestion{first: p.First, extent: e, part: part, moment: m}
	err := f.ask(p, q)
	s := q.narrowed
	f.moments.Put(q)
	return s, err
}

// momentQuestion asks a part for the zone of a moment.
type momentQuestion struct {
	first    uint64 // sequence of the part
	extent   extent
	part     Stretch
	moment   Moment
	narrowed Stretch
}

func (q *momentQuestion) ofTail(t *Tail) error { return q.search(t.zoneBegin, q.extent.of(t)) }

func (q *momentQuestion) ofTable(t *Table) error { return q.search(t.zoneBegin, q.extent.in(t)) }

func (q *momentQuestion) search(begin func(zone uint32) (Moment, error), limit uint32) error {
	q.narrowed = q.part
	zone, err := q.narrowed.searchZones(zonesOf(limit), q.moment, begin)
	q.narrowed.First = q.first + uint64(zone)*zoneEvents
	q.narrowed.Last = min(q.narrowed.First+zoneEvents, q.first+uint64(limit)) - 1
	return err
}

// zoneBegin returns the moment with which a zone begins whose first ordinal is visible.
func (t *Tail) zoneBegin(i uint32) (Moment, error) {
	z := &t.zoneChunks.chunk(i / chunkLen)[i%chunkLen]
	return Moment{z.wall, z.counter}, nil // the rest may be changing
}

// zoneBegin returns the moment with which a zone begins.
func (t *Table) zoneBegin(i uint32) (Moment, error) {
	z, err := t.zone(i)
	return Moment{z.wall, z.counter}, err
}

// zoneGuesses is how often searchZones guesses before it halves what is left.
const zoneGuesses = 6

// searchZones returns the last of so many zones that does not begin behind m, and narrows the stretch's moments to its
// bounds. The first zone begins at s.Begin, which is not behind m.
func (s *Stretch) searchZones(zones uint32, m Moment, at func(zone uint32) (Moment, error)) (uint32, error) {
	low, high := uint32(0), zones // low does not begin behind m, high does, or is the end
	for guesses := 0; high > low+1; guesses++ {
		middle := low + (high-low)/2
		if guesses < zoneGuesses {
			middle = min(max(low+uint32(s.share(m, uint64(high-low), zoneEvents)), low+1), high-1)
		}
		moment, err := at(middle)
		if err != nil {
			return 0, err
		}
		if m.Before(moment) {
			high, s.End, s.Bounded = middle, moment, true
		} else {
			low, s.Begin = middle, moment
		}
	}
	return low, nil
}

// share guesses how many of n pieces of the stretch, of so many events each, lie before m: as if every millisecond had as
// many events, and each of them the next counter. Without an end it is all of them: what is looked for tends to be new.
func (s *Stretch) share(m Moment, n, each uint64) uint64 {
	if !s.Bounded && m.Wall > s.Begin.Wall {
		return n
	}
	ahead, events := float64(m.Counter)-float64(s.Begin.Counter), float64(n*each)
	if span := float64(s.End.Wall) - float64(s.Begin.Wall); s.Bounded && span > 0 {
		whole := events - (float64(s.End.Counter) - float64(s.Begin.Counter))
		ahead += float64(m.Wall-s.Begin.Wall) * max(whole, 0) / span
	}
	return uint64(min(max(ahead, 0), events)) / each
}

// Next returns the sequence at which to look for the event of m next; false: there is none. m is not before s.Begin.
// What is found there is for Narrow, after which there is less left. halve chooses the middle rather than the likely place.
func (s *Stretch) Next(m Moment, halve bool) (sequence uint64, ok bool) {
	switch left := s.Last - s.First; {
	case m == s.Begin:
		return s.First, s.Last >= s.First
	case s.Last <= s.First:
		return 0, false
	case halve:
		return s.First + (left+1)/2, true
	default:
		return s.First + min(max(s.share(m, left+1, 1), 1), left), true
	}
}

// Narrow leaves of the stretch what may have the event of m when the event at sequence is of another moment.
func (s *Stretch) Narrow(sequence uint64, found, m Moment) {
	if m.Before(found) {
		s.Last, s.End, s.Bounded = sequence-1, found, true
	} else {
		s.First, s.Begin = sequence, found
	}
}

// timeline is the moments with which parts begin: as much of what was asked of the parts as does not change. It is
// replaced as a whole.
type timeline struct {
	parts  []*Part // of the index, when it was made
	known  int     // parts that were asked; those behind them had no visible event
	begins []beginning
	unsure []Stretch // the beginnings of parts that no moment is known of; without moments
}

// beginning is the first moment of a part that has events.
type beginning struct {
	part   int // in the list of parts
	first  uint64
	moment Moment // of the event first
}

// timeline returns the moments of all parts that have visible events.
func (f *Finder) timeline(visible uint64) (*timeline, error) {
	parts := f.index.Parts()
	line := f.begun.Load()
	if line != nil && sameParts(line.parts, parts) && (line.known == len(parts) ||
		line.known == len(parts)-1 && len(line.parts) == len(parts) && visible < parts[line.known].First) {
		return line, nil
	}
	next := &timeline{parts: parts}
	if line != nil && line.known <= len(parts) && sameParts(line.parts[:line.known], parts) {
		next.known = line.known
		next.begins, next.unsure = line.begins[:len(line.begins):len(line.begins)], line.unsure[:len(line.unsure):len(line.unsure)]
	}
	for ; next.known < len(parts); next.known++ {
		i := next.known
		e := extentOf(parts, i, visible)
		if visible < parts[i].First {
			break
		}
		moment, ok, unsure, err := f.beginOf(parts[i], e)
		if err != nil {
			return nil, err
		}
		if unsure > 0 {
			next.unsure = append(next.unsure, Stretch{First: parts[i].First, Last: parts[i].First + uint64(unsure) - 1})
		}
		if ok {
			next.begins = append(next.begins, beginning{i, parts[i].First + uint64(unsure), moment})
		}
	}
	f.begun.Store(next)
	return next, nil
}

// sameParts reports whether two lists are the beginnings of one. A list of parts only grows at its end, or is another one
// from its beginning on.
func sameParts(a, b []*Part) bool {
	n := min(len(a), len(b))
	return n == 0 || a[0] == b[0] && a[n-1] == b[n-1]
}

// beginOf returns the moment of a part's first event; false if it has none. Where events at the beginning can't be read,
// it is that of the first zone behind them, and so many events are left out.
func (f *Finder) beginOf(p *Part, e extent) (m Moment, ok bool, unsure uint32, err error) {
	err = f.ask(p, questions{func(t *Tail) (err error) {
		limit, first := e.of(t), uint32(0)
		if holes := t.holesBelow(limit); len(holes) > 0 && holes[0][0] == 0 {
			limit = t.Events() // for good, so whatever is visible now: nothing is added behind a hole any more
			first = t.holesBelow(limit)[0][1]/zoneEvents + 1
			unsure = min(first*zoneEvents, limit)
		}
		if ok = first < zonesOf(limit); ok {
			m, err = t.zoneBegin(first)
		}
		return err
	}, func(t *Table) (err error) {
		if ok = t.Events() > 0; ok {
			m, err = t.zoneBegin(0)
		}
		return err
	}})
	return m, ok, unsure, err
}

// Unsure returns the stretches up to visible that [Finder.Around] does not know the moments of, since their first events can't
// be read: what it does not find may be in one of them.
func (f *Finder) Unsure(visible uint64) ([]Stretch, error) {
	line, err := f.timeline(visible)
	if err != nil {
		return nil, err
	}
	var list []Stretch
	for _, s := range line.unsure {
		if s.Last = min(s.Last, visible); s.First <= s.Last {
			list = append(list, s)
		}
	}
	return list, nil
}
