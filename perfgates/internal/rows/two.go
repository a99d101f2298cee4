// P7: two callers of a store that does not sync, beside one.

package rows

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// twoRun is a store whose appends have one size, and the rates of its callers.
type twoRun struct {
	load       *workload
	store      *engine.Store
	perRound   int // appends that fill one segment, whoever makes them
	frameBytes int
	one, two   []float64 // events/s
	remove     func()
}

func twoCallers(ctx context.Context, env *Env) (results []figure.Result, err error) {
	sizes := [...]struct {
		name   string
		bytes  int
		target float64
	}{{"two callers, 256 B", payloadBytes, 1.05}, {"two callers, 1 KiB", 1 << 10, 1.4}}
	for _, size := range sizes {
		r, err := newTwoRun(env, size.bytes)
		if err != nil {
			return nil, err
		}
		result, err := r.measure(ctx, env.share(len(sizes)), size.name)
		if err = errors.Join(err, r.close()); err != nil {
			return nil, err
		}
		result.Target = size.target
		results = append(results, result)
	}
	return results, nil
}

// newTwoRun opens a new store and fills it until its segments have their largest size.
func newTwoRun(env *Env, bytes int) (_ *twoRun, err error) {
	directory, remove, err := env.scratch("P7")
	if err != nil {
		return nil, err
	}
	r := &twoRun{load: newWorkloadOf(bytes), remove: remove}
	r.frameBytes = frameBytesOf(r.load)
	r.perRound = env.Scale.ShortSegment / r.frameBytes
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	r.store, err = engine.Open(directory+"/store", engine.Options{
		Sync: engine.SyncManual(), SegmentSize: int64(env.Scale.ShortSegment), Hashing: engine.HashingOn,
	})
	if err != nil {
		return nil, err
	}
	return r, r.load.appendMany(r.store, 2*r.perRound)
}

func (r *twoRun) close() (err error) {
	if r.store != nil {
		err = r.store.Close()
	}
	r.remove()
	return err
}

// measure alternates rounds of one caller and of two, and who comes first. Each round appends one segment's
// worth, so each has one segment change, and begins when nothing is left to be sealed.
func (r *twoRun) measure(ctx context.Context, env *Env, name string) (result figure.Result, err error) {
	first, second := 1, 2
	begin := r.store.Stats()
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		for _, callers := range []int{first, second} {
			if err := settle(ctx, r.store); err != nil {
				return err
			}
			if err := r.round(callers); err != nil {
				return err
			}
		}
		first, second = second, first
		env.progress("%s, round %d: %.0f events/s, one caller %.0f", name, len(r.two), r.two[len(r.two)-1], r.one[len(r.one)-1])
		return nil
	})
	if err != nil {
		return result, err
	}
	end := r.store.Stats()
	result = comparison("P7", name, "events/s", "one caller", figure.Larger, figure.None(), r.two, r.one)
	if processors := runtime.GOMAXPROCS(0); processors < 2 {
		result.Unjudged = "there is one processor"
	}
	return result.Add("rounds", rounds).Add("n", rounds*r.perRound).
		Add("spread", stats.Spread(r.two)).Add("reference_spread", stats.Spread(r.one)).
		Add("ns_per_append", 1e9/stats.Median(r.two)).Add("reference_ns_per_append", 1e9/stats.Median(r.one)).
		Add("rotations", end.Rotations-begin.Rotations).Add("room_waits", end.RoomWaits-begin.RoomWaits).
		Add("frame_bytes", r.frameBytes).Add("processors", runtime.GOMAXPROCS(0)), nil
}

// round lets callers append one segment's worth together. They share the work in small pieces, so that
// none of them is left alone at the end.
func (r *twoRun) round(callers int) error {
	const piece = 64
	loads := r.load.split(callers)
	var taken atomic.Int64
	took, err := together(callers, func(int) error { return nil }, func(caller int) error {
		for taken.Add(piece) <= int64(r.perRound) {
			if err := loads[caller].appendMany(r.store, piece); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	appended := r.perRound / piece * piece
	rate := float64(appended) / took.Seconds()
	if callers == 1 {
		r.one = append(r.one, rate)
	} else {
		r.two = append(r.two, rate)
	}
	return nil
}
