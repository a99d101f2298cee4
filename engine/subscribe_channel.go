// Subscriptions that deliver into a channel, from a goroutine of the store's crew.

package engine

import (
	"context"
	"errors"
	"io"
)

// Channel delivers into a channel, from a goroutine of its own. The channel is closed, and Err says why, with whatever Next
// would fail with: when ctx ends, when the subscription or the store is closed, after Take events, or with an error. After
// ctx's, [ErrCorrupt] and [ErrLost] the subscription goes on where it was with the next call of Channel or Next, and what
// nobody received is delivered first.
//
// Who stops receiving ends ctx, or closes the subscription: the goroutine waits with its event until then, or until the store is closed.
//
// The channel has no buffer: the one event that waits to be received is not dropped any more, the others wait in the log.
//
// While a channel is fed, Next, Poll and All are refused, and a second Channel is closed at once, which Err does not tell of.
// Filter is asked in the goroutine, where a panic of it ends the program. Closing the store does not wait for Filter.
func (u *Subscription) Channel(ctx context.Context) <-chan Delivery {
	deliveries := make(chan Delivery)
	if u.enter() != nil {
		close(deliveries)
		return deliveries
	}
	u.fail(nil)
	u.fed = true
	begun := u.store.crew.Go(func() {
		err := errFilterLeft // unless it comes to another end
		defer func() {
			u.fed = false
			u.fail(err)
			u.leave()
			close(deliveries)
		}()
		err = u.feed(ctx, deliveries)
	})
	if !begun {
		u.fed = false
		u.fail(ErrClosed)
		u.leave()
		close(deliveries)
	}
	return deliveries
}

var errFilterLeft error = &subscriptionError{"the filter ended its goroutine", ErrInvalid}

// Err returns why the last channel was closed; nil: it was not, there was none, or Take was its end.
func (u *Subscription) Err() error {
	if u == nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.failure
}

func (u *Subscription) fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.failure = err
}

// feed delivers until there is an end, and returns it.
func (u *Subscription) feed(ctx context.Context, deliveries chan<- Delivery) error {
	for {
		d, err := u.nextOf(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		d.Event = d.Event.Clone()
		if err := u.hand(ctx, d, deliveries); err != nil {
			u.held = &d
			return err
		}
	}
}

// hand waits until a delivery is received.
func (u *Subscription) hand(ctx context.Context, d Delivery, deliveries chan<- Delivery) error {
	if err := u.store.hub.Ended(); err != nil { // while Filter was asked
		return err
	}
	select {
	case deliveries <- d: // who receives waits already
		return nil
	default:
	}
	either, cancel := context.WithCancel(ctx)
	defer cancel()
	if !u.mayWait(cancel) {
		return errSubscriptionClosed
	}
	defer u.mayWait(nil)
	select {
	case deliveries <- d:
		return nil
	case <-u.store.hub.Closed():
		return u.store.hub.Ended()
	case <-either.Done():
		if err := ctx.Err(); err != nil {
			return err
		}
		return errSubscriptionClosed
	}
}
