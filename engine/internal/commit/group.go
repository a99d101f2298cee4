// Group commit: who waits for a sync, and who does it.
//
// A caller that finds nobody syncing does it itself, for everything that is staged by
// then: alone it would lose a third of its rate to waking another goroutine and being
// woken. Who comes while a sync is under way waits for the next one, unless that one
// began after its event was staged. When a sync ends and somebody waits, a goroutine,
// the flusher, goes on: it syncs again at once for all that is staged, wakes
// everybody whom that covered, and so on until nobody waits. There is no timer in it.
//
// States of a group: idle (running is false) -> running, by a lone caller or by the
// flusher -> idle. At most one of them runs.

package commit

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/hooks"
)

// group is who waits.
type group struct {
	// asked says that a sync is to begin that covers what was staged before it was set. It
	// is cleared when a sync is about to look at what is staged.
	asked atomic.Bool
	// covered is the highest sequence that a sync covers which is done or under way.
	covered atomic.Uint64

	mu      sync.Mutex
	running bool
	closed  bool
	idle    *sync.Cond  // on mu: running became false
	current *generation // who waits for the sync under way; nil: nobody
	upTo    uint64      // what that sync covers; 0: none is under way, or it did not look yet
	next    *generation // who waits for the one after it; nil: nobody
}

// generation is those that one sync wakes.
type generation struct {
	done    chan struct{}
	waiting int   // guarded by group.mu
	err     error // of the sync; written before done is closed
}

// join adds a waiter to a generation, which is made if there is none. The caller holds mu.
func join(g **generation) *generation {
	if *g == nil {
		*g = &generation{done: make(chan struct{})}
	}
	(*g).waiting++
	return *g
}

// waitDurable returns when the event with this sequence, which is staged, is durable. A context that can
// end makes the caller wait for another goroutine's sync, since a system call can't be left.
func (l *Log) waitDurable(ctx context.Context, sequence uint64) error {
	if l.durableSequence.Load() >= sequence {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return &IndeterminateError{Sequence: sequence, Cause: err, cancelled: true}
	}
	g, done := &l.group, ctx.Done() // a context of the caller's, not to be asked under a lock
	g.mu.Lock()
	if l.durableSequence.Load() >= sequence {
		g.mu.Unlock()
		return nil
	}
	if !g.running && (done == nil || g.closed) {
		g.running = true
		g.mu.Unlock()
		_, err := l.syncGroup()
		l.handOver()
		return l.outcome(sequence, err)
	}
	covered := sequence <= g.upTo
	if hooks.Enabled && hooks.Planted(hooks.JoinerBelieved) {
		covered = g.upTo > 0
	}
	var mine *generation
	if covered {
		mine = join(&g.current)
	} else {
		mine = join(&g.next)
	}
	l.runFlusher()
	g.mu.Unlock()
	if done == nil {
		<-mine.done
		return l.outcome(sequence, mine.err)
	}
	select {
	case <-mine.done:
		return l.outcome(sequence, mine.err)
	case <-done:
		if hooks.Enabled && hooks.Planted(hooks.CancelledWaitSucceeds) {
			return nil
		}
		if l.durableSequence.Load() >= sequence { // both came at once
			return nil
		}
		return &IndeterminateError{Sequence: sequence, Cause: ctx.Err(), cancelled: true}
	}
}

// outcome makes of the end of a sync what it means for an event that it should have covered.
func (l *Log) outcome(sequence uint64, err error) error {
	if hooks.Enabled && hooks.Planted(hooks.IndeterminateAsSuccess) {
		return nil
	}
	if err == nil {
		return nil
	}
	l.tell()
	if l.durableSequence.Load() >= sequence { // an earlier sync did it
		return nil
	}
	return &IndeterminateError{Sequence: sequence, Cause: err}
}

// begin sees to the syncs that the policy wants for an event that was staged and that nobody
// waits for.
func (l *Log) begin(sequence uint64) {
	if l.everyAppend || l.syncEvents > 0 && sequence >= l.group.covered.Load()+l.syncEvents {
		l.ask()
	}
	if l.syncInterval > 0 && !l.armed.Load() {
		l.arm()
	}
}

// ask makes a sync begin in the background that covers all that is staged.
func (l *Log) ask() {
	g := &l.group
	if g.asked.Load() {
		return
	}
	g.mu.Lock()
	g.asked.Store(true)
	l.runFlusher()
	g.mu.Unlock()
}

// runFlusher starts the flusher unless somebody syncs already, who will see to it that it goes on. The
// caller holds group.mu.
func (l *Log) runFlusher() {
	if g := &l.group; !g.running && !g.closed {
		g.running = true
		l.flushers.Go(l.flush)
	}
}

// handOver is the end of a lone caller's sync.
func (l *Log) handOver() {
	g := &l.group
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.next != nil && g.closed:
		go l.flush() // the store is poisoned: it tells them so, and touches no file
	case g.next != nil || g.asked.Load() && !g.closed:
		l.flushers.Go(l.flush)
	default:
		g.stopped()
	}
}

// stopped makes the group idle. The caller holds mu.
func (g *group) stopped() {
	g.running = false
	g.idle.Broadcast()
}

// flush syncs until nobody waits and nothing is asked for.
func (l *Log) flush() {
	g := &l.group
	others := true // may be about to come
	for {
		if others {
			// Those who were just woken are likely to append and wait again: with two turns they
			// are in this sync, and not in the one after it.
			runtime.Gosched()
			runtime.Gosched()
		}
		g.mu.Lock()
		if g.next == nil && (!g.asked.Load() || g.closed) {
			g.stopped()
			g.mu.Unlock()
			l.tell()
			return
		}
		g.mu.Unlock()
		woken, _ := l.syncGroup() // they are told, and the store is poisoned
		g.mu.Lock()
		// The one whom this sync woke is alone: it does better without a goroutine between it and the disk.
		others = woken > 1 || g.next != nil
		g.mu.Unlock()
	}
}

// syncGroup syncs what is staged, unless another sync did it meanwhile, and wakes those whom
// that covers.
func (l *Log) syncGroup() (woken int, err error) {
	g := &l.group
	l.syncing.Lock()
	g.mu.Lock()
	g.current, g.next = g.next, nil
	g.mu.Unlock()
	g.asked.Store(false)
	if hooks.Enabled {
		_ = l.hooks.Reach(hooks.GroupSnapshot, "")
	}
	at := l.staged() // with all that those who wait for it have staged
	if hooks.Enabled {
		_ = l.hooks.Reach(hooks.GroupCovered, at.active.Name())
	}
	if hooks.Enabled && hooks.Planted(hooks.AskedClearedLate) {
		g.asked.Store(false)
	}
	g.mu.Lock()
	if hooks.Enabled && hooks.Planted(hooks.WaitersTakenLate) && g.current == nil {
		g.current, g.next = g.next, nil
	}
	g.upTo = at.sequence
	g.mu.Unlock()
	if at.poison != nil || at.sequence > l.durableSequence.Load() {
		err = l.syncAt(at)
	}
	l.syncing.Unlock()
	if hooks.Enabled {
		_ = l.hooks.Reach(hooks.GroupWake, "")
	}
	g.mu.Lock()
	done := g.current
	g.current, g.upTo = nil, 0
	g.mu.Unlock()
	if done == nil {
		return 0, err
	}
	done.err = err
	close(done.done)
	return done.waiting, err
}

// arm makes a sync begin when the interval is over, for what is staged by then. The first event
// after the last such sync does it, so that nothing runs while nothing is appended.
func (l *Log) arm() {
	if hooks.Enabled && hooks.Planted(hooks.IntervalNotArmed) {
		return
	}
	if !l.armed.CompareAndSwap(false, true) {
		return
	}
	l.timerMu.Lock()
	defer l.timerMu.Unlock()
	switch {
	case l.disarmed:
	case l.timer == nil:
		l.timer = time.AfterFunc(l.syncInterval, l.due)
	default:
		l.timer.Reset(l.syncInterval)
	}
}

// due is the end of the interval.
func (l *Log) due() {
	l.armed.Store(false) // who stages from now on arms again
	if at := l.staged(); at.sequence > l.durableSequence.Load() {
		l.ask()
	}
}

// disarm ends the timer for good, and the flusher: what it had to do is done. All is durable, or the store is poisoned.
func (l *Log) disarm() {
	l.timerMu.Lock()
	l.disarmed = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.timerMu.Unlock()
	g := &l.group
	g.mu.Lock()
	g.closed = true
	for g.running {
		g.idle.Wait()
	}
	g.mu.Unlock()
	l.flushers.Wait() // which may have something to log yet
}
