// P19: lookups at a steady pace beside a writer that appends as fast as it can.

package rows

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const (
	lookupInterval = 10_000 // nanoseconds: 100,000 lookups a second
	besidePhases   = 24     // of a row's duration, four of them a round
	fewestLookups  = 100
	// idleLimit is the p99 of lookups without a writer, in nanoseconds, beyond which the
	// processors are somebody else's: a lookup takes about a microsecond.
	idleLimit = 1e6
)

// besideRun looks up random events while the store may be written to: by sequence among all
// that there are at the moment, by id among those that were there at the beginning, and the
// clock of an entity, in turns.
type besideRun struct {
	*getRun
	random *rand.Rand
	turn   int
	writer writer
	phase  time.Duration

	idle, busy                       *lookups
	pace                             *stats.Latency
	alone, besidePace, besideLookups []float64 // events/s of the writer
}

// lookups are latencies from the intended start on, and own ones from the actual start.
type lookups struct {
	*latencies
	own *latencies
}

func newLookups() *lookups { return &lookups{newLatencies(), newLatencies()} }

// writer appends as fast as it can, from start to stop.
type writer struct {
	store    *engine.Store
	load     *workload
	appended atomic.Uint64 // since the store was filled
	newest   atomic.Uint64 // sequence
	stopping atomic.Bool
	done     chan error
}

// start returns when the first event is stored.
func (w *writer) start() {
	w.stopping.Store(false)
	w.done = make(chan error, 1)
	first := w.appended.Load() + 1
	go func() { w.done <- w.run() }()
	for w.appended.Load() < first && len(w.done) == 0 {
		time.Sleep(10 * time.Microsecond)
	}
}

func (w *writer) run() error {
	for !w.stopping.Load() {
		receipt, err := w.load.append(w.store)
		if err != nil {
			return err
		}
		w.newest.Store(receipt.Sequence)
		w.appended.Add(1)
	}
	return nil
}

func (w *writer) stop() error {
	w.stopping.Store(true)
	return <-w.done
}

func beside(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	f, err := newFilled(ctx, env, "P19")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	g, err := newGetRun(f)
	if err != nil {
		return nil, err
	}
	r := &besideRun{
		getRun: g, random: rand.New(rand.NewPCG(11, 12)), writer: writer{store: f.store, load: f.load},
		phase: max(env.Scale.Duration/besidePhases, fewestLookups*lookupInterval),
		idle:  newLookups(), busy: newLookups(), pace: stats.NewLatency(),
	}
	r.writer.newest.Store(uint64(f.n))
	begin := f.store.Stats()
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		env.progress("round %d", len(r.alone)+1)
		return r.round(ctx)
	})
	if err != nil {
		return nil, err
	}
	results, end := r.results(), f.store.Stats()
	for i := range results {
		results[i] = results[i].Add("rounds", rounds).Add("n", end.Events).
			Add("rotations", end.Rotations-begin.Rotations).Add("room_waits", end.RoomWaits-begin.RoomWaits)
	}
	return results, nil
}

// round has four phases: lookups alone, the writer alone, the writer beside a pace without
// lookups, and both.
func (r *besideRun) round(ctx context.Context) error {
	if err := settle(ctx, r.store); err != nil {
		return err
	}
	if err := r.look(r.idle); err != nil {
		return err
	}
	if err := r.write(ctx, &r.alone, func() error { time.Sleep(r.phase); return nil }); err != nil {
		return err
	}
	nothing := func() error { return nil }
	if err := r.write(ctx, &r.besidePace, func() error { return openLoop(r.count(), lookupInterval, nothing, r.pace) }); err != nil {
		return err
	}
	return r.write(ctx, &r.besideLookups, func() error { return r.look(r.busy) })
}

// count returns the number of lookups in a phase.
func (r *besideRun) count() int { return int(r.phase / lookupInterval) }

// look looks up at a steady pace. Beside the latency of each lookup from its intended
// start on, what it took itself is recorded.
func (r *besideRun) look(into *lookups) error {
	defer into.end()
	own := into.own.begin()
	defer into.own.end()
	begin := time.Now()
	return openLoop(r.count(), lookupInterval, func() error {
		start := time.Since(begin)
		err := r.lookup()
		own.Record(int64(time.Since(begin) - start))
		return err
	}, into.begin())
}

// results judges what is seen from outside. What a lookup took itself, and what
// keeping the pace costs, stand beside it.
func (r *besideRun) results() []figure.Result {
	p99 := comparison("P19", "lookup p99", "ns", "the same without a writer", figure.Smaller, 3, r.busy.inRounds(99), r.idle.inRounds(99))
	p99.Curve = r.busy.curve()
	rate := comparison("P19", "writer", "events/s", "the same without lookups", figure.Larger, 0.9, r.besideLookups, r.alone)
	busy, idle := r.busy, r.idle
	if p99.ReferenceValue > idleLimit {
		p99.Unjudged = "without a writer lookups waited as well: others use the processors"
	}
	return []figure.Result{
		p99.Add("spread", stats.Spread(busy.inRounds(99))).Add("reference_spread", stats.Spread(idle.inRounds(99))).
			Add("p50", busy.median(50)).Add("p99.9", busy.median(99.9)).Add("max", busy.whole.Longest()).
			Add("reference_p50", idle.median(50)).Add("reference_p99.9", idle.median(99.9)).Add("reference_max", idle.whole.Longest()).
			Add("without_waiting_p99", busy.own.median(99)).Add("reference_without_waiting_p99", idle.own.median(99)).
			Add("pace_without_lookups_p99", r.pace.At(99)).
			Add("lookups", busy.whole.Count()).Add("lookups_per_second", 1e9/lookupInterval).
			Add("processors", runtime.GOMAXPROCS(0)).
			Add("note", "latency counts from the intended start; without_waiting is what lookups took themselves"),
		rate.Add("spread", stats.Spread(r.besideLookups)).Add("reference_spread", stats.Spread(r.alone)).
			Add("beside_pace_without_lookups", stats.Median(r.besidePace)).
			Add("processors", runtime.GOMAXPROCS(0)).
			Add("note", "a thread that spins keeps the pace; beside_pace_without_lookups is the writer beside one that looks nothing up"),
	}
}

// write runs the writer while work runs, and adds its events per second. It begins when
// nothing is left to be sealed.
func (r *besideRun) write(ctx context.Context, into *[]float64, work func() error) error {
	if err := settle(ctx, r.store); err != nil {
		return err
	}
	r.writer.start()
	start, before := time.Now(), r.writer.appended.Load()
	err := work()
	took, after := time.Since(start), r.writer.appended.Load()
	*into = append(*into, float64(after-before)/took.Seconds())
	return errors.Join(err, r.writer.stop())
}

func (r *besideRun) lookup() error {
	switch r.turn++; r.turn % 3 {
	case 0:
		return r.store.GetInto(1+r.random.Uint64N(r.writer.newest.Load()), &r.into)
	case 1:
		return r.getByID()
	}
	_, err := r.store.Clock(r.load.at[r.random.IntN(len(r.load.at))].Entity())
	return err
}
