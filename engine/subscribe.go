// Subscriptions: events pushed to who keeps up, and counted for who does not.
//
// States of a subscription: in history, where nothing is dropped -> live, from when it is behind all that was visible when it
// began, and no more sequences than its buffer lie between it and the newest visible event -> over, by Take, by Close, or by an
// error. Only the goroutine that receives changes them, but for Close, which that one finds out.

package engine

import (
	"context"
	"errors"
	"io"
	"iter"
	"strconv"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/batpak/batpak/engine/internal/follow"
	"github.com/batpak/batpak/event"
)

// Limits of [SubscribeOptions].
const (
	DefaultSubscriptionBuffer = 1024
	MaxSubscriptionBuffer     = 1 << 20
)

// SubscribeOptions are how a subscription delivers. The zero value delivers from now on.
type SubscribeOptions struct {
	// Start is where it begins; zero: from now. Who begins in the past is first given all that is visible, without anything
	// being dropped, and then what comes, with no gap between the two. Nothing is dropped either of what comes meanwhile, until
	// it has come so close to the newest event that no more sequences than Buffer lie between.
	Start Start
	// Buffer is how many events that the region selects may wait to be delivered, 1 to MaxSubscriptionBuffer; 0:
	// 1,024. When more wait, the oldest are dropped. They wait in the log and take no memory.
	Buffer int
	// Filter is asked for every event that the region selects, by the goroutine that receives, and what it refuses is
	// neither delivered nor counted as dropped; nil: all are taken. It is asked once for an event, also for one that
	// is dropped. The event is valid until it returns, and its own: changing it changes nothing that is delivered, but for the
	// bytes of its slices, which are not to be written to. A panic is that of the call that receives; who recovers goes on behind
	// the event, which counts as dropped.
	Filter func(ev *event.Event) bool
	// Take ends the subscription after so many events were delivered; 0: it goes on.
	Take int
}

// complete returns the options with defaults in place of zero values.
func (o SubscribeOptions) complete() (SubscribeOptions, error) {
	if o.Buffer == 0 {
		o.Buffer = DefaultSubscriptionBuffer
	}
	if o.Start.kind == fromDefault {
		o.Start = FromNow()
	}
	switch {
	case o.Buffer < 0 || o.Buffer > MaxSubscriptionBuffer:
		return o, &OptionError{"Buffer", o.Buffer, "1 to 1,048,576, or 0 (1,024)"}
	case o.Take < 0:
		return o, &OptionError{"Take", o.Take, "1 or more, or 0 (no end)"}
	}
	return o, nil
}

// Delivery is one step of a subscription: an event, or the mark that history is over.
type Delivery struct {
	// Event is zero in a mark. Its slices are valid until the next step, but in a channel, where it is a copy.
	Event event.Event
	// Dropped is how many events were dropped since the last delivery, which came before this one.
	Dropped uint64
	// CaughtUp marks the moment at which everything was delivered that was visible, but for what Dropped counts, of which nothing
	// was visible when the subscription began. It comes once, to who began in the past, with no event. To who never catches up it
	// does not come.
	CaughtUp bool
}

// Subscription delivers the events of a region as they become visible, in the order of their sequences, and drops
// the oldest where they are taken too slowly. It is made by [Store.SubscribeLossy]. It belongs to one goroutine at a
// time, but for Close, Err and Dropped, which may be called by any; a call that finds another one under way, also from within
// Filter, is refused with an error that is [ErrInvalid].
//
// It is fed by nobody: whoever receives reads the log. So one that is left alone costs the writer nothing, and memory only for the frames
// that it read last, some 64 at most; closing it, or the store, gives them back.
type Subscription struct {
	store   *Store
	region  event.Region
	options SubscribeOptions
	reader  *follow.Reader // nil: not made by SubscribeLossy

	busy    atomic.Bool // a call is under way, or a channel is fed
	over    error       // what every call fails with from now on; nil: it goes on
	loss    *LossError  // is told before anything else; nil: there is none
	history bool        // nothing is dropped yet
	began   uint64      // what was visible at the beginning, up to which it is history
	mark    bool        // the mark is to come
	taken   int         // events that were delivered
	lag     lag
	pending uint64 // dropped since the last delivery
	dropped atomic.Uint64
	at      atomic.Uint64 // where it was after the last step
	waits   atomic.Bool   // a call waits for an event
	self    weak.Pointer[Subscription]
	asked   event.Event // what Filter is given
	fed     bool        // the goroutine is one of the crew's
	held    *Delivery   // that a channel did not get rid of; nil: there is none

	closed  atomic.Bool // Close was called
	mu      sync.Mutex
	wake    context.CancelFunc // ends the wait that is under way; nil: none is
	failure error              // of the last channel
}

// SubscribeLossy begins a subscription to the events of a region. It costs little and holds nothing.
//
// It works on a store that is open for reading only, where it is over at the end with [ErrReadOnly].
//
// Errors: [OptionError]; one that is [ErrInvalid] for a start behind a sequence that was never given; [ErrClosed]. A start
// behind a sequence that an unclean end gave up is no error here: the first step is a [LossError] then, and the next one goes
// on behind the range.
func (s *Store) SubscribeLossy(region event.Region, options SubscribeOptions) (*Subscription, error) {
	if s == nil {
		return nil, &OptionError{"store", nil, "one that is open"}
	}
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	if err := s.hub.Ended(); err != nil {
		return nil, err
	}
	u := &Subscription{store: s, region: region, options: options, began: s.hub.Visible()}
	after := uint64(0)
	switch options.Start.kind {
	case fromNow:
		after = u.began
	case fromAfter:
		if after, u.loss, err = s.startAfter(options.Start.sequence); err != nil {
			return nil, err
		}
	}
	u.history = options.Start.kind != fromNow
	u.mark = u.history
	u.reader = follow.NewReader(s.hub, s.eventsOf, region, after)
	u.lag = newLag(u)
	u.at.Store(after)
	s.subscriptions.add(u)
	return u, nil
}

// startAfter returns behind which sequence who begins behind another one goes on, and what it is told of that first.
func (s *Store) startAfter(sequence uint64) (after uint64, loss *LossError, err error) {
	if lost := s.lostAt(sequence); lost != nil {
		return lost.Last, &LossError{Position: sequence, First: lost.First, Last: lost.Last}, nil
	}
	if given := s.given(); sequence > given {
		return 0, nil, &OptionError{"Start", FromAfter(sequence), "a sequence that was given: the highest is " + strconv.FormatUint(given, 10)}
	}
	return sequence, nil, nil
}

// Next returns the next delivery, and waits for it. It may be called again after ctx's error, and after [ErrCorrupt] and
// [ErrLost], which stand in the place of events; any other error is returned by all further calls.
//
// Errors: ctx's; io.EOF after Take events; [ErrClosed] when the store or the subscription is closed, also while it waits;
// [ErrReadOnly] at the end of a store to which nothing is appended, [ErrPoisoned] of one to which nothing is appended any more; a [LossError] once, before everything else, if the start is
// in a lost range; [ErrCorrupt] for events that can't be read; [ErrMapFault].
//
// Where more events wait than Buffer, finding that out takes as long as reading them once, during which ctx is looked at too.
func (u *Subscription) Next(ctx context.Context) (Delivery, error) {
	if err := u.enter(); err != nil {
		return Delivery{}, err
	}
	defer u.leave()
	return u.nextOf(ctx)
}

// Poll returns the next delivery if there is one, and does not wait. The errors are those of [Subscription.Next]; at the end
// of a store to which nothing is appended there is nothing, and no error.
func (u *Subscription) Poll() (d Delivery, ok bool, err error) {
	if err := u.enter(); err != nil {
		return Delivery{}, false, err
	}
	defer u.leave()
	return u.step(context.Background())
}

// All yields what Next returns, errors included. It ends with any of them but [ErrCorrupt] and [ErrLost], and with io.EOF,
// which is not yielded. After the loop, or after leaving it, the subscription goes on where it was.
func (u *Subscription) All(ctx context.Context) iter.Seq2[Delivery, error] {
	return func(yield func(Delivery, error) bool) {
		for {
			d, err := u.Next(ctx)
			if errors.Is(err, io.EOF) || !yield(d, err) || err != nil && !goesOn(err) {
				return
			}
		}
	}
}

// goesOn reports whether an error stands in the place of events only.
func goesOn(err error) bool { return errors.Is(err, ErrCorrupt) || errors.Is(err, ErrLost) }

// Dropped returns how many events were dropped so far.
func (u *Subscription) Dropped() uint64 {
	if u == nil {
		return 0
	}
	return u.dropped.Load()
}

// Close ends the subscription, and a call that waits. Further calls do nothing. It returns nil.
func (u *Subscription) Close() error {
	if u == nil || u.reader == nil {
		return nil
	}
	u.closed.Store(true)
	u.mu.Lock()
	if u.wake != nil {
		u.wake()
	}
	u.mu.Unlock()
	if u.busy.CompareAndSwap(false, true) { // otherwise the call that is under way does it
		_ = u.ended()
		u.leave()
	}
	return nil
}

// subscriptionError is an error of a subscription that is one to branch on, too.
type subscriptionError struct {
	text string
	is   error
}

func (e *subscriptionError) Error() string        { return "batpak: " + e.text }
func (e *subscriptionError) Is(target error) bool { return target == e.is }

var (
	errSubscriptionClosed error = &subscriptionError{"subscription is closed", ErrClosed}
	errSubscriptionBusy   error = &subscriptionError{"subscription is used by two calls at once", ErrInvalid}
	errSubscriptionZero   error = &subscriptionError{"subscription was not made by SubscribeLossy", ErrInvalid}
)

// enter begins a call, or refuses it.
func (u *Subscription) enter() error {
	switch {
	case u == nil || u.reader == nil:
		return errSubscriptionZero
	case !u.busy.CompareAndSwap(false, true):
		if u.closed.Load() {
			return errSubscriptionClosed
		}
		return errSubscriptionBusy
	}
	return nil
}

func (u *Subscription) leave() { u.busy.Store(false) }
