// All that follows a log at once: readers of every kind beside busy writers agree on what was stored, and all of them
// end when the store is closed under them.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// attendant is a reader of one kind; it adds what it is given, in its order.
type attendant struct {
	name   string
	region event.Region
	given  history
}

// busyWriters appends questions alone and in batches, from several goroutines, until so many are stored.
func busyWriters(t *testing.T, s *engine.Store, each int) *sync.WaitGroup {
	var group sync.WaitGroup
	for w := range 3 {
		at := event.MustAt(fmt.Sprint("question-", w), "scope")
		group.Go(func() {
			for n := 0; n < each; {
				if n%5 != 0 {
					if _, err := s.AppendWith(at, questionKind, n, engine.AppendOptions{Wait: engine.WaitStaged}); err != nil {
						t.Errorf("append: %v", err)
						return
					}
					n++
					continue
				}
				var batch engine.Batch
				for range min(4, each-n) {
					batch.Add(at, questionKind, n)
					n++
				}
				if _, err := s.AppendBatch(&batch); err != nil {
					t.Errorf("batch: %v", err)
					return
				}
			}
		})
	}
	return &group
}

// followByCursor reads with a named cursor that is closed and opened again all the time.
func (f *attendant) followByCursor(ctx context.Context, s *engine.Store, want int) error {
	for len(f.given) < want {
		c, err := s.CursorGuaranteed(f.region, engine.CursorOptions{Name: f.name})
		if err != nil {
			return err
		}
		for n := 0; n < 97 && len(f.given) < want; n++ {
			ev, err := c.Next(ctx)
			if err != nil {
				return errors.Join(err, c.Close())
			}
			f.given = append(f.given, ev.Clone())
		}
		if err := errors.Join(c.Ack(f.given[len(f.given)-1].Sequence), c.Close()); err != nil {
			return err
		}
	}
	return nil
}

// followBySubscription reads with a subscription that has room for all of it.
func (f *attendant) followBySubscription(ctx context.Context, s *engine.Store, want int) error {
	u, err := s.SubscribeLossy(f.region, engine.SubscribeOptions{Start: engine.FromBeginning(), Buffer: engine.MaxSubscriptionBuffer})
	if err != nil {
		return err
	}
	for d, err := range u.All(ctx) {
		switch {
		case err != nil:
			return err
		case d.Dropped != 0:
			return fmt.Errorf("%d events were dropped", d.Dropped)
		case !d.CaughtUp:
			f.given = append(f.given, d.Event.Clone())
		}
		if len(f.given) == want {
			return u.Close()
		}
	}
	return errors.New("the subscription ended")
}

func TestAllWhoFollowAgreeBesideBusyWriters(t *testing.T) {
	t.Parallel()
	each := 800
	if raceBuild {
		each = 80
	}
	for _, policy := range []engine.SyncPolicy{engine.SyncEveryAppend(), engine.SyncEvery(50, 0)} {
		s := quickStore(t, small(policy))
		reactor := mustStart(t, s, engine.ReactorOptions{}, answer)
		all, one := event.OfKind(questionKind), event.Entity("question-1")
		readers := map[*attendant]func(*attendant, context.Context, *engine.Store, int) error{
			{name: "cursor of all", region: all}:       (*attendant).followByCursor,
			{name: "cursor of one", region: one}:       (*attendant).followByCursor,
			{name: "subscription to all", region: all}: (*attendant).followBySubscription,
			{name: "subscription to one", region: one}: (*attendant).followBySubscription,
		}
		var group sync.WaitGroup
		for f, follow := range readers {
			want := each
			if f.region.String() == all.String() {
				want *= 3
			}
			group.Go(func() {
				if err := follow(f, t.Context(), s, want); err != nil {
					t.Errorf("%s, %s: %v", policy, f.name, err)
				}
			})
		}
		folds, watched := newFolds(), uint64(0)
		group.Go(func() {
			for state, err := range engine.WatchProjection(t.Context(), s, folds.flat, one, engine.WatchOptions{}) {
				if watched = state.Value.Events; err != nil || watched >= uint64(each) {
					if err != nil {
						t.Errorf("%s: watch: %v", policy, err)
					}
					return
				}
			}
		})
		busyWriters(t, s, each).Wait()
		group.Wait()
		mustReach(t, reactor, s.Stats().Staged)
		mustStop(t, reactor)
		for f := range readers {
			want := selected(t, s, f.region)
			slices.SortFunc(want, func(a, b event.Event) int { return int(a.Sequence) - int(b.Sequence) })
			mustEqual(t, f.given, want)
		}
		if watched != uint64(each) {
			t.Errorf("%s: the watch ended with %d events", policy, watched)
		}
		mustBeAnswered(t, s)
		if got := s.Stats().Segments; got < 3 {
			t.Errorf("%s: %d segments: nothing was rotated", policy, got)
		}
	}
}

func TestClosingEndsAllWhoFollowWhateverTheyDo(t *testing.T) {
	t.Parallel()
	for round := range 6 {
		s := mustOpen(t, quickDir(t), small(engine.SyncEvery(20, 0)))
		reactor := mustStart(t, s, engine.ReactorOptions{}, answer)
		var group sync.WaitGroup
		ends := func(what string, follow func() error) {
			group.Go(func() {
				if err := follow(); !errors.Is(err, engine.ErrClosed) {
					t.Errorf("round %d, %s: %v", round, what, err)
				}
			})
		}
		const forever = 1 << 30
		f, u := &attendant{name: "cursor", region: event.Everything()}, &attendant{region: event.Entity("question-1")}
		ends("cursor", func() error { return f.followByCursor(t.Context(), s, forever) })
		ends("subscription", func() error { return u.followBySubscription(t.Context(), s, forever) })
		ends("watch", func() error {
			for _, err := range engine.WatchProjection(t.Context(), s, newFolds().flat, event.Everything(), engine.WatchOptions{}) {
				if err != nil {
					return err
				}
			}
			return nil
		})
		ends("projection", func() error {
			_, err := engine.Project(t.Context(), s, newFolds().flat, event.Everything(), engine.AtLeast(forever))
			return err
		})
		ends("writer", func() error {
			for {
				if _, err := s.AppendWith(event.MustAt("question-1", "s"), questionKind, 1, engine.AppendOptions{}); err != nil {
					return err
				}
			}
		})
		until(func() bool { return s.Stats().Visible > uint64(40*round) })
		mustClose(t, s)
		group.Wait()
		<-reactor.Done()
		if err := reactor.Err(); err != nil {
			t.Errorf("round %d: the reactor ended with %v", round, err)
		}
	}
}
