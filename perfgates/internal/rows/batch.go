// P6: durable batches, beside the floor of their events and one F0; and what an expectation and a key cost, beside plain
// appends.

package rows

import (
	"context"
	"errors"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/floor"
	"github.com/batpak/batpak/perfgates/internal/host"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const (
	batchEvents = 256
	batchTarget = 1.1
)

// batchRun is a store that batches are appended to, and what stands beside it.
type batchRun struct {
	store    *engine.Store
	batches  []*engine.Batch // over all entities; appended in turn
	next     int
	prepared *floor.Prepared
	floor    *floor.Append
	f0       *floor.Durable // of one frame
	large    *floor.Durable // of as many bytes as a batch has
	remove   func()
}

func batchAndAsking(ctx context.Context, env *Env) ([]figure.Result, error) {
	half := env.share(2)
	durable, err := batchDurable(ctx, half)
	if err != nil {
		return nil, err
	}
	asking, err := appendAsking(ctx, half)
	if err != nil {
		return nil, err
	}
	return append(durable, asking), nil
}

func newBatchRun(env *Env) (_ *batchRun, err error) {
	directory, remove, err := env.scratch("P6")
	if err != nil {
		return nil, err
	}
	r := &batchRun{remove: remove}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	load := newWorkload()
	for range entityCount/batchEvents + 1 {
		r.batches = append(r.batches, load.batch(batchEvents))
	}
	// Files prepared as the segments of a store that waits for syncs are.
	if r.prepared, err = floor.Prepare(directory, deviceFileBytes, true); err != nil {
		return nil, err
	}
	r.floor = floor.NewAppend(r.prepared, load.at, load.payload, true)
	if r.f0, err = floor.NewDurable(directory, deviceFileBytes, r.floor.FrameBytes()); err != nil {
		return nil, err
	}
	if r.large, err = floor.NewDurable(directory, deviceFileBytes, batchEvents*r.floor.FrameBytes()); err != nil {
		return nil, err
	}
	r.store, err = engine.Open(directory+"/store", engine.Options{Sync: engine.SyncEveryAppend(), Hashing: engine.HashingOn})
	return r, err
}

// batch returns a batch of the next events.
func (w *workload) batch(events int) *engine.Batch {
	batch := new(engine.Batch)
	for range events {
		batch.AddBytes(w.coordinate(), event.Data, event.CodecRaw, w.payload)
	}
	return batch
}

func (r *batchRun) close() (err error) {
	if r.store != nil {
		err = r.store.Close()
	}
	for _, f := range []*floor.Durable{r.f0, r.large} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	if r.prepared != nil {
		err = errors.Join(err, r.prepared.Close())
	}
	r.remove()
	return err
}

// appendOnce appends the next batch.
func (r *batchRun) appendOnce() error {
	batch := r.batches[r.next]
	r.next = (r.next + 1) % len(r.batches)
	_, err := r.store.AppendBatch(batch)
	return err
}

// events does the floor of a batch's events.
func (r *batchRun) events() error {
	for range batchEvents {
		if err := r.floor.Once(); err != nil {
			return err
		}
	}
	return nil
}

// batchDurable alternates rounds of the floor with one F0 for every batch's events, of the same with an F0 that writes
// as many bytes as a batch has, and of the store.
func batchDurable(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	r, err := newBatchRun(env)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	device, _ := host.DeviceOf(env.Directory) // without counters two details are missing
	sides := []*syncedSide{
		{commit: func() error { return errors.Join(r.events(), r.f0.Once()) }},
		{commit: func() error { return errors.Join(r.events(), r.large.Once()) }},
		{commit: r.appendOnce},
	}
	fresh := func() {
		for _, side := range sides {
			*side = syncedSide{commit: side.commit, latencies: newLatencies()}
		}
	}
	round := func() error {
		// The kernel writes pages back now and then, and protects them.
		if err := errors.Join(settle(ctx, r.store), r.prepared.Populate()); err != nil {
			return err
		}
		for _, side := range sides {
			if err := side.run(env.Scale.SyncedRound/5+1, device); err != nil {
				return err
			}
		}
		return nil
	}
	fresh()
	if err := round(); err != nil { // first touch of everything
		return nil, err
	}
	fresh()
	begin := r.store.Stats()
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		env.progress("batches, round %d", len(sides[2].latencies.rounds)+1)
		return round()
	})
	if err != nil {
		return nil, err
	}
	results := r.results(sides[0], sides[1], sides[2])
	mount, _ := host.MountOf(env.Directory) // unknown counts as a disk
	for i := range results {
		if mount.Volatile() {
			results[i].Unjudged = mount.Type + " has nothing to sync to"
		}
		results[i] = results[i].Add("rounds", rounds).Add("n", sides[2].latencies.whole.Count()).
			Add("rotations", r.store.Stats().Rotations-begin.Rotations)
	}
	return results, nil
}

// results compares medians of rounds.
func (r *batchRun) results(f0, large, ours *syncedSide) []figure.Result {
	p50 := ours.latencies.median(50)
	whole := ours.latencies.whole
	medians := ours.latencies.inRounds(50)
	result := comparison("P6", "batch of 256, durable, p50", "ns", "256 x floor(256) + F0", figure.Smaller, batchTarget,
		medians, f0.latencies.inRounds(50))
	same := comparison("P6", "batch of 256, beside an F0 of as many bytes", "ns", "256 x floor(256) + F0 of the batch's bytes", figure.Smaller,
		figure.None(), medians, large.latencies.inRounds(50))
	result.Curve = ours.latencies.curve()
	same.Curve = result.Curve
	return []figure.Result{
		result.Add("events_per_second", batchEvents*1e9/p50).
			Add("p99", whole.At(99)).Add("max", whole.Longest()).Add("reference_p99", f0.latencies.whole.At(99)).
			Add("spread", stats.Spread(ours.latencies.inRounds(50))).Add("reference_spread", stats.Spread(f0.latencies.inRounds(50))).
			Add("flushes", toHundredths(ours.flushes)).Add("pages", stats.Median(ours.pages)).
			Add("reference_flushes", toHundredths(f0.flushes)).Add("reference_pages", stats.Median(f0.pages)).
			Add("building", r.building()).Add("frame_bytes", r.floor.FrameBytes()),
		same.Add("reference_spread", stats.Spread(large.latencies.inRounds(50))).Add("reference_pages", stats.Median(large.pages)),
	}
}

// building returns the nanoseconds that making such a batch takes, which is not part of appending it.
func (r *batchRun) building() float64 {
	const times = 50
	load := newWorkload()
	start := time.Now()
	for range times {
		load.batch(batchEvents)
	}
	return float64(time.Since(start)) / times
}
