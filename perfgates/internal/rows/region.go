// P15: a region that one event in a hundred belongs to, beside a replay with a filter.

package rows

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// regionChoices is how many scopes and how many kinds there are: each pair has about
// one event in a hundred.
const regionChoices = 10

// regionRun asks for one scope and kind after the other.
type regionRun struct {
	store  *engine.Store
	n      int
	scopes [regionChoices]string
	kinds  [regionChoices]event.Kind
	next   int // pair
}

func regionQuery(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	directory, remove, err := env.scratch("P15")
	if err != nil {
		return nil, err
	}
	defer remove()
	r := &regionRun{n: env.Scale.Events}
	for i := range regionChoices {
		r.scopes[i] = fmt.Sprintf("scope:%014d", i)
		r.kinds[i] = event.MustKind(0xF, uint16(i+1))
	}
	env.progress("storing %d events of %d scopes and %d kinds", r.n, regionChoices, regionChoices)
	path := directory + "/store"
	options := engine.Options{Sync: engine.SyncManual(), Hashing: engine.HashingOn}
	if err := r.fill(ctx, path, options); err != nil {
		return nil, err
	}
	if r.store, err = engine.Open(path, options); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.store.Close()) }()
	return r.measure(ctx, env)
}

// fill stores events whose scopes and kinds are drawn independently of each other and of
// their entities.
func (r *regionRun) fill(ctx context.Context, path string, options engine.Options) (err error) {
	store, err := engine.Open(path, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	random := rand.New(rand.NewPCG(9, 10))
	load := newWorkload()
	const between = 10_000 // looks at ctx
	for i := range r.n {
		if i%between == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		at := event.MustAt(load.coordinate().Entity(), r.scopes[random.IntN(regionChoices)])
		if _, err := store.AppendBytes(at, r.kinds[random.IntN(regionChoices)], event.CodecRaw, load.payload); err != nil {
			return err
		}
	}
	return nil
}

// found is what a query yields, in so far as two ways of asking are compared.
type found struct {
	events    int
	sequences uint64 // added up, with the order mixed in
}

func (f *found) add(sequence uint64) {
	f.events++
	f.sequences = f.sequences*31 + sequence
}

func (r *regionRun) query(pair int, options engine.ReadOptions) (f found, err error) {
	region := event.Scope(r.scopes[pair/regionChoices]).Kind(r.kinds[pair%regionChoices])
	for ev, err := range r.store.Query(region, options) {
		if err != nil {
			return f, err
		}
		f.add(ev.Sequence)
	}
	return f, nil
}

// filter reads everything and compares the two fields, which is the least that a filter can do.
func (r *regionRun) filter(pair int, options engine.ReadOptions) (f found, err error) {
	scope, kind := r.scopes[pair/regionChoices], r.kinds[pair%regionChoices]
	for ev, err := range r.store.Events(0, 0, options) {
		if err != nil {
			return f, err
		}
		if ev.Kind == kind && ev.Scope() == scope {
			f.add(ev.Sequence)
		}
	}
	return f, nil
}

// measure alternates replays and queries of the same pair, whose events must be the same ones.
func (r *regionRun) measure(ctx context.Context, env *Env) ([]figure.Result, error) {
	var queries, replays, uncheckedQueries, uncheckedReplays, matches []float64
	round := func() error {
		pair := r.next % (regionChoices * regionChoices)
		r.next += regionChoices + 1 // another scope and another kind
		for _, side := range []struct {
			options          engine.ReadOptions
			queries, replays *[]float64
		}{{engine.ReadOptions{}, &queries, &replays}, {engine.ReadOptions{SkipChecks: true}, &uncheckedQueries, &uncheckedReplays}} {
			start := time.Now()
			want, err := r.filter(pair, side.options)
			if err != nil {
				return err
			}
			*side.replays = append(*side.replays, 1/time.Since(start).Seconds())
			start = time.Now()
			got, err := r.query(pair, side.options)
			if err != nil {
				return err
			}
			*side.queries = append(*side.queries, 1/time.Since(start).Seconds())
			if got != want {
				return fmt.Errorf("the query gave %d events, the replay %d, or others", got.events, want.events)
			}
			matches = append(matches, float64(got.events))
		}
		env.progress("round %d: %.0f queries/s, %.1f replays/s", len(queries), queries[len(queries)-1], replays[len(replays)-1])
		return nil
	}
	if err := round(); err != nil { // first touch of everything
		return nil, err
	}
	queries, replays, uncheckedQueries, uncheckedReplays, matches = nil, nil, nil, nil, nil
	rounds, err := env.rounds(ctx, fewestRounds, always, round)
	if err != nil {
		return nil, err
	}
	result := comparison("P15", "scope and kind", "queries/s", "replay with a filter", figure.Larger, 20, queries, replays)
	return []figure.Result{result.Add("spread", stats.Spread(queries)).Add("reference_spread", stats.Spread(replays)).
		Add("rounds", rounds).Add("n", r.n).Add("matches", stats.Median(matches)).
		Add("matches_per_second", stats.Median(matches)*stats.Median(queries)).
		Add("unchecked", stats.Median(uncheckedQueries)).Add("unchecked_reference", stats.Median(uncheckedReplays))}, nil
}
