// This file holds Chain, and what it is given.

package chain

import (
	"errors"
	"iter"
	"math"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// ErrNoHashes says that the store was created without hashing, so that its events carry no chain.
var ErrNoHashes = errors.New("batpak: the store was created without hashing, its events carry no chain")

// Config is what a chain is verified with. All fields must be set.
type Config struct {
	Set      *mmapseg.Set
	Decoder  *mmapseg.Decoder
	Origin   event.ID // of the store
	Identity event.ID
	Hashing  bool
	// Damage is what opening found, in ascending order of sequences.
	Damage []*mmapseg.CorruptError
	// Lost are the ranges of sequences that unclean ends gave up, ascending.
	Lost []mmapseg.Range
	// Ended is what everything fails with once the store is closed, as Closed tells.
	Ended  error
	Closed func() bool
	// Durable returns the highest sequence that survives a power cut.
	Durable func() uint64
	// At reads the event with a sequence into one whose memory it reuses.
	At func(sequence uint64, into *event.Event) error
	// Query yields the visible events that a region selects, checked, at most limit of them unless that is 0.
	Query func(region event.Region, backward bool, limit int) iter.Seq2[event.Event, error]
}

// Chain verifies the chains and the tree of one store. All methods may be called concurrently, beside
// a writer too.
type Chain struct {
	Config
	nodes nodes
}

// New returns the chains of a store.
func New(c Config) *Chain { return &Chain{Config: c} }

// ready says why nothing can be verified.
func (c *Chain) ready() error {
	switch {
	case c.Closed():
		return c.Ended
	case !c.Hashing:
		return ErrNoHashes
	}
	return nil
}

// translate makes the error of a closed segment that of a closed store.
func (c *Chain) translate(err error) error {
	if errors.Is(err, mmapseg.ErrSegmentClosed) {
		return c.Ended
	}
	return err
}

// lost reports whether all sequences from first to last were given up by unclean ends.
func (c *Chain) lost(first, last uint64) bool {
	for _, l := range c.Lost {
		if l.First <= first && first <= l.Last {
			if l.Last >= last {
				return true
			}
			first = l.Last + 1
		}
	}
	return false
}

// damageAt returns the damage that opening found and that may have held a sequence; nil: none.
func (c *Chain) damageAt(sequence uint64) error {
	for _, d := range c.Damage {
		if d.First != 0 && d.First <= sequence && sequence <= d.Last {
			return d
		}
	}
	return nil
}

// before is the region of an entity's events with a lower sequence, of which there may be some; false: none.
func before(ev *event.Event) (event.Region, bool) {
	if ev.Sequence <= 1 {
		return event.Nothing(), false
	}
	return event.Entity(ev.Entity()).Sequences(1, ev.Sequence-1), true
}

// limited returns at most the given number, all for 0.
func limited(n int) int {
	if n == 0 {
		return math.MaxInt
	}
	return n
}
