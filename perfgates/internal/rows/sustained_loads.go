// The two loads of P22: one caller at a steady pace that does not wait for the disk, and many callers that do.

package rows

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
)

// pacedLoad appends in an open loop at a pace that the first store is asked for: a third of what
// appends reach while the disk has nothing else to do, at most half of what it takes in the
// long run.
type pacedLoad struct {
	load          *workload
	perRound      int // appends that fill one segment
	peak, longRun float64
	perSecond     float64 // the pace
	latencies     *latencies
}

func (l *pacedLoad) prepare(ctx context.Context, store *engine.Store) (err error) {
	if l.perSecond > 0 {
		return nil
	}
	if l.peak, err = peakOf(ctx, store, l.load, l.perRound); err != nil {
		return err
	}
	const segments = 4
	if err := settle(ctx, store); err != nil {
		return err
	}
	start := time.Now()
	for range segments {
		if err := errors.Join(ctx.Err(), l.load.appendMany(store, l.perRound)); err != nil {
			return err
		}
	}
	if err := settle(ctx, store); err != nil {
		return err
	}
	l.longRun = float64(segments*l.perRound) / time.Since(start).Seconds()
	l.perSecond = min(l.peak/3, l.longRun/2)
	return nil
}

func (l *pacedLoad) run(ctx context.Context, store *engine.Store, during time.Duration, limit int) (time.Duration, error) {
	var over atomic.Bool
	defer context.AfterFunc(ctx, func() { over.Store(true) })()
	part := newSegmentsOf(store, during)
	defer part.stop()
	defer l.latencies.end()
	return openLoopWhile(func(done int) bool { return done < limit && !over.Load() && !part.over() },
		1e9/l.perSecond, func() error { return l.load.appendOnce(store) }, l.latencies.begin())
}

func (l *pacedLoad) stall() figure.Result {
	whole := l.latencies.whole
	result := unbounded(l.latencies.inRounds(100))
	result.Curve = l.latencies.curve()
	return result.Add("p50", whole.At(50)).Add("p99", whole.At(99)).Add("p99.9", whole.At(99.9)).Add("p99.99", whole.At(99.99)).
		Add("events_per_second", l.perSecond).Add("peak_events_per_second", l.peak).Add("long_run_events_per_second", l.longRun).
		Add("latencies", "from the intended start, of all appends")
}

// waitingCallers are those of waitingLoad.
const waitingCallers = 64

// waitingLoad is callers that each wait for their own append to be durable.
type waitingLoad struct {
	loads     []*workload
	latencies *latencies                // of the first caller
	longest   [waitingCallers]longestOf // of the run that is under way
	stalls    []float64                 // the longest of each run, nanoseconds
	done      int64
	took      time.Duration
}

// longestOf is one caller's longest append. Each has a cache line of its own.
type longestOf struct {
	nanoseconds time.Duration
	_           [7]int64
}

func newWaitingLoad(load *workload) *waitingLoad {
	return &waitingLoad{loads: load.split(waitingCallers), latencies: newLatencies()}
}

func (l *waitingLoad) prepare(context.Context, *engine.Store) error { return nil }

func (l *waitingLoad) run(ctx context.Context, store *engine.Store, during time.Duration, limit int) (time.Duration, error) {
	last := store.Stats().Staged + uint64(limit)
	c := &crowd{callers: waitingCallers}
	l.longest = [waitingCallers]longestOf{}
	part := newSegmentsOf(store, during)
	defer part.stop()
	c.work = func(caller int) error {
		start := time.Now()
		receipt, err := l.loads[caller].append(store)
		if err != nil {
			return err
		}
		longest := &l.longest[caller].nanoseconds
		*longest = max(*longest, time.Since(start))
		if receipt.Sequence >= last || part.over() {
			c.stop()
		}
		return nil
	}
	round, err := c.run(ctx, forever, l.latencies.begin())
	l.latencies.end()
	longest := time.Duration(0)
	for _, of := range l.longest {
		longest = max(longest, of.nanoseconds)
	}
	l.stalls = append(l.stalls, float64(longest))
	l.done += round.done
	l.took += round.took
	return round.took, err
}

func (l *waitingLoad) stall() figure.Result {
	whole := l.latencies.whole
	result := unbounded(l.stalls)
	result.Curve = l.latencies.curve()
	return result.Add("p50", whole.At(50)).Add("p99", whole.At(99)).Add("p99.9", whole.At(99.9)).Add("p99.99", whole.At(99.99)).
		Add("events_per_second", float64(l.done)/l.took.Seconds()).
		Add("latencies", "the longest is of all callers, percentiles are of one of them")
}
