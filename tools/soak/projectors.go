// This file holds who projects and watches while all goes on.

package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// project asks for states until it is stopped or the store is closed. An account never goes back.
func (k *soak) project(ctx context.Context, s *engine.Store, random *rand.Rand, entities []string) {
	seen := make(map[string]uint64)
	for ctx.Err() == nil {
		var err error
		switch random.IntN(20) {
		case 0:
			err = k.projectEach(ctx, s, seen)
		case 1:
			err = k.projectAll(ctx, s, summed[random.IntN(len(summed))])
		case 2, 3, 4, 5:
			_, err = engine.Project(ctx, s, folded, event.Entity(entities[random.IntN(len(entities))]), engine.MayBeStale(100*time.Millisecond))
			k.count.projections.Add(1)
		default:
			err = k.projectOne(ctx, s, entities[random.IntN(len(entities))], seen)
		}
		if err != nil {
			if ctx.Err() == nil && !k.isEnd(err) {
				k.violate("a projection: %v", err)
			}
			return
		}
		time.Sleep(time.Duration(random.IntN(2000)) * time.Microsecond)
	}
}

func (k *soak) projectOne(ctx context.Context, s *engine.Store, entity string, seen map[string]uint64) error {
	state, err := engine.Project(ctx, s, folded, event.Entity(entity), engine.Consistent())
	if err != nil {
		return err
	}
	k.projected(state.Cached)
	k.neverBack("projection", entity, state.Value.Count, seen)
	return nil
}

// projectAll asks for a state that it then changes, which nobody else may notice.
func (k *soak) projectAll(ctx context.Context, s *engine.Store, p *engine.Projection[map[string]Account]) error {
	state, err := engine.Project(ctx, s, p, event.EntityPrefix(accountPrefix), engine.MayBeStale(20*time.Millisecond))
	if err != nil {
		return err
	}
	if _, there := state.Value["mine"]; there {
		k.violate("a state has what somebody else has put into his own")
	}
	state.Value["mine"] = Account{}
	k.projected(state.Cached)
	return nil
}

func (k *soak) projectEach(ctx context.Context, s *engine.Store, seen map[string]uint64) error {
	states, err := engine.ProjectEach(ctx, s, folded, event.EntityPrefix(accountPrefix), engine.Consistent())
	for entity, state := range states {
		k.neverBack("projection of each", entity, state.Value.Count, seen)
	}
	k.count.projections.Add(1)
	return err
}

// neverBack wants an account to have no fewer events than it had.
func (k *soak) neverBack(what, entity string, events uint64, seen map[string]uint64) {
	if events < seen[entity] {
		k.violate("%s of %s: %d events, and there were %d", what, entity, events, seen[entity])
	}
	seen[entity] = events
}

// watcher watches one account.
type watcher struct {
	k      *soak
	entity string
	every  time.Duration

	mu   sync.Mutex
	last engine.State[Account]
}

// follow watches until it is stopped or the store is closed.
func (w *watcher) follow(ctx context.Context, s *engine.Store) {
	for state, err := range engine.WatchProjection(ctx, s, folded, event.Entity(w.entity), engine.WatchOptions{Every: w.every}) {
		if err != nil {
			if !errors.Is(err, context.Canceled) && !w.k.isEnd(err) {
				w.k.violate("watching %s: %v", w.entity, err)
			}
			return
		}
		w.mu.Lock()
		if state.Sequence < w.last.Sequence || state.Value.Count < w.last.Value.Count {
			w.k.violate("watching %s: %+v came behind %+v", w.entity, state, w.last)
		}
		w.last = state
		w.mu.Unlock()
		w.k.count.watched.Add(1)
	}
}

// state returns what it saw last.
func (w *watcher) state() Account {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last.Value
}

// check waits until it has seen the account as it is.
func (w *watcher) check(want Account) {
	if !w.k.await(func() bool { return w.state() == want }) {
		w.k.violate("watching %s: the last state is %+v, want %+v", w.entity, w.state(), want)
	}
}
