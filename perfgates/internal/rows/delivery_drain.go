// P18: draining a backlog with a cursor.

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

// Every second event is the hot entity's; the others are of so many, of which one is drained alone.
const (
	sparseEntities = 100
	drainGrowth    = 10  // from one backlog to the next
	drainBound     = 1.5 // of the time per event in a backlog ten times as long
)

// fillBacklog stores the events that are drained.
func (r *deliveryRun) fillBacklog(ctx context.Context, count int) error {
	for i := range count {
		at := r.load.at[0]
		if i%2 == 1 {
			at = r.load.at[1+i/2%sparseEntities]
		}
		if _, err := r.store.AppendBytes(at, event.Data, event.CodecRaw, r.load.payload); err != nil {
			return err
		}
		if i%10_000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return settle(ctx, r.store)
}

// drains measures backlogs of three lengths for three regions. That what is drained is read once before leaves all of it in
// memory.
func (r *deliveryRun) drains(ctx context.Context) ([]figure.Result, error) {
	most := r.env.Scale.Events
	const least = 4 * sparseEntities // so that each has an event
	backlogs := [...]int{max(most/(drainGrowth*drainGrowth), least), max(most/drainGrowth, least), most}
	regions := []struct {
		name   string
		region event.Region
	}{
		{"drain of everything", event.Everything()},
		{"drain of a hot entity", event.Entity(r.load.at[0].Entity())},
		{"drain of a sparse entity", event.Entity(r.load.at[1].Entity())},
	}
	perEvent := make([][len(backlogs)][]float64, len(regions))
	drained := make([]int, len(regions))
	rounds, err := r.env.share(4).rounds(ctx, fewestRounds, always, func() error {
		for i, c := range regions {
			for j, backlog := range backlogs {
				if j == 0 && len(perEvent[i][j]) > 0 {
					continue // is reported only
				}
				r.env.progress("%s, %d events behind", c.name, backlog)
				// A short one is drained so often that all take as long: who shares the processors with others
				// is interrupted as often then.
				took, events := time.Duration(0), 0
				for range most / backlog {
					t, n, err := r.drain(c.region, backlog)
					if err != nil {
						return err
					}
					took, events = took+t, events+n
				}
				perEvent[i][j] = append(perEvent[i][j], float64(took.Nanoseconds())/float64(events))
				drained[i] = events
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	var results []figure.Result
	for i, c := range regions {
		last := len(backlogs) - 1
		result := comparison("P18", c.name, "ns/event", "a backlog a tenth as long", figure.Smaller, drainBound, perEvent[i][last], perEvent[i][last-1])
		result = result.Add("spread", stats.Spread(perEvent[i][last])).Add("reference_spread", stats.Spread(perEvent[i][last-1])).
			Add(fmt.Sprintf("of_%d", backlogs[0]), stats.Median(perEvent[i][0]))
		results = append(results, result.Add("events", drained[i]).Add("n", most).Add("rounds", rounds))
	}
	return results, nil
}

// drain reads the last events of the store with a cursor, and returns how long that took and how many of the region there were.
func (r *deliveryRun) drain(region event.Region, backlog int) (took time.Duration, events int, err error) {
	visible := r.store.Stats().Visible
	start := time.Now()
	cursor, err := r.store.CursorGuaranteed(region, engine.CursorOptions{Start: engine.FromAfter(visible - uint64(backlog))})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, cursor.Close()) }()
	for {
		_, ok, err := cursor.Poll()
		switch {
		case err != nil:
			return 0, 0, err
		case !ok && events == 0:
			return 0, 0, errors.New("a backlog without events")
		case !ok:
			return time.Since(start), events, nil
		}
		events++
	}
}
