// P21: appends while everything that was stored before is read from the disk, and the
// garbage collector is forced to run.

package rows

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/host"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const (
	collectionsGap = time.Second // between two forced collections
	// coldShare is how much of what is read must come from the disk for the scan to count
	// as cold.
	coldShare = 0.9
)

// coldRun appends to a big store in an open loop.
type coldRun struct {
	*grown
	env      *Env
	load     *workload
	perRound int
	store    *engine.Store
	interval float64 // ns between two appends
	peak     float64 // events/s

	idle, busy  *latencies
	scanned     []float64 // bytes/s
	fromDisk    []float64 // share of what was read
	collections []float64
	rotations   uint64 // during scans
	roomWaits   uint64
	notCold     error // why the caches could not be dropped
}

func coldScan(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	g, giveBack, err := env.grown(ctx, entityCount)
	if err != nil {
		return nil, err
	}
	defer giveBack()
	r := &coldRun{
		grown: g, env: env, load: workloadOf(g.entities), perRound: env.Scale.GrownSegment / g.frameBytes,
		idle: newLatencies(), busy: newLatencies(),
	}
	defer func() { err = errors.Join(err, r.close()) }()
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		env.progress("round %d", len(r.scanned)+1)
		return r.round(ctx)
	})
	if err != nil {
		return nil, err
	}
	return []figure.Result{r.result().Add("rounds", rounds).Add("n", r.store.Stats().Events)}, nil
}

// result is not judged where the scan was not cold, or nobody can tell.
func (r *coldRun) result() figure.Result {
	result := comparison("P21", "append p99.9", "ns", "the same without scan and collections", figure.Smaller, 3,
		r.busy.inRounds(99.9), r.idle.inRounds(99.9))
	result.Curve = r.busy.curve()
	share := stats.Median(r.fromDisk)
	switch {
	case r.notCold != nil:
		result.Unjudged = "the caches could not be dropped: " + r.notCold.Error()
	case share < coldShare:
		result.Unjudged = fmt.Sprintf("the scan was not cold: %.0f %% of what it read came from the disk", 100*share)
	}
	whole, idle := r.busy.whole, r.idle.whole
	result = result.Add("spread", stats.Spread(r.busy.inRounds(99.9))).Add("reference_spread", stats.Spread(r.idle.inRounds(99.9))).
		Add("whole_run", whole.At(99.9)).Add("reference_whole_run", idle.At(99.9)).
		Add("p50", whole.At(50)).Add("p99", whole.At(99)).Add("p99.99", whole.At(99.99)).Add("max", whole.Longest()).
		Add("reference_p50", idle.At(50)).Add("reference_p99", idle.At(99)).Add("reference_p99.99", idle.At(99.99)).
		Add("reference_max", idle.Longest()).
		Add("events_per_second", r.peak/3).Add("appends", whole.Count()).
		Add("rotations", r.rotations).Add("room_waits", r.roomWaits).
		Add("scan_mib_per_second", stats.Median(r.scanned)/(1<<20)).
		Add("collections_per_round", stats.Median(r.collections)).Add("collections_gap_seconds", r.gap().Seconds())
	if r.notCold == nil {
		result = result.Add("scan_share_from_disk", share)
	}
	return result
}

// idleFor returns how long a round appends without a scan.
func (r *coldRun) idleFor() time.Duration { return r.env.Scale.Duration / (2 * fewestRounds) }

// gap returns the time between two collections: shorter than a second where the scan is.
func (r *coldRun) gap() time.Duration { return min(collectionsGap, r.idleFor()) }

func (r *coldRun) close() error {
	if r.store == nil {
		return nil
	}
	err := r.store.Close()
	r.store = nil
	return err
}

// round opens the store with nothing of it in the page cache, appends alone, and then beside
// the scan, as long as that takes.
func (r *coldRun) round(ctx context.Context) (err error) {
	if err := r.close(); err != nil {
		return err
	}
	if err := host.DropCaches(ctx, r.path); err != nil {
		r.notCold = err
	}
	if r.store, err = r.open(); err != nil {
		return err
	}
	stored := r.store.Stats().Events
	if r.interval == 0 {
		if r.peak, err = peakOf(ctx, r.store, r.load, r.perRound); err != nil {
			return err
		}
		r.interval = 3 * 1e9 / r.peak
	}
	if err := errors.Join(newSegment(ctx, r.store, r.load), settle(ctx, r.store)); err != nil {
		return err
	}
	runtime.GC() // the garbage of preparing belongs to neither
	once := func() error { return r.load.appendOnce(r.store) }
	count := max(int(float64(r.idleFor())/r.interval), 100)
	if err := openLoop(count, r.interval, once, r.idle.begin()); err != nil {
		return err
	}
	r.idle.end()
	if err := settle(ctx, r.store); err != nil {
		return err
	}
	before := r.store.Stats()
	scan := startScan(r.store, stored, r.gap())
	_, err = openLoopWhile(func(int) bool { return !scan.over.Load() }, r.interval, once, r.busy.begin())
	r.busy.end()
	after := r.store.Stats()
	r.rotations += after.Rotations - before.Rotations
	r.roomWaits += after.RoomWaits - before.RoomWaits
	scan.stop.Store(true) // for an append that failed
	if err = errors.Join(err, <-scan.done); err != nil {
		return err
	}
	r.scanned = append(r.scanned, float64(scan.bytes)/scan.took.Seconds())
	r.fromDisk = append(r.fromDisk, float64(scan.fetched)/float64(scan.bytes))
	r.collections = append(r.collections, float64(scan.collections))
	if scan.untold != nil {
		r.notCold = scan.untold
	}
	return nil
}

// scan reads a store once, beside a goroutine that collects garbage.
type scan struct {
	over atomic.Bool // set by the scan
	stop atomic.Bool // set by who does not want the rest
	done chan error

	// What the scan found, after done.
	took        time.Duration
	bytes       int64 // of frames
	fetched     int64 // that came from the disk
	untold      error // why fetched is not known
	collections int
}

// startScan reads the first count events of a store, and forces a collection now and then,
// the first at once.
func startScan(store *engine.Store, count uint64, gap time.Duration) *scan {
	s := &scan{done: make(chan error, 1)}
	collected := make(chan struct{})
	go func() {
		defer close(collected)
		ticker := time.NewTicker(gap)
		defer ticker.Stop()
		for ; !s.over.Load(); <-ticker.C {
			runtime.GC()
			s.collections++
		}
	}()
	go func() {
		err := s.read(store, count)
		s.over.Store(true)
		<-collected
		s.done <- err
	}()
	return s
}

func (s *scan) read(store *engine.Store, count uint64) error {
	before, untold := host.Fetched()
	perEvent := int64(frameBytesOf(newWorkload()))
	start := time.Now()
	for _, err := range store.Events(1, count, engine.ReadOptions{}) {
		if err != nil {
			return err
		}
		if s.bytes += perEvent; s.stop.Load() {
			break
		}
	}
	s.took = time.Since(start)
	after, untoldAgain := host.Fetched()
	s.fetched, s.untold = after-before, errors.Join(untold, untoldAgain)
	return nil
}
