// P10: heap for each event and entity, after a collection less before, in some rounds: the heap
// is the whole process's, so one reading says little. The events that are not sealed are in
// heap_unsealed.go.

package rows

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/host"
	"github.com/batpak/batpak/perfgates/internal/stats"
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
// been read and asked for: what readers keep must not grow either. Each opening is a round.
func heapOfSealed(ctx context.Context, env *Env, p population) (_ []figure.Result, err error) {
	g, giveBack, err := env.grown(ctx, p.entities)
	if err != nil {
		return nil, err
	}
	defer giveBack()
	var opened, read weighing
	var counters engine.Stats
	for round := range fewestRounds {
		env.progress("%s: weighing the sealed events, opening %d", p.name, round+1)
		if counters, err = weighSealed(ctx, g, &opened, &read); err != nil {
			return nil, err
		}
	}
	results := []figure.Result{
		opened.result(p.name+", sealed event", counters.Events),
		read.result(p.name+", sealed event, after reading all", counters.Events),
	}
	for i := range results {
		results[i] = results[i].Add("entities", p.entities).
			Add("segments", counters.Segments).Add("sealed_segments", counters.SealedSegments)
	}
	return results, nil
}

// weighSealed is one opening.
func weighSealed(ctx context.Context, g *grown, opened, read *weighing) (counters engine.Stats, err error) {
	before := heapBytes()
	store, err := g.open()
	if err != nil {
		return counters, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := errors.Join(ctx.Err(), settle(ctx, store)); err != nil {
		return counters, err
	}
	counters = store.Stats()
	opened.add(heapBytes() - before)
	if err := readAll(ctx, store, counters.Events); err != nil {
		return counters, err
	}
	read.add(heapBytes() - before)
	runtime.KeepAlive(store)
	return counters, nil
}

// weighing is what an open store took of the heap, each time that it was opened.
type weighing struct {
	heap   []float64   // bytes
	memory host.Memory // of the process, the last time
	untold error       // why that is not known
}

func (w *weighing) add(heap float64) {
	w.heap = append(w.heap, heap)
	w.memory, w.untold = host.ReadMemory()
}

func (w *weighing) result(name string, events uint64) figure.Result {
	r := eachWeighs("P10", name, w.heap, float64(events), sealedEventBudget)
	if events < fewestSealedWeighed {
		r.Unjudged = "too few events: what every open store holds outweighs them"
	}
	r = r.Add("n", events).Add("heap_bytes", stats.Median(w.heap)).Add("rounds", len(w.heap))
	if w.untold != nil {
		return r.Add("rss_note", w.untold.Error())
	}
	return r.Add("rss_bytes", w.memory.Resident).Add("rss_anonymous_bytes", w.memory.Anonymous).Add("rss_file_bytes", w.memory.File)
}

// eachWeighs compares what each of count took of the heap, in some rounds, with a budget.
func eachWeighs(row, name string, heap []float64, count, budget float64) figure.Result {
	each := make([]float64, len(heap))
	for i, bytes := range heap {
		each[i] = bytes / count
	}
	return withGoal(figure.Result{
		Row: row, Name: name, Value: stats.Median(each), Unit: "bytes",
		Reference: "budget", ReferenceValue: budget, Better: figure.Smaller, Target: 1,
	}, each, nil).Add("spread", stats.Spread(each))
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
