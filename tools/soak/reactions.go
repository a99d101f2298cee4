// This file holds the reactors: one replies to orders, the other completes what was replied to.

package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// errNow is what the first reactor's function fails with at some attempts.
var errNow = errors.New("not now")

// The names of the reactors.
const (
	replying   = "replies / to orders"
	completing = "completions"
)

// setBack makes reactors go on from before what they have dealt with, as after an end of the process that their last
// acknowledgement did not outlive. All of that is answered already.
func (k *soak) setBack(s *engine.Store) error {
	infos, err := s.Cursors()
	if err != nil {
		return err
	}
	random := k.newRandom()
	for _, info := range infos {
		if (info.Name != replying && info.Name != completing) || info.Acked == 0 || random.IntN(2) == 0 {
			continue
		}
		if err := s.ResetCursor(info.Name, engine.FromAfter(info.Acked-min(info.Acked, random.Uint64N(5000)))); err != nil {
			return err
		}
		k.count.setBack.Add(1)
	}
	return nil
}

// startReactors starts both.
func (k *soak) startReactors(s *engine.Store) (reactors []*engine.Reactor, err error) {
	if err := k.setBack(s); err != nil {
		return nil, err
	}
	var calls atomic.Uint64
	reply := func(_ context.Context, ev event.Event, reactions *engine.Batch) error {
		if calls.Add(1)%97 == 0 {
			return errNow
		}
		return answer(ev, reactions, replyPrefix, kindReply)
	}
	complete := func(_ context.Context, ev event.Event, reactions *engine.Batch) error {
		return answer(ev, reactions, donePrefix, kindComplete)
	}
	first, err := s.StartReactor(engine.ReactorOptions{
		Name: replying, Region: event.OfKind(kindOrder), Pipelined: true,
		OnError: engine.ErrorPolicy{Attempts: engine.RetryForever, Backoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond},
	}, reply)
	if err != nil {
		return nil, err
	}
	second, err := s.StartReactor(engine.ReactorOptions{Name: completing, Region: event.OfKind(kindReply), AckEvery: 50}, complete)
	return []*engine.Reactor{first, second}, err
}

// answer adds the answer to an event, which has the number of the order.
func answer(ev event.Event, reactions *engine.Batch, prefix string, kind event.Kind) error {
	var e Entry
	if err := ev.Decode(&e); err != nil {
		return err
	}
	e.Item, e.Of = 0, 0
	reactions.Add(event.MustAt(fmt.Sprint(prefix, e.Number%shards), scope), kind, e)
	return nil
}

// settle waits until both have dealt with everything, the second with what the first appends last.
func (k *soak) settle(s *engine.Store, reactors []*engine.Reactor) {
	for i, r := range reactors {
		if k.failed.Load() {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), k.patience)
		err := r.WaitFor(ctx, s.Stats().Staged)
		cancel()
		if err != nil {
			k.violate("reactor %d: %v; %+v", i+1, errors.Join(err, r.Err()), r.Stats())
		}
	}
}

// stopReactors ends them and counts what they did.
func (k *soak) stopReactors(reactors []*engine.Reactor) {
	for i, r := range reactors {
		if err := r.Stop(); err != nil {
			k.violate("reactor %d ended: %v", i+1, err)
		}
		stats := r.Stats()
		k.count.reacted.Add(stats.Events)
		k.count.retries.Add(stats.Retries)
		k.count.known.Add(stats.Duplicates)
		if stats.Parked != 0 {
			k.violate("reactor %d parked %d events", i+1, stats.Parked)
		}
	}
}
