// This file holds Names: the names of one type in all parts, each once, in the order of their bytes.
//
// Of every table a page of names is copied out at a time; of a tail, which has no order, all of them at the beginning.

package index

import "slices"

// Names yields names. It belongs to one goroutine, and holds nothing between two steps.
type Names struct {
	finder  *Finder
	kind    Type
	prefix  string
	sources []*nameSource // a heap: the one with the smallest next name is the first
	last    string
	unknown []HoleError
}

// nameSource is the names of one part that are still to come.
type nameSource struct {
	part  *Part
	names []string // ascending; not empty
	size  int      // of the next page; 0: names has the last ones
}

// The names of a first page, and of the largest one: who leaves early has not read much, who does not reads large pieces.
const (
	firstPage = 16
	fullPage  = 1024
)

// Names returns the names of a type, one of those up to [Gate], that begin with prefix, bytewise, all of them for an empty
// one, and that visible events have. visible returns the watermark; it is called once. What becomes visible later is
// not among them, unless it was already known here.
func (f *Finder) Names(kind Type, prefix string, visible func() uint64) (*Names, error) {
	n := &Names{finder: f, kind: kind, prefix: prefix}
	parts := f.index.Parts()
	tails := make([]*Tail, len(parts)) // those that are sealed from here on are asked as they are now
	for i, p := range parts {
		tails[i], _ = p.source()
	}
	watermark := visible() // now, so that it covers the tables
	for i, p := range parts {
		s := &nameSource{part: p, size: firstPage}
		e := extentOf(parts, i, watermark)
		if e.limit == 0 {
			continue
		}
		if tails[i] != nil {
			n.collect(s, tails[i], e.of(tails[i]), "")
		} else if err := n.refill(s, ""); err != nil {
			return nil, err
		}
		if len(s.names) > 0 {
			n.sources = append(n.sources, s)
		}
	}
	for i := len(n.sources)/2 - 1; i >= 0; i-- {
		n.sink(i)
	}
	return n, nil
}

// Unknown returns the sequences that were met so far of events of which nothing is known: they may have other names.
func (n *Names) Unknown() []HoleError { return n.unknown }

// Next returns the next name; false: there are no more. The error is that of reading a table.
func (n *Names) Next() (name string, ok bool, err error) {
	for len(n.sources) > 0 {
		s := n.sources[0]
		name = s.names[0]
		if s.names = s.names[1:]; len(s.names) == 0 && s.size > 0 {
			if err := n.refill(s, name); err != nil {
				return "", false, err
			}
		}
		if len(s.names) == 0 {
			last := len(n.sources) - 1
			n.sources[0], n.sources[last] = n.sources[last], nil
			n.sources = n.sources[:last]
		}
		n.sink(0)
		if name != n.last { // no name is empty
			n.last = name
			return name, true, nil
		}
	}
	return "", false, nil
}

// refill gets the next page behind a name.
func (n *Names) refill(s *nameSource, after string) error {
	return n.finder.ask(s.part, questions{func(t *Tail) error {
		n.collect(s, t, t.Events(), after) // a table was rebuilt as this, and nothing is added to it
		return nil
	}, func(t *Table) (err error) {
		s.names, err = t.names(s.names[:0], n.kind, n.prefix, after, false, s.size)
		if len(s.names) < s.size {
			s.size = 0
		} else {
			s.size = min(4*s.size, fullPage)
		}
		return err
	}})
}

// collect gets all names of a tail behind one.
func (n *Names) collect(s *nameSource, t *Tail, limit uint32, after string) {
	s.names, s.size = nil, 0
	c := clause{prefix: n.prefix}
	t.slots(n.kind, limit, func(_ uint32, name []byte) bool {
		if c.hasPrefix(name) && string(name) > after {
			s.names = append(s.names, string(name))
		}
		return true
	})
	slices.Sort(s.names)
	for _, hole := range t.holesBelow(limit) {
		n.unknown = append(n.unknown, HoleError{s.part.First + uint64(hole[0]), s.part.First + uint64(hole[1])})
	}
}

// sink moves a source down the heap to where it belongs.
func (n *Names) sink(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(n.sources); child++ {
			if n.sources[child].names[0] < n.sources[least].names[0] {
				least = child
			}
		}
		if least == i {
			return
		}
		n.sources[i], n.sources[least] = n.sources[least], n.sources[i]
		i = least
	}
}
