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
	s.now, s.last = clock.now, clock.at
	return s, clock
}

func TestAnArrivalIsHeldUpForThePercentageOfTheTimeSinceTheOneBefore(t *testing.T) {
	for _, c := range []struct {
		percent    string
		took, held time.Duration
	}{
		{"20", 1000, 200},
		{"20", 130 * time.Microsecond, 26 * time.Microsecond},
		{"1", 1000, 10},
		{"1000", 1000, 10_000},
		{"20", time.Hour, 100 * time.Microsecond},
		{"20", 3, 0},
	} {
		s, clock := slowedBy(t, c.percent)
		for range 3 { // time that was held up is no part of what the next one took
			clock.at = clock.at.Add(c.took - 1)
			before := clock.at.Add(1)
			s.hold()
			if held := clock.at.Sub(before); held != c.held {
				t.Errorf("%s %% of %v: held up for %v, want %v", c.percent, c.took, held, c.held)
			}
		}
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
