// The checker itself: that it finds what it is there to find.

package main

import (
	"context"
	"maps"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// checking returns a soak that waits for nothing long.
func checking() *soak { return newSoak(config{patience: 20 * time.Millisecond, seed: 1}) }

// mustFind fails unless one thing was found, with these words.
func mustFind(t *testing.T, what string, k *soak, words string) {
	t.Helper()
	if found := k.found(); len(found) == 0 || !strings.Contains(found[0], words) {
		t.Errorf("%s: found %q, want %q", what, found, words)
	}
}

// stored opens a store with events of one account and of a till.
func stored(t *testing.T, entries ...Entry) *engine.Store {
	t.Helper()
	s, err := engine.Open(t.TempDir(), engine.Options{Sync: engine.SyncManual()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, e := range entries {
		if _, err := s.Append(event.MustAt(accountPrefix+"0:0", scope), kindNote, e); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// events reads all events of a store.
func events(t *testing.T, s *engine.Store) (all []event.Event) {
	t.Helper()
	for ev, err := range s.Events(0, 0, engine.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ev.Clone())
	}
	return all
}

var threeEntries = []Entry{{Number: 1, Amount: 5}, {Number: 2, Amount: 6, Item: 0, Of: 2}, {Number: 3, Amount: 7, Item: 1, Of: 2}}

func TestACursorThatLeavesOutOrRepeatsIsFound(t *testing.T) {
	all := events(t, stored(t, threeEntries...))
	for words, order := range map[string][]int{
		"":                              {0, 1, 2},
		"came when the entity was at":   {0, 2},
		"came behind sequence 2":        {0, 1, 1},
		"came behind sequence 3":        {0, 1, 2, 0},
		"is item 1 of a batch and came": {2},
	} {
		k := checking()
		p := newPuller(k, "name", event.Everything(), true, "pull", 10)
		if words == "is item 1 of a batch and came" {
			p.counted.accounts[all[0].Entity()] = Account{Count: 2}
		}
		for _, i := range order {
			if err := p.take(all[i : i+1]); err != nil {
				t.Fatal(err)
			}
		}
		if words != "" {
			mustFind(t, "a cursor", k, words)
		} else if found := k.found(); len(found) > 0 {
			t.Errorf("found %q", found)
		}
	}
}

func TestASubscriptionThatMiscountsIsFound(t *testing.T) {
	all := events(t, stored(t, threeEntries...))
	deliver := func(options engine.SubscribeOptions, deliveries ...engine.Delivery) *soak {
		k := checking()
		u := &subscriber{k: k, name: "name", region: event.Entity(all[0].Entity()), entity: true, options: options}
		for _, d := range deliveries {
			u.take(d)
		}
		return k
	}
	first, second, third := engine.Delivery{Event: all[0]}, engine.Delivery{Event: all[1]}, engine.Delivery{Event: all[2]}
	dropping, mark, past := third, engine.Delivery{CaughtUp: true}, engine.SubscribeOptions{Start: engine.FromBeginning()}
	dropping.Dropped = 1
	for what, k := range map[string]*soak{"all": deliver(past, first, mark, second, third), "one dropped": deliver(past, first, dropping)} {
		if found := k.found(); len(found) > 0 {
			t.Errorf("%s: found %q", what, found)
		}
	}
	mustFind(t, "a gap", deliver(past, first, third), "with 0 dropped")
	mustFind(t, "a drop that was none", deliver(past, second, dropping), "with 1 dropped")
	mustFind(t, "out of order", deliver(past, second, first), "came behind sequence 2")
	mustFind(t, "two marks", deliver(past, mark, mark), "the mark came")
	k := checking()
	(&subscriber{k: k, old: 3, options: past}).take(mark)
	mustFind(t, "a mark before the end of history", k, "when it began there was 3")
	mustFind(t, "a mark for who began now", deliver(engine.SubscribeOptions{}, mark), "the mark came")
}

func TestASubscriptionThatLosesEventsIsFound(t *testing.T) {
	s := stored(t, threeEntries...)
	k := checking()
	u := &subscriber{k: k, name: "with history", region: event.Everything(), options: engine.SubscribeOptions{Start: engine.FromBeginning()}}
	if err := u.begin(s); err != nil {
		t.Fatal(err)
	}
	u.delivered.Store(2)
	if err := u.check(s); err != nil {
		t.Fatal(err)
	}
	mustFind(t, "one is missing", k, "2 delivered, 0 dropped, 0 marks; there are 3")
	k = checking()
	u.k = k
	u.delivered.Store(4)
	u.marks.Store(1)
	if err := u.check(s); err != nil {
		t.Fatal(err)
	}
	mustFind(t, "one too many", k, "4 delivered and 0 dropped of 3")
	k = checking()
	u.k, u.told = k, 1
	u.end()
	mustFind(t, "told of too many", k, "told of 1 dropped")
}

func TestAnAccountThatGoesBackOrStaysBehindIsFound(t *testing.T) {
	k := checking()
	seen := make(map[string]uint64)
	k.neverBack("projection", "entity", 3, seen)
	k.neverBack("projection", "entity", 3, seen)
	k.neverBack("projection", "entity", 2, seen)
	mustFind(t, "a projection", k, "2 events, and there were 3")
	k = checking()
	w := &watcher{k: k, entity: "entity", last: engine.State[Account]{Value: Account{Count: 2}}}
	w.check(Account{Count: 2})
	w.check(Account{Count: 3})
	mustFind(t, "a watcher", k, "Count:3")
}

func TestAReplyThatIsMissingOrThereTwiceIsFound(t *testing.T) {
	for what, replies := range map[string][]uint64{"missing": {1}, "twice": {1, 2, 2}, "another": {1, 3}} {
		k := checking()
		l := &life{k: k, pullers: []*puller{newPuller(k, "all of it", event.Everything(), true, "next", 1)}}
		truth, got := newTally(), l.pullers[0].counted
		for _, n := range []uint64{1, 2} {
			truth.orders.add(n)
			got.orders.add(n)
			got.done.add(n)
		}
		for _, n := range replies {
			got.replies.add(n)
		}
		(&scene{l: l}).checkPullers(truth)
		mustFind(t, what, k, "replied to")
	}
}

func TestAProjectionThatIsNotWhatTheWritersWereToldIsFound(t *testing.T) {
	s := stored(t, threeEntries...)
	truth := newTally()
	for _, e := range threeEntries {
		truth.add(accountPrefix+"0:0", kindNote, e)
	}
	k := checking()
	(&scene{l: &life{k: k}, s: s}).checkProjections(truth)
	if found := k.found(); len(found) > 0 {
		t.Errorf("found %q", found)
	}
	wrong := &tally{accounts: maps.Clone(truth.accounts)}
	a := wrong.accounts[accountPrefix+"0:0"]
	a.Digest++
	wrong.accounts[accountPrefix+"0:0"] = a
	(&scene{l: &life{k: k}, s: s}).checkProjections(wrong)
	mustFind(t, "another digest", k, "projection of account:0:0")
	if found := k.found(); len(found) != 4 {
		t.Errorf("found by %d of 4 projections: %q", len(found), found)
	}
}

func TestAGoroutineThatIsLeftOverIsFound(t *testing.T) {
	k := checking()
	k.memory.begin()
	k.memory.look(k)
	if found := k.found(); len(found) > 0 {
		t.Errorf("found %q", found)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var left sync.WaitGroup
	for range 100 { // more than may have ended meanwhile
		left.Go(func() { <-ctx.Done() })
	}
	k.memory.look(k)
	mustFind(t, "a goroutine", k, "goroutines after a round")
	cancel()
	left.Wait()
}

func TestAHeapThatGrowsIsFound(t *testing.T) {
	k := checking()
	k.memory.begin()
	k.memory.look(k)
	kept := make([]byte, 2*k.memory.closed.first+2*slack)
	k.memory.look(k)
	mustFind(t, "the heap", k, "KiB of the heap are in use")
	runtime.KeepAlive(kept)
}

func TestOnlyTheFirstViolationsAreKept(t *testing.T) {
	k := checking()
	for i := range 3 * maxViolations {
		k.violate("violation %d", i)
	}
	if found := k.found(); len(found) != maxViolations || found[0] != "violation 0" {
		t.Errorf("found %q", found)
	}
}

func TestTheReportCounts(t *testing.T) {
	k := checking()
	k.began = time.Now()
	k.count.singles.Add(7)
	if text := k.report(); !strings.Contains(text, "7 events alone") {
		t.Error(text)
	}
}
