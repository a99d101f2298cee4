// Clocks that misbehave: the hybrid logical clock and the ids go forwards all the
// same, timestamps are as given.

package engine_test

import (
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestIdsAscendWhateverTheClockSays(t *testing.T) {
	t.Parallel()
	times := map[string][]time.Time{
		"backwards":           {time.UnixMilli(5000), time.UnixMilli(4000), time.UnixMilli(4000), time.UnixMilli(6000)},
		"before the epoch":    {time.UnixMilli(-1), time.Unix(-1<<40, 0), time.UnixMilli(1)},
		"zero":                {{}, {}, time.UnixMilli(1)},
		"beyond ids":          {time.UnixMilli(1<<48 - 1), time.UnixMilli(1 << 48), time.UnixMilli(1<<48 + 5), time.UnixMilli(1 << 50)},
		"beyond, then today":  {time.UnixMilli(1 << 50), time.UnixMilli(1 << 40), time.UnixMilli(1 << 41)},
		"beyond microseconds": {time.Unix(math.MaxInt64/1000, 0), time.Unix(1<<55, 0), time.UnixMilli(1)},
	}
	for name, sequence := range times {
		path := quickDir(t)
		var now atomic.Pointer[time.Time]
		now.Store(&sequence[0])
		o := small(engine.SyncManual())
		o.Clock = func() time.Time { return *now.Load() }
		var events history
		for range 2 { // the second opening goes on above the first
			s := mustOpen(t, path, o)
			for n := range 3 * len(sequence) {
				now.Store(&sequence[n%len(sequence)])
				r, err := s.AppendBytes(here, event.Data, event.CodecRaw, nil)
				if err != nil {
					t.Fatal(err)
				}
				if want := now.Load().UnixMicro(); r.Timestamp != want {
					t.Errorf("%s: timestamp %d, want %d", name, r.Timestamp, want)
				}
				d := event.Draft{Coordinate: here, Kind: event.Data}
				events = append(events, expected(&d, nil, r))
			}
			mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
			mustClose(t, s)
		}
		mustBeSound(t, events, true)
	}
}
