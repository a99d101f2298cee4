// Those who wait for events of a store that is poisoned meanwhile: nothing can come any more, and they are told.

package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// mustSayPoisoned fails the test unless the error says that the store is poisoned, and by what.
func mustSayPoisoned(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, engine.ErrPoisoned) || !errors.Is(err, errInjected) {
		t.Errorf("%s: got %v, want ErrPoisoned with its cause", what, err)
	}
}

// waitOf has every way to wait for an event of a region begun, each of which ends with an error.
func waitOf(t *testing.T, s *engine.Store, region event.Region) map[string]<-chan error {
	cursor, pulling := mustCursorOf(t, s, region, engine.CursorOptions{}), mustCursorOf(t, s, region, engine.CursorOptions{})
	sub, err := s.SubscribeLossy(region, engine.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := s.SubscribeLossy(region, engine.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	channel := pushed.Channel(t.Context())
	count := engine.MustProjection(engine.Fold[int]{Name: "count", Apply: func(n *int, _ event.Event) error { *n++; return nil }})
	return map[string]<-chan error{
		"Cursor.Next": call(func() error { _, err := cursor.Next(t.Context()); return err }),
		"Cursor.PullInto": call(func() error {
			_, err := pulling.PullInto(t.Context(), make([]event.Event, 1))
			return err
		}),
		"Subscription.Next": call(func() error { _, err := sub.Next(t.Context()); return err }),
		"Subscription.Channel": call(func() error {
			for range channel {
			}
			return pushed.Err()
		}),
		"WatchProjection": call(func() error {
			var last error
			for _, err := range engine.WatchProjection(t.Context(), s, count, region, engine.WatchOptions{}) {
				last = err
			}
			return last
		}),
		"AtLeast": call(func() error {
			_, err := engine.Project(t.Context(), s, count, region, engine.AtLeast(1000))
			return err
		}),
	}
}

func TestWhoWaitsForEventsLearnsThatTheStoreIsPoisoned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			o := small(policy)
			o.Cache.Off = true
			s, d := slowStore(t, o)
			mustStage(t, s, 2)
			mustSync(t, s)
			quiet := event.Entity("nobody")
			before := waitOf(t, s, quiet)
			reactor, err := s.StartReactor(engine.ReactorOptions{Name: "quiet", Region: quiet}, func(context.Context, event.Event, *engine.Batch) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			before["Reactor.WaitFor"] = call(func() error { return reactor.WaitFor(t.Context(), 1000) })
			synctest.Wait()
			for what, done := range before {
				mustNotBeDone(t, what, done)
			}
			d.hold()
			mustStage(t, s, 1)
			failing := call(s.Sync)
			d.waitForSync()
			d.release(errInjected)
			mustBeUnknown(t, "the sync", <-failing)
			for what, done := range before {
				mustSayPoisoned(t, policy.String()+", "+what, <-done)
			}
			<-reactor.Done()
			mustSayPoisoned(t, policy.String()+", the reactor", reactor.Err())
			for what, done := range waitOf(t, s, quiet) {
				mustSayPoisoned(t, policy.String()+", afterwards, "+what, <-done)
			}
			c := mustCursorOf(t, s, event.Everything(), engine.CursorOptions{})
			for n := range visibleOf(policy, 3, 2) { // what is visible is read all the same
				if ev, err := c.Next(t.Context()); err != nil || ev.Sequence != n+1 {
					t.Errorf("%s: event %d: %v, %v", policy, n+1, ev, err)
				}
			}
			_, err = c.Next(t.Context())
			mustSayPoisoned(t, policy.String()+", behind all", err)
			if err := s.Close(); !errors.Is(err, engine.ErrPoisoned) {
				t.Errorf("close: %v", err)
			}
		}
	})
}
