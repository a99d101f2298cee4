// P16: projections of one entity: cold, kept, and with a few new events.

package rows

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const (
	projectedEvents = 1_000
	projectedPlaces = 100 // keys of the maps in states
	coldGoal        = 3e6 // events per second
	keptGoal        = 1e3 // nanoseconds
	newEvents       = 5
	deltaGrowth     = 1.5 // that a delta may take of what it takes of a short history
	keptPerRound    = 1_000
	deltasPerRound  = 50
)

// totals is a state without pointers.
type totals struct{ Events, Bytes, Last uint64 }

// visits is a state with a map.
type visits struct{ ByPlace map[string]int }

// projectRun asks for the states of entities: of one among nine others, of one that is spread over the whole store, and of three
// with more and more events, spread too, which grow.
type projectRun struct {
	store     *engine.Store
	load      *workload
	n         int
	histories [4]int // events of each entity at the beginning
	names     []string

	cold, coldMap, scattered, totals, cloned, encoded []float64
	deltas                                            [3][]float64 // nanoseconds, of those that grow: the median of each round
	version                                           uint32
}

func projections(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	directory, remove, err := env.scratch("P16")
	if err != nil {
		return nil, err
	}
	defer remove()
	r := &projectRun{load: newWorkload(), n: env.Scale.Events}
	least := min(projectedEvents, r.n)
	r.histories = [4]int{least, least, max(r.n/10, least), r.n}
	for i := range projectedPlaces {
		r.names = append(r.names, fmt.Sprintf("place-%d", i))
	}
	if r.store, err = engine.Open(directory+"/store", engine.Options{Sync: engine.SyncManual(), Hashing: engine.HashingOn}); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.store.Close()) }()
	env.progress("storing entities of up to %d events", r.n)
	if err := r.fill(ctx); err != nil {
		return nil, err
	}
	if err := r.round(ctx); err != nil { // first touch of everything
		return nil, err
	}
	r.cold, r.coldMap, r.scattered, r.totals, r.cloned, r.encoded, r.deltas = nil, nil, nil, nil, nil, nil, [3][]float64{}
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		env.progress("round %d", len(r.cold)+1)
		return r.round(ctx)
	})
	if err != nil {
		return nil, err
	}
	return r.results(rounds), nil
}

// at returns where one of the entities is.
func (r *projectRun) at(entity int) event.Coordinate {
	return event.MustAt(fmt.Sprint("projected:", entity), "scope")
}

// among is how many entities the events that are folded cold lie among.
const among = 10

// dense returns where those are, the first of which is asked for.
func (r *projectRun) dense(entity int) event.Coordinate {
	return event.MustAt(fmt.Sprint("dense:", entity), "scope")
}

// fill stores the events of those, and the histories, each spread evenly over the store.
func (r *projectRun) fill(ctx context.Context) error {
	for i := range among * r.histories[0] {
		if _, err := r.store.AppendBytes(r.dense(i%among), event.Data, event.CodecRaw, r.load.payload); err != nil {
			return err
		}
	}
	const between = 10_000 // looks at ctx
	for i := range r.n {
		if i%between == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for entity, events := range r.histories {
			if (i+1)*events/r.n == i*events/r.n {
				continue
			}
			if err := r.append(entity); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *projectRun) append(entity int) error {
	_, err := r.store.AppendBytes(r.at(entity), event.Data, event.CodecRaw, r.load.payload)
	return err
}

// totalling, visiting and its Clone are the folds.
func totalling(s *totals, ev event.Event) error {
	s.Events, s.Bytes, s.Last = s.Events+1, s.Bytes+uint64(len(ev.Payload)), ev.Sequence
	return nil
}

func (r *projectRun) visiting(s *visits, ev event.Event) error {
	s.ByPlace[r.names[ev.Position.Clock%projectedPlaces]]++
	return nil
}

func noPlaces() visits { return visits{make(map[string]int)} }

func clonePlaces(s visits) visits { return visits{maps.Clone(s.ByPlace)} }

// round measures each way once.
func (r *projectRun) round(ctx context.Context) error {
	r.version++ // of which nothing is kept
	folds := engine.Fold[totals]{Name: "totals", Version: r.version, Apply: totalling}
	p, err := engine.NewProjection(folds)
	if err != nil {
		return err
	}
	mapped := engine.Fold[visits]{Name: "encoded", Version: r.version, Initial: noPlaces, Apply: r.visiting}
	encoded, err := engine.NewProjection(mapped)
	if err != nil {
		return err
	}
	mapped.Name, mapped.Clone = "cloned", clonePlaces
	cloned, err := engine.NewProjection(mapped)
	if err != nil {
		return err
	}
	region := event.Entity(r.dense(0).Entity())
	err = errors.Join(
		timeProject(ctx, r.store, p, event.Entity(r.at(0).Entity()), 1, &r.scattered),
		timeProject(ctx, r.store, p, region, 1, &r.cold), timeProject(ctx, r.store, cloned, region, 1, &r.coldMap),
		timeProject(ctx, r.store, p, region, keptPerRound, &r.totals), timeProject(ctx, r.store, cloned, region, keptPerRound, &r.cloned),
		timeProject(ctx, r.store, encoded, region, keptPerRound, &r.encoded),
	)
	if err != nil {
		return err
	}
	return r.delta(ctx)
}

// timeProject appends the nanoseconds that one of so many projections takes.
func timeProject[S any](ctx context.Context, store *engine.Store, p *engine.Projection[S], region event.Region, times int, into *[]float64) error {
	start := time.Now()
	for range times {
		if _, err := engine.Project(ctx, store, p, region, engine.Consistent()); err != nil {
			return err
		}
	}
	*into = append(*into, float64(time.Since(start))/float64(times))
	return nil
}

// deltaTotals is never made anew: the history is folded once.
var deltaTotals = engine.MustProjection(engine.Fold[totals]{Name: "delta", Apply: totalling})

// delta measures projections after new events, of one entity after the other.
func (r *projectRun) delta(ctx context.Context) error {
	for i := range r.deltas {
		entity := i + 1
		region := event.Entity(r.at(entity).Entity())
		if _, err := engine.Project(ctx, r.store, deltaTotals, region, engine.Consistent()); err != nil {
			return err
		}
		var took []float64
		for range deltasPerRound {
			for range newEvents {
				if err := r.append(entity); err != nil {
					return err
				}
			}
			if err := timeProject(ctx, r.store, deltaTotals, region, 1, &took); err != nil {
				return err
			}
		}
		r.deltas[i] = append(r.deltas[i], stats.Median(took))
	}
	return nil
}

// results judges the medians.
func (r *projectRun) results(rounds int) []figure.Result {
	perSecond := func(times []float64) []float64 {
		rates := make([]float64, len(times))
		for i, t := range times {
			rates[i] = float64(r.histories[0]) / t * 1e9
		}
		return rates
	}
	one := func(name string, samples []float64, unit string, goal float64, better figure.Better) figure.Result {
		return withGoal(figure.Result{
			Row: "P16", Name: name, Value: stats.Median(samples), Unit: unit, Reference: "goal", ReferenceValue: goal, Better: better, Target: 1,
		}, samples, nil).Add("spread", stats.Spread(samples)).Add("rounds", rounds)
	}
	told := func(result figure.Result) figure.Result {
		result.Target = figure.None()
		return result
	}
	results := []figure.Result{
		one("cold", perSecond(r.cold), "events/s", coldGoal, figure.Larger).Add("n", r.histories[0]),
		told(one("cold, scattered over the store", perSecond(r.scattered), "events/s", coldGoal, figure.Larger)).Add("n", r.histories[0]),
		told(one("cold, a map", perSecond(r.coldMap), "events/s", coldGoal, figure.Larger)).Add("n", r.histories[0]),
		one("kept", r.totals, "ns", keptGoal, figure.Smaller),
		told(one("kept, a map of 100 keys, cloned", r.cloned, "ns", keptGoal, figure.Smaller)),
		told(one("kept, a map of 100 keys, encoded", r.encoded, "ns", keptGoal, figure.Smaller)),
	}
	for i, samples := range r.deltas {
		name := [3]string{"5 new, a short history", "5 new, a tenth of the longest", "5 new, the longest history"}[i]
		results = append(results, comparison("P16", name, "ns", "a short history", figure.Smaller, deltaGrowth, samples, r.deltas[0]).
			Add("spread", stats.Spread(samples)).Add("history", r.histories[i+1]))
	}
	return results
}
