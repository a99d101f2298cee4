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
	texts       []atomic.Pointer[string]
}

// knownName is a coordinate and the bytes that stand for it in a frame: the entity,
// at once followed by the scope.
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
		texts:       make([]atomic.Pointer[string], tagSets*nameWays),
	}}
}

// coordinate returns the coordinate whose entity is the first bytes of text and
// whose scope is the rest; false when they are not valid names. Names in the table
// were valid when they came in.
func (n *names) coordinate(text []byte, entity int) (event.Coordinate, bool) {
	hash := maphash.Bytes(n.seed, text)
	set := n.coordinates[hash%nameSets*nameWays:][:nameWays]
	victim := &set[hash>>32%nameWays]
	for way := range set {
		known := set[way].Load()
		if known == nil {
			victim = &set[way]
			break
		}
		if known.text == string(text) && len(known.coordinate.Entity()) == entity {
			return known.coordinate, true
		}
	}
	added := &knownName{text: string(text)}
	at, err := event.At(added.text[:entity], added.text[entity:])
	if err != nil {
		return event.Coordinate{}, false
	}
	added.coordinate = at
	victim.Store(added)
	return at, true
}

// text returns the bytes, which must be valid UTF-8, as a string.
func (n *names) text(b []byte) string {
	hash := maphash.Bytes(n.seed, b)
	set := n.texts[hash%tagSets*nameWays:][:nameWays]
	victim := &set[hash>>32%nameWays]
	for way := range set {
		known := set[way].Load()
		if known == nil {
			victim = &set[way]
			break
		}
		if *known == string(b) {
			return *known
		}
	}
	text := string(b)
	victim.Store(&text)
	return text
}
