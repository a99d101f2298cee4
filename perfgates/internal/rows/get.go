// P13: GetInto of random sequences, GetIDInto of random ids.

package rows

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/klauspost/crc32"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const (
	getsPerRound  = 20_000
	getGoal       = 300   // nanoseconds
	getByIDGoal   = 1_000 // nanoseconds
	clockReadings = 2_000
)

// getRun reads single events of a filled store, and copies single frames out of
// the same bytes in memory.
//
// Every operation is timed alone, so that its percentiles are its own and not
// those of a batch. A time is the difference of two readings of the monotonic
// clock less what two readings with nothing between them differ by, the median of
// 2,000 pairs taken in the same round.
type getRun struct {
	*filled
	sequences []uint64
	ids       []event.ID // of the events with these sequences
	next      int
	into      event.Event
	frame     []byte
	sum       uint32
}

// newGetRun chooses random events of the store, which is read once, so that all of it
// has been brought in.
func newGetRun(f *filled) (*getRun, error) {
	if err := f.replay(1, f.n, false); err != nil {
		return nil, err
	}
	g := &getRun{filled: f, frame: make([]byte, f.frameBytes)}
	random := rand.New(rand.NewPCG(3, 4))
	for range 1 << 16 {
		g.sequences = append(g.sequences, 1+random.Uint64N(uint64(f.n)))
	}
	for range g.sequences {
		if err := g.get(); err != nil {
			return nil, err
		}
		g.ids = append(g.ids, g.into.ID)
	}
	return g, nil
}

func getOne(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	f, err := newFilled(ctx, env, "P13")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := f.readImage(); err != nil {
		return nil, err
	}
	g, err := newGetRun(f)
	if err != nil {
		return nil, err
	}
	bySequence, byID, copies := newLatencies(), newLatencies(), newLatencies()
	var clock []float64
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		cost := clockCost()
		clock = append(clock, float64(cost))
		if err := timeEach(cost, g.copyFrame, copies.begin()); err != nil {
			return err
		}
		copies.end()
		env.progress("round %d", len(clock))
		if err := timeEach(cost, g.get, bySequence.begin()); err != nil {
			return err
		}
		bySequence.end()
		defer byID.end()
		return timeEach(cost, g.getByID, byID.begin())
	})
	if err != nil {
		return nil, err
	}
	var results []figure.Result
	for _, c := range []struct {
		name, allocations string
		goal              float64
		get               func() error
		latencies         *latencies
	}{
		{"p50", "allocations", getGoal, g.get, bySequence},
		{"by id, p50", "by id, allocations", getByIDGoal, g.getByID, byID},
	} {
		objects, err := allocationsOf(func() error { return many(getsPerRound, c.get) })
		if err != nil {
			return nil, err
		}
		p50 := figure.Result{
			Row: "P13", Name: c.name, Value: c.latencies.median(50), Unit: "ns",
			Reference: "goal", ReferenceValue: c.goal, Better: figure.Smaller, Target: 1,
		}
		p50 = withGoal(p50, c.latencies.inRounds(50), copies.inRounds(50))
		p50.Curve = c.latencies.curve()
		whole := c.latencies.whole
		p50 = p50.Add("p99", whole.At(99)).Add("p99.9", whole.At(99.9)).Add("p99.99", whole.At(99.99)).
			Add("max", whole.Longest()).Add("spread", stats.Spread(c.latencies.inRounds(50))).
			Add("copy_and_crc_p50", copies.median(50)).Add("clock_cost_subtracted", stats.Median(clock)).
			Add("rounds", rounds).Add("n", f.n)
		results = append(results, p50, noAllocations("P13", c.allocations, objects/getsPerRound).Add("n", f.n))
	}
	return results, nil
}

// choice returns the place of the next random event.
func (g *getRun) choice() int {
	place := g.next
	g.next = (g.next + 1) % len(g.sequences)
	return place
}

func (g *getRun) get() error { return g.store.GetInto(g.sequences[g.choice()], &g.into) }

func (g *getRun) getByID() error { return g.store.GetIDInto(g.ids[g.choice()], &g.into) }

func many(count int, op func() error) error {
	for range count {
		if err := op(); err != nil {
			return err
		}
	}
	return nil
}

// copyFrame is the least that a checked read can cost: the CRC of one frame at a
// random place in memory, and a copy of it.
func (g *getRun) copyFrame() error {
	at := int(g.sequences[g.choice()]-1) * g.frameBytes
	frame := g.image[at : at+g.frameBytes]
	g.sum ^= crc32.Update(g.sum, crc32.MakeTable(crc32.Castagnoli), frame)
	copy(g.frame, frame)
	return nil
}

// timeEach times single operations and takes the clock's own cost off each.
func timeEach(cost time.Duration, op func() error, into *stats.Latency) error {
	begin := time.Now()
	for range getsPerRound {
		start := time.Since(begin)
		if err := op(); err != nil {
			return err
		}
		into.Record(int64(time.Since(begin) - start - cost))
	}
	return nil
}

// clockCost returns the median difference of two readings with nothing between.
func clockCost() time.Duration {
	pairs := stats.NewLatency()
	begin := time.Now()
	for range clockReadings {
		start := time.Since(begin)
		pairs.Record(int64(time.Since(begin) - start))
	}
	return time.Duration(pairs.At(50))
}
