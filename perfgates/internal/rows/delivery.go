// P18: how soon an append is delivered to a subscription, what draining a backlog costs, and what subscriptions that wait
// cost the writer.

package rows

import (
	"context"
	"encoding/binary"
	"errors"
	"runtime"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const (
	deliveryInterval = 50_000 // nanoseconds between two appends
	deliveryGoal     = 20_000 // nanoseconds
	deliveryPhases   = 12     // of their half of a row's duration: two a round
	fewestDeliveries = 100
)

// deliveryRun is an open store under the manual policy, with a backlog in it.
type deliveryRun struct {
	env    *Env
	store  *engine.Store
	load   *workload
	begin  time.Time      // from which the stamps in payloads count
	pace   *stats.Latency // of appends, from their intended start on, beside a subscription that spins
	remove func()
}

func delivery(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	r, err := newDeliveryRun(env)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	env.progress("storing %d events", env.Scale.Events)
	if err := r.fillBacklog(ctx, env.Scale.Events); err != nil {
		return nil, err
	}
	drains, err := r.drains(ctx)
	if err != nil {
		return nil, err
	}
	latencies, err := r.latencies(ctx)
	if err != nil {
		return nil, err
	}
	parked, err := r.parked(ctx)
	if err != nil {
		return nil, err
	}
	return append(append(latencies, drains...), parked...), nil
}

func newDeliveryRun(env *Env) (_ *deliveryRun, err error) {
	directory, remove, err := env.scratch("P18")
	if err != nil {
		return nil, err
	}
	r := &deliveryRun{env: env, load: newWorkload(), begin: time.Now(), pace: stats.NewLatency(), remove: remove}
	if r.store, err = engine.Open(directory+"/store", engine.Options{Sync: engine.SyncManual()}); err != nil {
		remove()
		return nil, err
	}
	return r, nil
}

func (r *deliveryRun) close() error {
	err := r.store.Close()
	r.remove()
	return err
}

// latencies measures one subscription that spins and one that waits, in turns.
func (r *deliveryRun) latencies(ctx context.Context) ([]figure.Result, error) {
	spinning, waiting := newLatencies(), newLatencies()
	part := r.env.share(2)
	phase := max(part.Scale.Duration/deliveryPhases, fewestDeliveries*deliveryInterval)
	rounds, err := part.rounds(ctx, fewestRounds, always, func() error {
		r.env.progress("append to delivery, round %d", len(spinning.rounds)+1)
		if err := r.paced(ctx, phase, spinning, r.pace, func(sub *engine.Subscription) (engine.Delivery, error) {
			for {
				if d, ok, err := sub.Poll(); ok || err != nil {
					return d, err
				}
				runtime.Gosched() // the pace takes the other processor of two, and the store has work in the background
			}
		}); err != nil {
			return err
		}
		return r.paced(ctx, phase, waiting, stats.NewLatency(), func(sub *engine.Subscription) (engine.Delivery, error) { return sub.Next(ctx) })
	})
	if err != nil {
		return nil, err
	}
	result := func(name string, l *latencies) figure.Result {
		return withGoal(figure.Result{
			Row: "P18", Name: name, Value: l.median(99), Unit: "ns", Curve: l.curve(),
			Reference: "goal", ReferenceValue: deliveryGoal, Better: figure.Smaller, Target: figure.None(),
		}, l.inRounds(99), nil).Add("p50", l.median(50)).Add("p99.9", l.median(99.9)).Add("max", l.whole.Longest()).Add("spread", stats.Spread(l.inRounds(99))).
			Add("deliveries", l.whole.Count()).Add("rounds", rounds).Add("appends_per_second", 1e9/deliveryInterval).
			Add("processors", runtime.GOMAXPROCS(0))
	}
	spins := result("append to delivery, spinning, p99", spinning)
	spins.Target = 1
	spins = spins.Add("append_p99", r.pace.At(99))
	switch {
	case runtime.GOMAXPROCS(0) < 2:
		spins.Unjudged = "a spinning reader needs a processor beside the writer's"
	case r.pace.At(99) > idleLimit:
		spins.Unjudged = "appends waited as well: others use the processors"
	}
	return []figure.Result{spins, result("append to delivery, waiting, p99", waiting)}, nil
}

// paced appends at a steady pace for some time, each event with the moment in it at which the call begins, while next receives
// them in a goroutine, which records how long after that moment it has each.
func (r *deliveryRun) paced(ctx context.Context, phase time.Duration, into *latencies, pace *stats.Latency, next func(*engine.Subscription) (engine.Delivery, error)) error {
	count := int(phase / deliveryInterval)
	sub, err := r.store.SubscribeLossy(event.Everything(), engine.SubscribeOptions{Buffer: count})
	if err != nil {
		return err
	}
	defer into.end()
	latency, done := into.begin(), make(chan error, 1)
	go func() {
		for range count {
			d, err := next(sub)
			if err != nil {
				done <- err
				return
			}
			stamp := int64(binary.LittleEndian.Uint64(d.Event.Payload))
			latency.Record(int64(time.Since(r.begin)) - stamp)
		}
		done <- nil
	}()
	err = openLoop(count, deliveryInterval, func() error {
		binary.LittleEndian.PutUint64(r.load.payload, uint64(time.Since(r.begin)))
		return r.load.appendOnce(r.store)
	}, pace)
	if err != nil {
		err = errors.Join(err, sub.Close())
	}
	return errors.Join(err, <-done, ctx.Err())
}
