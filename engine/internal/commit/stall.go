// Stalls: how often and how long appends waited for something other than their turn in the commit section. Only who waits
// touches the counters.

package commit

import (
	"sync/atomic"
	"time"
)

// Stall is what is known of one reason to wait.
type Stall struct {
	Count   uint64 // waits that ended
	Waiting uint64 // waits under way
	Nanos   uint64 // spent in those that ended
	Longest uint64 // of them, in nanoseconds
}

// Stalls are the reasons to wait.
type Stalls struct {
	Room  Stall // for the next segment, or for the sync of the one before
	Ahead Stall // for a sync, since as much is staged and not durable as may be
	Heads Stall // for the newest event of an entity, where sealed segments may be asked and it took slowHead; nothing waits until it has
	Turn  Stall // for a unit that others overtook too often
}

// slowHead is how long it takes at least to find an entity's newest event that it counts as a wait: several times what it takes
// in memory, less than one read of a disk.
const slowHead = 50 * time.Microsecond

// stallCounter counts the waits of one reason. The zero counter has counted none.
type stallCounter struct{ begun, ended, nanos, longest atomic.Uint64 }

// begin counts a wait that begins now.
func (c *stallCounter) begin() (began time.Time) {
	c.begun.Add(1)
	return time.Now()
}

// end counts the end of a wait.
func (c *stallCounter) end(began time.Time) { c.ends(time.Since(began)) }

func (c *stallCounter) ends(after time.Duration) {
	took := uint64(max(after, 0))
	c.nanos.Add(took)
	raise(&c.longest, took)
	c.ended.Add(1)
}

// add counts a wait of which only its end told that it was one.
func (c *stallCounter) add(took time.Duration) {
	c.begun.Add(1)
	c.ends(took)
}

// load returns what was counted. What has ended had begun, so it is looked at first.
func (c *stallCounter) load() Stall {
	s := Stall{Count: c.ended.Load(), Nanos: c.nanos.Load(), Longest: c.longest.Load()}
	s.Waiting = c.begun.Load() - s.Count
	return s
}

// raise makes a value at least as much as another.
func raise(v *atomic.Uint64, least uint64) {
	for {
		old := v.Load()
		if old >= least || v.CompareAndSwap(old, least) {
			return
		}
	}
}
