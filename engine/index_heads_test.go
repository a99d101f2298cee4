// Heads: wherever an entity's newest event is, in the tail, in a sealed segment, in a
// run, found by recovery, the next append goes on from it.

package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestTheNextAppendToEveryEntityGoesOnFromItsNewestEventWhereverThatIs(t *testing.T) {
	t.Parallel()
	for i, policy := range policies {
		w := newSower(uint64(i) + 80)
		path := quickDir(t)
		s := mustOpen(t, path, w.options(policy))
		known := w.sow(t, s, nil, 300)
		for round := range 12 {
			known = mustAppendToEvery(t, s, known)
			// Others' events move them out of the tail, or not.
			for range round * 20 {
				d := w.draft(nil)
				d.Coordinate = event.MustAt(fmt.Sprint("other-", w.random.IntN(30)), "s")
				known = append(known, mustStore(t, s, &d, nil))
			}
			if round%2 == 0 {
				settle(s)
			}
			if round%3 == 2 {
				mustClose(t, s)
				o := w.options(policies[round%2])
				o.Rebuild = round%6 == 5
				s = mustOpen(t, path, o)
			}
		}
		known = mustAppendToEvery(t, s, known)
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
		mustClose(t, s)
	}
}

func TestHeadsOfManyEntitiesOutliveSealingReopeningAndKills(t *testing.T) {
	t.Parallel()
	many := 4000
	if raceBuild {
		many = 800
	}
	random := rand.New(rand.NewPCG(82, 0))
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncManual()))
	var known history
	touch := func(some int) {
		for _, i := range random.Perm(many)[:some] {
			d := event.Draft{Coordinate: event.MustAt(fmt.Sprint("entity ", i), "s"), Kind: event.Data, Payload: []byte("x")}
			known = append(known, mustStore(t, s, &d, nil))
		}
	}
	touch(many)
	touch(many / 2)
	settle(s)
	touch(many / 2)
	mustClose(t, s)
	s = mustOpen(t, path, small(engine.SyncManual()))
	touch(many)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	files := imageOf(t, path)
	mustClose(t, s)
	for _, left := range []image{files.clone(), files.withoutFooters(every).withoutRuns()} {
		after := slices.Clip(known)
		dir := left.memory(t)
		s = mustOpenDir(t, dir, small(engine.SyncManual()))
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
		touch(many)
		mustBeSound(t, known, true)
		mustClose(t, s)
		known = after
	}
}

func TestManyAppendersToTheSameEntitiesLeaveWholeChainsWhileSegmentsAreSealed(t *testing.T) {
	t.Parallel()
	each := 1500
	if raceBuild {
		each = 400
	}
	for _, policy := range policies {
		path := quickDir(t)
		s := mustOpen(t, path, small(policy))
		var appending sync.WaitGroup
		for writer := range uint64(4) {
			appending.Go(func() {
				random := rand.New(rand.NewPCG(83, writer))
				for n := range each {
					at := event.MustAt(fmt.Sprint("shared-", random.IntN(60)), "s")
					if n%50 == 0 {
						at = event.MustAt(fmt.Sprint("rare-", random.IntN(500)), "s")
					}
					r, err := s.AppendBytes(at, event.Data, event.CodecRaw, randomBytes(uint64(n), random.IntN(400)))
					if err != nil {
						t.Errorf("append: %v", err)
						return
					}
					if clock, err := s.Clock(at.Entity()); err != nil || clock < r.Position.Clock {
						t.Errorf("clock of %s: %d, %v behind an append that got %d", at.Entity(), clock, err, r.Position.Clock)
					}
				}
			})
		}
		appending.Wait()
		events := all(t, s, 0, 0, engine.ReadOptions{})
		mustBeSound(t, events, true)
		if len(events) != 4*each {
			t.Errorf("%d events, want %d", len(events), 4*each)
		}
		mustListNames(t, s, events, "", "rare-")
		mustTellClocks(t, s, events, events.entities("")...)
		mustClose(t, s)
	}
}
