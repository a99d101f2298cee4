// Followers: who follows the log, and how far each is.
//
// The store knows cursors and reactors by their registry, which they are in until they are closed, and subscriptions by weak
// pointers, so that one that nobody holds any more costs nothing, closed or not.

package engine

import (
	"cmp"
	"iter"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/batpak/batpak/event"
)

// FollowerKind says what follows.
type FollowerKind uint8

const (
	// FollowsAsCursor is a [Cursor].
	FollowsAsCursor FollowerKind = iota
	// FollowsAsReactor is a [Reactor].
	FollowsAsReactor
	// FollowsAsSubscription is a [Subscription].
	FollowsAsSubscription
)

// String names the kind: cursor, reactor or subscription.
func (k FollowerKind) String() string {
	switch k {
	case FollowsAsCursor:
		return "cursor"
	case FollowsAsReactor:
		return "reactor"
	case FollowsAsSubscription:
		return "subscription"
	}
	return "FollowerKind(" + strconv.Itoa(int(k)) + ")"
}

// Follower is a cursor, reactor or subscription at one moment. Each field is as of some moment during the call that returned it.
type Follower struct {
	Kind   FollowerKind
	Name   string       // of a cursor or reactor; empty: it has none
	Region event.Region // that selects its events
	// Position is the sequence up to which everything that the region selects was returned, or dropped; of a
	// subscription it is that of its last delivery. 0: nothing was.
	Position uint64
	Acked    uint64 // sequence up to which everything was acknowledged; 0 for subscriptions, which acknowledge nothing
	// Lag is how many sequences lie between what was acknowledged, by a subscription what was delivered, and the newest visible one: an
	// upper bound of the events that are to come.
	Lag     uint64
	Dropped uint64 // events, by a subscription so far; 0 for others, which drop none
	Waiting bool   // a call waits for an event: there was none
	// Reactor is what a reactor counts; zero for others.
	Reactor ReactorStats
}

// Followers returns who follows the log: cursors that are open, reactors that run, and subscriptions that are neither over nor
// forgotten, by kind, then name, then position. Loops over [WatchProjection] are not listed. It waits for nobody, and returns none
// once the store is closed. A nil store has none.
func (s *Store) Followers() []Follower {
	if s == nil {
		return nil
	}
	found := slices.Collect(s.following())
	slices.SortStableFunc(found, func(a, b Follower) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Position, b.Position))
	})
	return found
}

// following yields the followers in no order.
func (s *Store) following() iter.Seq[Follower] {
	return func(yield func(Follower) bool) {
		if s.hub.Ended() != nil {
			return
		}
		visible := s.set.Visible()
		for c := range s.cursors.each() {
			if !yield(c.follower(visible)) {
				return
			}
		}
		for u := range s.subscriptions.each() {
			if !yield(u.follower(visible)) {
				return
			}
		}
	}
}

func (c *Cursor) follower(visible uint64) Follower {
	f := Follower{
		Kind: FollowsAsCursor, Name: c.name, Region: c.region, Position: c.position.Load(), Acked: c.acked.Load(), Waiting: c.waits.Load(),
	}
	f.Lag = behind(visible, f.Acked)
	if c.reactor != nil {
		f.Kind, f.Reactor = FollowsAsReactor, c.reactor.Stats()
	}
	return f
}

func (u *Subscription) follower(visible uint64) Follower {
	at := u.at.Load()
	return Follower{
		Kind: FollowsAsSubscription, Region: u.region, Position: at, Lag: behind(visible, at), Dropped: u.dropped.Load(), Waiting: u.waits.Load(),
	}
}

// SubscriptionStats are the counters of a store's subscriptions.
type SubscriptionStats struct {
	Open    int    // that are neither over nor forgotten
	Waiting int    // of them, for an event
	Lag     uint64 // the largest, see Follower.Lag; 0: nobody is behind
	Dropped uint64 // events, by all that there were since the store was opened
}

// followerStats fills in what the counters tell of followers.
func (s *Store) followerStats(stats *Stats) {
	stats.Cursors = s.cursors.stats()
	stats.Subscriptions.Dropped = s.subscriptions.dropped.Load()
	for f := range s.following() {
		if f.Kind == FollowsAsSubscription {
			count(&stats.Subscriptions.Open, &stats.Subscriptions.Waiting, &stats.Subscriptions.Lag, &f)
			continue
		}
		count(&stats.Cursors.Open, &stats.Cursors.Waiting, &stats.Cursors.Lag, &f)
		if f.Kind == FollowsAsReactor {
			stats.Reactors++
		}
	}
}

// count adds a follower to the counts of its kind.
func count(open, waiting *int, lag *uint64, f *Follower) {
	*open++
	if f.Waiting {
		*waiting++
	}
	*lag = max(*lag, f.Lag)
}

// subscriptionRegistry knows the subscriptions that are not over, for as long as somebody holds them. The zero registry is empty.
// All methods may be called concurrently.
type subscriptionRegistry struct {
	open    sync.Map // of weak.Pointer[Subscription]
	dropped atomic.Uint64
}

// add takes a subscription in.
func (r *subscriptionRegistry) add(u *Subscription) {
	u.self = weak.Make(u)
	r.open.Store(u.self, nil)
	runtime.AddCleanup(u, func(gone weak.Pointer[Subscription]) { r.open.Delete(gone) }, u.self)
}

// remove takes a subscription out that is over.
func (r *subscriptionRegistry) remove(u *Subscription) { r.open.Delete(u.self) }

// each yields those that are in. It takes no lock.
func (r *subscriptionRegistry) each() iter.Seq[*Subscription] {
	return func(yield func(*Subscription) bool) {
		for key := range r.open.Range {
			if u := key.(weak.Pointer[Subscription]).Value(); u != nil && !yield(u) {
				return
			}
		}
	}
}
