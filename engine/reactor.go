// Reactors: functions that answer events with events, once each, over crashes. Here is what their users see; the loop is in
// reactor_loop.go.

package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zeebo/blake3"

	"github.com/batpak/batpak/engine/internal/commit"
	"github.com/batpak/batpak/event"
)

// React answers an event: what it adds to reactions is appended as one batch when it returns nil; where it adds nothing, nothing is
// appended. An error, or a panic, is dealt with as [ReactorOptions].OnError says, and what was added is thrown away; [ErrStopReactor] ends the reactor.
//
// The event is valid until the function returns. Its reactions are caused by it, and inherit its correlation, unless an item says
// otherwise. The batch's own key and cause belong to the reactor: a function that sets one fails. Conditions, and what items
// expect, are judged as [Store.AppendBatch] does, and where they don't hold the attempt has failed with [ErrConflict]. The batch
// must not be used after the function returned.
//
// ctx ends when the reactor is stopped or the store is closed. What a function returns nil for after that is appended if it still can be;
// an error after that is neither retried nor parked: the event comes again with the next reactor of the name.
type React func(ctx context.Context, ev event.Event, reactions *Batch) error

// ErrStopReactor is what a [React] returns to end its reactor without an error. The event counts as not dealt with: it comes again with the
// next reactor of the name, and what was added to its reactions is thrown away.
var ErrStopReactor = errors.New("batpak: the reactor is to stop")

// runs is under what the context of a reactor's function has the reactor.
type runs struct{}

// RetryForever is as many attempts as there is time for.
const RetryForever = math.MaxInt

// Defaults of [ErrorPolicy] and [ReactorOptions], and their limits.
const (
	DefaultBackoff    = 10 * time.Millisecond
	DefaultMaxBackoff = time.Minute
	DefaultAckEvery   = 256
	MaxAckEvery       = 4096
)

// ErrorPolicy says what a reactor does about an error of its function. The zero value stops at the first.
//
// It is no matter of policy that the reactor stops where the store can't be read or written any more, whoever says so, the
// append or the function: at [ErrPoisoned], [ErrIndeterminate], [ErrCorrupt], [ErrMapFault], [ErrFull], [ErrReadOnly] and
// [ErrUnwritable]. [ErrNoSpace] and [ErrLimit] are retried as any error, and stop it after that: they are no fault of the event, which
// is not parked for them.
type ErrorPolicy struct {
	// Attempts is how often an event is tried; 0 and 1: once. Each attempt calls the function anew.
	Attempts int
	// Backoff is the wait before the second attempt, which doubles with each, up to MaxBackoff; 0: 10 ms, and 1 min, or Backoff if that
	// is more. Nothing else is dealt with meanwhile; what was dealt with before is made durable first.
	Backoff, MaxBackoff time.Duration
	// Park puts the event aside when all attempts failed, with a record that [Store.Parked] finds, and goes on; false: the reactor
	// stops.
	Park bool
}

// ReactorOptions are what a reactor is.
type ReactorOptions struct {
	// Name is that of the reactor and of its cursor, as [CursorOptions].Name; it must not be empty. The keys of its reactions are derived
	// from it: under another name all is reacted to again.
	Name string
	// Region selects the events. One that selects its own reactions makes it answer those, too; its records of parked events it never
	// gets.
	Region event.Region
	// Start is where a reactor begins that has no position yet; zero: at the beginning.
	Start Start
	// OnError is what is done about errors and panics of its function.
	OnError ErrorPolicy
	// AckEvery is after how many events at most the position is made durable, 1 to 4,096; 0: 256. It is also made durable whenever no
	// event waits.
	AckEvery int
	// Pipelined lets the function be called before its reactions to earlier events are visible, which makes a difference under
	// [SyncEveryAppend] only: up to AckEvery events share a sync, instead of one for each that is reacted to. A function that
	// decides by what it reads in the store may then not see what it has decided before, unless it says in expectations or
	// conditions what it read; then its attempt can fail with [ErrConflict], and needs another.
	Pipelined bool
}

// complete returns the options with defaults in place of zero values.
func (o ReactorOptions) complete() (ReactorOptions, error) {
	p := &o.OnError
	switch {
	case o.Name == "":
		return o, &OptionError{"Name", `""`, fmt.Sprintf("1 to %d bytes", MaxCursorName)}
	case p.Attempts < 0:
		return o, &OptionError{"OnError.Attempts", p.Attempts, "0 or more"}
	case p.Backoff < 0:
		return o, &OptionError{"OnError.Backoff", p.Backoff, "0 or more"}
	case p.MaxBackoff < 0 || p.MaxBackoff != 0 && p.MaxBackoff < p.Backoff:
		return o, &OptionError{"OnError.MaxBackoff", p.MaxBackoff, "Backoff or more, or 0"}
	case o.AckEvery < 0 || o.AckEvery > MaxAckEvery:
		return o, &OptionError{"AckEvery", o.AckEvery, fmt.Sprintf("from 1 to %d events, or 0", MaxAckEvery)}
	}
	if p.MaxBackoff == 0 {
		p.MaxBackoff = max(DefaultMaxBackoff, p.Backoff)
	}
	if p.Backoff == 0 {
		p.Backoff = min(DefaultBackoff, p.MaxBackoff)
	}
	p.Attempts = max(p.Attempts, 1)
	if o.AckEvery == 0 {
		o.AckEvery = DefaultAckEvery
	}
	return o, nil
}

// Reactor is a running reactor. It is made by [Store.StartReactor]; one that is not has ended, and its calls fail with an error that is
// [ErrInvalid]. All methods may be called concurrently.
type Reactor struct {
	store   *Store
	options ReactorOptions
	react   React
	prefix  string // of its keys
	parking string // entity of its records of parked events
	wait    commit.Wait
	cursor  *Cursor
	// horizon is what was staged when the reactor was made: only events up to it can have been reacted to before.
	horizon uint64

	ctx    context.Context // of the function; ends with done, Stop and the store
	cancel context.CancelFunc
	done   chan struct{}
	err    error // why it ended; written before done is closed

	// Of the loop: the event that is dealt with, and what came since the position was made durable.
	id       event.ID
	sequence uint64
	attempt  int    // of it; the one that is under way or failed last
	pending  int    // events that were dealt with
	dealt    uint64 // sequence of the last of them
	reacted  uint64 // the highest sequence of a reaction; 0: there is none

	// settled is up to where everything was dealt with, durably; stored with mu held, loaded anywhere.
	settled atomic.Uint64

	mu      sync.Mutex
	changed chan struct{}      // closed when settled moves; nil: nobody waits
	wanted  uint64             // the highest sequence that was waited for, which is visible
	look    context.CancelFunc // ends the loop's waiting for an event; nil: it does not wait

	events, reactions, duplicates, retries, parked, losses atomic.Uint64
}

// StartReactor starts a reactor on a goroutine of its own, which ends with Stop, with an error, or with the store. It gives every
// event of the region to the function, in the order of their sequences and from the position that the reactor's named cursor
// has, and appends what the function answers.
//
// The position is made durable after the reactions, so events come again after a crash: up to AckEvery of those that
// were dealt with. An event whose reactions are stored is not given to the function again, however much time passed and
// whatever [Options].KeyRetention says: the batch of its reactions has a key that is derived from the reactor's name
// and the event's id, "reactor/" with 32 hex digits, "/" and the id. So each event has the reactions of one successful call, once; what
// else the function does, it may do again. Of an event to which nothing was appended no trace is left, and the function is called again.
//
// A loss of the cursor, [ErrLost], is logged and counted, and the reactor goes on behind it. Damage, [ErrCorrupt], stops it: events that
// it should have reacted to can't be read. [Store.ResetCursor] to behind them is how it goes on without.
//
// Errors: those of [Store.CursorGuaranteed], as [ErrCursorInUse] for a name that runs already; [OptionError] and [ErrInvalid] for options out of
// range and a nil function; [ErrReadOnly], [ErrClosed].
func (s *Store) StartReactor(options ReactorOptions, react React) (*Reactor, error) {
	if s == nil {
		return nil, &OptionError{"store", nil, "one that is open"}
	}
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	if react == nil {
		return nil, &OptionError{"react", "nil", "a function"}
	}
	if s.log == nil {
		return nil, s.notWritten()
	}
	sum := blake3.Sum256([]byte(options.Name))
	r := &Reactor{
		store: s, options: options, react: react, prefix: "reactor/" + hex.EncodeToString(sum[:16]) + "/",
		parking: parkingPlace(options.Name), wait: commit.WaitPolicy, done: make(chan struct{}),
	}
	if r.cursor, err = s.newCursor(options.Region, CursorOptions{Name: options.Name, Start: options.Start}, r); err != nil {
		return nil, fmt.Errorf("start reactor: %w", err)
	}
	r.horizon = s.log.Staged()
	r.settleUpTo(r.cursor.Acked())
	if options.Pipelined {
		r.wait = commit.WaitStaged
	}
	r.ctx, r.cancel = context.WithCancel(context.WithValue(context.Background(), runs{}, r))
	if s.crew.Go(r.watch) && s.crew.Go(r.main) {
		return r, nil
	}
	r.cancel()
	close(r.done)
	return nil, errors.Join(ErrClosed, r.cursor.Close())
}

// Stop ends the reactor and returns when its goroutine has ended, with what Err returns: the function's ctx ends, and it is waited for. What
// was dealt with is made durable. The reactor's own function, and what that waits for, must not call it: it would wait for itself. It
// returns [ErrStopReactor]. Further calls return the same.
func (r *Reactor) Stop() error {
	if !r.made() {
		return errReactorZero
	}
	r.cancel()
	<-r.done
	return r.err
}

// Done is closed when the reactor has ended, and its name is free.
func (r *Reactor) Done() <-chan struct{} {
	if !r.made() {
		done := make(chan struct{})
		close(done)
		return done
	}
	return r.done
}

// errReactorZero is what the calls on a reactor return that is none.
var errReactorZero = fmt.Errorf("%w: the reactor was not made by StartReactor", ErrInvalid)

// made reports whether StartReactor made the reactor.
func (r *Reactor) made() bool { return r != nil && r.store != nil }

// Err returns why the reactor ended: a [ReactorError] where it did at an event, an error of its cursor, or of making its position durable. nil: it
// runs, or was stopped, or the store was closed.
func (r *Reactor) Err() error {
	if !r.made() {
		return errReactorZero
	}
	select {
	case <-r.done:
		return r.err
	default:
		return nil
	}
}

// ReactorError says at which event a reactor stopped, and why.
type ReactorError struct {
	Reactor  string
	Event    event.ID
	Sequence uint64
	Attempts int    // that failed
	Cause    error  // of the last: what the function returned, what it panicked with, or what its reactions were refused with
	Stack    []byte // of the panic; nil: it was none
}

// Error names the reactor, the event and the cause.
func (e *ReactorError) Error() string {
	return fmt.Sprintf("batpak: reactor %q failed at event %s at sequence %d, attempts: %d: %v", e.Reactor, e.Event, e.Sequence, e.Attempts, e.Cause)
}

// Unwrap returns the cause.
func (e *ReactorError) Unwrap() error { return e.Cause }

// ReactorStats are the counters of a reactor, since it was started.
type ReactorStats struct {
	Acked      uint64 // sequence up to which everything was dealt with, durably
	Lag        uint64 // sequences between that and the newest visible one, which need not be of the region
	Events     uint64 // given to the function and dealt with
	Reactions  uint64 // appended, without records of parked events
	Duplicates uint64 // events whose reactions had been appended before, or which had been parked
	Retries    uint64 // attempts after the first of an event
	Parked     uint64 // events put aside
	Losses     uint64 // lost ranges that the cursor told of
}

// Stats returns the counters. It waits for nothing; each counter is as of some moment during the call.
func (r *Reactor) Stats() ReactorStats {
	if !r.made() {
		return ReactorStats{}
	}
	stats := ReactorStats{Acked: r.settled.Load()}
	if visible := r.store.hub.Visible(); visible > stats.Acked {
		stats.Lag = visible - stats.Acked
	}
	stats.Events, stats.Reactions, stats.Duplicates = r.events.Load(), r.reactions.Load(), r.duplicates.Load()
	stats.Retries, stats.Parked, stats.Losses = r.retries.Load(), r.parked.Load(), r.losses.Load()
	return stats
}
