// P24: finding an idempotency key among very many, and missing one, with all of the index in memory and with
// none of it; and what a sealed key takes of the heap.

package rows

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/seam"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/host"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// Goals and budgets.
const (
	keyGoal       = 2_000 // nanoseconds
	keyPagesGoal  = 3
	keyHeapBudget = 1 // byte
)

const (
	keysPerRound     = 20_000
	keysAtHand       = 1 << 16 // names, made before
	coldRoundsOfKeys = 15      // one lookup each: with the next one, pages that the kernel read ahead would count for less
)

// keysRun looks up keys in a store each of whose events has one.
//
// What is timed is what an append with a key does first, and not the append: of one that finds its key the digest of
// the request and the reading of the receipt would be a part, of one that does not all the rest. The first of these is reported
// beside it.
type keysRun struct {
	env     *Env
	path    string
	options engine.Options
	n       int

	store   *engine.Store
	load    *workload
	held    []string // some keys that there are, at random
	numbers []int    // of their events
	missed  []string // and some that there are not
	next    int
}

func keys(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	directory, remove, err := env.scratch("P24")
	if err != nil {
		return nil, err
	}
	defer remove()
	r := &keysRun{
		env: env, path: directory + "/store", n: env.Scale.Grown,
		options: engine.Options{Sync: engine.SyncManual(), Hashing: engine.HashingOn, SegmentSize: int64(env.Scale.GrownSegment)},
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.fill(ctx); err != nil {
		return nil, err
	}
	r.choose()
	heap, err := r.weigh(ctx)
	if err != nil {
		return nil, err
	}
	warm, err := r.warm(ctx)
	if err != nil {
		return nil, err
	}
	cold, err := r.coldLookups(ctx)
	if err != nil {
		return nil, err
	}
	return append(append(warm, cold...), heap), nil
}

// keyOf returns the key of the event with a number, from 0: 20 bytes.
func keyOf(number int) string { return "key:" + entityName(number)[len("key:"):] }

// append appends the event with a number through the public call.
func (r *keysRun) append(number int) (engine.Receipt, error) {
	at := r.load.at[number%len(r.load.at)]
	return r.store.AppendBytesWith(at, event.Data, event.CodecRaw, r.load.payload, engine.AppendOptions{Key: keyOf(number)})
}

// fill stores the events and waits until what can be sealed and merged is.
func (r *keysRun) fill(ctx context.Context) (err error) {
	r.load = newWorkload()
	if r.store, err = engine.Open(r.path, r.options); err != nil {
		return err
	}
	r.env.progress("storing %d events with keys", r.n)
	const between = 10_000 // looks at ctx
	for number := range r.n {
		if number%between == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		receipt, err := r.append(number)
		if err != nil {
			return err
		}
		if receipt.Duplicate {
			return fmt.Errorf("key %d is said to be known", number)
		}
	}
	return settle(ctx, r.store)
}

// choose picks keys at random.
func (r *keysRun) choose() {
	random := rand.New(rand.NewPCG(7, 8))
	for range keysAtHand {
		number := random.IntN(r.n)
		r.numbers = append(r.numbers, number)
		r.held = append(r.held, keyOf(number))
		r.missed = append(r.missed, keyOf(r.n+random.IntN(r.n)))
	}
}

func (r *keysRun) close() error {
	if r.store == nil {
		return nil
	}
	err := r.store.Close()
	r.store = nil
	return err
}

// find looks up a key that there is.
func (r *keysRun) find() error {
	sequence, found, err := seam.FindKey(r.store, r.held[r.next])
	if err == nil && (!found || sequence != uint64(r.numbers[r.next])+1) {
		err = fmt.Errorf("key %d was found at %d (%v)", r.numbers[r.next], sequence, found)
	}
	r.next = (r.next + 1) % keysAtHand
	return err
}

// miss looks up one that there is not.
func (r *keysRun) miss() error {
	sequence, found, err := seam.FindKey(r.store, r.missed[r.next])
	if found {
		err = fmt.Errorf("a key that nothing has was found at %d", sequence)
	}
	r.next = (r.next + 1) % keysAtHand
	return err
}

// again makes an append again that was stored.
func (r *keysRun) again() error {
	receipt, err := r.append(r.numbers[r.next])
	if err == nil && (!receipt.Duplicate || receipt.Sequence != uint64(r.numbers[r.next])+1) {
		err = fmt.Errorf("key %d was appended again: %+v", r.numbers[r.next], receipt)
	}
	r.next = (r.next + 1) % keysAtHand
	return err
}

// weigh opens the store again, in each round, and weighs what it holds on the heap once keys were looked up. It leaves it open.
func (r *keysRun) weigh(ctx context.Context) (result figure.Result, err error) {
	var heap []float64
	for round := range fewestRounds {
		r.env.progress("weighing the sealed keys, opening %d", round+1)
		if err := errors.Join(ctx.Err(), r.close()); err != nil {
			return result, err
		}
		before := heapBytes()
		if r.store, err = engine.Open(r.path, r.options); err != nil {
			return result, err
		}
		if err := errors.Join(settle(ctx, r.store), many(keysPerRound, r.find), many(keysPerRound, r.miss)); err != nil {
			return result, err
		}
		heap = append(heap, heapBytes()-before)
		runtime.KeepAlive(r.store)
	}
	result = eachWeighs("P24", "sealed key, heap", heap, float64(r.n), keyHeapBudget)
	if r.n < fewestSealedWeighed {
		result.Unjudged = "too few keys: what every open store holds outweighs them"
	}
	return r.told(result).Add("heap_bytes", stats.Median(heap)).Add("rounds", len(heap)).Add("run_bytes", r.store.Stats().RunBytes), nil
}

// told adds what the store consists of.
func (r *keysRun) told(result figure.Result) figure.Result {
	counters := r.store.Stats()
	return result.Add("n", r.n).Add("sealed_segments", counters.SealedSegments).Add("runs", counters.Runs)
}

// warm times single lookups once all of the store has been read.
func (r *keysRun) warm(ctx context.Context) (results []figure.Result, err error) {
	r.env.progress("reading all of the store")
	if err := readAll(ctx, r.store, uint64(r.n)); err != nil {
		return nil, err
	}
	if err := errors.Join(many(keysAtHand, r.find), many(keysAtHand, r.miss)); err != nil {
		return nil, err
	}
	hits, misses, repeated := newLatencies(), newLatencies(), newLatencies()
	sides := []struct {
		name      string
		op        func() error
		latencies *latencies
	}{{"hit, warm, p50", r.find, hits}, {"miss, warm, p50", r.miss, misses}, {"", r.again, repeated}}
	rounds, err := r.env.share(2).rounds(ctx, fewestRounds, always, func() error {
		for _, side := range sides {
			if err := timeEach(clockCost(), side.op, side.latencies.begin()); err != nil {
				return err
			}
			side.latencies.end()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, side := range sides[:2] {
		objects, err := allocationsOf(func() error { return many(keysPerRound, side.op) })
		if err != nil {
			return nil, err
		}
		whole := side.latencies.whole
		result := figure.Result{
			Row: "P24", Name: side.name, Value: side.latencies.median(50), Unit: "ns",
			Reference: "goal", ReferenceValue: keyGoal, Better: figure.Smaller, Target: 1,
		}
		result = withGoal(result, side.latencies.inRounds(50), nil)
		result.Curve = side.latencies.curve()
		result = result.Add("p99", whole.At(99)).Add("p99.9", whole.At(99.9)).Add("max", whole.Longest()).
			Add("spread", stats.Spread(side.latencies.inRounds(50))).Add("allocations_per_lookup", objects/keysPerRound).Add("rounds", rounds)
		if side.name == sides[0].name {
			result = result.Add("append_again_p50", repeated.median(50))
		}
		results = append(results, r.told(result))
	}
	return results, nil
}

// coldLookups counts the page reads of single lookups, each in a store that was just opened, with nothing of it in the page
// cache but what opening itself reads: with that are the filters of keys, which is told.
func (r *keysRun) coldLookups(ctx context.Context) ([]figure.Result, error) {
	sides := []*coldKeys{{name: "hit, cold", op: r.find}, {name: "miss, cold", op: r.miss}}
	for round := range coldRoundsOfKeys {
		r.env.progress("cold lookups, round %d", round+1)
		for _, side := range sides {
			if err := r.coldRound(ctx, side); err != nil {
				return nil, err
			}
		}
	}
	return []figure.Result{r.coldResult(sides[0]), r.coldResult(sides[1])}, nil
}

// coldKeys is one kind of lookup and what each of them cost.
type coldKeys struct {
	name    string
	op      func() error
	reads   []float64
	fetched []float64 // bytes
	took    []float64 // ns
	opening []float64 // bytes that opening fetched
	failed  error     // why it was not cold, or the reads could not be counted
}

// coldRound looks up one key.
func (r *keysRun) coldRound(ctx context.Context, c *coldKeys) (err error) {
	runtime.LockOSThread() // page reads are counted by threads
	defer runtime.UnlockOSThread()
	if err := errors.Join(ctx.Err(), r.close()); err != nil {
		return err
	}
	c.failed = errors.Join(c.failed, host.DropCaches(ctx, r.path))
	closed, err := host.Fetched()
	c.failed = errors.Join(c.failed, err)
	if r.store, err = engine.Open(r.path, r.options); err != nil {
		return err
	}
	if err := warmed(ctx, r.store); err != nil {
		return err
	}
	fetched, err := host.Fetched()
	c.failed = errors.Join(c.failed, err)
	reads, err := host.PageReads()
	c.failed = errors.Join(c.failed, err)
	start := time.Now()
	if err := c.op(); err != nil {
		return err
	}
	c.took = append(c.took, float64(time.Since(start)))
	readsAfter, err := host.PageReads()
	c.failed = errors.Join(c.failed, err)
	fetchedAfter, err := host.Fetched()
	c.failed = errors.Join(c.failed, err)
	c.reads, c.fetched = append(c.reads, float64(readsAfter-reads)), append(c.fetched, float64(fetchedAfter-fetched))
	c.opening = append(c.opening, float64(fetched-closed))
	return nil
}

// warmed waits until the store has read what it reads of its index after opening.
func warmed(ctx context.Context, store *engine.Store) error {
	for store.Stats().Warming {
		if err := ctx.Err(); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

// coldResult is not judged where nothing came from the disk, not even what opening reads, so that it was not cold, or nobody
// can tell.
func (r *keysRun) coldResult(c *coldKeys) figure.Result {
	result := figure.Result{
		Row: "P24", Name: c.name, Value: stats.Median(c.reads), Unit: "page reads",
		Reference: "goal", ReferenceValue: keyPagesGoal, Better: figure.Smaller, Target: 1,
	}
	switch {
	case c.failed != nil:
		result.Value, result.Unjudged = figure.None(), "the caches could not be dropped, or reads not counted: "+c.failed.Error()
	case slices.Max(c.fetched) == 0 && slices.Max(c.opening) == 0:
		result.Unjudged = "nothing came from the disk"
	case r.n < fewestSealedWeighed:
		result.Unjudged = "too few keys: a page read has most of them"
	}
	return r.told(withGoal(result, c.reads, nil).Add("mean", stats.Mean(c.reads)).Add("most", slices.Max(c.reads)).Add("p50_ns", stats.Median(c.took)).
		Add("fetched_bytes", stats.Median(c.fetched)).Add("fetched_bytes_by_opening", stats.Median(c.opening)).Add("rounds", len(c.reads)))
}
