// The second half of P6: staged appends that expect a clock and have a key, beside plain ones in the same store.

package rows

import (
	"context"
	"errors"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const askingTarget = 1.5

// askingRun is a store under the manual policy, and what is known of its entities.
type askingRun struct {
	load     *workload
	store    *engine.Store
	clocks   []uint64 // of the entities, in the order of the workload
	keyed    int      // appends with a key so far
	keys     []string // of the next round
	perRound int
	remove   func()

	plain, expecting, asking []float64 // nanoseconds per append, by round
}

func appendAsking(ctx context.Context, env *Env) (_ figure.Result, err error) {
	r, err := newAskingRun(env)
	if err != nil {
		return figure.Result{}, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	begin := r.store.Stats()
	sides := []struct {
		into    *[]float64
		options func(place int) engine.AppendOptions
	}{
		{&r.plain, nil},
		{&r.expecting, func(int) engine.AppendOptions {
			return engine.AppendOptions{Expect: engine.ExpectClock(r.clocks[r.load.next])}
		}},
		{&r.asking, func(place int) engine.AppendOptions {
			return engine.AppendOptions{Expect: engine.ExpectClock(r.clocks[r.load.next]), Key: r.keys[place]}
		}},
	}
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		for i := range sides {
			r.makeKeys()
			if err := settle(ctx, r.store); err != nil {
				return err
			}
			start := time.Now()
			if err := r.appendMany(sides[i].options); err != nil {
				return err
			}
			*sides[i].into = append(*sides[i].into, float64(time.Since(start))/float64(r.perRound))
		}
		env.progress("expectation and key, round %d: %.0f ns, plain %.0f ns", len(r.asking), r.asking[len(r.asking)-1], r.plain[len(r.plain)-1])
		return nil
	})
	if err != nil {
		return figure.Result{}, err
	}
	end := r.store.Stats()
	result := comparison("P6", "append with expectation and key", "ns", "plain append", figure.Smaller, askingTarget, r.asking, r.plain)
	return result.Add("expectation_only", stats.Median(r.expecting)).
		Add("spread", stats.Spread(r.asking)).Add("reference_spread", stats.Spread(r.plain)).
		Add("rounds", rounds).Add("n", rounds*r.perRound).Add("keys", r.keyed).
		Add("rotations", end.Rotations-begin.Rotations).Add("room_waits", end.RoomWaits-begin.RoomWaits), nil
}

// newAskingRun opens a new store and fills it until its segments have their largest size, with every third event keyed, so that
// keys are looked for where there are others.
func newAskingRun(env *Env) (_ *askingRun, err error) {
	directory, remove, err := env.scratch("P6")
	if err != nil {
		return nil, err
	}
	r := &askingRun{load: newWorkload(), remove: remove}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	r.clocks = make([]uint64, len(r.load.at))
	r.perRound = env.Scale.ShortSegment / frameBytesOf(r.load)
	r.store, err = engine.Open(directory+"/store", engine.Options{
		Sync: engine.SyncManual(), SegmentSize: int64(env.Scale.ShortSegment), Hashing: engine.HashingOn,
	})
	if err != nil {
		return nil, err
	}
	for range 2 {
		r.makeKeys()
		err := r.appendMany(func(place int) engine.AppendOptions {
			if place%3 != 0 {
				return engine.AppendOptions{}
			}
			return engine.AppendOptions{Key: r.keys[place]}
		})
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *askingRun) close() (err error) {
	if r.store != nil {
		err = r.store.Close()
	}
	r.remove()
	return err
}

// makeKeys makes the keys of a round, which is not measured.
func (r *askingRun) makeKeys() {
	r.keys = r.keys[:0]
	for range r.perRound {
		r.keys = append(r.keys, "request:"+entityName(r.keyed))
		r.keyed++
	}
}

// appendMany appends one round's events, with options for each, or plainly.
func (r *askingRun) appendMany(options func(place int) engine.AppendOptions) error {
	for place := range r.perRound {
		entity := r.load.next
		var receipt engine.Receipt
		var err error
		if options == nil {
			receipt, err = r.load.append(r.store)
		} else {
			o := options(place)
			receipt, err = r.store.AppendBytesWith(r.load.coordinate(), event.Data, event.CodecRaw, r.load.payload, o)
		}
		if err != nil {
			return err
		}
		r.clocks[entity] = receipt.Position.Clock
	}
	return nil
}
