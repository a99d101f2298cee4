package rows

// P13: GetInto of random sequences.

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/klauspost/crc32"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/report"
	"github.com/batpak/batpak/cmd/batpak-bench/internal/stats"
	"github.com/batpak/batpak/event"
)

const (
	getsPerRound  = 20_000
	getGoal       = 300 // nanoseconds
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
	next      int
	into      event.Event
	frame     []byte
	sum       uint32
}

func getBySequence(ctx context.Context, env *Env) (_ []report.Result, err error) {
	f, err := newFilled(ctx, env, "P13")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	g := &getRun{filled: f, frame: make([]byte, f.frameBytes)}
	random := rand.New(rand.NewPCG(3, 4))
	for range 1 << 16 {
		g.sequences = append(g.sequences, 1+random.Uint64N(uint64(f.n)))
	}
	if err := f.replay(1, f.n, false); err != nil { // brings everything in
		return nil, err
	}
	ours, copies := newLatencies(), newLatencies()
	var clock []float64
	rounds, err := env.rounds(ctx, 1, always, func() error {
		cost := clockCost()
		clock = append(clock, float64(cost))
		if err := timeEach(cost, g.copyFrame, copies.begin()); err != nil {
			return err
		}
		copies.end()
		env.progress("round %d", len(clock))
		defer ours.end()
		return timeEach(cost, g.get, ours.begin())
	})
	if err != nil {
		return nil, err
	}
	objects, err := allocationsOf(func() error { return g.many(getsPerRound) })
	if err != nil {
		return nil, err
	}
	p50 := report.Result{
		Row: "P13", Name: "p50", Value: ours.median(50), Unit: "ns",
		Reference: "goal", ReferenceValue: getGoal, Better: report.Smaller, Target: 1,
	}
	p50 = p50.Add("p99", ours.whole.At(99)).Add("p99.9", ours.whole.At(99.9)).Add("p99.99", ours.whole.At(99.99)).
		Add("max", ours.whole.Longest()).Add("spread", stats.Spread(ours.inRounds(50))).
		Add("copy_and_crc_p50", copies.median(50)).Add("clock_cost_subtracted", stats.Median(clock)).
		Add("rounds", rounds).Add("n", f.n)
	return []report.Result{p50, noAllocations("P13", "allocations", objects/getsPerRound).Add("n", f.n)}, nil
}

// sequence returns the next random sequence.
func (g *getRun) sequence() uint64 {
	sequence := g.sequences[g.next]
	g.next = (g.next + 1) % len(g.sequences)
	return sequence
}

func (g *getRun) get() error { return g.store.GetInto(g.sequence(), &g.into) }

func (g *getRun) many(count int) error {
	for range count {
		if err := g.get(); err != nil {
			return err
		}
	}
	return nil
}

// copyFrame is the least that a checked read can cost: the CRC of one frame at a
// random place in memory, and a copy of it.
func (g *getRun) copyFrame() error {
	at := int(g.sequence()-1) * g.frameBytes
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
