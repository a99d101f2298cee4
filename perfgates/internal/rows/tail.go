// P3: tail latency of staged appends at a third of their peak, beside the same loop
// over anonymous memory.

package rows

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/floor"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// The percentiles that P3 compares, and the bounds of their ratios.
var tailTargets = [...]struct {
	name       string
	percentile float64
	target     float64
}{{"p99.9", 99.9, 10}, {"p99.99", 99.99, 2}, {"longest", 100, 3}}

func tail(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	r, err := newStagedRun(env, "P3", env.Scale.ShortSegment, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	peak, err := peakOf(ctx, r.store, r.load, r.perRound)
	if err != nil {
		return nil, err
	}
	interval := 3 * 1e9 / peak
	memory := floor.NewAppend(floor.NewAnonymous(env.Scale.ShortSegment), r.load.at, r.load.payload, true)
	reference := newLatencies()
	ours := newLatencies()
	if err := r.leadIn(); err != nil {
		return nil, err
	}
	begin := r.store.Stats()
	changes := func() uint64 { return r.store.Stats().Rotations - begin.Rotations }
	runtime.GC() // the garbage of preparing belongs to neither
	rounds, err := env.rounds(ctx, fewestRounds, func() bool { return changes() >= segmentChangesNeeded }, func() error {
		if err := settle(ctx, r.store); err != nil {
			return err
		}
		if err := openLoop(r.perRound, interval, memory.Once, reference.begin()); err != nil {
			return err
		}
		reference.end()
		env.progress("round %d at %.0f events/s", len(ours.rounds)+1, peak/3)
		defer ours.end()
		return openLoop(r.perRound, interval, func() error { return r.load.appendOnce(r.store) }, ours.begin())
	})
	if err != nil {
		return nil, err
	}
	waits := r.store.Stats().RoomWaits - begin.RoomWaits
	results := compareTails(ours, reference)
	for i := range results {
		results[i].Unjudged = tooFewChanges(changes())
		results[i] = results[i].
			Add("p50", ours.whole.At(50)).Add("p99", ours.whole.At(99)).
			Add("reference_p50", reference.whole.At(50)).Add("reference_p99", reference.whole.At(99)).
			Add("rounds", rounds).Add("n", ours.whole.Count()).
			Add("events_per_second", peak/3).Add("peak_events_per_second", peak).
			Add("rotations", changes()).Add("room_waits", waits)
	}
	return results, nil
}

// compareTails compares the percentiles as medians of rounds, each of which saw a
// segment change, and the longest latency of all rounds. The other reading of each
// stands beside it.
func compareTails(ours, reference *latencies) (results []figure.Result) {
	curve := ours.curve()
	for _, t := range tailTargets {
		r := figure.Result{
			Row: "P3", Name: t.name, Unit: "ns", Reference: "the same loop over anonymous memory",
			Better: figure.Smaller, Target: t.target, Curve: curve,
		}
		mine, theirs := ours.inRounds(t.percentile), reference.inRounds(t.percentile)
		r = withRounds(r, mine, theirs)
		wholeRun, wholeReference := ours.whole.At(t.percentile), reference.whole.At(t.percentile)
		if t.percentile < 100 {
			r.Value, r.ReferenceValue = stats.Median(mine), stats.Median(theirs)
			r = r.Add("whole_run", wholeRun).Add("reference_whole_run", wholeReference)
		} else {
			r.Value, r.ReferenceValue = wholeRun, wholeReference
			r = r.Add("median_of_rounds", stats.Median(mine)).Add("reference_median_of_rounds", stats.Median(theirs))
		}
		results = append(results, r.Add("spread", stats.Spread(mine)).Add("reference_spread", stats.Spread(theirs)))
	}
	return results
}

// peakOf returns the events per second of perRound appends as fast as they go, the
// median of three, each of which begins with nothing left to seal.
func peakOf(ctx context.Context, store *engine.Store, load *workload, perRound int) (float64, error) {
	var rates []float64
	for range 3 {
		if err := settle(ctx, store); err != nil {
			return 0, err
		}
		start := time.Now()
		if err := load.appendMany(store, perRound); err != nil {
			return 0, err
		}
		rates = append(rates, float64(perRound)/time.Since(start).Seconds())
	}
	return stats.Median(rates), nil
}

// leadIn appends until three quarters of a segment are full, so that rounds of one
// segment each change segments early, and the sealing and preparing that follow
// a change disturb the round that caused them and not the reference after it.
func (r *stagedRun) leadIn() error {
	const step = 64
	begin := r.store.Stats().Rotations
	for done := 0; r.store.Stats().Rotations == begin && done < 2*r.perRound; done += step {
		if err := r.load.appendMany(r.store, step); err != nil {
			return err
		}
	}
	return r.load.appendMany(r.store, r.perRound*3/4)
}
