// Cursors: events pulled in order, at least once, from a position that outlives the process.
//
// States of a cursor: open -> closed, by its Close or the store's. While it is open it stands at a position, up to which
// everything was returned and which Next, Poll and PullInto move on, and behind that at one up to which everything was
// acknowledged, which Ack moves on. Reset sets both.

package engine

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/batpak/batpak/engine/internal/cursorfile"
	"github.com/batpak/batpak/engine/internal/follow"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
)

// MaxCursorName is the longest name of a cursor, in bytes.
const MaxCursorName = cursorfile.MaxName

// CursorOptions are how a cursor is opened. The zero value is one without a name, from the beginning.
type CursorOptions struct {
	// Name is what its position is kept under, in a file of the store's directory: 1 to MaxCursorName bytes of valid UTF-8, whatever
	// characters; empty: it is kept nowhere. The name stands for a position, not for a region: the next opening may
	// ask for another one.
	Name string
	// Start is where a cursor begins that has no position yet; zero: at the beginning. It is not looked at where the name has one.
	Start Start
}

// Cursor reads the events of a region in the order of their sequences, each at least once. It is made by
// [Store.CursorGuaranteed], and holds what it reads from and its name until Close.
//
// What was returned and not acknowledged is returned again by the next cursor with the name; what was acknowledged is
// not. Sequences that an unclean end of the store gave up are told of as [LossError] to whom may have seen events that had
// them, in their place between the events: to a cursor that was there before that end and had not acknowledged
// anything behind the range. It is told again until it has acknowledged the range's last sequence, or a later one.
//
// Next, Poll and PullInto belong to one goroutine at a time. All other methods may be called by any, also while Next waits. Those of a
// cursor that was made in another way fail with an error that is [ErrInvalid].
type Cursor struct {
	store   *Store
	name    string
	region  event.Region
	reactor *Reactor // whose it is; nil: the user's

	// acking is held while a position is made durable. It is taken before pulling, and both before mu.
	acking sync.Mutex
	file   *cursorfile.File // nil: without a name
	closed bool             // written with both acking and pulling held

	// pulling is held while events are read, not while they are waited for.
	pulling sync.Mutex
	reader  *follow.Reader
	held    bool        // ev was read and is not returned yet: something is to be told before
	ev      event.Event // valid until the reader's next call
	heldErr error       // what the reader said in the place of an event, which is not returned yet
	// life ends when the cursor is moved or closed, which nobody goes on waiting then.
	life context.Context
	end  context.CancelFunc

	// position and acked are stored with mu held, and loaded anywhere: up to them everything was returned, and acknowledged.
	position, acked atomic.Uint64
	waits           atomic.Bool // a call waits for an event

	mu    sync.Mutex
	heard uint64 // the last sequence of the last lost range that was told of, or need not be
	told  uint64 // heard, as it is kept
	last  struct {
		sequence uint64
		id       event.ID
	} // the event that was returned last
}

// CursorGuaranteed opens a cursor of what a region selects. One with a name goes on behind what was acknowledged under it; it returns when that
// position is durable, which takes a sync or two.
//
// Errors: [OptionError] for a name or a start that is out of range; [ErrCursorInUse] while a cursor with the name is
// open; [ErrReadOnly] for one with a name in a store that is open for reading only; [CursorError] where the file that keeps the
// position is damaged ([ErrCorrupt]), of another store or of a state of this one that is gone ([ErrDiverged]), or of another version
// ([ErrVersion]): [Store.ResetCursor] gives such a one a position; [ErrClosed]; and the file system's, among them [ErrNoSpace].
//
// That a position is of a state that is gone, as after an older copy of the store was put in its place, is known by the id of the event at its
// sequence, however far the store has come since. If that event is damaged, it can't be, and the position is believed.
func (s *Store) CursorGuaranteed(region event.Region, options CursorOptions) (*Cursor, error) {
	if s == nil {
		return nil, &OptionError{"store", nil, "one that is open"}
	}
	return s.newCursor(region, options, nil)
}

// newCursor is CursorGuaranteed for a reactor, or for nobody.
func (s *Store) newCursor(region event.Region, options CursorOptions, reactor *Reactor) (*Cursor, error) {
	if options.Name != "" {
		if err := checkCursorName(options.Name); err != nil {
			return nil, err
		}
	}
	leave, err := s.cursors.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	c := &Cursor{store: s, name: options.Name, region: region, reactor: reactor}
	c.life, c.end = context.WithCancel(context.Background())
	var at cursorfile.Position
	if c.name == "" {
		at, err = s.startOf(options.Start)
	} else {
		at, err = c.open(options.Start)
	}
	if err != nil {
		c.end()
		return nil, err
	}
	c.reader = follow.NewReader(s.hub, s.eventsOf, region, at.Acked)
	c.heard, c.told = at.Told, at.Told
	c.position.Store(at.Acked)
	c.acked.Store(at.Acked)
	s.cursors.add(c)
	return c, nil
}

// made reports whether CursorGuaranteed made the cursor.
func (c *Cursor) made() bool { return c != nil && c.store != nil }

// open takes the name and opens the file behind it.
func (c *Cursor) open(start Start) (at cursorfile.Position, err error) {
	s := c.store
	if s.log == nil {
		return at, s.notWritten()
	}
	if err := s.cursors.reserve(c.name); err != nil {
		return at, err
	}
	if c.file, at, err = s.openCursorFile(c.name, start); err != nil {
		s.cursors.free(c.name)
		return at, err
	}
	return at, nil
}

// Next returns the next event, and waits for it. The event is valid until the next call of a method other than Ack and those that
// only tell something; [event.Event.Clone] keeps it.
//
// Errors: a [LossError] ([ErrLost]) in the place of sequences that were given up; [ErrCorrupt] in the place of damaged
// events: after both the next call goes on behind. That of ctx, when it ends, before anything else; [ErrInvalid] for a nil one; [ErrClosed] once
// the cursor or the store is closed; [ErrReadOnly] at the end of a store that is open for reading only, [ErrPoisoned] of one that is poisoned; [ErrMapFault], after
// which the next call tries again.
func (c *Cursor) Next(ctx context.Context) (event.Event, error) {
	switch {
	case !c.made():
		return event.Event{}, errCursorZero
	case ctx == nil:
		return event.Event{}, &OptionError{"ctx", ctx, "a context"}
	}
	for {
		if err := ctx.Err(); err != nil {
			return event.Event{}, err
		}
		c.pulling.Lock()
		ev, ok, err := c.take()
		w := c.wait()
		c.pulling.Unlock()
		if ok || err != nil {
			return ev, err
		}
		if err := w.until(ctx); err != nil {
			return event.Event{}, err
		}
	}
}

// Poll returns the next event if there is one, and does not wait. Errors and the event's validity are those of Next.
func (c *Cursor) Poll() (ev event.Event, ok bool, err error) {
	if !c.made() {
		return event.Event{}, false, errCursorZero
	}
	c.pulling.Lock()
	defer c.pulling.Unlock()
	return c.take()
}

// PullInto waits for one event, and reads as many more as there are and fit, into events whose memory it reuses: they are the
// caller's. It returns how many it read. An error comes with none: what is met behind events is told by the next call. The
// errors are those of Next, and [ErrInvalid] for an empty slice.
func (c *Cursor) PullInto(ctx context.Context, into []event.Event) (n int, err error) {
	switch {
	case !c.made():
		return 0, errCursorZero
	case ctx == nil:
		return 0, &OptionError{"ctx", ctx, "a context"}
	case len(into) == 0:
		return 0, &OptionError{"into", len(into), "of one event or more"}
	}
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		c.pulling.Lock()
		n, err = c.takeInto(into)
		w := c.wait()
		c.pulling.Unlock()
		if n > 0 || err != nil {
			return n, err
		}
		if err := w.until(ctx); err != nil {
			return 0, err
		}
	}
}

// Ack makes it durable that everything up to a sequence was dealt with, and returns when it is. Without a name it is
// remembered only. Under a policy other than SyncEveryAppend the position can be ahead of what is durable of the events: after
// a power cut the cursor is told of what was lost.
//
// Errors: [AckError] ([ErrInvalid]) for a sequence above [Cursor.Position] or below what is acknowledged, which changes
// nothing; the same sequence again is none. [ErrClosed]; those of the file system: then the position before is kept or,
// should the process end before another Ack succeeds, either of the two; the store and the cursor go on.
func (c *Cursor) Ack(sequence uint64) error {
	if !c.made() {
		return errCursorZero
	}
	c.acking.Lock()
	defer c.acking.Unlock()
	if c.closed {
		return c.ended()
	}
	c.mu.Lock()
	position, acked, heard, told, last := c.position.Load(), c.acked.Load(), c.heard, c.told, c.last
	c.mu.Unlock()
	refused, done := sequence > position || sequence < acked, sequence == acked
	if hooks.Enabled && hooks.Planted(hooks.FutureAcknowledged) {
		refused = false
	}
	if refused {
		return &AckError{Name: c.name, Sequence: sequence, Acked: acked, Position: position}
	}
	for _, lost := range c.store.lostSince(told) {
		if lost.Last <= min(heard, sequence) { // a notice is acknowledged with the last sequence that it names
			told = lost.Last
		}
	}
	if done && told == c.told {
		return nil
	}
	at := cursorfile.Position{Identity: c.store.identity, Acked: sequence, Told: told}
	switch {
	case c.file == nil: // nobody compares it
	case last.sequence == sequence:
		at.Event = last.id
	default:
		at.Event = c.store.markOf(sequence)
	}
	return c.keep(at)
}

// keep makes a position durable, and then the cursor's. acking is held.
func (c *Cursor) keep(at cursorfile.Position) error {
	if c.file != nil {
		err := c.file.Write(at)
		c.store.cursors.wrote(err)
		if err != nil {
			return fmt.Errorf("cursor %q: %w", c.name, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acked.Store(at.Acked)
	c.told = at.Told
	return nil
}

// Name returns the name under which the position is kept; empty: it is kept nowhere.
func (c *Cursor) Name() string { return c.name }

// Acked returns the sequence up to which everything was acknowledged; 0: nothing was.
func (c *Cursor) Acked() uint64 { return c.acked.Load() }

// Position returns the sequence up to which everything that the region selects was returned, and so the highest that can be
// acknowledged. Where no event of the region is left it is the newest visible sequence; acknowledging it spares the
// next opening from looking through what the region does not select.
func (c *Cursor) Position() uint64 { return c.position.Load() }

// Lag returns how many sequences lie between what was acknowledged and the newest visible one: an upper bound of the events that
// are to come.
func (c *Cursor) Lag() uint64 {
	if !c.made() {
		return 0
	}
	return behind(c.store.set.Visible(), c.Acked())
}

// behind returns how far a sequence is behind another one.
func behind(newest, acked uint64) uint64 { return max(newest, acked) - acked }

// Reset makes the cursor go on from elsewhere, forwards or backwards, durably; what was read and not returned is
// forgotten. The zero Start is the beginning. A Next that waits goes on from there. Of sequences that were lost
// before, it is told as a new cursor is: if it starts within a lost range.
//
// Errors: [OptionError] for a sequence that was not given yet, [ErrClosed], those of the file system as for Ack.
func (c *Cursor) Reset(to Start) error {
	if !c.made() {
		return errCursorZero
	}
	c.acking.Lock()
	defer c.acking.Unlock()
	c.pulling.Lock()
	defer c.pulling.Unlock()
	if c.closed {
		return c.ended()
	}
	at, err := c.store.startOf(to)
	if err != nil {
		return err
	}
	if err := c.keep(at); err != nil {
		return err
	}
	c.mu.Lock()
	c.position.Store(at.Acked)
	c.heard = at.Told
	c.mu.Unlock()
	c.held, c.heldErr = false, nil
	c.reader.MoveTo(at.Acked)
	c.end()
	c.life, c.end = context.WithCancel(context.Background())
	return nil
}

// Close ends the cursor and makes its name free. It acknowledges nothing. A Next that waits ends with [ErrClosed]. Further calls return nil.
func (c *Cursor) Close() error {
	if !c.made() {
		return nil
	}
	err := c.close()
	c.store.cursors.remove(c) // last, so that the end of the store waits for it
	return err
}

// close is Close, but for the registry.
func (c *Cursor) close() error {
	c.acking.Lock()
	defer c.acking.Unlock()
	c.pulling.Lock()
	defer c.pulling.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	c.end()
	c.reader.Stop()
	c.ev, c.held, c.heldErr = event.Event{}, false, nil
	if c.file == nil {
		return nil
	}
	err := c.file.Close()
	c.store.cursors.free(c.name)
	return err
}

// ended is what the calls on a closed cursor return.
func (c *Cursor) ended() error { return fmt.Errorf("cursor %q: %w", c.name, ErrClosed) }
