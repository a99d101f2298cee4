// The table of names that decoding has met, so that a stream of events over few
// entities allocates no strings. It is a cache of fixed size without locks: a
// slot is one atomic pointer to an immutable entry, losing a race costs one
// allocation.

package mmapseg

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/batpak/batpak/event"
)

const (
	nameWays = 4
	nameSets = 4096
	tagSets  = 256
)

type names struct {
	seed        maphash.Seed
	coordinates []atomic.Pointer[knownName]
	tags        []atomic.Pointer[knownName]
}

// knownName is a name and the bytes that stand for it in a frame: of a coordinate the
// entity, at once followed by the scope; of a tag itself, with no coordinate.
type knownName struct {
	text       string
	coordinate event.Coordinate
}

// NewDecoder returns a decoder with an empty table of names, which takes up to
// 16,384 coordinates and 1,024 tags.
func NewDecoder() *Decoder {
	return &Decoder{names: names{
		seed:        maphash.MakeSeed(),
		coordinates: make([]atomic.Pointer[knownName], nameSets*nameWays),
		tags:        make([]atomic.Pointer[knownName], tagSets*nameWays),
	}}
}

// lookup returns the entry for text whose entity has so many bytes, or else nil and
// the slot for a new one.
func (n *names) lookup(slots []atomic.Pointer[knownName], text []byte, entity int) (*knownName, *atomic.Pointer[knownName]) {
	hash := maphash.Bytes(n.seed, text)
	sets := uint64(len(slots) / nameWays) // a power of two
	set := slots[hash&(sets-1)*nameWays:][:nameWays]
	for way := range set {
		known := set[way].Load()
		if known == nil {
			return nil, &set[way]
		}
		if known.text == string(text) && len(known.coordinate.Entity()) == entity {
			return known, nil
		}
	}
	return nil, &set[hash>>32%nameWays]
}

// coordinate returns the coordinate whose entity is the first bytes of text and
// whose scope is the rest; false when they are not valid names. Names in the table
// were valid when they came in.
func (n *names) coordinate(text []byte, entity int) (event.Coordinate, bool) {
	known, slot := n.lookup(n.coordinates, text, entity)
	if known != nil {
		return known.coordinate, true
	}
	added := &knownName{text: string(text)}
	at, err := event.At(added.text[:entity], added.text[entity:])
	if err != nil {
		return event.Coordinate{}, false
	}
	added.coordinate = at
	slot.Store(added)
	return at, true
}

// tag returns the bytes, which must be valid UTF-8, as a string.
func (n *names) tag(b []byte) string {
	known, slot := n.lookup(n.tags, b, 0)
	if known == nil {
		known = &knownName{text: string(b)}
		slot.Store(known)
	}
	return known.text
}
