//go:build dangerous_test_hooks

// The slowdown that is planted in this process: the environment says how much, once, before anything runs.

package hooks

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	greatestSlowdown = 1000 // percent
	longestSpin      = 100 * time.Microsecond

	// longestTimesUsual tells appends from pauses.
	longestTimesUsual = 8
)

// slowed is nil where appends are not slowed down; it never changes once the process runs.
var slowed = slowdownFromEnvironment()

// slowdown makes what arrives take longer. All stores of the process share it: where several append in turn, each seems to have
// taken less time than it did.
//
// Looking at the clock takes time, too: that is part of what an append is held up, and no part of what it took by itself. What a
// spin went on for too long is made up for by the next ones.
type slowdown struct {
	percent time.Duration
	now     func() time.Time // time.Now, but in tests
	cost    time.Duration    // what an arrival takes that is not held up

	mu    sync.Mutex
	last  time.Time     // when the arrival before was let go; zero: there was none
	usual time.Duration // what the append before took by itself
	owed  time.Duration // by which arrivals were held up too little; negative: too much
}

func slowdownFromEnvironment() *slowdown {
	text := os.Getenv(SlowdownVariable)
	s, err := slowdownOf(text)
	if err != nil {
		fmt.Fprintf(os.Stderr, "hooks: %s=%s: %v\n", SlowdownVariable, text, err)
		os.Exit(2)
	}
	if s != nil {
		s.cost = costOf(func() { s.hold() })
		s.last, s.usual, s.owed = time.Time{}, 0, 0
	}
	return s
}

// costOf returns what a call takes, in the quickest of several batches.
func costOf(call func()) time.Duration {
	const batches, calls = 9, 1000
	least := time.Duration(math.MaxInt64)
	for range batches {
		start := time.Now()
		for range calls {
			call()
		}
		least = min(least, time.Since(start))
	}
	return least / calls
}

// slowdownOf returns nil for no text.
func slowdownOf(text string) (*slowdown, error) {
	if text == "" {
		return nil, nil
	}
	percent, err := strconv.Atoi(text)
	if err != nil || percent < 1 || percent > greatestSlowdown {
		return nil, fmt.Errorf("must be a whole number of percent from 1 to %d", greatestSlowdown)
	}
	return &slowdown{percent: time.Duration(percent), now: time.Now}, nil
}

// hold spins for the percentage of what the append took by itself: the time since it returned last, less its own cost. A pause is no
// append's time: it counts as a few times the one before at most.
func (s *slowdown) hold() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	arrived := s.now()
	if s.last.IsZero() {
		s.last = arrived
		return
	}
	took := max(arrived.Sub(s.last)-s.cost, 0)
	if s.usual > 0 {
		took = min(took, longestTimesUsual*s.usual)
	}
	s.usual = took
	s.owed = max(s.owed+min(took*s.percent/100, longestSpin)-s.cost, -longestSpin)
	spin := s.owed
	for s.last = arrived; s.last.Sub(arrived) < spin; {
		s.last = s.now()
	}
	s.owed -= s.last.Sub(arrived)
}
