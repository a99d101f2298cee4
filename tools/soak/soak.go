// This file holds the run: stores one after the other, each in rounds between which it is closed and opened again.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// config is what the command line says.
type config struct {
	duration, round time.Duration
	events          uint64 // of a store
	seed            uint64
	policy          string
	directory       string
	progress        io.Writer     // nil: nobody looks
	patience        time.Duration // how long anything may take that is waited for: beyond it, it hangs
}

// policies are the ones of the rounds, in turn.
var policies = map[string][]engine.SyncPolicy{
	"every":  {engine.SyncEveryAppend()},
	"often":  {engine.SyncEvery(500, 20*time.Millisecond)},
	"manual": {engine.SyncManual()},
	"mixed":  {engine.SyncEvery(500, 20*time.Millisecond), engine.SyncEveryAppend(), engine.SyncManual()},
}

// soak is one run.
type soak struct {
	config
	began  time.Time
	count  counts
	memory memory

	mu         sync.Mutex
	random     *rand.Rand // makes seeds of others
	violations []string
	failed     atomic.Bool
	closing    atomic.Bool // the store is being closed under load
}

func newSoak(c config) *soak {
	return &soak{config: c, random: rand.New(rand.NewPCG(c.seed, 1))}
}

// newRandom returns random numbers for one goroutine.
func (k *soak) newRandom() *rand.Rand {
	k.mu.Lock()
	defer k.mu.Unlock()
	return rand.New(rand.NewPCG(k.random.Uint64(), k.random.Uint64()))
}

// maxViolations is how many are kept: what follows the first is often its consequence.
const maxViolations = 10

// violate notes that something is not as it must be, and ends the run.
func (k *soak) violate(format string, arguments ...any) {
	k.failed.Store(true)
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.violations) < maxViolations {
		k.violations = append(k.violations, fmt.Sprintf(format, arguments...))
	}
}

// found returns what was not as it must be.
func (k *soak) found() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.violations)
}

// isEnd reports whether an error is nil, or says that the store was closed while that was to be expected.
func (k *soak) isEnd(err error) bool {
	return err == nil || k.closing.Load() && errors.Is(err, engine.ErrClosed)
}

// await waits until something holds, a violation is found, or patience is over.
func (k *soak) await(holds func() bool) bool {
	for end := time.Now().Add(k.patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) || k.failed.Load() {
			return holds()
		}
	}
	return true
}

// run runs until the time is over, ctx ends, or a violation is found. Its error is that of the directory.
func (k *soak) run(ctx context.Context) error {
	k.began = time.Now()
	done := make(chan struct{})
	defer close(done)
	if k.progress != nil {
		go k.tell(done)
	}
	k.memory.begin()
	for n := 1; ; n++ {
		dir := filepath.Join(k.directory, fmt.Sprintf("soak-%d-%d", k.seed, n))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		k.store(ctx, dir)
		if k.failed.Load() {
			return nil // and the store stays, for who looks into it
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		if k.over(ctx) {
			return nil
		}
	}
}

// over reports whether no further round is to begin.
func (k *soak) over(ctx context.Context) bool {
	return ctx.Err() != nil || k.failed.Load() || time.Since(k.began) >= k.duration
}

// life is one store from its first round to its last.
type life struct {
	k       *soak
	dir     string
	writers []*writer
	pullers []*puller
	events  uint64 // that the store had when it was closed
}

// store is the life of one.
func (k *soak) store(ctx context.Context, dir string) {
	l := &life{k: k, dir: dir}
	for n := range writers {
		l.writers = append(l.writers, newWriter(k, n))
	}
	l.pullers = []*puller{
		newPuller(k, "all of it", event.Everything(), true, "pull", 700),
		newPuller(k, "accounts/\x00\n..", event.EntityPrefix(accountPrefix), true, "next", 300),
		newPuller(k, "orders", event.OfKind(kindOrder), false, "next", 20),
		newPuller(k, "completions and replies", event.OfKind(kindReply, kindComplete), false, "pull", 50),
		newPuller(k, "an account", event.Entity(accountPrefix+"1:0"), true, "poll", 100),
	}
	k.count.stores.Add(1)
	for n := 0; ; n++ {
		policy := policies[k.policy][n%len(policies[k.policy])]
		atRest := n%2 == 0 // the other rounds end by closing the store under all of it
		rest, cancel := context.WithTimeout(ctx, min(k.round, max(k.duration-time.Since(k.began), minRound)))
		l.round(rest, policy, atRest)
		cancel()
		k.memory.look(k)
		if k.failed.Load() || atRest && (k.over(ctx) || l.events >= k.events) {
			return
		}
	}
}

// options are those of a round: small segments, and caches with less room than there are states.
func (l *life) options(policy engine.SyncPolicy) engine.Options {
	return engine.Options{
		Sync: policy, SegmentSize: 512 << 10,
		Cache: engine.CacheOptions{Bytes: 256 << 10, FileBytes: engine.MinCacheFileBytes, FileEvents: 64},
	}
}

// counts are what happened. They only grow.
type counts struct {
	stores, rounds, atRest                                             atomic.Uint64
	singles, batches, inBatches, duplicates, conflicts                 atomic.Uint64
	acked, redelivered, reopened                                       atomic.Uint64
	delivered, dropped                                                 atomic.Uint64
	reacted, retries, known, setBack                                   atomic.Uint64
	projections, cached, watched                                       atomic.Uint64
	verified, syncs, rotations, sealed, merges, fileHits, filesWritten atomic.Uint64
}

// projected counts a projection.
func (k *soak) projected(cached bool) {
	k.count.projections.Add(1)
	if cached {
		k.count.cached.Add(1)
	}
}
