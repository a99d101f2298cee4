// A watch finds the newest event that a region may select, and allocates nothing.

package index

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/event"
)

// maySelect reports whether a region selects an event, its ranges left out.
func maySelect(region event.Region, ev *event.Event) bool {
	return slices.ContainsFunc(region.Terms(), func(term event.Term) bool {
		entity, one := term.Entity()
		prefix, _ := term.EntityPrefix()
		scope, within := term.Scope()
		category, categorised := term.Category()
		gate, gated := term.Gate()
		return (!one || entity == ev.Entity()) && strings.HasPrefix(ev.Entity(), prefix) && (!within || scope == ev.Scope()) &&
			(!categorised || ev.Kind.Category() == category) && (term.Kinds() == nil || slices.Contains(term.Kinds(), ev.Kind)) &&
			(!gated || ev.Gate != nil && ev.Gate.Outcome == gate) &&
			!slices.ContainsFunc(term.Tags(), func(tag string) bool { return !slices.Contains(ev.Tags, tag) })
	})
}

// watched is a tail with events that have gaps between them, and unknown ones.
type watched struct {
	tail   *Tail
	events map[uint32]*event.Event
	holes  map[uint32]bool
	end    uint32
	like   []event.Event
}

func newWatched(t testing.TB, seed uint64, n uint32) *watched {
	w := newWorld(t, seed, 0, 0)
	x := &watched{tail: NewTail(1 << 20), events: map[uint32]*event.Event{}, holes: map[uint32]bool{}, end: n}
	var e Entry
	for ordinal := range n {
		switch draw := w.random.IntN(100); {
		case draw == 0:
			x.tail.Hole(ordinal, ordinal)
			x.holes[ordinal] = true
			continue
		case draw < 5:
			continue // nothing
		}
		ev := w.newEvent(uint64(ordinal) + 1)
		e.FillEvent(&ev)
		x.tail.Enter(&e)
		x.tail.Add(&e, Place{Ordinal: ordinal, Wall: ev.Position.Wall, Counter: ev.Position.Counter, Timestamp: ev.Timestamp})
		x.events[ordinal] = &ev
		x.like = append(x.like, ev)
	}
	return x
}

func TestAWatchFindsTheNewestEventThatTheRegionMaySelect(t *testing.T) {
	found, missed := 0, 0
	for seed := range uint64(rounds(20)) {
		x := newWatched(t, seed, 700)
		r := rand.New(rand.NewPCG(seed, 99))
		w := &world{random: r, events: x.like}
		for range 1500 {
			region := w.region()
			from := r.Uint32N(x.end + 1)
			if r.IntN(2) == 0 {
				from = x.end - min(x.end, r.Uint32N(20)) // as conditional appends ask
			}
			limit := from + r.Uint32N(x.end-from+1)
			want, wanted := uint32(0), false
			for ordinal := from; ordinal < limit; ordinal++ {
				ev := x.events[ordinal]
				if x.holes[ordinal] && len(region.Terms()) > 0 || ev != nil && maySelect(region, ev) {
					want, wanted = ordinal, true
				}
				if ev != nil && region.Matches(ev) && !maySelect(region, ev) {
					t.Fatalf("the test's own model: %s", region)
				}
			}
			got, ok := NewWatch(region).Newest(x.tail, from, limit)
			if ok != wanted || ok && got != want {
				t.Fatalf("seed %d, %s from %d below %d: %d %v, want %d %v", seed, region, from, limit, got, ok, want, wanted)
			}
			if ok {
				found++
			} else {
				missed++
			}
		}
	}
	if found < 1000 || missed < 1000 {
		t.Errorf("found %d, missed %d: the test asks for too little", found, missed)
	}
}

func TestAWatchForMoreTagsThanAnEventCanHaveFindsNothing(t *testing.T) {
	tail, e := NewTail(1<<20), Entry{}
	var tags []string
	for i := range event.MaxTags + 1 {
		tags = append(tags, fmt.Sprint("tag", i))
	}
	e.Fill(&event.Draft{Coordinate: event.MustAt("e", "s"), Kind: event.Data, Tags: tags[:event.MaxTags]}, 0)
	tail.Enter(&e)
	tail.Add(&e, Place{})
	for n := 1; n <= event.MaxTags+1; n++ {
		if _, ok := NewWatch(event.Tagged(tags[:n]...)).Newest(tail, 0, 1); ok != (n <= event.MaxTags) {
			t.Errorf("%d tags: %v", n, ok)
		}
	}
}

func TestAWatchAllocatesNothing(t *testing.T) {
	x := newWatched(t, 3, 2000)
	long := strings.Repeat("a", 300)
	for _, region := range []event.Region{
		event.Everything(), event.Nothing(), event.Entity(x.like[0].Entity()), event.Entity("nobody"), event.EntityPrefix("b"),
		event.EntityPrefix(long), event.Scope("scope1").Kind(x.like[1].Kind), event.Tagged("tag00", "tag10"), event.InCategory(2),
		event.Union(event.Tagged("tag01").Scope("scope0"), event.Entity("a:7"), event.OfKind(0xFFFF)), event.Everything().FromGate(event.GateBypassed),
	} {
		w := NewWatch(region)
		if n := testing.AllocsPerRun(20, func() { w.Newest(x.tail, 500, x.end) }); n != 0 {
			t.Errorf("%s: %v allocations", region, n)
		}
	}
	if n := testing.AllocsPerRun(20, func() { x.tail.NewestLink(Key, Hash(Key, "key"), x.end) }); n != 0 {
		t.Errorf("a link: %v allocations", n)
	}
}

func TestTheNewestEventOfALinkIsFoundBelowALimit(t *testing.T) {
	tail := NewTail(1 << 20)
	for i := range uint32(100) {
		var e Entry
		d := event.Draft{Coordinate: event.MustAt("e", "s"), Kind: event.Data}
		if i%10 == 3 {
			d.Key = "key"
		}
		e.Fill(&d, 0)
		tail.Enter(&e)
		tail.Add(&e, Place{Ordinal: i})
	}
	for limit := range uint32(101) {
		want, wanted := uint32(0), limit > 3
		if wanted {
			want = (limit-4)/10*10 + 3
		}
		if got, ok := tail.NewestLink(Key, Hash(Key, "key"), limit); ok != wanted || got != want {
			t.Errorf("below %d: %d %v, want %d %v", limit, got, ok, want, wanted)
		}
	}
	if _, ok := tail.NewestLink(Cause, Hash(Key, "key"), 100); ok {
		t.Error("found as a link of another type")
	}
}

// TestWatchesSeeBesideTheWriterWhatWasAddedBeforeTheLimit is for the race detector too.
func TestWatchesSeeBesideTheWriterWhatWasAddedBeforeTheLimit(t *testing.T) {
	const events = 20_000
	tail := NewTail(1 << 20)
	var added atomic.Uint32
	var group sync.WaitGroup
	for reader := range uint32(3) {
		group.Go(func() {
			for round := reader; added.Load() < events; round += 1_000_003 {
				limit := added.Load()
				i := round % concurrentEntities
				w := NewWatch(event.Union(event.Entity(fmt.Sprintf("entity-%d", i)), event.Scope("nowhere"), event.Tagged("tag-9")))
				got, ok := w.Newest(tail, 0, limit)
				if ok != (limit > i) || ok && got != (limit-1-i)/concurrentEntities*concurrentEntities+i {
					t.Errorf("entity %d below %d: %d %v", i, limit, got, ok)
					return
				}
				both := NewWatch(event.Tagged(fmt.Sprintf("tag-%d", i%5)).Scope(fmt.Sprintf("scope-%d", i%7)).EntityPrefix("entity-"))
				if got, ok := both.Newest(tail, 0, limit); ok && (got%5 != i%5 || got%7 != i%7 || limit-got > 35) || !ok && limit > 35 {
					t.Errorf("tag %d and scope %d below %d: %d %v", i%5, i%7, limit, got, ok)
					return
				}
			}
		})
	}
	for i := range uint32(events) {
		var e Entry
		concurrentEntry(&e, i)
		tail.Resolve(&e)
		tail.Enter(&e)
		tail.Add(&e, Place{Ordinal: i})
		added.Store(i + 1)
	}
	group.Wait()
}

func BenchmarkWatch(b *testing.B) {
	x := newWatched(b, 3, 100_000)
	for _, c := range []struct {
		name   string
		region event.Region
	}{
		{"entity without an event", event.Entity("nobody")},
		{"entity and tag", event.Entity(x.like[0].Entity()).Tags("tag00")},
		{"kind", event.OfKind(0xFFFF)},
	} {
		w := NewWatch(c.region)
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				w.Newest(x.tail, x.end-50, x.end)
			}
		})
	}
}
