// This file holds a round: the store is opened, used by everybody at once, and closed.

package main

import (
	"context"
	"sync"
	"time"

	"github.com/batpak/batpak/engine"
)

// crowd are the goroutines of one kind, and how they are stopped.
type crowd struct {
	ctx    context.Context
	stop   context.CancelFunc
	inside sync.WaitGroup
}

func newCrowd() *crowd {
	c := &crowd{}
	c.ctx, c.stop = context.WithCancel(context.Background())
	return c
}

// end stops them and waits for them.
func (c *crowd) end() {
	c.stop()
	c.inside.Wait()
}

// scene is who is there in a round.
type scene struct {
	l           *life
	s           *engine.Store
	writing     *crowd
	following   *crowd
	subscribers []*subscriber
	watchers    []*watcher
	reactors    []*engine.Reactor
}

// round is one opening of the store, until ctx ends.
func (l *life) round(ctx context.Context, policy engine.SyncPolicy, atRest bool) {
	k := l.k
	s, err := engine.Open(l.dir, l.options(policy))
	if err != nil {
		k.violate("open: %v", err)
		return
	}
	k.closing.Store(false)
	k.count.rounds.Add(1)
	if events := s.Stats().Events; l.events != 0 && events != l.events {
		k.violate("%d events after opening, there were %d", events, l.events)
	}
	e := &scene{l: l, s: s, writing: newCrowd(), following: newCrowd()}
	if err := e.begin(); err != nil {
		k.violate("begin a round: %v", err)
	}
	for ctx.Err() == nil && !k.failed.Load() {
		time.Sleep(time.Millisecond)
	}
	if atRest {
		e.rest()
		k.count.atRest.Add(1)
	} else {
		k.closing.Store(true)
	}
	l.countStore(s.Stats(), atRest)
	e.close()
}

// begin starts everybody: subscriptions first, which want to know behind which sequence they begin.
func (e *scene) begin() (err error) {
	k, s := e.l.k, e.s
	e.subscribers = k.subscribers()
	for _, u := range e.subscribers {
		if err := u.begin(s); err != nil {
			return err
		}
		e.following.inside.Go(func() { u.follow(e.following.ctx) })
	}
	for _, entity := range []string{accountPrefix + "0:0", accountPrefix + "2:3"} {
		w := &watcher{k: k, entity: entity, every: time.Duration(len(e.watchers)) * 5 * time.Millisecond}
		e.watchers = append(e.watchers, w)
		e.following.inside.Go(func() { w.follow(e.following.ctx, s) })
	}
	for _, p := range e.l.pullers {
		e.following.inside.Go(func() { p.follow(e.following.ctx, s) })
	}
	if e.reactors, err = k.startReactors(s); err != nil {
		return err
	}
	random := k.newRandom()
	e.writing.inside.Go(func() { k.project(e.writing.ctx, s, random, e.l.entities()) })
	for _, w := range e.l.writers {
		e.writing.inside.Go(func() { w.write(e.writing.ctx, s) })
	}
	return nil
}

// entities are the accounts of all writers.
func (l *life) entities() (names []string) {
	for _, w := range l.writers {
		for _, at := range w.owned {
			names = append(names, at.Entity())
		}
	}
	return names
}

// close closes the store, at rest or under all of it, and sees that everybody notices.
func (e *scene) close() {
	k := e.l.k
	closed := make(chan error, 1)
	go func() { closed <- e.s.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			k.violate("close: %v", err)
		}
	case <-time.After(k.patience):
		k.violate("closing the store takes longer than %v", k.patience)
	}
	k.closing.Store(true) // for who is there still
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.writing.inside.Wait() // nobody is stopped: that the store is closed must be enough
		e.following.inside.Wait()
		k.stopReactors(e.reactors)
	}()
	select {
	case <-ended:
	case <-time.After(k.patience):
		k.violate("a goroutine goes on %v after the store was closed", k.patience)
	}
	e.writing.stop()
	e.following.stop()
}

// countStore takes over what the store has counted since it was opened.
func (l *life) countStore(stats engine.Stats, atRest bool) {
	k := l.k
	k.count.syncs.Add(stats.Syncs)
	k.count.rotations.Add(stats.Rotations)
	k.count.sealed.Add(stats.Sealed)
	k.count.merges.Add(stats.Merges)
	k.count.fileHits.Add(stats.Cache.FileHits)
	k.count.filesWritten.Add(stats.Cache.FilesWritten)
	l.events = 0 // not known
	if atRest {
		l.events = stats.Events
	}
	switch {
	case stats.Poisoned != nil:
		k.violate("the store is poisoned: %v", stats.Poisoned)
	case stats.SealFails+stats.MergeFails+stats.Rebuilt+stats.Dropped+stats.Lost != 0:
		k.violate("derived files fail, or events were lost: %+v", stats)
	case stats.Cache.FilesFailed != 0:
		k.violate("files of states fail: %+v", stats.Cache)
	case stats.Durable > stats.Visible || stats.Visible > stats.Staged || stats.Events != stats.Staged && atRest:
		k.violate("the counters disagree: %+v", stats)
	}
}
