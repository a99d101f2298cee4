// This file holds the ends of processes: what a cut leaves of a disk, and how it is written down so that it can be
// made again.

package crash

import (
	"fmt"
	"math/rand/v2"

	"github.com/batpak/batpak/internal/simdisk"
)

// how says what ends.
type how uint8

const (
	killed how = iota // the process alone: the page cache stays
	oldest            // the machine, with nothing on the disk that was not synced
	newest            // the machine, with everything on the disk
	random            // the machine, by Style and Seed
	hows
)

// cut is the end of a process, or of the machine.
type cut struct {
	How    how
	Style  simdisk.Style
	Seed   uint64
	Except []choice // of oldest and newest: places at which something else was chosen
}

// choice is one decision of a power cut.
type choice struct {
	Place     place
	Candidate int
}

// place is a simdisk.Place that can be compared and saved.
type place struct {
	Kind   simdisk.PlaceKind
	Name   string
	Inode  uint64
	Sector int
}

func placeOf(p simdisk.Place) place { return place{p.Kind, p.Name, p.Inode, p.Sector} }

// cutBy returns some cut.
func cutBy(r *rand.Rand) cut {
	c := cut{How: random, Style: simdisk.Style(r.IntN(simdisk.Styles)), Seed: r.Uint64()}
	switch r.IntN(10) {
	case 0:
		c.How = oldest
	case 1:
		c.How = newest
	case 2, 3:
		c.How = killed
	}
	return c
}

// of returns what the cut leaves of a disk, which stays as it is.
func (c *cut) of(d *simdisk.Disk) *simdisk.Disk {
	if c.How == killed {
		return d.Clone()
	}
	return d.PowerCut(c.chooser())
}

func (c *cut) chooser() simdisk.Chooser {
	base := simdisk.Oldest
	switch c.How {
	case newest:
		base = simdisk.Newest
	case random:
		return simdisk.Random(rand.New(rand.NewPCG(c.Seed, 0)), c.Style)
	}
	if len(c.Except) == 0 {
		return base
	}
	except := make(map[place]int, len(c.Except))
	for _, e := range c.Except {
		except[e.Place] = e.Candidate
	}
	return func(p simdisk.Place, n int) int {
		if candidate, ok := except[placeOf(p)]; ok {
			return min(candidate, n-1)
		}
		return base(p, n)
	}
}

// spelled returns the same power cut of this disk with its choices one by one: as few exceptions as the better of
// oldest and newest has.
func (c *cut) spelled(d *simdisk.Disk) cut {
	if c.How != random {
		return *c
	}
	choose := c.chooser()
	old, young := cut{How: oldest}, cut{How: newest}
	d.PowerCut(func(p simdisk.Place, n int) int {
		candidate := choose(p, n)
		if candidate != 0 {
			old.Except = append(old.Except, choice{placeOf(p), candidate})
		}
		if candidate != n-1 {
			young.Except = append(young.Except, choice{placeOf(p), candidate})
		}
		return candidate
	})
	if len(young.Except) < len(old.Except) {
		return young
	}
	return old
}

// String describes the cut.
func (c *cut) String() string {
	switch c.How {
	case killed:
		return "the process ends, the page cache stays"
	case random:
		return fmt.Sprintf("power cut of style %d with seed %d", c.Style, c.Seed)
	}
	text := "power cut, everything as it was synced last"
	if c.How == newest {
		text = "power cut, everything as it was written last"
	}
	for i, e := range c.Except {
		if i == 8 {
			return fmt.Sprintf("%s, and %d more", text, len(c.Except)-i)
		}
		text += fmt.Sprintf(", but %s", e)
	}
	return text
}

// String names the place and what was chosen there.
func (c choice) String() string {
	switch c.Place.Kind {
	case simdisk.NamePlace:
		return fmt.Sprintf("candidate %d of the name %s", c.Candidate, c.Place.Name)
	case simdisk.SizePlace:
		return fmt.Sprintf("candidate %d of the size of file %d", c.Candidate, c.Place.Inode)
	}
	return fmt.Sprintf("candidate %d of sector %d of file %d", c.Candidate, c.Place.Sector, c.Place.Inode)
}
