// Rounds of appends that count themselves. No test looks at a time.

package crowd

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestEveryAppendIsCountedButTheFirstOfEachCaller(t *testing.T) {
	for _, callers := range []int{1, 7, 100} {
		var appended atomic.Int64
		round, err := Run(callers, time.Millisecond, 10, func([]byte) error { appended.Add(1); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if round.Appends != appended.Load()-int64(callers) || round.Appends < int64(callers) {
			t.Errorf("%d callers: %d appends counted, %d made", callers, round.Appends, appended.Load())
		}
		if round.Took <= 0 || round.P99 < round.P50 {
			t.Errorf("%d callers: %+v", callers, round)
		}
	}
}

func TestCallersAppendAtTheSameTime(t *testing.T) {
	const callers = 5
	var together sync.WaitGroup
	together.Add(callers)
	var calls atomic.Int64
	_, err := Run(callers, time.Millisecond, 10, func(value []byte) error {
		if len(value) != 10 {
			t.Errorf("a value of %d bytes", len(value))
		}
		if calls.Add(1) <= callers {
			together.Done()
			together.Wait() // returns only when all callers are here
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFailedAppendFailsTheRound(t *testing.T) {
	broken := errors.New("broken")
	for name, failAt := range map[string]int64{"at once": 1, "later": 20} {
		var calls atomic.Int64
		_, err := Run(3, time.Minute, 10, func([]byte) error {
			if calls.Add(1) >= failAt {
				return broken
			}
			return nil
		})
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
