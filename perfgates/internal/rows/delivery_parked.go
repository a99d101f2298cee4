// P18: the writer beside subscriptions that wait for events of other entities.

package rows

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const (
	parkedPhases  = 96 // of a row's duration, of which they have a quarter: four a round
	parkedAppends = 1000
)

// parked measures appends without, and beside ever more subscriptions that wait.
func (r *deliveryRun) parked(ctx context.Context) ([]figure.Result, error) {
	waiting := [...]int{1, 100, 1000}
	var alone []float64
	var beside [len(waiting)][]float64
	phase := r.env.Scale.Duration / parkedPhases
	rounds, err := r.env.share(4).rounds(ctx, fewestRounds, always, func() error {
		r.env.progress("beside subscriptions that wait, round %d", len(alone)+1)
		cost, err := r.appendBeside(ctx, 0, phase)
		if err != nil {
			return err
		}
		alone = append(alone, cost)
		for i, n := range waiting {
			if cost, err = r.appendBeside(ctx, n, phase); err != nil {
				return err
			}
			beside[i] = append(beside[i], cost)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var results []figure.Result
	for i, n := range waiting {
		name := fmt.Sprintf("append beside %d that wait", n)
		results = append(results, comparison("P18", name, "ns", "append alone", figure.Smaller, figure.None(), beside[i], alone).Add("spread", stats.Spread(beside[i])).Add("reference_spread", stats.Spread(alone)).Add("rounds", rounds))
	}
	return results, nil
}

// appendBeside returns what an append costs, in nanoseconds, while so many subscriptions wait, each for another
// entity to which nothing is appended.
func (r *deliveryRun) appendBeside(ctx context.Context, waiting int, phase time.Duration) (cost float64, err error) {
	if err := settle(ctx, r.store); err != nil {
		return 0, err
	}
	listening, leave := context.WithCancel(ctx)
	defer leave()
	var group sync.WaitGroup
	errs := make([]error, waiting)
	for i := range waiting {
		sub, err := r.store.SubscribeLossy(event.Entity(fmt.Sprint("quiet:", i)), engine.SubscribeOptions{})
		if err != nil {
			return 0, err
		}
		group.Go(func() {
			if d, err := sub.Next(listening); !errors.Is(err, context.Canceled) {
				errs[i] = fmt.Errorf("delivered %s: %w", d.Event, err)
			}
		})
	}
	time.Sleep(phase / 3) // until they wait
	start, appended := time.Now(), 0
	for took := time.Duration(0); took < phase || appended == 0; took = time.Since(start) {
		if err := r.load.appendMany(r.store, parkedAppends); err != nil {
			return 0, err
		}
		appended += parkedAppends
	}
	cost = float64(time.Since(start).Nanoseconds()) / float64(appended)
	leave()
	group.Wait()
	return cost, errors.Join(errs...)
}
