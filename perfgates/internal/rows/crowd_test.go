// Callers that work at the same time: who counts, and who stops. No test looks at a time.

package rows

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batpak/batpak/perfgates/internal/stats"
)

var errBroken = errors.New("broken")

func TestCallersBeginWhenAllOfThemArePrepared(t *testing.T) {
	const callers = 20
	var prepared, worked atomic.Int64
	_, err := together(callers, func(int) error {
		prepared.Add(1)
		return nil
	}, func(int) error {
		if prepared.Load() != callers {
			t.Error("somebody works already")
		}
		worked.Add(1)
		return nil
	})
	if err != nil || worked.Load() != callers {
		t.Errorf("%d callers worked, %v", worked.Load(), err)
	}
}

func TestACallerThatCanNotPrepareDoesNotWork(t *testing.T) {
	var worked atomic.Int64
	_, err := together(3, func(caller int) error {
		if caller == 1 {
			return errBroken
		}
		return nil
	}, func(int) error { worked.Add(1); return nil })
	if !errors.Is(err, errBroken) || worked.Load() != 2 {
		t.Errorf("%d callers worked, %v", worked.Load(), err)
	}
}

func TestACrowdCountsAllItsWorkAndTimesThatOfOneCaller(t *testing.T) {
	for _, callers := range []int{1, 5, 100} {
		var worked, ofFirst atomic.Int64
		into := stats.NewLatency()
		c := &crowd{callers: callers, work: func(caller int) error {
			worked.Add(1)
			if caller == 0 {
				ofFirst.Add(1)
			}
			return nil
		}}
		round, err := c.run(t.Context(), time.Millisecond, into)
		if err != nil {
			t.Fatal(err)
		}
		if round.first != int64(callers) || round.done+round.first != worked.Load() || round.done < round.first {
			t.Errorf("%d callers: %d and %d are counted of %d", callers, round.first, round.done, worked.Load())
		}
		if into.Count() != ofFirst.Load()-1 {
			t.Errorf("%d callers: %d latencies, the first caller worked %d times", callers, into.Count(), ofFirst.Load())
		}
	}
}

func TestACrowdsCallersWorkAtTheSameTime(t *testing.T) {
	const callers = 4
	var meeting sync.WaitGroup
	meeting.Add(callers)
	var calls [callers]int
	c := &crowd{callers: callers}
	c.work = func(caller int) error {
		if calls[caller]++; calls[caller] == 2 { // the first that is measured
			meeting.Done()
			meeting.Wait()
		}
		return nil
	}
	if _, err := c.run(t.Context(), time.Millisecond, stats.NewLatency()); err != nil {
		t.Fatal(err)
	}
}

func TestACrowdEndsWhenItIsToldOrSomebodyFails(t *testing.T) {
	for name, c := range map[string]struct {
		caller, call int
		fails        error
	}{
		"told by the first":          {0, 5, nil},
		"told by another":            {2, 5, nil},
		"the first fails":            {0, 5, errBroken},
		"another fails":              {2, 5, errBroken},
		"the first fails at once":    {0, 1, errBroken},
		"another one fails at once":  {1, 1, errBroken},
		"the first fails thereafter": {0, 2, errBroken},
	} {
		t.Run(name, func(t *testing.T) {
			var calls [3]int
			crowd := &crowd{callers: len(calls)}
			crowd.work = func(caller int) error {
				if calls[caller]++; caller != c.caller || calls[caller] != c.call {
					return nil
				}
				if c.fails == nil {
					crowd.stop()
				}
				return c.fails
			}
			if _, err := crowd.run(t.Context(), time.Hour, stats.NewLatency()); !errors.Is(err, c.fails) {
				t.Errorf("got %v, want %v", err, c.fails)
			}
		})
	}
}

func TestACrowdEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	crowd := &crowd{callers: 3, work: func(caller int) error {
		if caller == 1 {
			cancel()
		}
		return nil
	}}
	if _, err := crowd.run(ctx, time.Hour, stats.NewLatency()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCallersBeginAtDifferentEntities(t *testing.T) {
	load := newWorkload()
	shares := load.split(4)
	seen := make(map[string]bool)
	for _, share := range shares {
		seen[share.coordinate().Entity()] = true
	}
	if len(seen) != len(shares) {
		t.Errorf("%d callers begin at %d entities", len(shares), len(seen))
	}
	if len(newWorkload().split(2*entityCount)) != 2*entityCount {
		t.Error("there are not more callers than entities")
	}
}
