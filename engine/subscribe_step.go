// What a subscription does in one step.

package engine

import (
	"context"
	"io"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
)

// nextOf is Next, in a call that has begun.
func (u *Subscription) nextOf(ctx context.Context) (Delivery, error) {
	if ctx == nil {
		return Delivery{}, &OptionError{"ctx", nil, "a context"}
	}
	for {
		if err := ctx.Err(); err != nil {
			return Delivery{}, err
		}
		if d, ok, err := u.step(ctx); ok || err != nil {
			return d, err
		}
		if err := u.wait(ctx); err != nil {
			return Delivery{}, err
		}
	}
}

// wait waits until it is worth looking again.
func (u *Subscription) wait(ctx context.Context) error {
	either, cancel := context.WithCancel(ctx)
	defer cancel()
	if !u.mayWait(cancel) {
		return u.end(errSubscriptionClosed)
	}
	u.waits.Store(true)
	err := u.reader.Wait(either)
	u.waits.Store(false)
	u.mayWait(nil)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case either.Err() != nil:
		return u.end(errSubscriptionClosed)
	}
	return u.end(err)
}

// mayWait notes how to end the wait that begins, nil when it ended; false: the subscription is closed.
func (u *Subscription) mayWait(wake context.CancelFunc) bool {
	u.mu.Lock()
	u.wake = wake
	u.mu.Unlock()
	return !u.closed.Load()
}

// end notes what every further call fails with, unless the error stands in the place of events.
func (u *Subscription) end(err error) error {
	if !goesOn(err) {
		u.reader.Stop()
		u.lag.stop()
		u.over = err
		u.store.subscriptions.remove(u)
	}
	return err
}

// step returns the next delivery, if there is one. ctx bounds how long is read of what is not delivered.
func (u *Subscription) step(ctx context.Context) (d Delivery, ok bool, err error) {
	if err := u.ended(); err != nil {
		return Delivery{}, false, err
	}
	switch {
	case u.held != nil:
		d, u.held = *u.held, nil
		return d, true, nil
	case u.loss != nil:
		err, u.loss = u.loss, nil
		return Delivery{}, false, err
	}
	if hooks.Enabled && hooks.Planted(hooks.CaughtUpEarly) && u.mark {
		u.mark = false
		return u.deliver(Delivery{CaughtUp: true}), true, nil
	}
	for pace := (patience{ctx: ctx}); ; {
		if err := u.fall(&pace); err != nil {
			return Delivery{}, false, err
		}
		ev, ok, err := u.reader.Poll()
		switch {
		case err != nil:
			return Delivery{}, false, u.end(err)
		case !ok:
			u.history = false
			if u.mark {
				u.mark = false
				return u.deliver(Delivery{CaughtUp: true}), true, nil
			}
			u.at.Store(u.reader.Position())
			return Delivery{}, false, nil
		}
		u.lag.took(ev.Sequence)
		if u.wants(&ev) {
			u.taken++
			return u.deliver(Delivery{Event: ev}), true, nil
		}
		if err := pace.more(); err != nil {
			return Delivery{}, false, err
		}
	}
}

// ended returns why the subscription is over; nil: it is not.
func (u *Subscription) ended() error {
	switch {
	case u.over != nil:
		return u.over
	case u.closed.Load():
		return u.end(errSubscriptionClosed)
	case u.options.Take != 0 && u.taken == u.options.Take && u.held == nil:
		return u.end(io.EOF)
	}
	return u.store.hub.Ended()
}

// wants asks the filter. An event of which it does not say whether it does is dropped.
func (u *Subscription) wants(ev *event.Event) (wanted bool) {
	if u.options.Filter == nil {
		return true
	}
	u.asked = *ev
	said := false
	defer func() {
		if !said {
			u.drop(1)
		}
	}()
	if u.fed {
		u.store.crew.Outside(func() { wanted = u.options.Filter(&u.asked) })
	} else {
		wanted = u.options.Filter(&u.asked)
	}
	said = true
	return wanted
}

// deliver makes a delivery of what was dropped before it, too.
func (u *Subscription) deliver(d Delivery) Delivery {
	d.Dropped, u.pending = u.pending, 0
	u.at.Store(u.reader.Position())
	return d
}

// patience looks at a context now and then.
type patience struct {
	ctx   context.Context
	count int
}

// betweenLooks is how many events are read between two looks at the context.
const betweenLooks = 1024

// more returns the context's error every so many calls.
func (p *patience) more() error {
	if p.count++; p.count%betweenLooks != 0 {
		return nil
	}
	return p.ctx.Err()
}
