// Callers that append at the same time.

package rows

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/perfgates/internal/stats"
)

// together lets so many goroutines run work at the same time, each with its number, once all of them
// have run prepare: their stacks have grown, and what they use is warm. It returns how long it took from
// the first one's start to the last one's end.
func together(callers int, prepare, work func(caller int) error) (time.Duration, error) {
	var ready, ended sync.WaitGroup
	begin := make(chan struct{})
	failures := make([]error, callers)
	ready.Add(callers)
	for caller := range callers {
		ended.Go(func() {
			failures[caller] = prepare(caller)
			ready.Done()
			if failures[caller] != nil {
				return
			}
			<-begin
			failures[caller] = work(caller)
		})
	}
	ready.Wait()
	start := time.Now()
	close(begin)
	ended.Wait()
	return time.Since(start), errors.Join(failures...)
}

// crowd is callers that do the same over and over for a while.
type crowd struct {
	callers int
	work    func(caller int) error
	over    atomic.Bool
}

// crowdRound is what a crowd's round came to.
type crowdRound struct {
	done     int64  // pieces of work that were measured
	first    int64  // those before, one of each caller
	syncs    uint64 // that all of them shared, where that is known
	took     time.Duration
	p50, p99 float64 // of the first caller's, nanoseconds
}

func (r crowdRound) perSecond() float64 { return float64(r.done) / r.took.Seconds() }

// run lets every caller work until the time is over, stop was called or ctx has ended, and at least
// once beside the piece of work that prepares it. What has begun by then is waited for and counted. The first caller's
// latencies go into a collection; the others read no clock.
func (c *crowd) run(ctx context.Context, during time.Duration, into *stats.Latency) (crowdRound, error) {
	c.over.Store(false)
	stopListening := context.AfterFunc(ctx, c.stop)
	defer stopListening()
	var done atomic.Int64
	prepare := func(caller int) error {
		err := c.work(caller)
		if err != nil {
			c.stop()
		}
		return err
	}
	took, err := together(c.callers, prepare, func(caller int) error {
		count, err := int64(0), error(nil)
		if caller == 0 {
			timer := time.AfterFunc(during, c.stop)
			defer timer.Stop()
			count, err = c.timed(caller, into)
		} else {
			count, err = c.counted(caller)
		}
		done.Add(count)
		if err != nil {
			c.stop()
		}
		return err
	})
	if err != nil {
		return crowdRound{}, fmt.Errorf("%d callers: %w", c.callers, err)
	}
	return crowdRound{
		done: done.Load(), first: int64(c.callers), took: took, p50: into.At(50), p99: into.At(99),
	}, ctx.Err()
}

// stop ends a round that is under way.
func (c *crowd) stop() { c.over.Store(true) }

func (c *crowd) counted(caller int) (count int64, err error) {
	for {
		if err := c.work(caller); err != nil {
			return count, err
		}
		if count++; c.over.Load() {
			return count, nil
		}
	}
}

func (c *crowd) timed(caller int, into *stats.Latency) (count int64, err error) {
	for {
		start := time.Now()
		if err := c.work(caller); err != nil {
			return count, err
		}
		into.Record(int64(time.Since(start)))
		if count++; c.over.Load() {
			return count, nil
		}
	}
}
