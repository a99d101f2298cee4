//go:build dangerous_test_hooks

// The slowdown that is planted in this process: the environment says how much, once, before anything runs.

package hooks

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	greatestSlowdown = 1000 // percent
	longestSpin      = 100 * time.Microsecond
)

// slowed is nil where appends are not slowed down; it never changes once the process runs.
var slowed = slowdownFromEnvironment()

// slowdown makes what arrives take longer. All stores of the process share it: where several append in turn, each seems to have
// taken less time than it did.
type slowdown struct {
	percent time.Duration
	now     func() time.Time // time.Now, but in tests

	mu   sync.Mutex
	last time.Time // when the arrival before was let go
}

func slowdownFromEnvironment() *slowdown {
	text := os.Getenv(SlowdownVariable)
	s, err := slowdownOf(text)
	if err != nil {
		fmt.Fprintf(os.Stderr, "hooks: %s=%s: %v\n", SlowdownVariable, text, err)
		os.Exit(2)
	}
	return s
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
	return &slowdown{percent: time.Duration(percent), now: time.Now, last: time.Now()}, nil
}

// hold spins for the percentage of the time since it returned last.
func (s *slowdown) hold() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	arrived := s.now()
	spin := min(arrived.Sub(s.last)*s.percent/100, longestSpin)
	for s.last = arrived; s.last.Sub(arrived) < spin; {
		s.last = s.now()
	}
}
