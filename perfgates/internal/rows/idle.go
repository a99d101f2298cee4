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
	idleRounds = 6
	notToTell  = 1 // wake-ups in a window: what two windows can differ by without a cause
)

// idleStore counts how often the process's threads wake up while a store is open
// and nobody uses it, less how often they do without a store, in turns. The runtime
// wakes up now and then by itself, on both sides alike, so all windows of a side are
// summed up, and how many there are is settled before: what a store does in every
// second window only counts, too.
func idleStore(ctx context.Context, env *Env, path string) (figure.Result, error) {
	window := env.Scale.IdleWindow
	var with, without, busy []float64
	for round := range idleRounds {
		env.progress("watching an idle store, round %d", round+1)
		if err := ctx.Err(); err != nil {
			return figure.Result{}, err
		}
		quiet, err := settledIdle(window)
		if err != nil {
			result := wakeUps(nil, nil, window)
			result.Unjudged = err.Error() // the system does not count wake-ups
			return result, nil
		}
		open, err := idleWithStore(path, window)
		if err != nil {
			return figure.Result{}, err
		}
		without = append(without, float64(quiet.WakeUps))
		with = append(with, float64(open.WakeUps))
		busy = append(busy, float64(open.CPUNanos-quiet.CPUNanos))
	}
	return wakeUps(with, without, window).Add("cpu_ns_beyond", stats.Median(busy)), nil
}

// wakeUps compares the sums of as many windows with a store as without one. Without windows there is no value.
func wakeUps(with, without []float64, window time.Duration) figure.Result {
	result := figure.Result{
		Row: "P23", Name: "wake-ups of an idle open store", Value: figure.None(), Unit: "wake-ups/s",
		Reference: "one a second", ReferenceValue: 1, Better: figure.Smaller, Target: 0,
	}
	if len(with) == 0 {
		return counting(result)
	}
	windows := float64(len(with))
	ours, others := stats.Mean(with)*windows, stats.Mean(without)*windows
	extra := max(0, ours-others)
	result.Value = extra / (windows * window.Seconds())
	if extra > 0 && extra <= notToTell*windows {
		result.Unjudged = "so few wake-ups more are within what the runtime does by itself; a longer --duration tells"
	}
	return counting(result).Add("window_seconds", window.Seconds()).Add("rounds", len(with)).
		Add("wake_ups", ours).Add("wake_ups_without", others).
		Add("note", "beyond the wake-ups of the same process without a store, all windows summed up")
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
