// This file holds the choosers of power cuts.

package simdisk

import "math/rand/v2"

// Oldest chooses what is durable: whatever could be lost is lost.
func Oldest(Place, int) int { return 0 }

// Newest chooses what processes saw: nothing is lost.
func Newest(_ Place, n int) int { return n - 1 }

// Style is how a random power cut chooses.
type Style uint8

// The styles.
const (
	AnySector    Style = iota // any candidate at each place
	MostlyNewest              // the newest, any at some places
	MostlyOldest              // the durable one, any at some places
	StoreOrder                // everything up to one change, nothing of the later ones
	OneLost                   // the newest, but for one place
	OneKept                   // the durable one, but for one place
	RunLost                   // the newest, but for places in a row
	MetadataLost              // durable names and sizes, newest sectors
	ContentLost               // newest names and sizes, durable sectors
	ByFile                    // the newest or the durable ones of a file, a name by itself
	Styles       int   = iota
)

// String returns the name of the style.
func (s Style) String() string {
	names := [...]string{"any sector", "mostly newest", "mostly oldest", "store order", "one lost", "one kept",
		"run lost", "metadata lost", "content lost", "by file"}
	if int(s) >= len(names) {
		return "unknown"
	}
	return names[s]
}

// Random returns the chooser of one power cut: another needs another one. Equal r, style and places give equal choices.
func Random(r *rand.Rand, style Style) Chooser {
	switch style {
	case MostlyNewest:
		some := 2 + r.IntN(40)
		return func(_ Place, n int) int { return mostly(r, n-1, n, some) }
	case MostlyOldest:
		some := 2 + r.IntN(40)
		return func(_ Place, n int) int { return mostly(r, 0, n, some) }
	case StoreOrder:
		return storeOrder(r)
	case OneLost, OneKept, RunLost:
		return inARow(r, style)
	case MetadataLost:
		return func(p Place, n int) int { return either(p.Kind == SectorPlace, n) }
	case ContentLost:
		return func(p Place, n int) int { return either(p.Kind != SectorPlace, n) }
	case ByFile:
		kept := make(map[uint64]bool)
		return func(p Place, n int) int {
			keep, known := kept[p.Inode]
			if p.Kind == NamePlace || !known {
				keep = r.IntN(2) == 0
				kept[p.Inode] = keep
			}
			return either(keep, n)
		}
	}
	return func(_ Place, n int) int { return r.IntN(n) }
}

func either(newest bool, n int) int {
	if newest {
		return n - 1
	}
	return 0
}

func mostly(r *rand.Rand, usual, n, some int) int {
	if r.IntN(some) == 0 {
		return r.IntN(n)
	}
	return usual
}

// storeOrder chooses everything up to one change, which itself may be there in part.
func storeOrder(r *rand.Rand) Chooser {
	var last uint64
	begun := false
	return func(p Place, n int) int {
		if !begun {
			begun, last = true, p.First-1+r.Uint64N(p.Last-p.First+2)
		}
		k := n - 1
		for p.Moment(k) > last {
			k--
		}
		for k > 0 && p.Moment(k) == last && r.IntN(2) == 0 {
			k--
		}
		return k
	}
}

// inARow treats one place, or some that follow each other, in another way than the others.
func inARow(r *rand.Rand, style Style) Chooser {
	from, to := -1, 0
	return func(p Place, n int) int {
		if from < 0 {
			from = r.IntN(p.Total)
			to = from + 1
			if style == RunLost {
				to = from + 1 + r.IntN(p.Total-from)
			}
		}
		within := from <= p.Index && p.Index < to
		switch {
		case within && style == OneKept:
			return 1 + r.IntN(n-1)
		case within && style == OneLost:
			return r.IntN(n - 1)
		}
		return either(within == (style == OneKept), n)
	}
}
