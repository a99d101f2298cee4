// The table of names that decoding has met, so that a stream of events over few
// entities allocates no strings. It is a cache of fixed size without locks: a
// slot is one atomic pointer to an immutable entry, losing a race costs one
// allocation.

package mmapseg

import (
	"hash/maphash"
	"sync/atomic"
	"unicode/utf8"

	"github.com/batpak/batpak/event"
)

const (
	nameWays = 4
	nameSets = 4096
)

type names struct {
	seed        maphash.Seed
	coordinates []atomic.Pointer[event.Coordinate]
	texts       []atomic.Pointer[string]
}

// NewDecoder returns a decoder with an empty table of names, which takes up to
// 16,384 coordinates and 1,024 tags.
func NewDecoder() *Decoder {
	return &Decoder{names: names{
		seed:        maphash.MakeSeed(),
		coordinates: make([]atomic.Pointer[event.Coordinate], nameSets*nameWays),
		texts:       make([]atomic.Pointer[string], 1024),
	}}
}

// coordinate returns the coordinate of these names; ok is false when they are not
// valid. Names in the table were valid when they came in.
func (n *names) coordinate(entity, scope []byte) (at event.Coordinate, ok bool) {
	hash := maphash.Bytes(n.seed, entity)*31 + maphash.Bytes(n.seed, scope)
	set := n.coordinates[hash%nameSets*nameWays:][:nameWays]
	victim := &set[hash>>32%nameWays]
	for way := range set {
		known := set[way].Load()
		if known == nil {
			victim = &set[way]
			break
		}
		if known.Entity() == string(entity) && known.Scope() == string(scope) {
			return *known, true
		}
	}
	at, err := event.At(string(entity), string(scope))
	if err != nil {
		return at, false
	}
	victim.Store(&at)
	return at, true
}

// text returns the bytes, which must be valid UTF-8, as a string.
func (n *names) text(b []byte) string {
	slot := &n.texts[maphash.Bytes(n.seed, b)%uint64(len(n.texts))]
	if known := slot.Load(); known != nil && *known == string(b) {
		return *known
	}
	text := string(b)
	if utf8.ValidString(text) {
		slot.Store(&text)
	}
	return text
}
