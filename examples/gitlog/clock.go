// This file holds the clock of the store while it is filled: the time of the commit that is being stored.

package main

import (
	"time"

	"github.com/batpak/batpak/engine"
)

// lastSecond is the end of the year 9999, in seconds since the Unix epoch. Git stores later times, and a hybrid logical
// clock that has once been there would stay.
const lastSecond = 253_402_300_799

// commitClock makes the time of an event the author time of its commit, so that time ranges select by it. It is for one
// goroutine, the one that appends.
type commitClock struct {
	of time.Time // of the next event; zero: the opening of the store, which is now
}

// set makes an author time that of the next event. Times that no calendar of four digits has are moved to its nearest
// end; the payload keeps them as they are.
func (c *commitClock) set(authorTime int64) {
	c.of = time.Unix(min(max(authorTime, 0), lastSecond), 0)
}

// now is what the store reads.
func (c *commitClock) now() time.Time {
	if c.of.IsZero() {
		return time.Now()
	}
	return c.of
}

// options opens a store that goes by the clock.
func (c *commitClock) options() engine.Options { return engine.Options{Clock: c.now} }
