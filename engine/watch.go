// Watching a projection: its new state after changes.

package engine

import (
	"context"
	"iter"
	"time"

	"github.com/batpak/batpak/cache"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
)

// WatchOptions are how a projection is watched. The zero value yields the state at once, and after every change.
type WatchOptions struct {
	// Every is the least time between two states, 0 or more; 0: none. What changes meanwhile is in the next state.
	Every time.Duration
}

// WatchProjection yields the state of a region at once, also where it has no events, and then its new state after events of the
// region (and of the fold's kinds) became visible: one state for all that came while the loop was busy, so that a slow loop
// misses states, but never the last one. Nothing runs while the loop's body does, and leaving the loop is all that ends it.
//
// It is as consistent as [Project], each state being made of the one before, whether or not states are cached. The first error ends
// it and is yielded: those of Project; that of ctx when it ends; [ErrClosed]; [ErrReadOnly] after the first state of a store to
// which nothing is appended, [ErrPoisoned] after the last of one that is poisoned; [ErrInvalid] for options out of range. The loop may be run again, and by several at once.
func WatchProjection[S any](ctx context.Context, s *Store, p *Projection[S], region event.Region, options WatchOptions) iter.Seq2[State[S], error] {
	return func(yield func(State[S], error) bool) {
		err := p.check(ctx, s, Consistent())
		if err == nil && options.Every < 0 {
			err = &OptionError{"Every", options.Every, "0 or more"}
		}
		w := watching[S]{ctx: ctx, store: s, projection: p, region: region, every: options.Every}
		for first := true; err == nil; first = false {
			var state State[S]
			if state, err = w.next(first); err == nil && !yield(state, nil) {
				return
			}
		}
		yield(State[S]{}, err)
	}
}

// watching is one loop.
type watching[S any] struct {
	ctx        context.Context
	store      *Store
	projection *Projection[S]
	region     event.Region
	every      time.Duration

	watch   *index.Watch // of what is folded
	known   cache.Entry  // the last state
	yielded time.Time
}

// next returns the first state, or the next one with another event in it.
func (w *watching[S]) next(first bool) (State[S], error) {
	last := w.known.Last
	for {
		if !first {
			if err := w.wait(); err != nil {
				return State[S]{}, err
			}
		}
		q := w.projection.question(w.region, Consistent())
		q.Known = w.known
		state, entry, err := w.projection.answer(w.ctx, w.store, q)
		if err != nil {
			return State[S]{}, err
		}
		w.known = entry
		if first || entry.Last != last {
			w.yielded = time.Now()
			return state, nil
		}
	}
}

// wait returns when it is time for another state and there may be one.
func (w *watching[S]) wait() error {
	if w.watch == nil {
		region := w.region
		if kinds := w.projection.fold.Kinds; len(kinds) > 0 {
			region = region.Kind(kinds...)
		}
		w.watch = index.NewWatch(region)
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if hooks.Enabled && hooks.Planted(hooks.WatchDropsLast) {
		w.known.Sequence = max(w.known.Sequence, w.store.hub.Visible())
	}
	if _, err := w.store.hub.Await(w.ctx, w.watch, w.known.Sequence); err != nil {
		return err
	}
	rest := w.every - time.Since(w.yielded)
	if w.every == 0 || rest <= 0 {
		return nil
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	case <-w.store.hub.Closed():
		return w.store.hub.Ended()
	}
}
