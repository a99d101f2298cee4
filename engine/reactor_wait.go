// How far a reactor is, and waiting for it.

package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/batpak/batpak/engine/internal/follow"
	"github.com/batpak/batpak/event"
)

// ErrReactorStopped: the reactor ended before it came so far.
var ErrReactorStopped = errors.New("batpak: reactor has ended")

// WaitFor returns when everything up to a sequence was dealt with, durably: the events that the region selects among
// them have their reactions, were put aside, or led to nothing. It waits for a sequence that was not given yet, too. What the reactions
// lead to in turn is not waited for.
//
// Errors: that of ctx; [ErrPoisoned] where the sequence can't come any more; [ErrReactorStopped] when the reactor ends first, which wraps what Err returns; [ErrClosed]; [ErrInvalid] for a nil ctx, and
// for the ctx that the reactor gave to its function, which would wait for itself.
func (r *Reactor) WaitFor(ctx context.Context, sequence uint64) error {
	switch {
	case !r.made():
		return errReactorZero
	case ctx == nil:
		return &OptionError{"ctx", ctx, "a context"}
	case ctx.Value(runs{}) == r:
		return fmt.Errorf("wait for reactor %q: its own function can't: %w", r.options.Name, ErrInvalid)
	case sequence == 0:
		return nil
	}
	if err := r.waitVisible(ctx, sequence); err != nil {
		return err
	}
	for {
		changed, look, done := r.want(sequence)
		if done {
			return nil
		}
		if look != nil {
			look()
		}
		select {
		case <-changed:
		case <-r.done:
			return r.ended(sequence)
		case <-r.store.hub.Closed(): // its function may never return
			return r.ended(sequence)
		case <-ctx.Done():
			return fmt.Errorf("wait for reactor %q: %w", r.options.Name, ctx.Err())
		}
	}
}

// waitVisible returns when a sequence is visible.
func (r *Reactor) waitVisible(ctx context.Context, sequence uint64) error {
	if r.store.hub.Visible() >= sequence { // or lost: of that there is no event to wait for
		return nil
	}
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	_, err := r.store.hub.Await(within, follow.Everything(), sequence-1)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrClosed):
		return r.ended(sequence)
	case ctx.Err() != nil:
		return fmt.Errorf("wait for reactor %q: %w", r.options.Name, ctx.Err())
	case within.Err() != nil:
		return r.ended(sequence)
	}
	return err
}

// ended says of a reactor that has ended, or is about to, what that means for who waits for a sequence.
func (r *Reactor) ended(sequence uint64) error {
	settled := r.settled.Load()
	switch err := r.Err(); {
	case settled >= sequence:
		return nil
	case err != nil:
		return fmt.Errorf("%w: %w", ErrReactorStopped, err)
	case r.store.hub.Ended() != nil:
		return fmt.Errorf("%w: %w", ErrReactorStopped, ErrClosed)
	}
	return fmt.Errorf("%w: %q was stopped", ErrReactorStopped, r.options.Name)
}

// want notes that somebody waits for a sequence, which is visible, unless everything up to it was dealt with already.
func (r *Reactor) want(sequence uint64) (changed <-chan struct{}, look context.CancelFunc, done bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.settled.Load() >= sequence {
		return nil, nil, true
	}
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	r.wanted = max(r.wanted, sequence)
	return r.changed, r.look, false
}

// settleUpTo notes that everything up to a sequence was dealt with, durably.
func (r *Reactor) settleUpTo(sequence uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if sequence <= r.settled.Load() {
		return
	}
	r.settled.Store(sequence)
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// next waits for an event. Without an event and without an error somebody waits for a sequence beyond what is settled, which may
// have no event of the region: the loop looks again.
func (r *Reactor) next() (ev event.Event, ok bool, err error) {
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	r.mu.Lock()
	if r.wanted > r.settled.Load() {
		r.mu.Unlock()
		return event.Event{}, false, nil
	}
	r.look = cancel
	r.mu.Unlock()
	ev, err = r.cursor.Next(ctx)
	r.mu.Lock()
	r.look = nil
	r.mu.Unlock()
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return event.Event{}, false, nil
	}
	return ev, err == nil, err
}
