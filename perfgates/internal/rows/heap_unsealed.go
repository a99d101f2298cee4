// P10: heap for each event that is not sealed yet, and for each entity that was touched
// since the last seal.

package rows

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const nameBytes = 20 // of the entities' names

// unsealedRun fills a segment of a store and weighs what that leaves on the heap.
type unsealedRun struct {
	store *engine.Store
	few   *workload
}

// filling is what one of the fillings left for each event, in each round.
type filling struct {
	bytes []float64 // less what is not asked about
	whole []float64
}

// heapOfUnsealed weighs three fillings of a segment in each round: by entities that it has met; by
// new entities, one event each; and by the same entities again, which by then are sealed.
func heapOfUnsealed(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	directory, remove, err := env.scratch("P10")
	if err != nil {
		return nil, err
	}
	defer remove()
	r := &unsealedRun{few: newWorkload()}
	r.store, err = engine.Open(directory+"/store", engine.Options{
		Sync: engine.SyncManual(), Hashing: engine.HashingOn, SegmentSize: int64(env.Scale.SegmentSize),
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.store.Close()) }()
	perSegment := env.Scale.SegmentSize / frameBytesOf(r.few)
	// Sizes double from a few MiB, so two segments' worth reach the largest one.
	if err := r.few.appendMany(r.store, 2*perSegment); err != nil {
		return nil, err
	}
	count := perSegment*3/4 - entityCount
	crowd := newCrowd(fewestRounds * count)
	var known, fresh, again filling
	for round := range fewestRounds {
		env.progress("weighing unsealed events and touched entities, round %d", round+1)
		if err := r.round(ctx, crowd, count, &known, &fresh, &again); err != nil {
			return nil, err
		}
	}
	return []figure.Result{
		known.result("unsealed event", unsealedEventBudget, count),
		fresh.result("new entity, less its name", touchedEntityBudget, count).
			Add("with_name_and_event", stats.Median(fresh.whole)),
		again.result("entity touched again, less its name", touchedEntityBudget, count).
			Add("with_name_and_event", stats.Median(again.whole)),
	}, nil
}

// round fills a segment in each of the three ways. The next count entities of the crowd are the new ones.
func (r *unsealedRun) round(ctx context.Context, crowd *workload, count int, known, fresh, again *filling) error {
	perEvent, err := r.fill(ctx, r.few, count, true)
	if err != nil {
		return err
	}
	known.add(perEvent, 0)
	same := *crowd // begins where the crowd stands now
	for _, touched := range []struct {
		by   *workload
		into *filling
	}{{crowd, fresh}, {&same, again}} {
		whole, err := r.fill(ctx, touched.by, count, false)
		if err != nil {
			return err
		}
		touched.into.add(whole, perEvent+nameBytes)
	}
	return nil
}

func (f *filling) add(whole, unasked float64) {
	f.whole, f.bytes = append(f.whole, whole), append(f.bytes, whole-unasked)
}

func (f *filling) result(name string, budget float64, count int) figure.Result {
	r := eachWeighs("P10", name, f.bytes, 1, budget)
	if count < fewestTouchedWeighed {
		r.Unjudged = "too few events: the memory's pieces outweigh them"
	}
	return r.Add("n", count).Add("rounds", len(f.bytes))
}

// fill appends count events to a segment of their own and returns the bytes of heap that
// each leaves. known says that the segment gets an event of each entity before.
func (r *unsealedRun) fill(ctx context.Context, load *workload, count int, known bool) (float64, error) {
	if err := newSegment(ctx, r.store, r.few); err != nil {
		return 0, err
	}
	if known {
		if err := load.appendMany(r.store, entityCount); err != nil {
			return 0, err
		}
	}
	rotations := r.store.Stats().Rotations
	before := heapBytes()
	if err := load.appendMany(r.store, count); err != nil {
		return 0, err
	}
	grown := heapBytes() - before
	if r.store.Stats().Rotations != rotations {
		return 0, fmt.Errorf("%d events did not fit into what is left of a segment", count)
	}
	runtime.KeepAlive(load)
	return grown / float64(count), nil
}
