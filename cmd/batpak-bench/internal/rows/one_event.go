package rows

// P23: a store of one event, and an open store that does nothing.

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/host"
	"github.com/batpak/batpak/cmd/batpak-bench/internal/report"
	"github.com/batpak/batpak/cmd/batpak-bench/internal/stats"
	"github.com/batpak/batpak/engine"
)

const (
	oneEventBytes = 1 << 20
	oneEventGoal  = 10e6 // nanoseconds
	idleRounds    = 3
)

// oneEventTimes holds one figure of each kind for each round, times in nanoseconds.
type oneEventTimes struct {
	create, firstClose, open, secondClose, bytes []float64
}

func oneEvent(ctx context.Context, env *Env) ([]report.Result, error) {
	directory, remove, err := env.scratch("P23")
	if err != nil {
		return nil, err
	}
	defer remove()
	var times oneEventTimes
	// The other half of the time goes to watching an idle store.
	half := *env
	half.Scale.Duration /= 4
	path := directory + "/store"
	rounds, err := half.rounds(ctx, 1, always, func() error {
		env.progress("opening and closing, round %d", len(times.open)+1)
		return errors.Join(times.round(path), os.RemoveAll(path))
	})
	if err != nil {
		return nil, err
	}
	bytes := report.Result{
		Row: "P23", Name: "disk", Value: stats.Median(times.bytes), Unit: "bytes",
		Reference: "budget", ReferenceValue: oneEventBytes, Better: report.Smaller, Target: 1,
	}
	results := []report.Result{
		bytes.Add("rounds", rounds),
		withinGoal("open", times.open).Add("rounds", rounds).Add("create", stats.Median(times.create)),
		withinGoal("close after the append", times.firstClose).Add("rounds", rounds),
		withinGoal("close after the reopening", times.secondClose).Add("rounds", rounds),
	}
	idle, err := idleStore(ctx, env, path)
	return append(results, idle), err
}

// round makes a store of one event, closes it, weighs it, opens and closes it.
func (t *oneEventTimes) round(path string) error {
	options := engine.Options{}
	start := time.Now()
	store, err := engine.Open(path, options)
	if err != nil {
		return err
	}
	t.create = append(t.create, float64(time.Since(start)))
	if err := newWorkload().appendOnce(store); err != nil {
		return errors.Join(err, store.Close())
	}
	if err := timeInto(&t.firstClose, store.Close); err != nil {
		return err
	}
	used, err := host.DiskUsage(path)
	if err != nil {
		return err
	}
	t.bytes = append(t.bytes, float64(used))
	if err := timeInto(&t.open, func() (err error) { store, err = engine.Open(path, options); return err }); err != nil {
		return err
	}
	return timeInto(&t.secondClose, store.Close)
}

func timeInto(samples *[]float64, work func() error) error {
	start := time.Now()
	err := work()
	*samples = append(*samples, float64(time.Since(start)))
	return err
}

func withinGoal(name string, samples []float64) report.Result {
	r := report.Result{
		Row: "P23", Name: name, Value: stats.Median(samples), Unit: "ns",
		Reference: "budget", ReferenceValue: oneEventGoal, Better: report.Smaller, Target: 1,
	}
	return r.Add("spread", stats.Spread(samples))
}

// idleStore counts how often the process's threads wake up while a store is open
// and nobody uses it, less how often they do without a store, in turns. The runtime
// wakes up now and then by itself, so the quietest window counts on both sides:
// what an idle store does, it does in every window.
func idleStore(ctx context.Context, env *Env, path string) (_ report.Result, err error) {
	window := env.Scale.IdleWindow
	result := report.Result{
		Row: "P23", Name: "wake-ups of an idle open store", Value: report.None(), Unit: "wake-ups/s",
		Reference: "one a second", ReferenceValue: 1, Better: report.Smaller, Target: 0,
	}
	var with, without, busy []float64
	for round := range idleRounds {
		env.progress("watching an idle store, round %d", round+1)
		quiet, err := watch(ctx, window)
		if err != nil {
			return unwatched(result, err)
		}
		store, err := engine.Open(path, engine.Options{})
		if err != nil {
			return result, err
		}
		err = newWorkload().appendOnce(store)
		if err == nil {
			// What opening has set going in the background may end first.
			_, err = watch(ctx, window/4)
		}
		var open host.Activity
		if err == nil {
			open, err = watch(ctx, window)
		}
		if err := errors.Join(err, store.Close(), os.RemoveAll(path)); err != nil {
			return result, err
		}
		without = append(without, float64(quiet.WakeUps))
		with = append(with, float64(open.WakeUps))
		busy = append(busy, float64(open.CPUNanos-quiet.CPUNanos))
	}
	result.Value = max(0, stats.Smallest(with)-stats.Smallest(without)) / window.Seconds()
	return result.Add("window_seconds", window.Seconds()).Add("rounds", idleRounds).
		Add("wake_ups", stats.Smallest(with)).Add("wake_ups_without", stats.Smallest(without)).
		Add("cpu_ns_beyond", stats.Smallest(busy)).
		Add("note", "beyond the wake-ups of the same process without a store, fewest of the windows"), nil
}

// watch waits for the window and returns what the threads did meanwhile.
func watch(ctx context.Context, window time.Duration) (host.Activity, error) {
	before, err := host.ReadActivity()
	if err != nil {
		return host.Activity{}, err
	}
	timer := time.NewTimer(window)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return host.Activity{}, ctx.Err()
	case <-timer.C:
	}
	after, err := host.ReadActivity()
	return after.Minus(before), err
}

// unwatched is the result where the system does not count wake-ups.
func unwatched(result report.Result, err error) (report.Result, error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return result, err
	}
	result.Unjudged = err.Error()
	return result, nil
}
