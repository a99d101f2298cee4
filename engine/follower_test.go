// Followers, and what the counters tell of them.

package engine_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// mustFollow fails the test unless these follow, but for whether they wait and what a reactor counts.
func mustFollow(t *testing.T, what string, s *engine.Store, want ...engine.Follower) {
	t.Helper()
	got := s.Followers()
	show := func(list []engine.Follower) (lines []string) {
		for _, f := range list {
			lines = append(lines, fmt.Sprintf("%v %q of %v at %d, acknowledged %d, lag %d, dropped %d",
				f.Kind, f.Name, f.Region, f.Position, f.Acked, f.Lag, f.Dropped))
		}
		return lines
	}
	if g, w := show(got), show(want); !slices.Equal(g, w) {
		t.Errorf("%s:\n got %q\nwant %q", what, g, w)
	}
}

func TestFollowersAreListedWithWhereTheyAreAndHowFarBehind(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	mustFollow(t, "nobody", s)
	region := event.Entity("entity")
	named := mustCursorOf(t, s, region, engine.CursorOptions{Name: "bills"})
	nameless := mustCursorOf(t, s, event.Everything(), engine.CursorOptions{})
	sub := mustSubscribe(t, s, region, engine.SubscribeOptions{Buffer: 4})
	mustStage(t, s, 10)
	mustFollow(t, "nothing was read", s,
		engine.Follower{Kind: engine.FollowsAsCursor, Region: event.Everything(), Lag: 10},
		engine.Follower{Kind: engine.FollowsAsCursor, Name: "bills", Region: region, Lag: 10},
		engine.Follower{Kind: engine.FollowsAsSubscription, Region: region, Lag: 10},
	)
	mustPoll(t, named, upTo(1, 10)...)
	mustAck(t, named, 7)
	if d := mustDeliver(t, sub, 7); d.Dropped != 6 {
		t.Fatalf("%d dropped before the first delivery", d.Dropped)
	}
	mustFollow(t, "some was read", s,
		engine.Follower{Kind: engine.FollowsAsCursor, Region: event.Everything(), Lag: 10},
		engine.Follower{Kind: engine.FollowsAsCursor, Name: "bills", Region: region, Position: 10, Acked: 7, Lag: 3},
		engine.Follower{Kind: engine.FollowsAsSubscription, Region: region, Position: 7, Lag: 3, Dropped: 6},
	)
	stats := s.Stats()
	if c := stats.Cursors; c.Open != 2 || c.Lag != 10 || c.Waiting != 0 {
		t.Errorf("cursors: %+v", c)
	}
	if want := (engine.SubscriptionStats{Open: 1, Lag: 3, Dropped: 6}); stats.Subscriptions != want {
		t.Errorf("subscriptions: %+v, want %+v", stats.Subscriptions, want)
	}
	for range 3 {
		if _, _, err := sub.Poll(); err != nil {
			t.Fatal(err)
		}
	}
	mustAppendTo(t, s, "other", 0)
	mustBeEmpty(t, sub) // it has looked at what is not of its region
	if f := s.Followers()[2]; f.Position != 11 || f.Lag != 0 {
		t.Errorf("a subscription that read all: %+v", f)
	}
	for _, end := range []func() error{named.Close, nameless.Close, sub.Close} {
		if err := end(); err != nil {
			t.Error(err)
		}
	}
	mustFollow(t, "all are closed", s)
	if got := s.Stats().Subscriptions; got != (engine.SubscriptionStats{Dropped: 6}) {
		t.Errorf("what was dropped is counted beyond the end: %+v", got)
	}
}

func TestAReactorIsListedOnceWithWhatItCounts(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	last := mustAsk(t, s, 5)
	r := mustStart(t, s, engine.ReactorOptions{}, answer)
	mustReach(t, r, last)
	until(func() bool { list := s.Followers(); return len(list) == 1 && list[0].Waiting })
	f := s.Followers()[0]
	if f.Kind != engine.FollowsAsReactor || f.Name != "answering" || f.Region.String() != event.OfKind(questionKind).String() || f.Acked < last {
		t.Errorf("%+v", f)
	}
	if f.Reactor.Events != 5 || f.Reactor.Reactions != 5 {
		t.Errorf("its counters: %+v", f.Reactor)
	}
	if got := s.Stats(); got.Reactors != 1 || got.Cursors.Open != 1 || got.Cursors.Waiting != 1 {
		t.Errorf("%d reactors, cursors %+v", got.Reactors, got.Cursors)
	}
	mustStop(t, r)
	mustFollow(t, "stopped", s)
	if got := s.Stats().Reactors; got != 0 {
		t.Errorf("%d reactors", got)
	}
}

func TestWhoWaitsForAnEventIsShownToWait(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	cursor, sub := mustCursor(t, s, ""), mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{})
	waiting := func() (n int) {
		for _, f := range s.Followers() {
			if f.Waiting {
				n++
			}
		}
		return n
	}
	next := []<-chan error{
		call(func() error { _, err := cursor.Next(t.Context()); return err }),
		call(func() error { _, err := sub.Next(t.Context()); return err }),
	}
	until(func() bool { return waiting() == 2 })
	if got := s.Stats(); got.Cursors.Waiting != 1 || got.Subscriptions.Waiting != 1 {
		t.Errorf("cursors %+v, subscriptions %+v", got.Cursors, got.Subscriptions)
	}
	mustStage(t, s, 1)
	for _, done := range next {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := waiting(); got != 0 {
		t.Errorf("%d wait", got)
	}
}

func TestASubscriptionIsNotListedOnceItIsOverOrForgotten(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	taken := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{Take: 1})
	mustStage(t, s, 2)
	mustDeliver(t, taken, 1)
	if _, _, err := taken.Poll(); err == nil {
		t.Error("it goes on")
	}
	mustFollow(t, "after Take", s)
	for range 100 {
		mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{})
	}
	until(func() bool { // nobody holds any of them
		runtime.GC()
		return s.Stats().Subscriptions.Open == 0
	})
}

func TestACancelledSubscriptionIsStillListed(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	sub := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sub.Next(ctx); err == nil {
		t.Error("no error")
	}
	if got := len(s.Followers()); got != 1 {
		t.Errorf("%d follow", got)
	}
	runtime.KeepAlive(sub)
}

func TestCountersAndFollowersAreToldWhileEveryLockOfTheStoreIsHeld(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	cursor := mustCursor(t, s, "bills")
	sub := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{})
	r := mustStart(t, s, engine.ReactorOptions{}, answer)
	mustStage(t, s, 500)
	settle(s)
	release, held := engine.HoldLocks(s)
	if held < 8 { // commit section, syncs, mapping, timer, waiters, followers, cursors, runs
		t.Errorf("%d locks are held", held)
	}
	// Were one of them to wait for a lock, it would wait for ever.
	stats, followers := s.Stats(), s.Followers()
	release()
	if stats.Staged < 500 || stats.Cursors.Open != 2 || stats.Subscriptions.Open != 1 || len(followers) != 3 {
		t.Errorf("%+v, %d follow", stats, len(followers))
	}
	runtime.KeepAlive(sub)
	runtime.KeepAlive(cursor)
	mustStop(t, r)
}

func TestAStoreThatIsClosedOrNoneTellsSo(t *testing.T) {
	t.Parallel()
	var none *engine.Store
	if got := none.Stats(); got != (engine.Stats{}) || none.Followers() != nil {
		t.Errorf("no store: %+v, %v", got, none.Followers())
	}
	for _, policy := range policies {
		s := mustOpen(t, quickDir(t), small(policy))
		mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{})
		mustCursor(t, s, "bills")
		mustAppend(t, s, 300)
		settle(s)
		before := s.Stats()
		if before.Closed || before.Segments < 2 || before.Cursors.Open != 1 {
			t.Fatalf("%s: %+v", policy, before)
		}
		mustClose(t, s)
		got := s.Stats()
		if !got.Closed || got.Durable != before.Staged || got.Events != before.Events || got.Syncs <= before.Syncs || got.Identity != before.Identity {
			t.Errorf("%s: closed: %+v", policy, got)
		}
		if got.Cursors.Open+got.Subscriptions.Open+got.Reactors != 0 || s.Followers() != nil {
			t.Errorf("%s: %v follow a closed store", policy, s.Followers())
		}
	}
}
