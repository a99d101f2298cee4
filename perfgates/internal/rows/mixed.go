// W1 to W3: appends of the mix, and appends among reads, as fast as they go and at a given rate.

package rows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const (
	streamRead    = 10 // events of a short stream
	operationsRun = 16 // between two looks at the clock
	pacedParts    = 24 // of a row's duration: four a round
	overloaded    = 4  // times what a part should take: the loop is behind for good
)

func manySmallStreams(ctx context.Context, env *Env) ([]figure.Result, error) {
	return mixedRow(ctx, env, "W1", 0)
}

func mostlyReads(ctx context.Context, env *Env) ([]figure.Result, error) {
	return mixedRow(ctx, env, "W2", 0.7)
}

func mostlyWrites(ctx context.Context, env *Env) ([]figure.Result, error) {
	return mixedRow(ctx, env, "W3", 0.3)
}

// mixedRun is an open store, which one caller appends to and reads, and the bare work beside it.
type mixedRun struct {
	row     string
	env     *Env
	store   *engine.Store
	load    *mix
	floor   *mixFloor
	reads   float64 // share of operations
	into    event.Event
	newest  uint64 // sequence
	remove  func()
	ageOf   *alias // how far behind the newest event one is that is read
	perPart int    // appends that fill a segment

	peaks, floors, bytes []float64 // operations and payload bytes a second
	series               *series
	writing, reading     *pacedKind // of the store
	bareWrite, bareRead  *pacedKind
	rate                 float64
	policy               string
}

func mixedRow(ctx context.Context, env *Env, row string, reads float64) (_ []figure.Result, err error) {
	r, err := newMixedRun(ctx, env, row, reads)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.findRate(ctx); err != nil {
		return nil, err
	}
	return r.inRounds(ctx, "operations/s", r.round, r.results)
}

// inRounds calls round as often as is due, and adds to the results what the rounds came to.
func (r *mixedRun) inRounds(
	ctx context.Context, unit string, round func(context.Context) error, resultsOf func() []figure.Result,
) ([]figure.Result, error) {
	begin := r.store.Stats()
	rounds, err := r.scaled().rounds(ctx, fewestRounds, always, func() error {
		r.env.progress("round %d at %.0f %s", len(r.peaks)+1, r.rate, unit)
		return round(ctx)
	})
	if err != nil {
		return nil, err
	}
	end := r.store.Stats()
	results := resultsOf()
	for i := range results {
		results[i] = results[i].Add("rounds", rounds).Add("entities", len(r.load.at)).Add("sync", r.policy).
			Add("rotations", end.Rotations-begin.Rotations).Add("room_waits", end.RoomWaits-begin.RoomWaits)
	}
	return results, nil
}

// newMixedRun opens a store with events in it, of the same entities.
func newMixedRun(ctx context.Context, env *Env, row string, reads float64) (_ *mixedRun, err error) {
	policy, err := env.Load.policy()
	if err = errors.Join(err, env.Load.Check()); err != nil {
		return nil, err
	}
	directory, remove, err := env.scratch(row)
	if err != nil {
		return nil, err
	}
	r := &mixedRun{
		row: row, env: env, reads: reads, policy: policy.String(), remove: remove, series: newSeries(env.Scale.Duration / 4),
		load: newMix(env.Scale.Streams, env.Load.Payload), ageOf: newAlias(zipfWeights(env.Scale.Streams, zipfExponent)),
		writing: newPacedKind(1 - reads), reading: newPacedKind(reads), bareWrite: newPacedKind(1 - reads), bareRead: newPacedKind(reads),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	options := engine.Options{Hashing: engine.HashingOn, SegmentSize: int64(env.Scale.SegmentSize)}
	size := max(env.Scale.SegmentSize, 4*longestPayload)
	if r.floor, err = newMixFloor(directory, newMix(env.Scale.Streams, env.Load.Payload), size, env.Load.Sync == policyEach); err != nil {
		return nil, err
	}
	r.perPart = max(1, int(float64(env.Scale.SegmentSize)/r.floor.meanFrame()))
	env.progress("storing %d events of %d entities", r.stored(), env.Scale.Streams)
	options.Sync = engine.SyncManual()
	if err := r.fill(ctx, directory+"/store", options); err != nil {
		return nil, err
	}
	options.Sync = policy
	r.store, err = engine.Open(directory+"/store", options)
	return r, err
}

// stored returns how many events there are before anything is measured: ten segments' worth at most, so that long payloads don't
// take a disk.
func (r *mixedRun) stored() int { return min(r.env.Scale.Events, 10*r.perPart) }

func (r *mixedRun) fill(ctx context.Context, path string, options engine.Options) (err error) {
	if r.store, err = engine.Open(path, options); err != nil {
		return err
	}
	const between = 1000 // looks at ctx
	for i := range r.stored() {
		if i%between == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.append(); err != nil {
			return err
		}
	}
	store := r.store
	r.store = nil
	return store.Close()
}

func (r *mixedRun) close() (err error) {
	if r.store != nil {
		err = r.store.Close()
	}
	if r.floor != nil {
		err = errors.Join(err, r.floor.close())
	}
	r.remove()
	return err
}

// scaled returns the surroundings with no time to fill where operations are counted.
func (r *mixedRun) scaled() *Env {
	env := *r.env
	if env.Load.Count > 0 {
		env.Scale.Duration = 0
	}
	return &env
}

func (r *mixedRun) append() error {
	r.newest++
	return r.load.append(r.store)
}

// operation appends or reads, as it comes.
func (r *mixedRun) operation() (*pacedKind, error) {
	if r.reads > 0 && r.load.random.Float64() < r.reads {
		return r.reading, r.read()
	}
	return r.writing, r.append()
}

// bare is the bare work of an operation.
func (r *mixedRun) bare() (*pacedKind, error) {
	random := r.floor.load.random
	if r.reads == 0 || random.Float64() >= r.reads {
		return r.bareWrite, r.floor.append()
	}
	if random.IntN(4) == 3 {
		return r.bareRead, r.floor.read(streamRead)
	}
	return r.bareRead, r.floor.read(1)
}

// read reads an event by its sequence, most likely one of the newest, twice in four; the newest event of an entity; and the newest few.
func (r *mixedRun) read() error {
	switch r.load.random.IntN(4) {
	case 0, 1:
		age := uint64(r.ageOf.draw(r.load.random))
		if err := r.store.GetInto(r.newest-min(age, r.newest-1), &r.into); err != nil {
			return err
		}
		r.load.payloadBytes += uint64(len(r.into.Payload))
		return nil
	case 2:
		return r.readStream(1)
	}
	return r.readStream(streamRead)
}

// readStream reads the newest events of an entity. It may have none.
func (r *mixedRun) readStream(limit int) error {
	entity := r.load.at[r.load.entity()].Entity()
	for ev, err := range r.store.Stream(entity, engine.ReadOptions{Limit: limit, Direction: engine.Backward}) {
		if err != nil {
			return err
		}
		if ev.Entity() != entity {
			return fmt.Errorf("the stream of %s has an event of %s", entity, ev.Entity())
		}
		r.load.payloadBytes += uint64(len(ev.Payload))
	}
	return nil
}

// part returns how long a quarter of a round takes.
func (r *mixedRun) part() time.Duration {
	return max(r.env.Scale.Duration/pacedParts, time.Millisecond)
}

// perRound returns how many operations a loop does, 0 where it is a matter of time.
func (r *mixedRun) perRound() int { return (r.env.Load.Count + fewestRounds - 1) / fewestRounds }

// closed does operations one after another for a part of the time, or until a segment is full: one caller stages faster than a disk
// takes it, and this is not about the disk. It returns how many there were a second, and tells s of each run of them.
func (r *mixedRun) closed(ctx context.Context, op func() (*pacedKind, error), s *series) (perSecond float64, took time.Duration, err error) {
	part, most := r.part(), int(float64(r.perPart)/(1-r.reads))
	if r.env.Load.Count > 0 {
		part, most = time.Hour, r.perRound()
	}
	s.begin(0)
	done := 0
	start := time.Now()
	for done < most && took < part && ctx.Err() == nil {
		run := min(operationsRun, most-done)
		for range run {
			if _, err := op(); err != nil {
				return 0, 0, err
			}
		}
		done += run
		took = time.Since(start)
		s.tick(took, uint64(done))
	}
	s.end(took, uint64(done))
	return float64(done) / took.Seconds(), took, ctx.Err()
}

// settled waits for what was left to be sealed, and makes the floor ready.
func (r *mixedRun) settled(ctx context.Context) error {
	return errors.Join(settle(ctx, r.store), r.floor.populate())
}

// findRate finds the peak, in three rounds, and with it the pace.
func (r *mixedRun) findRate(ctx context.Context) error {
	var peaks []float64
	for range 3 {
		if err := r.settled(ctx); err != nil {
			return err
		}
		perSecond, _, err := r.closed(ctx, r.operation, newSeries(0))
		if err != nil {
			return err
		}
		peaks = append(peaks, perSecond)
	}
	r.rate = r.env.Load.pace(stats.Median(peaks))
	return nil
}

// round has both loops, each of bare work and of the store.
func (r *mixedRun) round(ctx context.Context) error {
	if err := r.peakRound(ctx); err != nil {
		return err
	}
	if err := r.settled(ctx); err != nil {
		return err
	}
	if err := r.open(ctx, r.bare, r.bareWrite, r.bareRead); err != nil {
		return err
	}
	return r.open(ctx, r.operation, r.writing, r.reading)
}

// peakRound has the closed loop of bare work and of the store.
func (r *mixedRun) peakRound(ctx context.Context) error {
	if err := r.settled(ctx); err != nil {
		return err
	}
	bare, _, err := r.closed(ctx, r.bare, newSeries(0))
	if err != nil {
		return err
	}
	before := r.load.payloadBytes
	peak, took, err := r.closed(ctx, r.operation, r.series)
	if err != nil {
		return err
	}
	r.floors, r.peaks = append(r.floors, bare), append(r.peaks, peak)
	r.bytes = append(r.bytes, float64(r.load.payloadBytes-before)/took.Seconds())
	return nil
}

// open does operations at the pace, for a part of the time.
func (r *mixedRun) open(ctx context.Context, op func() (*pacedKind, error), kinds ...*pacedKind) error {
	for _, kind := range kinds {
		kind.begin()
		defer kind.end()
	}
	part, count, longest := r.part(), r.perRound(), forever
	if count == 0 {
		count = max(1, int(r.rate*part.Seconds()))
		longest = overloaded * max(part, time.Duration(float64(count)/r.rate*float64(time.Second)))
	}
	more := func(done int, elapsed time.Duration) bool { return done < count && elapsed < longest }
	return errors.Join(pacedLoop(ctx, 1e9/r.rate, more, op), ctx.Err())
}

func (r *mixedRun) reference() string {
	name := "floor of the payload mix"
	if r.env.Load.Payload > 0 {
		name = fmt.Sprintf("floor(%d)", r.env.Load.Payload)
	}
	if r.floor.f0 != nil {
		name += " and F0"
	}
	if r.reads > 0 {
		name += ", and frames copied and checked"
	}
	return name
}

// peak is what the closed loop came to.
func (r *mixedRun) peak(name string) figure.Result {
	peak := comparison(r.row, name, "ops/s", r.reference(), figure.Larger, figure.None(), r.peaks, r.floors)
	peak.Series = r.series.points
	return peak.Add("ops_per_second", peak.Value).Add("mb_per_second", stats.Median(r.bytes)/1e6).
		Add("spread", stats.Spread(r.peaks)).Add("reference_spread", stats.Spread(r.floors))
}

func (r *mixedRun) results() []figure.Result {
	results := []figure.Result{
		r.peak("peak, one caller"),
		r.writing.result(r.row, "append, open loop, p99", r.reference()+" in the same loop", r.bareWrite, r.rate),
	}
	if r.reads > 0 {
		results = append(results, r.reading.result(r.row, "read, open loop, p99", r.reference()+" in the same loop", r.bareRead, r.rate))
	}
	return results
}
