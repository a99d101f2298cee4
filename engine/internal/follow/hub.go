// This file holds Hub: who waits for events, and who wakes them.
//
// The writer wakes nobody but the hub's own goroutine, the herald, and that only while somebody waits. The herald asks the
// index of what is not sealed, for each that waits, whether anything came that its region may select, and wakes those for
// whom something did. So a thousand readers of quiet entities cost the writer of a busy one nothing that grows with
// their number.
//
// States of a hub: open -> closed, by Close; and, beside them, stopped, by Stop: nothing is added any more. The herald begins with the first
// that waits and ends with Close.

package follow

import (
	"context"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
)

// Config is what a hub looks at.
type Config struct {
	// Visible returns the highest sequence that readers may see.
	Visible func() uint64
	// Index has a part for every segment.
	Index *index.Index
	// Ended is what waiting fails with once the hub is closed.
	Ended error
	// Static is what waiting fails with in a store to which nothing is added; nil: it grows.
	Static error
}

// Hub wakes who waits. All methods may be called concurrently.
type Hub struct {
	visible func() uint64
	index   *index.Index
	ended   error
	static  error

	// waiting is how many wait: the only thing that the writer looks at.
	waiting atomic.Int32
	kick    chan struct{} // to the herald: the watermark moved, or somebody began to wait
	closed  chan struct{}
	stopped chan struct{}
	cause   error // written before stopped is closed

	mu      sync.Mutex
	waiters map[*waiter]struct{}
	herald  bool // it runs
	over    bool // closed is closed
	running sync.WaitGroup
}

// waiter is one that waits. It is woken once.
type waiter struct {
	watch *index.Watch
	after uint64 // nothing up to it matters; the herald's alone while it waits
	woken chan struct{}
}

// New returns a hub, which has no goroutine yet.
func New(c Config) *Hub {
	return &Hub{
		visible: c.Visible, index: c.Index, ended: c.Ended, static: c.Static,
		kick: make(chan struct{}, 1), closed: make(chan struct{}), stopped: make(chan struct{}), waiters: make(map[*waiter]struct{}),
	}
}

// Notify is called after the visible watermark moved. It never blocks.
func (h *Hub) Notify() {
	if h.waiting.Load() != 0 {
		h.wakeHerald()
	}
}

func (h *Hub) wakeHerald() {
	select {
	case h.kick <- struct{}{}:
	default:
	}
}

// Close ends all waiting, and returns when the herald has ended. Further calls do nothing.
func (h *Hub) Close() {
	h.mu.Lock()
	if !h.over {
		h.over = true
		close(h.closed)
	}
	h.mu.Unlock()
	h.running.Wait()
}

// Stop is called when nothing will be added any more, as where the store is poisoned: who waits for more than there is fails with
// cause. It does not block. Further calls do nothing.
func (h *Hub) Stop(cause error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cause == nil {
		h.cause = cause
		close(h.stopped)
	}
}

// added returns why nothing is added any more; nil: something may be.
func (h *Hub) added() error {
	if h.static != nil {
		return h.static
	}
	select {
	case <-h.stopped:
		return h.cause
	default:
		return nil
	}
}

// Closed is closed by Close.
func (h *Hub) Closed() <-chan struct{} { return h.closed }

// Ended returns what everything fails with once the hub is closed; nil: it is open.
func (h *Hub) Ended() error {
	select {
	case <-h.closed:
		return h.ended
	default:
		return nil
	}
}

// Visible returns the highest sequence that readers may see.
func (h *Hub) Visible() uint64 { return h.visible() }

// MayHave reports whether a region may select an event with a sequence above one and up to another, which is visible. It
// looks at what is not sealed only: of anything else it says that it may. It allocates nothing.
func (h *Hub) MayHave(watch *index.Watch, after, upTo uint64) bool {
	if upTo <= after {
		return false
	}
	parts := h.index.Parts()
	i := sort.Search(len(parts), func(i int) bool { return parts[i].First > after+1 })
	if hooks.Enabled && hooks.Planted(hooks.NewestPartOnly) {
		i = len(parts)
	}
	for i = max(i-1, 0); i < len(parts) && parts[i].First <= upTo; i++ {
		p := parts[i]
		tail := p.Tail()
		if tail == nil {
			return true
		}
		from := max(p.First, after+1) - p.First
		limit := upTo - p.First + 1
		if i+1 < len(parts) { // nothing is added any more, and what lies behind its last event may be lost
			limit = min(limit, parts[i+1].First-p.First, uint64(tail.Events()))
		}
		if _, found := watch.Newest(tail, uint32(from), uint32(limit)); found {
			return true
		}
	}
	return false
}

// Await returns when there may be a visible event above after that the watch's region selects, with the watermark up
// to which that was found out; or with the error of ctx, or that of a closed hub or of a store that does not grow, or not any more.
func (h *Hub) Await(ctx context.Context, watch *index.Watch, after uint64) (visible uint64, err error) {
	for {
		if err := h.Ended(); err != nil {
			return 0, err
		}
		stopped := h.added() // looked at first: what came before it counts
		if visible = h.visible(); visible > after {
			if h.MayHave(watch, after, visible) {
				return visible, nil
			}
			after = visible
		}
		if stopped != nil {
			return 0, stopped
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if after, err = h.wait(ctx, watch, after); err != nil {
			return 0, err
		}
	}
}

// wait waits until the herald finds something that matters.
func (h *Hub) wait(ctx context.Context, watch *index.Watch, after uint64) (upTo uint64, err error) {
	w := &waiter{watch: watch, after: after, woken: make(chan struct{})}
	if !h.enter(w) {
		return 0, h.ended
	}
	h.waiting.Add(1)
	defer h.waiting.Add(-1)
	if hooks.Enabled && hooks.Planted(hooks.WakeupLost) {
		after = ^uint64(0)
	}
	if h.visible() > after { // it moved before the writer could see that somebody waits
		h.wakeHerald()
	}
	select {
	case <-w.woken:
		return w.after, nil
	case <-h.closed:
		return 0, h.ended
	case <-h.stopped:
		h.leave(w)
		return w.after, nil
	case <-ctx.Done():
		h.leave(w)
		return 0, ctx.Err()
	}
}

func (h *Hub) enter(w *waiter) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return false
	}
	h.waiters[w] = struct{}{}
	if !h.herald {
		h.herald = true
		h.running.Go(h.announce)
	}
	return true
}

func (h *Hub) leave(w *waiter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.waiters, w)
}

// restBetween is how long the herald rests after it was woken for nothing, as where a busy entity is appended to and
// others are waited for: waking it takes the writer a fraction of a microsecond each time.
const restBetween = 100 * time.Microsecond

// announce is the herald.
func (h *Hub) announce() {
	rest := time.NewTimer(restBetween)
	defer rest.Stop()
	for {
		select {
		case <-h.closed:
			return
		case <-h.kick:
		}
		if h.wakeThose() {
			continue
		}
		rest.Reset(restBetween)
		select {
		case <-h.closed:
			return
		case <-rest.C:
		}
	}
}

// wakeThose wakes the waiters for whom something may have come; false: something came, for none of them.
func (h *Hub) wakeThose() bool {
	visible := h.visible()
	h.mu.Lock()
	defer h.mu.Unlock()
	asked, woken := false, false
	for w := range h.waiters {
		if visible <= w.after {
			continue
		}
		asked = true
		if !h.MayHave(w.watch, w.after, visible) {
			w.after = visible
			continue
		}
		woken = true
		delete(h.waiters, w)
		close(w.woken)
	}
	return woken || !asked
}

// Everything is the watch of every event.
func Everything() *index.Watch { return index.NewWatch(event.Everything()) }
