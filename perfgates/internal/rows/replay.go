// P12: replay of a whole store through the iterator, beside a CRC scan of the same bytes.

package rows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// uncheckedGoal is the target for unchecked replay, in events per second.
const uncheckedGoal = 8e6

func replay(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	f, err := newFilled(ctx, env, "P12")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := f.readImage(); err != nil {
		return nil, err
	}
	if err := f.replay(1, f.n, false); err != nil { // brings everything in
		return nil, err
	}
	f.scan()
	var scans, unchecked, checked []float64
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		start := time.Now()
		f.scan()
		scans = append(scans, f.perSecond(time.Since(start)))
		start = time.Now()
		if err := f.replay(1, f.n, true); err != nil {
			return err
		}
		unchecked = append(unchecked, f.perSecond(time.Since(start)))
		start = time.Now()
		if err := f.replay(1, f.n, false); err != nil {
			return err
		}
		checked = append(checked, f.perSecond(time.Since(start)))
		env.progress("round %d: %.1f M/s unchecked, %.1f M/s checked, scan %.1f M/s", len(scans),
			unchecked[len(scans)-1]/1e6, checked[len(scans)-1]/1e6, scans[len(scans)-1]/1e6)
		return nil
	})
	if err != nil {
		return nil, err
	}
	perEvent, err := f.allocationsPerEvent()
	if err != nil {
		return nil, err
	}
	results := []figure.Result{
		withGoal(figure.Result{
			Row: "P12", Name: "unchecked", Value: stats.Median(unchecked), Unit: "events/s",
			Reference: "goal", ReferenceValue: uncheckedGoal, Better: figure.Larger, Target: 1,
		}, unchecked, scans),
		comparison("P12", "checked", "events/s", "CRC scan in memory", figure.Larger, 0.6, checked, scans),
		noAllocations("P12", "allocations", perEvent),
	}
	results[0] = results[0].Add("spread", stats.Spread(unchecked))
	results[1] = results[1].Add("spread", stats.Spread(checked)).Add("reference_spread", stats.Spread(scans))
	for i := range results {
		results[i] = results[i].Add("rounds", rounds).Add("n", f.n).Add("frame_bytes", f.frameBytes)
	}
	return results, nil
}

func (f *filled) perSecond(took time.Duration) float64 { return float64(f.n) / took.Seconds() }

// replay reads the events from..to and checks that all come, in order.
func (f *filled) replay(from, to int, skipChecks bool) error {
	next := uint64(from)
	for ev, err := range f.store.Events(uint64(from), uint64(to), engine.ReadOptions{SkipChecks: skipChecks}) {
		if err != nil {
			return err
		}
		if ev.Sequence != next || len(ev.Payload) != payloadBytes {
			return fmt.Errorf("event %d with %d payload bytes came where %d was due", ev.Sequence, len(ev.Payload), next)
		}
		next++
	}
	if next != uint64(to)+1 {
		return fmt.Errorf("the iterator ended before event %d of %d", next, to)
	}
	return nil
}

// scan computes the CRC32C of as many frames' worth of the store's bytes, frame by frame.
func (f *filled) scan() uint32 { return sumFrames(f.image, f.frameBytes) }

// allocationsPerEvent returns what reading one event more allocates: what a whole
// replay costs beyond half of one. An iterator may allocate when it starts.
func (f *filled) allocationsPerEvent() (float64, error) {
	half := f.n / 2
	all, err := allocationsOf(func() error { return f.replay(1, f.n, false) })
	if err != nil {
		return 0, err
	}
	some, err := allocationsOf(func() error { return f.replay(1, half, false) })
	return (all - some) / float64(f.n-half), err
}
