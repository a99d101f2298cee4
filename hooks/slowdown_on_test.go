//go:build dangerous_test_hooks

// The planted slowdown: how long an arrival is held up, and what the environment may say.

package hooks

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// ticking is a clock that a slowdown sees: it goes on by a nanosecond each time that somebody looks, and by hand.
type ticking struct{ at time.Time }

func (c *ticking) now() time.Time {
	c.at = c.at.Add(1)
	return c.at
}

func slowedBy(t *testing.T, percent string) (*slowdown, *ticking) {
	t.Helper()
	s, err := slowdownOf(percent)
	if err != nil {
		t.Fatal(err)
	}
	clock := &ticking{time.Unix(1, 0)}
	s.now = clock.now
	return s, clock
}

func TestAnArrivalIsHeldUpForThePercentageOfItsOwnTime(t *testing.T) {
	for _, c := range []struct {
		percent          string
		took, cost, held time.Duration // of each append; held: the cost included
		appends          time.Duration
	}{
		{"20", 1000, 1, 200, 1000},
		{"20", 1000, 150, 200, 1000}, // what is spun is less than what is asked for, by what looking costs
		{"20", 123, 7, 24, 1000},     // 24.6 in nanoseconds that are whole
		{"1", 10_000, 60, 100, 1000},
		{"1000", 1000, 50, 10_000, 100},                            // looked at every nanosecond: fewer suffice where they are long
		{"20", 1000, 300, 300, 1000},                               // can't be less than what it costs
		{"1000", time.Millisecond, 50, 100 * time.Microsecond, 20}, // at most
	} {
		s, clock := slowedBy(t, c.percent)
		s.cost = c.cost
		s.hold() // nothing is known of the first one
		start := clock.at
		for range c.appends {
			clock.at = clock.at.Add(c.took + c.cost - 1) // the clock itself goes on by 1 in each hold
			s.hold()
		}
		if held := clock.at.Sub(start)/c.appends - c.took; held < c.held-1 || held > c.held+1 {
			t.Errorf("%s %% of %v at a cost of %v: held up for %v each, want %v", c.percent, c.took, c.cost, held, c.held)
		}
	}
}

func TestAPauseIsNoAppendsTime(t *testing.T) {
	s, clock := slowedBy(t, "20")
	for _, took := range []time.Duration{0, 100, 100, 100, time.Hour, 100} {
		clock.at = clock.at.Add(took)
		before := clock.at
		s.hold()
		if held := clock.at.Sub(before); held > longestTimesUsual*100 {
			t.Errorf("after %v it is held up for %v", took, held)
		}
	}
}

func TestACostIsThatOfOneCall(t *testing.T) {
	calls := 0
	if cost := costOf(func() { calls++ }); cost < 0 || calls < 1000 {
		t.Errorf("%v in %d calls", cost, calls)
	}
}

func TestOnlyAppendsAreHeldUp(t *testing.T) {
	defer func(was *slowdown) { slowed = was }(slowed)
	var clock *ticking
	slowed, clock = slowedBy(t, "20")
	for _, set := range []*Set{nil, New(1)} {
		for _, p := range []Point{AppendStaged, PublishVisible} {
			before := clock.at
			if err := set.Reach(p, ""); err != nil {
				t.Error(err)
			}
			if looked := clock.at != before; looked != (p == AppendStaged) {
				t.Errorf("%v is held up: %v", p, looked)
			}
		}
	}
}

func TestWithoutTheEnvironmentNothingIsHeldUp(t *testing.T) {
	if planted := os.Getenv(SlowdownVariable) != ""; planted != (slowed != nil) {
		t.Errorf("held up: %v, want %v", slowed != nil, planted)
	}
	if s, err := slowdownOf(""); s != nil || err != nil {
		t.Errorf("nothing is taken for %v, %v", s, err)
	}
}

func TestASlowdownThatIsNoneEndsTheProcess(t *testing.T) {
	for _, text := range []string{"0", "1001", "-1", "20%", "a lot", "1.5"} {
		if s, err := slowdownOf(text); s != nil || err == nil {
			t.Errorf("%q is taken for %v, %v", text, s, err)
		}
	}
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), SlowdownVariable+"=a lot")
	said, err := child.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(said), SlowdownVariable+"=a lot") {
		t.Errorf("the child ended with %v, saying %q", err, said)
	}
}
