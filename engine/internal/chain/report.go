// This file holds what verifying is asked and what it tells.

package chain

import (
	"runtime"

	"github.com/batpak/batpak/event"
)

// MaxWorkers is how many goroutines verifying may be given.
const MaxWorkers = 1024

// Options are how to verify. The zero value is good.
type Options struct {
	// Workers is how many goroutines verify at the same time, up to MaxWorkers; 0: as many as there are processors to run
	// them, GOMAXPROCS. Who appends meanwhile shares these.
	Workers int
	// Heads must belong to the history: each covers the first events that there are. They are compared when the whole
	// store is verified.
	Heads []event.TreeHead
	// Progress is called now and then with the number of events that were verified, and with how many there are to be looked at:
	// by one goroutine at a time, which verifies no further until it returns. nil: nobody is told.
	Progress func(verified, of uint64)
}

// complete returns the options with defaults in place of zero values.
func (o Options) complete() Options {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Progress == nil {
		o.Progress = func(uint64, uint64) {}
	}
	return o
}

// Report is what was verified: everything that was asked for, or what comes before the event that does not hold. Then Events is exact
// when the whole store is verified, and all other numbers may count what lies a little further.
type Report struct {
	Events   uint64 // that hold
	Entities uint64 // that these belong to
	Bytes    uint64 // of their payloads
	// Nodes is the number of tree nodes in footers that were compared with the events. It is 0 unless the whole store was
	// verified, as is Head.
	Nodes uint64
	// Head is the head of the tree over all durable events, computed from what they say.
	Head event.TreeHead
}
