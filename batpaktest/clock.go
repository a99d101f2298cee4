// This file holds what takes the place of the time and of random numbers in a test.

package batpaktest

import (
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// Clock is a clock that stands still but for a millisecond at each reading, so that times are the same in every run. It is made
// by [NewClock], and its Now is what [engine.Options].Clock wants. All methods may be called concurrently.
type Clock struct {
	mu   sync.Mutex
	next time.Time // what the next reading gives
}

// tick is the time between two readings.
const tick = time.Millisecond

// NewClock returns a clock whose first reading is 2026-01-01 00:00:00 UTC.
func NewClock() *Clock { return &Clock{next: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)} }

// Now reads the clock: a millisecond after the reading before.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.next
	c.next = now.Add(tick)
	return now
}

// Advance makes the next reading later by d, or earlier if that is negative.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = c.next.Add(d)
}

// Set makes the next reading this one, which may lie before the last.
func (c *Clock) Set(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = to
}

// NewRandom returns random bytes without end that are the same for the same seed, for [engine.Options].Random. It may be
// read concurrently. Two stores that are given the same ones have the same identity, so they must not be told
// apart in the same test.
func NewRandom(seed uint64) io.Reader {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	return &random{source: rand.NewChaCha8(key)}
}

// random is what NewRandom returns.
type random struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

// Read fills p.
func (r *random) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(p)
}
