// P10: heap for each event and entity, after a collection less before. The events that
// are not sealed are in heap_unsealed.go.

package rows

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/host"
)

// Budgets in bytes.
const (
	sealedEventBudget    = 1
	unsealedEventBudget  = 64
	touchedEntityBudget  = 128
	fewestSealedWeighed  = 1_000_000 // events: what every open store holds is then a tenth of the budget or so
	fewestTouchedWeighed = 10_000    // events: chunks of a thousand weigh a tenth then
)

// heapBytes returns what lives on the heap. Three collections empty the pools, too; the last
// one gives what is free back, so that resident memory means something.
func heapBytes() float64 {
	runtime.GC()
	runtime.GC()
	debug.FreeOSMemory()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return float64(memory.HeapAlloc)
}

func heap(ctx context.Context, env *Env) ([]figure.Result, error) {
	var results []figure.Result
	for _, p := range populations(env) {
		of, err := heapOfSealed(ctx, env, p)
		results = append(results, of...)
		if err != nil {
			return results, err
		}
	}
	of, err := heapOfUnsealed(ctx, env)
	return append(results, of...), err
}

// heapOfSealed weighs a big store when it has just been opened, and again when all of it has
// been read and asked for: what readers keep must not grow either.
func heapOfSealed(ctx context.Context, env *Env, p population) (_ []figure.Result, err error) {
	g, giveBack, err := env.grown(ctx, p.entities)
	if err != nil {
		return nil, err
	}
	defer giveBack()
	env.progress("%s: weighing the sealed events", p.name)
	before := heapBytes()
	store, err := g.open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := settle(ctx, store); err != nil {
		return nil, err
	}
	counters := store.Stats()
	opened := weighed(p.name+", sealed event", heapBytes()-before, counters.Events)
	if err := readAll(ctx, store, counters.Events); err != nil {
		return nil, err
	}
	read := weighed(p.name+", sealed event, after reading all", heapBytes()-before, counters.Events)
	runtime.KeepAlive(store)
	results := []figure.Result{opened, read}
	for i := range results {
		results[i] = results[i].Add("entities", p.entities).
			Add("segments", counters.Segments).Add("sealed_segments", counters.SealedSegments)
	}
	return results, nil
}

func weighed(name string, heap float64, events uint64) figure.Result {
	r := figure.Result{
		Row: "P10", Name: name, Value: heap / float64(events), Unit: "bytes",
		Reference: "budget", ReferenceValue: sealedEventBudget, Better: figure.Smaller, Target: 1,
	}
	if events < fewestSealedWeighed {
		r.Unjudged = "too few events: what every open store holds outweighs them"
	}
	r = counting(r).Add("n", events).Add("heap_bytes", heap)
	memory, err := host.ReadMemory()
	if err != nil {
		return r.Add("rss_note", err.Error())
	}
	return r.Add("rss_bytes", memory.Resident).Add("rss_anonymous_bytes", memory.Anonymous).Add("rss_file_bytes", memory.File)
}

// readAll reads every event, and asks for some of them in every other way.
func readAll(ctx context.Context, store *engine.Store, events uint64) error {
	const between = 100_000 // looks at ctx
	seen := uint64(0)
	for _, err := range store.Events(0, 0, engine.ReadOptions{}) {
		if seen++; err == nil && seen%between == 0 {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	if seen != events {
		return errors.New("reading all gave another number of events than the counters")
	}
	_, err := answersOf(store, int(events))
	return err
}
