// How subscriptions end: closed, with the store, in the middle of everything; and what they tell on the way.

package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestClosingASubscriptionThatWasLeftInTheMiddleLetsGoOfWhatItRead(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{Sync: engine.SyncManual()})
	mustStage(t, s, 100)
	sub := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{Start: engine.FromBeginning()})
	if _, ok, err := sub.Poll(); !ok || err != nil || !engine.HoldsFrames(sub) {
		t.Fatalf("%v, %v, and holds frames: %v", ok, err, engine.HoldsFrames(sub))
	}
	if err := sub.Close(); err != nil || engine.HoldsFrames(sub) {
		t.Errorf("%v, and holds frames: %v", err, engine.HoldsFrames(sub))
	}
	if _, _, err := sub.Poll(); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("afterwards: %v", err)
	}
}

func TestClosingASubscriptionEndsWhatWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := slowStore(t, small(engine.SyncManual()))
		waiting := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{})
		feeding := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{})
		handing := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{Start: engine.FromBeginning()})
		done := call(func() error { _, err := waiting.Next(t.Context()); return err })
		fed, handed := feeding.Channel(t.Context()), handing.Channel(t.Context())
		synctest.Wait()
		mustNotBeDone(t, "Next", done)
		for _, sub := range []*engine.Subscription{waiting, feeding, handing} {
			if errors.Join(sub.Close(), sub.Close()) != nil {
				t.Error("closing fails")
			}
		}
		if err := <-done; !errors.Is(err, engine.ErrClosed) {
			t.Errorf("Next: %v", err)
		}
		synctest.Wait()
		for _, sub := range []*engine.Subscription{feeding, handing} {
			if !errors.Is(sub.Err(), engine.ErrClosed) {
				t.Errorf("a channel: %v", sub.Err())
			}
		}
		if _, open := <-fed; open {
			t.Error("a channel is open")
		}
		if _, open := <-handed; open {
			t.Error("a channel whose mark nobody received is open")
		}
		if _, _, err := waiting.Poll(); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("Poll: %v", err)
		}
		if s.Stats().Poisoned != nil {
			t.Error("the store has suffered")
		}
	})
}

func TestClosingTheStoreEndsEverySubscription(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := slowStore(t, small(engine.SyncManual()))
		mustStage(t, s, 100)
		fromBeginning := engine.SubscribeOptions{Start: engine.FromBeginning()}
		never := mustSubscribe(t, s, event.Everything(), fromBeginning)
		half := mustSubscribe(t, s, event.Everything(), fromBeginning)
		mustDeliver(t, half, 1) // and left alone in the middle
		waiting := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{})
		done := call(func() error { _, err := waiting.Next(t.Context()); return err })
		handing := mustSubscribe(t, s, event.Everything(), fromBeginning)
		handed := handing.Channel(t.Context()) // nobody receives
		synctest.Wait()
		mustClose(t, s)
		if err := <-done; !errors.Is(err, engine.ErrClosed) {
			t.Errorf("Next: %v", err)
		}
		if _, open := <-handed; open || !errors.Is(handing.Err(), engine.ErrClosed) {
			t.Errorf("a channel is open: %v; %v", open, handing.Err())
		}
		for _, sub := range []*engine.Subscription{never, half, waiting, handing} {
			if _, ok, err := sub.Poll(); ok || !errors.Is(err, engine.ErrClosed) {
				t.Errorf("Poll: %v, %v", ok, err)
			}
			if _, open := <-sub.Channel(t.Context()); open || !errors.Is(sub.Err(), engine.ErrClosed) {
				t.Errorf("Channel: %v, %v", open, sub.Err())
			}
		}
		if _, err := s.SubscribeLossy(event.Everything(), engine.SubscribeOptions{}); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("subscribe: %v", err)
		}
	})
}

func TestAFilterThatDoesNotReturnKeepsCloseFromNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := slowStore(t, small(engine.SyncManual()))
		inside, goOn := make(chan struct{}), make(chan struct{})
		sub := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{Filter: func(*event.Event) bool {
			close(inside)
			<-goOn
			return true
		}})
		deliveries := sub.Channel(t.Context())
		mustStage(t, s, 1)
		<-inside
		mustClose(t, s)
		close(goOn)
		for range deliveries {
			t.Error("delivered by a closed store")
		}
		if !errors.Is(sub.Err(), engine.ErrClosed) {
			t.Error(sub.Err())
		}
	})
}

func TestTheStoreCanBeClosedWithinAFilter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := slowStore(t, small(engine.SyncManual()))
		sub := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{Filter: func(*event.Event) bool {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			return false
		}})
		deliveries := sub.Channel(t.Context())
		mustStage(t, s, 1)
		for range deliveries {
			t.Error("delivered what the filter refused")
		}
		if !errors.Is(sub.Err(), engine.ErrClosed) {
			t.Error(sub.Err())
		}
	})
}

func TestWhatNobodyReceivedFromAChannelIsDeliveredFirstAfterwards(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := slowStore(t, small(engine.SyncManual()))
		sub := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{Take: 2})
		ctx, cancel := context.WithCancel(t.Context())
		deliveries := sub.Channel(ctx)
		mustStage(t, s, 3)
		synctest.Wait() // the first is under way
		if _, _, err := sub.Poll(); !errors.Is(err, engine.ErrInvalid) {
			t.Errorf("beside a channel: %v", err)
		}
		if _, open := <-sub.Channel(ctx); open || sub.Err() != nil {
			t.Errorf("a second channel is open %v, the first ended with %v", open, sub.Err())
		}
		cancel()
		synctest.Wait()
		if d, open := <-deliveries; open || !errors.Is(sub.Err(), context.Canceled) {
			t.Errorf("%+v, %v", d, sub.Err())
		}
		first := mustDeliver(t, sub, 1)
		for d := range sub.Channel(t.Context()) {
			if d.Event.Sequence != 2 || string(d.Event.Payload) != string(first.Event.Payload) {
				t.Errorf("%+v", d)
			}
		}
		if sub.Err() != nil {
			t.Error(sub.Err())
		}
	})
}

func TestNothingIsDeliveredUnderEveryAppendBeforeItIsDurable(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, engine.Options{Sync: policy})
			sub := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{})
			done := call(func() error { _, err := sub.Next(t.Context()); return err })
			synctest.Wait()
			d.hold()
			mustStage(t, s, 1)
			synctest.Wait()
			if policy == engine.SyncEveryAppend() {
				mustNotBeDone(t, "Next before the sync", done)
			}
			d.release(nil)
			if err := <-done; err != nil {
				t.Errorf("%s: %v", policy, err)
			}
			mustClose(t, s)
		}
	})
}

func TestWhoBeginsInALostRangeIsToldOfItAndGoesOnBehindIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newSlowDisk(t)
		s := openSlow(t, d, small(engine.SyncManual()))
		mustStage(t, s, 5)
		if err := s.Sync(); err != nil {
			t.Fatal(err)
		}
		mustStage(t, s, 5)
		s = openLeft(t, d.device.cutOldest(), small(engine.SyncManual()))
		var lost *engine.LostSequenceError
		if _, err := s.At(7); !errors.As(err, &lost) {
			t.Fatal(err)
		}
		mustStage(t, s, 2)
		for _, sequence := range []uint64{lost.First, 7, lost.Last} {
			sub := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{Start: engine.FromAfter(sequence), Buffer: 1})
			var loss *engine.LossError
			if _, err := sub.Next(t.Context()); !errors.As(err, &loss) || *loss != (engine.LossError{Position: sequence, First: lost.First, Last: lost.Last}) {
				t.Errorf("from %d: %v", sequence, err)
			}
			mustDeliver(t, sub, lost.Last+1)
			mustDeliver(t, sub, lost.Last+2)
			if d, ok, err := sub.Poll(); !ok || !d.CaughtUp || err != nil || sub.Dropped() != 0 {
				t.Errorf("%+v, %v, %v", d, ok, err)
			}
		}
		sub := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{Start: engine.FromBeginning(), Buffer: 1})
		for _, sequence := range []uint64{1, 2, 3, 4, 5, lost.Last + 1, lost.Last + 2} { // who was given nothing of it is told nothing
			mustDeliver(t, sub, sequence)
		}
		mustStage(t, s, 4) // over what was lost only what is there counts
		for _, start := range []engine.Start{engine.FromAfter(4), engine.FromAfter(5)} {
			sub := mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{Start: start, Buffer: 4})
			n := 0
			for {
				d, ok, err := sub.Poll()
				if err != nil || d.Dropped != 0 {
					t.Fatalf("%s: %+v, %v", start, d, err)
				}
				if !ok {
					break
				}
				n++
			}
			if n < 7 {
				t.Errorf("%s: %d deliveries", start, n)
			}
		}
	})
}

func TestASubscriptionToAStoreForReadingOnlyEndsBehindTheMark(t *testing.T) {
	t.Parallel()
	s, events, first, last := withoutItsSecondSegment(t)
	for _, region := range []event.Region{event.Everything(), event.Entity("entity-1")} {
		sub := mustSubscribe(t, s, region, engine.SubscribeOptions{Start: engine.FromBeginning(), Buffer: 1})
		told, marks, place := 0, 0, 0
		var end error
		for d, err := range sub.All(t.Context()) {
			var corrupt *engine.CorruptError
			switch {
			case errors.As(err, &corrupt):
				if told++; corrupt.First != first || corrupt.Last != last {
					t.Errorf("told of %v, want %d to %d", corrupt, first, last)
				}
				continue
			case err != nil:
				end = err
				continue
			case d.CaughtUp:
				marks++
				continue
			}
			for seq := uint64(place) + 1; !region.Matches(&events[place]) || seq >= first && seq <= last; seq = uint64(place) + 1 {
				place++
			}
			if difference(d.Event, events[place]) != "" {
				t.Fatalf("%s: %s", region, difference(d.Event, events[place]))
			}
			place++
		}
		if told != 1 || marks != 1 || sub.Dropped() != 0 || !errors.Is(end, engine.ErrReadOnly) || place < len(events)-3 {
			t.Errorf("%s: told %d times, %d marks, %d dropped, place %d, ended by %v", region, told, marks, sub.Dropped(), place, end)
		}
	}
}
