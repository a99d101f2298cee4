// This file holds the power cut: where the disk has a choice, and the disk that a choice leaves.

package simdisk

import (
	"maps"
	"slices"
)

// PlaceKind says what a power cut chooses.
type PlaceKind uint8

// The kinds.
const (
	NamePlace   PlaceKind = iota + 1 // what a name stands for
	SizePlace                        // the size of a file
	SectorPlace                      // the content of a sector
)

// String returns the name of the kind.
func (k PlaceKind) String() string {
	switch k {
	case NamePlace:
		return "name"
	case SizePlace:
		return "size"
	case SectorPlace:
		return "sector"
	}
	return "unknown"
}

// Place is where the disk may hold one of several candidates. Equal states have equal places in equal order.
type Place struct {
	Kind   PlaceKind
	Name   string // of a NamePlace; of the others, one that the file may have
	Inode  uint64 // 0 for a NamePlace
	Sector int    // of a SectorPlace, counted from the start of the file
	Index  int    // number of the place, from 0
	Total  int    // of places

	// First and Last are the moments of the earliest and the latest change that made a candidate at any place.
	First, Last uint64

	moments []uint64
}

// Moment returns the number of the change that made a candidate, 0 for candidate 0. It must be called before the Chooser
// that was given the Place returns. A copy of many bytes makes several candidates for one sector: the last is all of it.
func (p Place) Moment(candidate int) uint64 { return p.moments[candidate] }

// Chooser chooses one of n candidates at a place, n > 1: 0 is what is durable, n-1 what processes saw. It must not call the
// disk. What lies outside 0..n-1 is taken as the nearest of these.
type Chooser func(p Place, n int) int

// PowerCut returns the disk that a power cut at this moment may leave: at each place the candidate that choose says. It is
// called once for each, in order. Everything on the new disk is durable. d goes on as if nothing had happened.
func (d *Disk) PowerCut(choose Chooser) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &d.survey
	s.take(&d.state)
	for i := range s.places {
		p := &s.places[i]
		p.moments = s.moments[s.from[i]:s.from[i+1]]
		p.Total, p.First, p.Last = len(s.places), s.first, s.last
		s.choices = append(s.choices, min(max(choose(*p, len(p.moments)), 0), len(p.moments)-1))
	}
	return newDisk(d.state.cut(s.choices))
}

// survey is all places of a state. It is kept for the next one, since power cuts are many.
type survey struct {
	places      []Place
	from        []int // place i has the moments [from[i], from[i+1])
	moments     []uint64
	first, last uint64
	choices     []int
}

// add adds a place for the moments behind those of the last one, if they leave a choice.
func (s *survey) add(p Place) {
	moments := s.moments[s.from[len(s.places)]:]
	if len(moments) < 2 {
		s.moments = s.moments[:s.from[len(s.places)]]
		return
	}
	moments[0] = 0
	if s.first == 0 || moments[1] < s.first {
		s.first = moments[1]
	}
	s.last = max(s.last, moments[len(moments)-1])
	p.Index = len(s.places)
	s.places, s.from = append(s.places, p), append(s.from, len(s.moments))
}

// take finds the places: names, then the files that one of them may stand for. cut takes the choices in the
// same order.
func (v *survey) take(s *state) {
	v.places, v.from, v.moments, v.choices = v.places[:0], append(v.from[:0], 0), v.moments[:0], v.choices[:0]
	v.first, v.last = 0, 0
	names := slices.Sorted(maps.Keys(s.names))
	called := make(map[uint64]string)
	for _, name := range names {
		for _, e := range s.names[name] {
			v.moments = append(v.moments, e.moment)
			if _, known := called[e.inode]; !known {
				called[e.inode] = name
			}
		}
		v.add(Place{Kind: NamePlace, Name: name})
	}
	delete(called, 0)
	for _, number := range slices.Sorted(maps.Keys(called)) {
		v.file(Place{Name: called[number], Inode: number}, s.inodes[number])
	}
}

// file adds the places of a file.
func (v *survey) file(p Place, i *inode) {
	for _, e := range i.sizes {
		v.moments = append(v.moments, e.moment)
	}
	p.Kind = SizePlace
	v.add(p)
	p.Kind = SectorPlace
	for n, page := range i.pages {
		if page == nil || len(page.log) == 0 {
			continue
		}
		var touched [PageSize / SectorSize]bool
		for _, c := range page.log {
			touched[c.sector()] = true
		}
		for sector, touched := range touched {
			if !touched {
				continue
			}
			v.moments = append(v.moments, 0)
			for k := range page.log {
				if c := &page.log[k]; c.sector() == sector {
					for range c.states() {
						v.moments = append(v.moments, c.moment)
					}
				}
			}
			p.Sector = n*PageSize/SectorSize + sector
			v.add(p)
		}
	}
}

// cut returns the state that choices leave.
func (s *state) cut(choices []int) state {
	s.owner = new(owner) // it shares pages with the copy from now on
	c := newState()
	c.moment, c.newest, c.lastSync = s.moment, s.newest, s.lastSync
	files := make(map[uint64]bool)
	for _, name := range slices.Sorted(maps.Keys(s.names)) {
		list := s.names[name]
		chosen := 0
		if len(list) > 1 {
			chosen, choices = choices[0], choices[1:]
		}
		for _, e := range list {
			if e.inode != 0 && !files[e.inode] {
				files[e.inode] = false
			}
		}
		if e := list[chosen]; e.inode != 0 {
			c.names[name] = []entry{{inode: e.inode}}
			files[e.inode] = true
		}
	}
	for _, number := range slices.Sorted(maps.Keys(files)) {
		var left *inode
		left, choices = s.inodes[number].cut(c.owner, choices)
		if files[number] {
			c.inodes[number] = left
		}
	}
	return c
}

// cut returns the file that choices leave, and the other choices.
func (i *inode) cut(o *owner, choices []int) (*inode, []int) {
	if len(i.sizes) == 1 && !slices.ContainsFunc(i.pages, func(p *page) bool { return !p.settled() }) {
		return i, choices // it belongs to nobody any more
	}
	size := i.sizes[0].size
	if len(i.sizes) > 1 {
		size, choices = i.sizes[choices[0]].size, choices[1:]
	}
	c := &inode{owner: o, sizes: []extent{{size: size}}, pages: slices.Clone(i.pages)}
	for n, p := range c.pages {
		if !p.settled() {
			c.pages[n], choices = p.cut(o, choices)
		}
	}
	c.pages = c.pages[:min(len(c.pages), int((size+PageSize-1)/PageSize))]
	if in := int(size % PageSize); in > 0 && int64(len(c.pages)) == size/PageSize+1 {
		if last := c.pages[len(c.pages)-1]; last != nil && !isZero(bytesOf(last.cache)[in:]) {
			b := *last.cache
			clear(b[in:])
			c.pages[len(c.pages)-1] = &page{owner: o, cache: &b, durable: &b}
		}
	}
	return c, choices
}

// cut returns the page that choices leave, and the other choices.
func (p *page) cut(o *owner, choices []int) (*page, []int) {
	if len(p.log) == 0 {
		return &page{owner: o, cache: p.durable, durable: p.durable}, choices
	}
	var left [PageSize / SectorSize]int // states that are chosen, and not yet reached
	var touched [PageSize / SectorSize]bool
	for _, c := range p.log {
		touched[c.sector()] = true
	}
	for sector := range left {
		if touched[sector] {
			left[sector], choices = choices[0], choices[1:]
		}
	}
	if left == ([PageSize / SectorSize]int{}) {
		return &page{owner: o, cache: p.durable, durable: p.durable}, choices
	}
	b := *bytesOf(p.durable)
	for _, c := range p.log {
		states := min(left[c.sector()], c.states())
		if states > 0 {
			c.apply(&b, states)
			left[c.sector()] -= states
		}
	}
	return &page{owner: o, cache: &b, durable: &b}, choices
}
