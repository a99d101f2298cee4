// The loop of a reactor: pull an event, let the function answer it, append the answer, and make both durable, the
// answers before the position.
//
// States: waiting for an event -> dealing with it, attempt by attempt -> and so on; in between settling, when nothing waits or
// enough was dealt with. The loop ends by an error, by Stop or by the store's end, always through finish.

package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/batpak/batpak/engine/internal/commit"
	"github.com/batpak/batpak/engine/internal/project"
	"github.com/batpak/batpak/engine/internal/query"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
)

// errStopped ends the loop without an error.
var errStopped = errors.New("stopped")

// errExited: see React.
var errExited = errors.New("batpak: the reactor's function ended its goroutine (runtime.Goexit)")

// watch lets the function know that the store is being closed.
func (r *Reactor) watch() {
	select {
	case <-r.store.hub.Closed():
		r.cancel()
	case <-r.done:
	}
}

// main is the reactor's goroutine.
func (r *Reactor) main() {
	err := errExited // unless run returns
	defer func() { r.finish(err) }()
	err = r.run()
}

// finish is the end. What was dealt with before an error stays dealt with.
func (r *Reactor) finish(err error) {
	settling := r.settle()
	switch {
	case err == errExited:
		err = r.failure(err)
	case err == errStopped && r.store.hub.Ended() == nil:
		err = settling
	case err == errStopped:
		err = nil // what could not be made durable any more comes again
	}
	if closing := r.cursor.Close(); closing != nil && !errors.Is(closing, ErrClosed) {
		err = errors.Join(err, closing)
	}
	if err != nil {
		r.store.logger.Error("reactor stopped", "reactor", r.options.Name, "error", err)
	}
	r.err = err
	close(r.done)
	r.cancel()
}

// run deals with events until something ends that; its error is never nil.
func (r *Reactor) run() error {
	for {
		visible := r.store.hub.Visible()
		ev, ok, err := r.cursor.Poll()
		if err == nil && !ok {
			// The cursor is beyond the last event of the region by now: what the reactions make durable of that is dealt with, too.
			r.dealt = max(r.dealt, min(r.cursor.Position(), r.reacted))
			if err := r.settle(); err != nil {
				return err
			}
			r.settleUpTo(visible)
			ev, ok, err = r.next()
		}
		switch {
		case r.over():
			return errStopped
		case err != nil:
			if err := r.survive(err); err != nil {
				return err
			}
			continue
		case !ok:
			continue // somebody wants to know how far it is
		}
		if err := r.deal(ev); err != nil {
			return err
		}
		r.dealt = ev.Sequence
		if r.pending++; r.pending >= r.options.AckEvery {
			if err := r.settle(); err != nil {
				return err
			}
		}
	}
}

// over reports whether the reactor was stopped, or the store is closed.
func (r *Reactor) over() bool { return r.ctx.Err() != nil || r.store.hub.Ended() != nil }

// survive takes an error of the cursor: nil if the reactor goes on.
func (r *Reactor) survive(err error) error {
	var loss *LossError
	if errors.As(err, &loss) {
		r.losses.Add(1)
		r.dealt = max(r.dealt, loss.Last) // so that it is not told again
		r.pending++
		r.store.logger.Warn("reactor: events were lost in an unclean end", "reactor", r.options.Name, "first", loss.First, "last", loss.Last, "position", loss.Position)
		return nil
	}
	return fmt.Errorf("reactor %q: next event: %w", r.options.Name, err)
}

// settle makes durable what was dealt with: the reactions first, since a position that is beyond reactions that are lost
// would mean that they never come to be.
func (r *Reactor) settle() error {
	if hooks.Enabled && hooks.Planted(hooks.AckBeforeReactions) && r.pending != 0 && r.cursor.Ack(r.dealt) == nil {
		r.pending = 0
	}
	if r.reacted != 0 {
		if err := r.store.log.Wait(context.Background(), r.reacted); err != nil {
			return fmt.Errorf("reactor %q: make reactions durable: %w", r.options.Name, err)
		}
		r.reacted = 0
	}
	if r.pending == 0 {
		return nil
	}
	if err := r.cursor.Ack(r.dealt); err != nil {
		return fmt.Errorf("reactor %q: acknowledge: %w", r.options.Name, err)
	}
	r.pending = 0
	r.settleUpTo(r.dealt)
	return nil
}

// deal gives an event to the function, as often as the policy says, and puts it aside if that is the policy.
func (r *Reactor) deal(ev event.Event) error {
	if ev.Kind == event.EffectError && ev.Entity() == r.parking {
		return nil // its own record
	}
	r.id, r.sequence, r.attempt = ev.ID, ev.Sequence, 0
	if known, err := r.reactedBefore(&ev); known || err != nil {
		return err
	}
	for {
		r.attempt++
		err := r.try(ev)
		if err == nil {
			r.events.Add(1)
			return nil
		}
		if r.over() || errors.Is(err, ErrStopReactor) {
			return errStopped
		}
		failure := r.failure(err)
		last := r.attempt >= r.options.OnError.Attempts
		switch {
		case isBroken(err):
			return failure
		case last && r.mayPark(&ev, err):
			return r.park(&ev, failure)
		case last:
			return failure
		}
		if err := r.rest(failure); err != nil {
			return err
		}
	}
}

// reactedBefore reports whether the reactions to an event were stored before it came to this reactor: by one of the same
// name that ended, or was killed, before its position was durable.
func (r *Reactor) reactedBefore(ev *event.Event) (bool, error) {
	if ev.Sequence > r.horizon {
		return false, nil
	}
	holder, known, err := r.holder(ev)
	switch {
	case err != nil && r.over():
		return false, errStopped
	case err != nil:
		return false, r.failure(err)
	case known:
		r.duplicates.Add(1)
		r.reacted = max(r.reacted, holder.First+uint64(holder.Events)-1)
	}
	return known, nil
}

// holder finds the batch that has the key of the reactions to an event.
func (r *Reactor) holder(ev *event.Event) (holder commit.Holder, known bool, err error) {
	holder, known, err = r.store.byKey(r.keyOf(ev), r.store.set.Visible())
	return holder, known && holder.Events != 0, err
}

// keyOf returns the key of the reactions to an event.
func (r *Reactor) keyOf(ev *event.Event) string {
	if hooks.Enabled && hooks.Planted(hooks.ReactionKeyOfOpening) {
		return r.prefix + strconv.FormatUint(r.horizon, 10) + ev.ID.String()
	}
	return r.prefix + ev.ID.String()
}

// failure says of an error at which event it was.
func (r *Reactor) failure(err error) *ReactorError {
	failure := &ReactorError{Reactor: r.options.Name, Event: r.id, Sequence: r.sequence, Attempts: r.attempt, Cause: err}
	if failed, ok := err.(*project.Failure); ok { // of the function itself
		failure.Cause, failure.Stack = failed.Cause, failed.Stack
	}
	return failure
}

// broken are the errors after which the store can't be read or written.
var broken = []error{ErrPoisoned, ErrIndeterminate, ErrCorrupt, ErrMapFault, ErrFull, ErrReadOnly, ErrUnwritable}

func isBroken(err error) bool {
	for _, target := range broken {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// rest waits before the next attempt.
func (r *Reactor) rest(failure *ReactorError) error {
	backoff := r.options.OnError.after(r.attempt)
	r.retries.Add(1)
	r.store.logger.Warn("reactor: attempt failed", "reactor", r.options.Name, "sequence", failure.Sequence, "attempt", r.attempt, "backoff", backoff, "error", failure.Cause)
	if err := r.settle(); err != nil {
		return err
	}
	timer := time.NewTimer(backoff)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.ctx.Done():
		return errStopped
	}
}

// after returns the wait after a failed attempt, from 1.
func (p *ErrorPolicy) after(attempt int) time.Duration {
	wait := p.Backoff
	for ; attempt > 1 && wait < p.MaxBackoff; attempt-- {
		if wait > p.MaxBackoff/2 {
			return p.MaxBackoff
		}
		wait *= 2
	}
	return wait
}

// try is one attempt.
func (r *Reactor) try(ev event.Event) error {
	reactions := new(Batch)
	reactions.ReactTo(ev.ID)
	if err := r.call(ev, reactions); err != nil {
		return err
	}
	switch {
	case reactions.Key != "":
		return &event.FieldError{Field: "key", Problem: "set in the batch of a reactor, whose key is derived from the event"}
	case reactions.cause != ev.ID && !reactions.cause.IsZero():
		return &event.FieldError{Field: "cause", Problem: "set in the batch of a reactor, whose cause is the event"}
	case len(reactions.items) == 0:
		return nil
	}
	stored, err := r.append(&ev, reactions)
	r.reactions.Add(uint64(stored))
	return err
}

// call calls the function. Its error, or panic, is a [project.Failure].
func (r *Reactor) call(ev event.Event, reactions *Batch) (err error) {
	r.store.crew.Outside(func() {
		err = project.Guard(func() error { return r.react(r.ctx, ev, reactions) })
	})
	return err
}

// append appends what an event led to, and returns how many events were stored. If the event led to something before, that
// stands, whatever it was.
func (r *Reactor) append(ev *event.Event, batch *Batch) (stored int, err error) {
	batch.Key = r.keyOf(ev)
	batch.ReactTo(ev.ID)
	cause := query.Found{Sequence: ev.Sequence, Depth: ev.Position.Depth, Correlation: ev.Correlation}
	receipts, err := r.store.appendBatch(batch, cause, r.wait)
	if key := (*KeyError)(nil); errors.As(err, &key) && key.Key == batch.Key {
		holder, known, lookup := r.holder(ev)
		if lookup != nil || !known {
			return 0, errors.Join(err, lookup)
		}
		r.duplicates.Add(1)
		r.reacted = max(r.reacted, holder.First+uint64(holder.Events)-1)
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	last := receipts[len(receipts)-1]
	r.reacted = max(r.reacted, last.Sequence)
	if last.Duplicate {
		r.duplicates.Add(1)
		return 0, nil
	}
	return len(receipts), nil
}
