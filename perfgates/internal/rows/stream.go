// P14: the streams of single entities, their events scattered over the store.

package rows

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// streamGoal is the target of reading one entity's events, in events per second.
const streamGoal = 5e6

// streamRun reads the streams of a store, entity by entity in an order of its own.
type streamRun struct {
	store  *engine.Store
	random *rand.Rand
	names  []string
}

func newStreamRun(store *engine.Store, entities int) *streamRun {
	r := &streamRun{store: store, random: rand.New(rand.NewPCG(7, 8))}
	for number := range entities {
		r.names = append(r.names, entityName(number))
	}
	return r
}

// read reads whole streams of random entities, no entity twice, until it has had as many
// events as wanted or has read every stream, and returns how many events that were. It
// checks that each stream is complete as far as the clocks tell: 1, 2, 3.
func (r *streamRun) read(wanted int, options engine.ReadOptions) (events int, err error) {
	for place := range r.names {
		if events >= wanted {
			break
		}
		other := place + r.random.IntN(len(r.names)-place)
		r.names[place], r.names[other] = r.names[other], r.names[place]
		n, err := readStream(r.store, r.names[place], options)
		if err != nil {
			return events, err
		}
		events += n
	}
	return events, nil
}

func readStream(store *engine.Store, entity string, options engine.ReadOptions) (events int, err error) {
	for ev, err := range store.Stream(entity, options) {
		if err != nil {
			return events, err
		}
		if events++; ev.Position.Clock != uint64(events) || len(ev.Payload) != payloadBytes {
			return events, fmt.Errorf("event %d of %s has the clock %d and a payload of %d bytes", events, entity, ev.Position.Clock, len(ev.Payload))
		}
	}
	if events == 0 {
		return 0, fmt.Errorf("%s has no events", entity)
	}
	return events, nil
}

func stream(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	f, err := newFilled(ctx, env, "P14")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := f.readImage(); err != nil {
		return nil, err
	}
	if err := f.replay(1, f.n, false); err != nil { // touches every page
		return nil, err
	}
	r := newStreamRun(f.store, entityCount)
	var checked, unchecked, scans, copies []float64
	floor := floorOfStreams{filled: f}
	side := func(into *[]float64, options engine.ReadOptions) error {
		start := time.Now()
		events, err := r.read(f.n, options)
		*into = append(*into, float64(events)/time.Since(start).Seconds())
		return err
	}
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		env.progress("round %d", len(checked)+1)
		scans = append(scans, floor.perSecond(true))
		copies = append(copies, floor.perSecond(false))
		return errors.Join(side(&checked, engine.ReadOptions{}), side(&unchecked, engine.ReadOptions{SkipChecks: true}))
	})
	if err != nil {
		return nil, err
	}
	objects, err := r.allocationsPerEvent()
	if err != nil {
		return nil, err
	}
	var results []figure.Result
	for _, c := range []struct {
		name  string
		rates []float64
		floor []float64
	}{{"checked", checked, scans}, {"unchecked", unchecked, copies}} {
		result := figure.Result{
			Row: "P14", Name: c.name, Value: stats.Median(c.rates), Unit: "events/s",
			Reference: "goal", ReferenceValue: streamGoal, Better: figure.Larger, Target: 1,
		}
		results = append(results, withGoal(result, c.rates, c.floor).Add("spread", stats.Spread(c.rates)).Add("rounds", rounds).
			Add("n", f.n).Add("entities", entityCount).Add("events_per_stream", f.n/entityCount).
			Add("same_frames_from_memory", stats.Median(c.floor)).Add("same_frames_spread", stats.Spread(c.floor)))
	}
	results[0] = results[0].Add("allocs_per_event", objects)
	return results, nil
}

// allocationsPerEvent returns what reading one event more of a stream allocates: what all of
// a stream costs beyond its first half. A stream may allocate when it starts.
func (r *streamRun) allocationsPerEvent() (float64, error) {
	var events int
	entity := r.names[0]
	whole := func(limit int) func() error {
		return func() (err error) {
			events, err = readStream(r.store, entity, engine.ReadOptions{Limit: limit})
			return err
		}
	}
	all, err := allocationsOf(whole(0))
	if err != nil {
		return 0, err
	}
	total := events
	some, err := allocationsOf(whole((total + 1) / 2))
	if err != nil || events == total {
		return 0, err
	}
	return max(0, all-some) / float64(total-events), nil
}

// floorOfStreams copies the same frames out of plain memory, stream by stream: every
// thousandth frame, none of which depends on the one before.
type floorOfStreams struct {
	*filled
	frame [1024]byte
	sum   uint32
}

// perSecond returns the frames per second of copying all streams, and of the CRC of each
// frame where that is asked for.
func (f *floorOfStreams) perSecond(sums bool) float64 {
	start := time.Now()
	for first := range entityCount {
		for at := first; at < f.n; at += entityCount {
			frame := f.frame[:copy(f.frame[:], f.image[at*f.frameBytes:(at+1)*f.frameBytes])]
			if sums {
				f.sum ^= sumFrames(frame, len(frame))
			}
		}
	}
	return f.filled.perSecond(time.Since(start))
}
