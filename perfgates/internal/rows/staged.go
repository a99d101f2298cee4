// P1 and P2: staged appends of one caller beside floor(256).

package rows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/floor"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

func stagedWithChain(ctx context.Context, env *Env) ([]figure.Result, error) {
	return staged(ctx, env, "P1", true, 1.3)
}

func stagedWithoutChain(ctx context.Context, env *Env) ([]figure.Result, error) {
	return staged(ctx, env, "P2", false, 2.5)
}

// stagedRun is an open store under the manual policy, and the floor beside it.
type stagedRun struct {
	load     *workload
	store    *engine.Store
	prepared *floor.Prepared
	floor    *floor.Append
	perRound int // appends that fill one segment
	remove   func()
}

// newStagedRun opens a new store and prepares a floor file of one segment's size.
// Then it fills segments until the store has reached its largest size and the
// floor has been touched; none of that is measured.
func newStagedRun(env *Env, name string, segmentSize int, chain bool) (_ *stagedRun, err error) {
	directory, remove, err := env.scratch(name)
	if err != nil {
		return nil, err
	}
	r := &stagedRun{load: newWorkload(), remove: remove}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	r.store, err = engine.Open(directory+"/store", engine.Options{
		Sync: engine.SyncManual(), SegmentSize: int64(segmentSize), Hashing: hashing(chain),
	})
	if err != nil {
		return nil, err
	}
	// The manual policy prepares its segments without an early sync.
	if r.prepared, err = floor.Prepare(directory, segmentSize, false); err != nil {
		return nil, err
	}
	r.floor = floor.NewAppend(r.prepared, r.load.at, r.load.payload, chain)
	r.perRound = segmentSize / r.floor.FrameBytes()
	// Sizes double from a few MiB, so two segments' worth reach the largest one.
	if err := r.load.appendMany(r.store, 2*r.perRound); err != nil {
		return nil, err
	}
	return r, r.floorMany()
}

func (r *stagedRun) floorMany() error {
	for range r.perRound {
		if err := r.floor.Once(); err != nil {
			return err
		}
	}
	return nil
}

func (r *stagedRun) close() (err error) {
	if r.store != nil {
		err = r.store.Close()
	}
	if r.prepared != nil {
		err = errors.Join(err, r.prepared.Close())
	}
	r.remove()
	return err
}

// staged alternates rounds of the floor and of the store. Each round appends one
// segment's worth, so each round of the store pays for one segment change. It
// begins when the sealing of earlier segments has ended: one caller stages faster
// than a disk takes it, and this row is about the appends, not about the disk. What
// appends cost when the disk sets the pace is measured last and reported beside.
func staged(ctx context.Context, env *Env, row string, chain bool, target float64) (_ []figure.Result, err error) {
	r, err := newStagedRun(env, row, env.Scale.SegmentSize, chain)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()

	var ours, floors, objects []float64
	begin := r.store.Stats()
	changes := func() uint64 { return r.store.Stats().Rotations - begin.Rotations }
	rounds, err := env.rounds(ctx, fewestRounds, func() bool { return changes() >= segmentChangesNeeded }, func() error {
		if err := errors.Join(settle(ctx, r.store), r.prepared.Populate()); err != nil {
			return err
		}
		start := time.Now()
		if err := r.floorMany(); err != nil {
			return err
		}
		floors = append(floors, r.perAppend(time.Since(start)))

		before := allocations()
		start = time.Now()
		if err := r.load.appendMany(r.store, r.perRound); err != nil {
			return err
		}
		ours = append(ours, r.perAppend(time.Since(start)))
		objects = append(objects, float64(allocations()-before)/float64(r.perRound))
		env.progress("round %d: %.0f ns, floor %.0f ns", len(ours), ours[len(ours)-1], floors[len(floors)-1])
		return nil
	})
	if err != nil {
		return nil, err
	}
	end := r.store.Stats()
	seen := end.Rotations - begin.Rotations
	sustained, waits, err := r.sustained(ctx)
	if err != nil {
		return nil, err
	}
	result := comparison(row, "append", "ns", fmt.Sprintf("floor(%d)", payloadBytes), figure.Smaller, target, ours, floors)
	result.Unjudged = tooFewChanges(seen)
	return []figure.Result{result.
		Add("events_per_second", 1e9/stats.Median(ours)).
		Add("mean", stats.Mean(ours)).Add("fastest_round", stats.Smallest(ours)).
		Add("rounds", rounds).Add("n", rounds*r.perRound).
		Add("spread", stats.Spread(ours)).Add("reference_spread", stats.Spread(floors)).
		Add("rotations", seen).Add("room_waits", end.RoomWaits-begin.RoomWaits).
		Add("frame_bytes", r.floor.FrameBytes()).
		Add("allocs_per_op", stats.Median(objects)).
		Add("sustained", sustained).Add("sustained_room_waits", waits).
		Add("note", "rounds begin when earlier segments are sealed; sustained is without these pauses, at the disk's pace")}, nil
}

// sustained returns the nanoseconds that one append takes while segments are
// filled without pauses, and how often appends waited for room meanwhile.
func (r *stagedRun) sustained(ctx context.Context) (perAppend float64, waits uint64, err error) {
	const segments = 4
	before := r.store.Stats().RoomWaits
	start := time.Now()
	for range segments {
		if err := errors.Join(ctx.Err(), r.load.appendMany(r.store, r.perRound)); err != nil {
			return 0, 0, err
		}
	}
	perAppend = r.perAppend(time.Since(start)) / segments
	return perAppend, r.store.Stats().RoomWaits - before, nil
}

func (r *stagedRun) perAppend(took time.Duration) float64 { return float64(took) / float64(r.perRound) }

// tooFewChanges returns why a row can't be judged when it saw too few segment changes.
func tooFewChanges(changes uint64) string {
	if changes >= segmentChangesNeeded {
		return ""
	}
	return fmt.Sprintf("%d segment changes seen, %d needed", changes, segmentChangesNeeded)
}
