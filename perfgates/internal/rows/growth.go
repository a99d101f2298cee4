// P20: what appending and reading cost in a big store beside a small one.

package rows

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const (
	growthTarget   = 1.5
	bySequence     = "by sequence, p50"
	streamsAtATime = 100_000 // events
)

// growthSide is one of the stores and its figures, in nanoseconds, one for each round.
type growthSide struct {
	name     string
	entities int
	path     string
	options  engine.Options
	load     *workload

	store     *engine.Store
	n         uint64
	sequences *rand.Rand
	streams   *streamRun
	places    *places
	into      event.Event

	appends, gets, perStreamed, copies []float64
}

// growth compares three stores: a small one, a big one of as many entities, and a big one of
// very many, which is reported only.
func growth(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	directory, remove, err := env.scratch("P20")
	if err != nil {
		return nil, err
	}
	defer remove()
	big, giveBack, err := env.grown(ctx, entityCount)
	if err != nil {
		return nil, err
	}
	defer giveBack()
	alone := *env
	alone.Stores = nil // no other row wants it: it does not stay
	crowd, giveCrowdBack, err := alone.grown(ctx, env.Scale.Grown/10)
	if err != nil {
		return nil, err
	}
	defer giveCrowdBack()

	small := &growthSide{name: "small", entities: entityCount, path: directory + "/small", options: big.options}
	sides := []*growthSide{
		small,
		{name: "1,000 entities", entities: big.entities, path: big.path, options: big.options},
		{name: "a tenth as many entities as events", entities: crowd.entities, path: crowd.path, options: crowd.options},
	}
	if err := newWorkload().fill(ctx, small.path, small.options, env.Scale.Small); err != nil {
		return nil, err
	}
	for _, side := range sides {
		env.progress("reading all of the store of %s", side.name)
		if err := side.open(ctx); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, side.close()) }()
	}
	reading, err := growthOfReading(ctx, env.share(2), sides)
	if err != nil {
		return nil, err
	}
	appending, err := growthOfAppending(ctx, env.share(2), sides, directory+"/again")
	if err != nil {
		return nil, err
	}
	return growthResults(sides, reading, appending, env.Scale.GrownSegment/big.frameBytes), nil
}

// open opens the store and reads all of it once, so that every page has been touched.
func (s *growthSide) open(ctx context.Context) (err error) {
	if s.store, err = engine.Open(s.path, s.options); err != nil {
		return err
	}
	s.load = workloadOf(s.entities)
	s.n = s.store.Stats().Events
	s.sequences = rand.New(rand.NewPCG(3, 4))
	s.streams = newStreamRun(s.store, s.entities)
	if s.places, err = newPlaces(s.path, frameBytesOf(s.load)); err != nil {
		return err
	}
	return readAll(ctx, s.store, s.n)
}

func (s *growthSide) close() (err error) {
	if s.places != nil {
		err = s.places.close()
		s.places = nil
	}
	if s.store != nil {
		err = errors.Join(err, s.store.Close())
		s.store = nil
	}
	return err
}

// growthOfReading measures random reads by sequence, beside what copies of random frames out
// of the same files cost, and the streams of random entities.
func growthOfReading(ctx context.Context, env *Env, sides []*growthSide) (rounds int, err error) {
	latency := stats.NewLatency()
	return env.rounds(ctx, fewestRounds, always, func() error {
		env.progress("reading, round %d", len(sides[0].gets)+1)
		for _, side := range sides {
			for _, reader := range []struct {
				read func() error
				into *[]float64
			}{{side.places.copyFrame, &side.copies}, {side.get, &side.gets}} {
				latency.Reset()
				if err := timeEach(clockCost(), reader.read, latency); err != nil {
					return err
				}
				*reader.into = append(*reader.into, latency.At(50))
			}
			start := time.Now()
			events, err := side.streams.read(streamsAtATime, engine.ReadOptions{})
			if err != nil {
				return err
			}
			side.perStreamed = append(side.perStreamed, float64(time.Since(start))/float64(events))
		}
		return nil
	})
}

func (s *growthSide) get() error { return s.store.GetInto(1+s.sequences.Uint64N(s.n), &s.into) }

// growthOfAppending measures appending a segment's worth of events, which changes segments
// once. The big stores hardly notice; the small one is made anew for each round.
func growthOfAppending(ctx context.Context, env *Env, sides []*growthSide, again string) (rounds int, err error) {
	small := sides[0]
	perRound := env.Scale.GrownSegment / frameBytesOf(small.load)
	return env.rounds(ctx, fewestRounds, always, func() error {
		env.progress("appending, round %d", len(small.appends)+1)
		if err := errors.Join(small.close(), os.RemoveAll(again)); err != nil {
			return err
		}
		if small.store, err = engine.Open(again, small.options); err != nil {
			return err
		}
		if err := small.load.appendMany(small.store, int(small.n)); err != nil {
			return err
		}
		for _, side := range sides {
			// The names are made before, and each entity of the few has been met.
			warm, load := side.load.part(entityCount), side.load.part(perRound)
			if err := warm.appendMany(side.store, entityCount); err != nil {
				return err
			}
			if err := settle(ctx, side.store); err != nil {
				return err
			}
			start := time.Now()
			if err := load.appendMany(side.store, perRound); err != nil {
				return err
			}
			side.appends = append(side.appends, float64(time.Since(start))/float64(perRound))
		}
		return nil
	})
}

// growthResults compares the big stores with the small one.
func growthResults(sides []*growthSide, reading, appending, perRound int) (results []figure.Result) {
	small := sides[0]
	for i, side := range sides[1:] {
		target := float64(growthTarget)
		if i > 0 {
			target = figure.None() // reported only
		}
		for _, c := range []struct {
			name        string
			big, small  []float64
			rounds, per int
		}{
			{"append", side.appends, small.appends, appending, perRound},
			{bySequence, side.gets, small.gets, reading, getsPerRound},
			{"event of a stream", side.perStreamed, small.perStreamed, reading, streamsAtATime},
		} {
			result := comparison("P20", side.name+", "+c.name, "ns", "the same in a small store", figure.Smaller, target, c.big, c.small)
			result = result.
				Add("spread", stats.Spread(c.big)).Add("reference_spread", stats.Spread(c.small)).
				Add("rounds", c.rounds).Add("operations_per_round", c.per).
				Add("n", side.n).Add("entities", side.entities).
				Add("reference_n", small.n).Add("reference_entities", small.entities)
			if c.name == bySequence {
				result = result.Add("copy_and_crc_p50", stats.Median(side.copies)).Add("reference_copy_and_crc_p50", stats.Median(small.copies))
			}
			results = append(results, result)
		}
	}
	return results
}
