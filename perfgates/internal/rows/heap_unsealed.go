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
)

const nameBytes = 20 // of the entities' names

// unsealedRun fills a segment of a store and weighs what that leaves on the heap.
type unsealedRun struct {
	store *engine.Store
	few   *workload
}

// heapOfUnsealed weighs three fillings of a segment: by entities that it has met; by new
// entities, one event each; and by the same entities again, which by then are sealed.
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
	env.progress("weighing unsealed events and touched entities")
	perSegment := env.Scale.SegmentSize / frameBytesOf(r.few)
	// Sizes double from a few MiB, so two segments' worth reach the largest one.
	if err := r.few.appendMany(r.store, 2*perSegment); err != nil {
		return nil, err
	}
	count := perSegment*3/4 - entityCount
	perEvent, err := r.fill(ctx, r.few, count, true)
	if err != nil {
		return nil, err
	}
	results := []figure.Result{touched("unsealed event", perEvent, unsealedEventBudget, count)}
	crowd := newCrowd(count)
	for _, name := range []string{"new entity, less its name", "entity touched again, less its name"} {
		both, err := r.fill(ctx, crowd, count, false)
		if err != nil {
			return results, err
		}
		results = append(results, touched(name, both-perEvent-nameBytes, touchedEntityBudget, count).
			Add("with_name_and_event", both))
	}
	return results, nil
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

func touched(name string, bytes, budget float64, count int) figure.Result {
	r := figure.Result{
		Row: "P10", Name: name, Value: bytes, Unit: "bytes",
		Reference: "budget", ReferenceValue: budget, Better: figure.Smaller, Target: 1,
	}
	if count < fewestTouchedWeighed {
		r.Unjudged = "too few events: the memory's pieces outweigh them"
	}
	return counting(r).Add("n", count)
}
