// P23: wake-ups of a store that is open and not used.

package rows

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/host"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const (
	fewestIdleRounds = 3
	mostIdleRounds   = 8
	notToTell        = 2 // wake-ups in a window: what the quietest of eight can differ by without a cause
)

// idleStore counts how often the process's threads wake up while a store is open
// and nobody uses it, less how often they do without a store, in turns. The runtime
// wakes up now and then by itself, so the quietest window counts on both sides:
// what an idle store does, it does in every window. For the same reason there are
// more rounds as long as the store seems to be the busier side.
func idleStore(ctx context.Context, env *Env, path string) (figure.Result, error) {
	window := env.Scale.IdleWindow
	result := figure.Result{
		Row: "P23", Name: "wake-ups of an idle open store", Value: figure.None(), Unit: "wake-ups/s",
		Reference: "one a second", ReferenceValue: 1, Better: figure.Smaller, Target: 0,
	}
	var with, without, busy []float64
	beyond := func() float64 { return max(0, stats.Smallest(with)-stats.Smallest(without)) }
	for round := 0; round < fewestIdleRounds || round < mostIdleRounds && beyond() > 0; round++ {
		env.progress("watching an idle store, round %d", round+1)
		if err := ctx.Err(); err != nil {
			return result, err
		}
		quiet, err := settledIdle(window)
		if err != nil {
			result.Unjudged = err.Error() // the system does not count wake-ups
			return result, nil
		}
		open, err := idleWithStore(path, window)
		if err != nil {
			return result, err
		}
		without = append(without, float64(quiet.WakeUps))
		with = append(with, float64(open.WakeUps))
		busy = append(busy, float64(open.CPUNanos-quiet.CPUNanos))
	}
	result.Value = beyond() / window.Seconds()
	if extra := beyond(); extra > 0 && extra <= notToTell {
		result.Unjudged = "so few wake-ups more are within what the runtime does by itself; a longer --duration tells"
	}
	return counting(result).Add("window_seconds", window.Seconds()).Add("rounds", len(with)).
		Add("wake_ups", stats.Smallest(with)).Add("wake_ups_without", stats.Smallest(without)).
		Add("cpu_ns_beyond", stats.Median(busy)).
		Add("note", "beyond the wake-ups of the same process without a store, fewest of the windows"), nil
}

// idleWithStore watches the process while a new store of one event is open.
func idleWithStore(path string, window time.Duration) (host.Activity, error) {
	store, err := engine.Open(path, engine.Options{})
	if err != nil {
		return host.Activity{}, err
	}
	var open host.Activity
	if err = newWorkload().appendOnce(store); err == nil {
		open, err = settledIdle(window)
	}
	return open, errors.Join(err, store.Close(), os.RemoveAll(path))
}

// settledIdle lets the runtime collect its garbage and give its memory back, so that
// it has nothing left to do in the background, and whatever else goes on there end,
// before it watches.
func settledIdle(window time.Duration) (host.Activity, error) {
	debug.FreeOSMemory()
	if _, err := host.Idle(window / 5); err != nil {
		return host.Activity{}, err
	}
	return host.Idle(window)
}
