// Subscriptions against a plain list: what is delivered, what is dropped, and that nothing else happens to an event.

package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// follower is a subscription, and what it must do next.
type follower struct {
	what    string
	sub     *engine.Subscription
	q       selection
	filter  func(*event.Event) bool // nil: all
	buffer  int
	waiting history // of what the region selects
	live    bool
	dropped uint64
}

func (w *sower) follow(t failer, s *engine.Store, q selection, known history) *follower {
	f := &follower{q: q, buffer: 1 + w.random.IntN(8), live: true}
	if w.random.IntN(3) == 0 {
		f.buffer = 1 + w.random.IntN(200)
	}
	o := engine.SubscribeOptions{Buffer: f.buffer}
	if w.random.IntN(3) == 0 {
		f.filter = func(ev *event.Event) bool { return ev.Sequence%3 != 0 }
		o.Filter = f.filter
	}
	after := len(known)
	switch w.random.IntN(4) {
	case 0:
		o.Start, after, f.live = engine.FromBeginning(), 0, false
	case 1:
		after, f.live = w.random.IntN(len(known)+1), false
		o.Start = engine.FromAfter(uint64(after))
	case 2:
		o.Start = engine.FromNow()
	}
	f.waiting = known[after:].selected(q, engine.ReadOptions{})
	f.what = fmt.Sprintf("%s, %s, buffer %d, filter %v", q.region, o.Start, f.buffer, f.filter != nil)
	var err error
	if f.sub, err = s.SubscribeLossy(q.region, o); err != nil {
		t.Fatalf("%s: %v", f.what, err)
	}
	return f
}

func (f *follower) wants(ev *event.Event) bool { return f.filter == nil || f.filter(ev) }

// added notes events that were stored. Who is not live is not used beside a writer here.
func (f *follower) added(events history) {
	f.waiting = append(f.waiting, events.selected(f.q, engine.ReadOptions{})...)
}

// next returns what Poll must return: an event, or else the mark or nothing.
func (f *follower) next() (want *event.Event, dropped uint64, mark bool) {
	for f.live && len(f.waiting) > f.buffer {
		if f.wants(&f.waiting[0]) {
			dropped++
		}
		f.waiting = f.waiting[1:]
	}
	f.dropped += dropped
	for len(f.waiting) > 0 {
		ev := &f.waiting[0]
		f.waiting = f.waiting[1:]
		if f.wants(ev) {
			return ev, dropped, false
		}
	}
	if !f.live {
		f.live = true
		return nil, dropped, true
	}
	return nil, dropped, false
}

// mustStep polls once; false: there was nothing.
func (f *follower) mustStep(t failer, pending *uint64) bool {
	t.Helper()
	want, dropped, mark := f.next()
	dropped += *pending
	d, ok, err := f.sub.Poll()
	switch {
	case err != nil:
		t.Fatalf("%s: %v", f.what, err)
	case f.sub.Dropped() != f.dropped:
		t.Fatalf("%s: %d dropped in all, want %d", f.what, f.sub.Dropped(), f.dropped)
	case want == nil && !mark:
		if ok {
			t.Fatalf("%s: %+v, want nothing", f.what, d)
		}
		*pending = dropped
		return false
	case !ok || d.Dropped != dropped || d.CaughtUp != mark || want != nil && !sameEvent(&d.Event, want) || mark && d.Event.Sequence != 0:
		t.Fatalf("%s: %v, dropped %d, mark %v: %s; want dropped %d, mark %v: %s", f.what, ok, d.Dropped, d.CaughtUp, d.Event, dropped, mark, want)
	}
	*pending = 0
	return true
}

func TestASubscriptionDeliversTheNewestThatFitAndCountsAllOthers(t *testing.T) {
	t.Parallel()
	rounds := 40
	if raceBuild {
		rounds = 16
	}
	for i, policy := range policies {
		w := newSower(uint64(i) + 300)
		s := quickStore(t, w.options(policy))
		known := w.sow(t, s, nil, 300)
		var followers []*follower
		pending := make(map[*follower]*uint64)
		delivered, dropped := 0, uint64(0)
		for round := range rounds {
			if round%4 == 0 {
				list := questions(known)
				for range 6 {
					f := w.follow(t, s, list[w.random.IntN(len(list))], known)
					pending[f] = new(uint64)
					for !f.live { // history first: nothing is appended meanwhile
						if f.mustStep(t, pending[f]) {
							delivered++
						}
					}
					followers = append(followers, f)
				}
			}
			stored := w.sow(t, s, known, []int{0, 1, 3, 20, 150}[w.random.IntN(5)])
			for _, f := range followers {
				f.added(stored[len(known):])
			}
			known = stored
			if round%7 == 0 {
				settle(s)
			}
			for _, f := range followers {
				for range w.random.IntN(30) {
					if !f.mustStep(t, pending[f]) {
						break
					}
					delivered++
				}
			}
		}
		for _, f := range followers {
			for f.mustStep(t, pending[f]) {
				delivered++
			}
			dropped += f.dropped
		}
		if delivered < 100 || dropped < 50 {
			t.Errorf("%s: %d delivered, %d dropped: the test asks for too little", policy, delivered, dropped)
		}
	}
}

// TestHistoryIsReadWithoutDroppingWhateverIsStoredMeanwhile has subscriptions that are slower than the writer, and one in
// whose way a lot is stored as soon as it has caught up.
func TestHistoryIsReadWithoutDroppingWhateverIsStoredMeanwhile(t *testing.T) {
	t.Parallel()
	for i, region := range []event.Region{event.Everything(), event.Entity("a"), event.OfKind(sownKinds[:5]...)} {
		w := newSower(uint64(i) + 320)
		s := quickStore(t, w.options(engine.SyncManual()))
		known := w.sow(t, s, nil, 300)
		sub, err := s.SubscribeLossy(region, engine.SubscribeOptions{Start: engine.FromBeginning(), Buffer: 5})
		if err != nil {
			t.Fatal(err)
		}
		place, caughtUp := 0, false
		for step := 0; ; step++ {
			if step < 60 {
				known = w.sow(t, s, known, 3) // faster than what is delivered
			}
			d, ok, err := sub.Poll()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				t.Fatalf("%s: nothing to deliver, and no mark before", region)
			}
			if d.Dropped != 0 {
				t.Fatalf("%s: step %d: %d dropped from history", region, step, d.Dropped)
			}
			if d.CaughtUp {
				caughtUp = true
				break
			}
			for !region.Matches(&known[place]) {
				place++
			}
			if !sameEvent(&d.Event, &known[place]) {
				t.Fatalf("%s: step %d: %s, want %s", region, step, d.Event, known[place])
			}
			place++
		}
		for ; place < len(known); place++ {
			if region.Matches(&known[place]) {
				t.Fatalf("%s: the mark comes before %s", region, known[place])
			}
		}
		behind := len(known)
		known = w.sow(t, s, known, 400)
		n := len(known[behind:].selected(selection{region, func(ev *event.Event) bool { return region.Matches(ev) }}, engine.ReadOptions{}))
		if d, ok, err := sub.Poll(); !caughtUp || !ok || err != nil || d.CaughtUp || d.Dropped != uint64(n-5) || sub.Dropped() != d.Dropped {
			t.Fatalf("%s: %+v, %v, %v; want %d dropped", region, d, ok, err, n-5)
		}
	}
}

// TestHistoryThatIsShorterThanTheBufferIsHistoryToo has a lot stored when the first event of it was delivered.
func TestHistoryThatIsShorterThanTheBufferIsHistoryToo(t *testing.T) {
	t.Parallel()
	odd := func(ev *event.Event) bool { return ev.Sequence%2 == 1 }
	for _, o := range []engine.SubscribeOptions{
		{Start: engine.FromBeginning()}, {Start: engine.FromAfter(0)}, {Start: engine.FromBeginning(), Filter: odd},
	} {
		for _, region := range []event.Region{event.Everything(), event.Entity("entity-1")} {
			s := quickStore(t, small(engine.SyncManual()))
			known := mustAppend(t, s, 10)
			o.Buffer = 16
			sub := mustSubscribe(t, s, region, o)
			caughtUp := false
			for place := 0; !caughtUp; {
				d, ok, err := sub.Poll()
				if err != nil || !ok || d.Dropped != 0 {
					t.Fatalf("%s %s: behind %d of %d: %v %+v, %v; want an event, and none dropped", region, o.Start, place, len(known), ok, d, err)
				}
				if place == 0 {
					known = append(known, mustAppend(t, s, 90)...)
				}
				for place < len(known) && (!region.Matches(&known[place]) || o.Filter != nil && !o.Filter(&known[place])) {
					place++
				}
				if caughtUp = place == len(known); caughtUp != d.CaughtUp || !caughtUp && d.Event.Sequence != known[place].Sequence {
					t.Fatalf("%s %s: %+v behind %d of %d", region, o.Start, d, place, len(known))
				}
				place++
			}
			mustAppend(t, s, 90)
			if d, ok, err := sub.Poll(); !ok || err != nil || d.Dropped == 0 {
				t.Fatalf("%s %s: once it has caught up: %v %+v, %v; want some dropped", region, o.Start, ok, d, err)
			}
		}
	}
}

// TestDeliveredAndDroppedAreAllBesideWriters has readers of every pace beside writers, through every way to read.
func TestDeliveredAndDroppedAreAllBesideWriters(t *testing.T) {
	t.Parallel()
	events := 6000
	if raceBuild {
		events = 1500
	}
	for _, policy := range policies {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			s := quickStore(t, small(policy))
			all := newAudience(t, s)
			for writer := range uint64(2) {
				all.writing.Go(func() {
					random := rand.New(rand.NewPCG(writer, 1))
					for i := range events / 2 {
						at := event.MustAt(fmt.Sprint("entity-", random.IntN(3)), "scope")
						if _, err := s.AppendBytes(at, event.Data, event.CodecRaw, randomBytes(uint64(i), random.IntN(300))); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			all.mustHaveHeardEverything(t)
		})
	}
}
