// P5: many callers, each waiting for its own append, beside a barrier that only waits, and
// beside other people's stores.

package rows

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/floor"
	"github.com/batpak/batpak/perfgates/internal/host"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// groupSizes are the numbers of callers.
var groupSizes = [...]int{8, 64, 1024}

const (
	longestTurn  = 250 * time.Millisecond
	shortestTurn = time.Millisecond
	workingBytes = 16 << 10 // of memory, for each caller of the barrier that works
)

// groupSide is one of those that are compared. It has a turn of its own with every number of
// callers in every round.
type groupSide struct {
	name   string
	turn   func(ctx context.Context, callers int, during time.Duration) (crowdRound, error)
	settle func(ctx context.Context) error
	close  func() error

	description string
	missing     error // why there are no figures; for peers only
	peer        bool
	figures     map[int]*groupFigures // by number of callers
}

// groupFigures are one side's, of every round.
type groupFigures struct {
	rates    []float64 // per second
	p50, p99 []float64 // nanoseconds
	perSync  []float64 // how many shared one, where that is known
	done     int64
}

// groupRun is everybody who takes part.
type groupRun struct {
	barrier, ours *groupSide
	working       *groupSide // the barrier again, whose callers do the work of an append first
	peers         []*groupSide
	turn          time.Duration
	warn          func(format string, arguments ...any)

	store        *engine.Store
	acknowledged int64 // appends of the store
}

func groupCommit(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	directory, remove, err := env.scratch("P5")
	if err != nil {
		return nil, err
	}
	defer remove()
	r := &groupRun{warn: env.warn}
	defer func() { err = errors.Join(err, r.close()) }() // again, for errors on the way
	if err := r.open(directory, env.Scale.SegmentSize); err != nil {
		return nil, err
	}
	if r.peers, err = groupPeers(ctx, env, directory); err != nil {
		return nil, err
	}
	r.turn = r.turnOf(env.Scale.Duration)
	env.progress("first touch")
	if err := r.round(ctx, r.turn/4, false); err != nil {
		return nil, err
	}
	r.forget()
	backwards := false
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		err := r.round(ctx, r.turn, backwards)
		backwards = !backwards
		env.progress("round %d", len(r.ours.at(groupSizes[0]).rates))
		return err
	})
	if err != nil {
		return nil, err
	}
	r.closePeers()
	results := r.results()
	mount, _ := host.MountOf(directory) // unknown counts as a disk
	for i := range results {
		if mount.Volatile() && results[i].Unjudged == "" {
			results[i].Unjudged = mount.Type + " has nothing to sync to"
		}
		results[i] = results[i].Add("rounds", rounds).Add("turn_seconds", r.turn.Seconds()).
			Add("processors", runtime.GOMAXPROCS(0))
	}
	return results, nil
}

// turnOf divides the time among those who are there.
func (r *groupRun) turnOf(whole time.Duration) time.Duration {
	turns := 0
	for _, side := range r.sides() {
		if side.missing == nil {
			turns += fewestRounds * len(groupSizes)
		}
	}
	return min(max(whole/time.Duration(turns), shortestTurn), longestTurn)
}

// open makes those that are always there: the store, the barrier, whose syncs are F0, and another barrier behind the
// work that no append can do without.
func (r *groupRun) open(directory string, segmentSize int) (err error) {
	load := newWorkload()
	if r.barrier, err = barrierSide(directory, frameBytesOf(load), func(int) error { return nil }); err != nil {
		return err
	}
	r.barrier.name = "bare generation barrier"
	floors := make([]*floor.Append, groupSizes[len(groupSizes)-1])
	for i := range floors {
		memory := floor.NewAnonymous(workingBytes)
		floors[i] = floor.NewAppend(memory, load.at[i%len(load.at):][:1], load.payload, true)
	}
	r.working, err = barrierSide(directory, frameBytesOf(load), func(caller int) error { return floors[caller].Once() })
	if err != nil {
		return err
	}
	r.working.name = fmt.Sprintf("floor(%d) and barrier", payloadBytes)
	r.store, err = engine.Open(directory+"/store", engine.Options{
		Sync: engine.SyncEveryAppend(), SegmentSize: int64(segmentSize), Hashing: engine.HashingOn,
	})
	if err != nil {
		return err
	}
	loads := load.split(groupSizes[len(groupSizes)-1])
	r.ours = &groupSide{
		name: "store", close: r.store.Close,
		settle: func(ctx context.Context) error { return settle(ctx, r.store) },
		turn: func(ctx context.Context, callers int, during time.Duration) (crowdRound, error) {
			appending := &crowd{callers: callers, work: func(caller int) error { return loads[caller].appendOnce(r.store) }}
			before := r.store.Stats().Syncs
			round, err := appending.run(ctx, during, stats.NewLatency())
			if err == nil {
				round.syncs, err = r.store.Stats().Syncs-before, r.check(round)
			}
			return round, err
		},
	}
	return nil
}

// barrierSide is callers that do some work, and then wait for a sync that began afterwards. The sync
// writes one frame into a prepared file.
func barrierSide(directory string, frameBytes int, work func(caller int) error) (*groupSide, error) {
	f0, err := floor.NewDurable(directory, deviceFileBytes, frameBytes)
	if err != nil {
		return nil, err
	}
	barrier := floor.NewBarrier(f0.Once)
	return &groupSide{
		close: f0.Close, settle: atOnce,
		turn: func(ctx context.Context, callers int, during time.Duration) (crowdRound, error) {
			passing := &crowd{callers: callers, work: func(caller int) error {
				if err := work(caller); err != nil {
					return err
				}
				return barrier.Pass()
			}}
			before := barrier.Syncs()
			round, err := passing.run(ctx, during, stats.NewLatency())
			round.syncs = barrier.Syncs() - before
			return round, err
		},
	}, nil
}

func atOnce(context.Context) error { return nil }

// check looks whether all that the store has acknowledged is durable, and nothing else is there.
func (r *groupRun) check(round crowdRound) error {
	r.acknowledged += round.done + round.first
	if s := r.store.Stats(); s.Events != uint64(r.acknowledged) || s.Durable != uint64(r.acknowledged) {
		return fmt.Errorf("%d appends were acknowledged, %d events are stored and %d durable", r.acknowledged, s.Events, s.Durable)
	}
	return nil
}

// closePeers ends the peers. One that fails to close has no figures to be trusted.
func (r *groupRun) closePeers() {
	for _, side := range r.peers {
		if err := side.close(); err != nil && side.missing == nil {
			side.missing = err
			r.warn("P5 does not judge %s: %v", side.name, err)
		}
	}
}

// close ends everybody, on errors too. All of them may be closed twice.
func (r *groupRun) close() (err error) {
	for _, side := range r.peers {
		_ = side.close() // fails when the row was interrupted: the process was killed
	}
	for _, side := range []*groupSide{r.barrier, r.working, r.ours} {
		if side != nil {
			err = errors.Join(err, side.close())
		}
	}
	return err
}

// sides returns all in the order of their turns.
func (r *groupRun) sides() []*groupSide {
	return append([]*groupSide{r.barrier, r.ours, r.working}, r.peers...)
}

// round gives everybody a turn with every number of callers, in one order or the other, so that what a
// side leaves behind for the next does not always meet the same one. Only a peer may fail.
func (r *groupRun) round(ctx context.Context, turn time.Duration, backwards bool) error {
	sides := r.sides()
	for _, callers := range groupSizes {
		for i := range sides {
			side := sides[i]
			if backwards {
				side = sides[len(sides)-1-i]
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if side.missing != nil {
				continue
			}
			err := side.take(ctx, callers, turn)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil && !side.peer {
				return fmt.Errorf("%s: %w", side.name, err)
			}
			if err != nil {
				side.missing = err
				r.warn("P5 goes on without %s: %v", side.name, err)
			}
		}
	}
	return nil
}

// take is one turn, after which nothing is left to do.
func (s *groupSide) take(ctx context.Context, callers int, during time.Duration) error {
	round, err := s.turn(ctx, callers, during)
	if err != nil {
		return err
	}
	f := s.at(callers)
	f.rates = append(f.rates, round.perSecond())
	f.p50, f.p99 = append(f.p50, round.p50), append(f.p99, round.p99)
	f.done += round.done
	if round.syncs > 0 {
		f.perSync = append(f.perSync, float64(round.done+round.first)/float64(round.syncs))
	}
	return s.settle(ctx)
}

// at returns the figures with so many callers.
func (s *groupSide) at(callers int) *groupFigures {
	if s.figures == nil {
		s.figures = make(map[int]*groupFigures)
	}
	if s.figures[callers] == nil {
		s.figures[callers] = &groupFigures{}
	}
	return s.figures[callers]
}

// forget drops what was measured so far.
func (r *groupRun) forget() {
	for _, side := range r.sides() {
		side.figures = nil
	}
}
