// W4: a reader that catches up from the beginning, beside a writer that keeps its pace.

package rows

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// catchUpRun is a store with a backlog, which is read from its beginning in every round.
type catchUpRun struct {
	*mixedRun
	backlog uint64 // events

	alone, beside, frames []float64 // events/s, of bare frames too
	bytes                 []float64 // of payloads read beside the writer, a second
	reader                *series
	idle, busy            *pacedKind // appends without and with the reader
}

func catchUp(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	m, err := newMixedRun(ctx, env, "W4", 0)
	if err != nil {
		return nil, err
	}
	r := &catchUpRun{
		mixedRun: m, backlog: m.newest, reader: newSeries(env.Scale.Duration / 2), idle: newPacedKind(1), busy: newPacedKind(1),
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.findRate(ctx); err != nil {
		return nil, err
	}
	if _, _, err := r.drain(newSeries(0)); err != nil { // first touch of everything
		return nil, err
	}
	results, err := r.inRounds(ctx, "appends/s", r.round, r.results)
	for i := range results {
		results[i] = results[i].Add("backlog", r.backlog)
	}
	return results, err
}

// round measures the writer's peak, the reader alone, the writer alone at its pace, and both.
func (r *catchUpRun) round(ctx context.Context) error {
	if err := r.peakRound(ctx); err != nil {
		return err
	}
	if err := r.settled(ctx); err != nil {
		return err
	}
	r.frames = append(r.frames, r.bareFrames())
	perSecond, _, err := r.drain(newSeries(0))
	if err != nil {
		return err
	}
	r.alone = append(r.alone, perSecond)
	if err := r.open(ctx, r.writes(r.idle), r.idle); err != nil {
		return err
	}
	if err := r.settled(ctx); err != nil {
		return err
	}
	return r.both(ctx)
}

// bareFrames returns how many frames of the mix a second are copied and checked.
func (r *catchUpRun) bareFrames() float64 {
	frames := int(min(r.backlog, 20_000))
	start := time.Now()
	_ = r.floor.read(frames) // nothing can fail
	return float64(frames) / time.Since(start).Seconds()
}

func (r *catchUpRun) writes(kind *pacedKind) func() (*pacedKind, error) {
	return func() (*pacedKind, error) { return kind, r.append() }
}

// both appends at the pace as long as the reader takes, once at least.
func (r *catchUpRun) both(ctx context.Context) error {
	var over atomic.Bool
	done := make(chan error, 1)
	go func() {
		perSecond, bytes, err := r.drain(r.reader)
		r.beside, r.bytes = append(r.beside, perSecond), append(r.bytes, bytes)
		over.Store(true)
		done <- err
	}()
	r.busy.begin()
	err := pacedLoop(ctx, 1e9/r.rate, func(done int, _ time.Duration) bool { return done == 0 || !over.Load() }, r.writes(r.busy))
	r.busy.end()
	return errors.Join(err, <-done, ctx.Err())
}

// drain reads the backlog with a cursor, and returns the events and the payload bytes a second.
func (r *catchUpRun) drain(s *series) (perSecond, bytesPerSecond float64, err error) {
	const between = 256 // looks at the clock
	s.begin(0)
	bytes, start := 0, time.Now()
	cursor, err := r.store.CursorGuaranteed(event.Everything(), engine.CursorOptions{Start: engine.FromBeginning()})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, cursor.Close()) }()
	for seen := uint64(1); seen <= r.backlog; seen++ {
		ev, ok, err := cursor.Poll()
		if err == nil && (!ok || ev.Sequence != seen) {
			err = errors.New("an event is missing in the backlog")
		}
		if err != nil {
			return 0, 0, err
		}
		if bytes += len(ev.Payload); seen%between == 0 {
			s.tick(time.Since(start), seen)
		}
	}
	took := time.Since(start)
	s.end(took, r.backlog)
	return float64(r.backlog) / took.Seconds(), float64(bytes) / took.Seconds(), nil
}

func (r *catchUpRun) results() []figure.Result {
	reading := func(name, reference string, ours, theirs []float64) figure.Result {
		return comparison("W4", name, "events/s", reference, figure.Larger, figure.None(), ours, theirs).
			Add("spread", stats.Spread(ours)).Add("reference_spread", stats.Spread(theirs))
	}
	beside := reading("catch-up beside the writer", "the same without the writer", r.beside, r.alone)
	beside.Series = r.reader.points
	return []figure.Result{
		r.peak("append, peak, one caller"),
		reading("catch-up alone", "frames of the mix copied and checked", r.alone, r.frames),
		beside.Add("ops_per_second", beside.Value).Add("mb_per_second", stats.Median(r.bytes)/1e6),
		r.busy.result("W4", "append beside the reader, open loop, p99", "the same without the reader", r.idle, r.rate),
	}
}
