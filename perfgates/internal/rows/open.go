// P8: opening a big store that was closed in order. The unclean end is in
// open_unclean.go.

package rows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/host"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// What an opening may take, in nanoseconds.
const (
	openBudget           = 10e6
	openBudgetPerSegment = 20e3
)

// population is one of the big stores that P8 to P10 look at.
type population struct {
	name     string
	entities int
}

func populations(env *Env) []population {
	return []population{{"1,000 entities", entityCount}, {"an entity per event", env.Scale.Grown}}
}

func openBig(ctx context.Context, env *Env) ([]figure.Result, error) {
	var results []figure.Result
	for _, p := range populations(env) {
		of, err := openPopulation(ctx, env.share(4), p)
		results = append(results, of...)
		if err != nil {
			return results, err
		}
	}
	return results, nil
}

func openPopulation(ctx context.Context, env *Env, p population) ([]figure.Result, error) {
	g, giveBack, err := env.grown(ctx, p.entities)
	if err != nil {
		return nil, err
	}
	defer giveBack()
	clean, err := openClean(ctx, env, g, p.name)
	if err != nil {
		return nil, err
	}
	unclean, err := openUnclean(ctx, env, g, p.name)
	return append(clean, unclean...), err
}

// openClean opens and closes the store in turns.
func openClean(ctx context.Context, env *Env, g *grown, name string) ([]figure.Result, error) {
	var opened, closed []float64
	var counters engine.Stats
	var fetched int64
	once := func() error {
		start := time.Now()
		store, err := g.open()
		if err != nil {
			return err
		}
		opened = append(opened, float64(time.Since(start)))
		counters, fetched = store.Stats(), store.Report().Read
		if !store.Report().Clean {
			err = errors.New("the store was not closed in order")
		}
		return errors.Join(err, timeInto(&closed, store.Close))
	}
	if err := once(); err != nil { // what filling left to be done
		return nil, err
	}
	opened, closed = nil, nil
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		env.progress("%s: opening, round %d", name, len(opened)+1)
		return once()
	})
	if err != nil {
		return nil, err
	}
	warm, warmSpread, close := stats.Median(opened), stats.Spread(opened), stats.Median(closed)
	r := figure.Result{
		Row: "P8", Name: name, Value: warm, Unit: "ns", Reference: "10 ms + 20 us a segment",
		ReferenceValue: openBudget + openBudgetPerSegment*float64(counters.Segments), Better: figure.Smaller, Target: 1,
	}
	r = r.Add("spread", warmSpread).Add("rounds", rounds).Add("n", counters.Events).Add("entities", g.entities).
		Add("segments", counters.Segments).Add("sealed_segments", counters.SealedSegments).
		Add("bytes_read", fetched).Add("close", close)
	r = withGoal(r, opened, nil)
	return []figure.Result{withCold(ctx, r, g, &opened, once)}, nil
}

// withCold adds how long an opening takes that finds nothing in the page cache.
func withCold(ctx context.Context, r figure.Result, g *grown, opened *[]float64, once func() error) figure.Result {
	*opened = nil
	var came []float64
	for range 3 {
		before, told := host.Fetched()
		err := errors.Join(told, host.DropCaches(ctx, g.path))
		if err == nil {
			err = once()
		}
		after, told := host.Fetched()
		if err = errors.Join(err, told); err != nil {
			return r.Add("cold_note", fmt.Sprintf("not measured: %v", err))
		}
		came = append(came, float64(after-before))
	}
	if stats.Median(came) == 0 {
		return r.Add("cold_note", "not measured: the caches were not dropped, nothing came from the disk")
	}
	return r.Add("cold", stats.Median(*opened)).Add("cold_bytes_from_disk", stats.Median(came))
}
