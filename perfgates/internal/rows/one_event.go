// P23: the disk that a store of one event takes, and how long it opens and closes. The
// idle store is in idle.go.

package rows

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/host"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const (
	oneEventBytes = 1 << 20
	oneEventGoal  = 10e6 // nanoseconds
)

// oneEventTimes holds one figure of each kind for each round, times in nanoseconds.
type oneEventTimes struct {
	create, firstClose, open, secondClose, bytes []float64
}

func oneEvent(ctx context.Context, env *Env) ([]figure.Result, error) {
	directory, remove, err := env.scratch("P23")
	if err != nil {
		return nil, err
	}
	defer remove()
	var times oneEventTimes
	// The other half of the time goes to watching an idle store.
	half := env.share(4)
	path := directory + "/store"
	rounds, err := half.rounds(ctx, fewestRounds, always, func() error {
		env.progress("opening and closing, round %d", len(times.open)+1)
		return errors.Join(times.round(path), os.RemoveAll(path))
	})
	if err != nil {
		return nil, err
	}
	bytes := figure.Result{
		Row: "P23", Name: "disk", Value: stats.Median(times.bytes), Unit: "bytes",
		Reference: "budget", ReferenceValue: oneEventBytes, Better: figure.Smaller, Target: 1,
	}
	results := []figure.Result{
		counting(bytes).Add("rounds", rounds),
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

func withinGoal(name string, samples []float64) figure.Result {
	r := figure.Result{
		Row: "P23", Name: name, Value: stats.Median(samples), Unit: "ns",
		Reference: "budget", ReferenceValue: oneEventGoal, Better: figure.Smaller, Target: 1,
	}
	return withGoal(r, samples, nil).Add("spread", stats.Spread(samples))
}
