// P17: verifying the chains of a sealed store, beside the hashing alone.

package rows

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// What is hashed of every event.
const (
	chainHashes = "BLAKE3 of payload, digest and link, all cores"
	treeHashes  = "BLAKE3 of payload, digest, link, leaf and node, all cores"
)

// verifyRun verifies a store over and over.
type verifyRun struct {
	*filled
	processors int
	sink       []event.Hash // so that no hash is left out

	whole, one, chains    []float64 // events/s
	treeFloor, chainFloor []float64
}

func verifyChains(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	f, err := newFilled(ctx, env, "P17")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := settle(ctx, f.store); err != nil {
		return nil, err
	}
	if err := f.readImage(); err != nil {
		return nil, err
	}
	r := &verifyRun{filled: f, processors: runtime.GOMAXPROCS(0)}
	r.sink = make([]event.Hash, r.processors)
	if err := r.verify(ctx, event.Everything(), 0, new([]float64)); err != nil { // brings everything in
		return nil, err
	}
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error { return r.round(ctx, env) })
	if err != nil {
		return nil, err
	}
	sealed := f.store.Stats()
	speedUps := make([]float64, len(r.one))
	for i, one := range r.one {
		speedUps[i] = r.whole[i] / one
	}
	results := []figure.Result{
		comparison("P17", "whole store with its tree", "events/s", treeHashes, figure.Larger, 0.8, r.whole, r.treeFloor),
		withGoal(figure.Result{
			Row: "P17", Name: "as many workers as cores, beside one", Value: stats.Median(r.whole) / stats.Median(r.one), Unit: "x",
			Reference: "cores", ReferenceValue: float64(r.processors), Better: figure.Larger, Target: 0.8,
		}, speedUps, nil),
		comparison("P17", "every entity by region, without the tree", "events/s", chainHashes, figure.Larger, figure.None(), r.chains, r.chainFloor),
	}
	results[0] = results[0].Add("spread", stats.Spread(r.whole)).Add("reference_spread", stats.Spread(r.treeFloor)).
		Add("payload_MB_per_s", stats.Median(r.whole)*payloadBytes/1e6)
	results[1] = results[1].Add("spread", stats.Spread(r.one))
	results[2] = results[2].Add("spread", stats.Spread(r.chains)).Add("reference_spread", stats.Spread(r.chainFloor))
	for i := range results {
		results[i] = results[i].Add("rounds", rounds).Add("n", f.n).Add("cores", r.processors).
			Add("segments", sealed.Segments).Add("sealed", sealed.SealedSegments)
	}
	return results, nil
}

func (r *verifyRun) round(ctx context.Context, env *Env) error {
	r.floor(true, &r.treeFloor)
	if err := r.verify(ctx, event.Everything(), 0, &r.whole); err != nil {
		return err
	}
	if err := r.verify(ctx, event.Everything(), 1, &r.one); err != nil {
		return err
	}
	r.floor(false, &r.chainFloor)
	if err := r.verify(ctx, event.EntityPrefix("entity:"), 0, &r.chains); err != nil {
		return err
	}
	last := len(r.whole) - 1
	env.progress("round %d: %.2f M/s of %.2f M/s, one worker %.2f M/s; by region %.2f M/s of %.2f M/s", last+1,
		r.whole[last]/1e6, r.treeFloor[last]/1e6, r.one[last]/1e6, r.chains[last]/1e6, r.chainFloor[last]/1e6)
	return nil
}

// verify verifies the events of a region, which are all.
func (r *verifyRun) verify(ctx context.Context, region event.Region, workers int, into *[]float64) error {
	runtime.GC() // the garbage of the round before belongs to nobody
	start := time.Now()
	found, err := r.store.VerifyChain(ctx, region, engine.VerifyOptions{Workers: workers})
	if err != nil {
		return err
	}
	if found.Events != uint64(r.n) || found.Entities != entityCount {
		return fmt.Errorf("verified %s; the store has %d events of %d entities", found, r.n, entityCount)
	}
	*into = append(*into, r.perSecond(time.Since(start)))
	return nil
}

// floor hashes as many bytes as verifying has to, of the store's own, on all cores: nothing is read, decoded, looked up or
// compared.
func (r *verifyRun) floor(tree bool, into *[]float64) {
	var group sync.WaitGroup
	start := time.Now()
	for core := range r.processors {
		group.Go(func() {
			from, to := core*r.n/r.processors, (core+1)*r.n/r.processors
			r.sink[core] = r.hashes(from, to, tree)
		})
	}
	group.Wait()
	*into = append(*into, r.perSecond(time.Since(start)))
}

// hashes hashes what stands for the events from one up to another.
func (r *verifyRun) hashes(from, to int, tree bool) (node event.Hash) {
	draft := event.Draft{Coordinate: r.load.at[0], Kind: event.Data}
	scratch := make([]byte, 0, 256)
	var link event.Link
	for i := from; i < to; i++ {
		payload := r.image[(i+1)*r.frameBytes-payloadBytes:][:payloadBytes]
		link.Digest, scratch = event.Digest(scratch, &draft, event.PayloadHash(payload))
		link.Sequence++
		link.Prev = link.Hash()
		if tree { // a tree has as many nodes as leaves
			node = event.NodeHash(node, event.LeafHash(link.Prev))
		}
	}
	if !tree {
		node = link.Prev
	}
	return node
}
