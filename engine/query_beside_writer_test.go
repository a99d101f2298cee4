// Queries beside a writer: a loop yields what was visible when it began, all of it,
// and nothing else, while segments are filled, sealed and merged.

package engine_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// planned is a history that is known before it is stored, but for ids and hashes: who
// reads an event before its receipt arrived can tell that it is right.
type planned struct {
	t      failer
	seed   uint64
	store  *engine.Store
	events history
	micros atomic.Int64
	ids    []atomic.Pointer[event.ID] // by place, once the receipt arrived
	asked  atomic.Int64
	done   atomic.Bool
}

func newPlanned(t failer, events int) *planned {
	p := &planned{t: t, seed: uint64(time.Now().UnixNano()), ids: make([]atomic.Pointer[event.ID], events)}
	w := newSower(p.seed)
	clocks := make(map[string]uint64)
	for i := range events {
		d := w.draft(nil)
		if i%3 == 0 {
			d.Coordinate = event.MustAt(fmt.Sprint("new:", i), fmt.Sprint("new:", i/9))
		}
		clocks[d.Coordinate.Entity()]++
		ev := event.Event{Coordinate: d.Coordinate, Tags: d.Tags, Payload: d.Payload}
		ev.Sequence, ev.Kind, ev.Timestamp, ev.Position.Clock = uint64(i)+1, d.Kind, w.micros.Load(), clocks[d.Coordinate.Entity()]
		p.events = append(p.events, ev)
	}
	return p
}

func TestQueriesBesideAWriterSeeAWholePrefix(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			p := newPlanned(crowdFailer{t}, 4000)
			t.Logf("seed %d", p.seed)
			o := small(policy)
			o.Clock = func() time.Time { return time.UnixMicro(p.micros.Load()) }
			p.store = mustOpen(t, quickDir(t), o)
			var using sync.WaitGroup
			using.Go(p.write)
			for reader := range uint64(3) {
				using.Go(func() { p.read(rand.New(rand.NewPCG(p.seed, reader))) })
			}
			using.Wait()
			if t.Failed() {
				t.FailNow()
			}
			settle(p.store)
			for i := range p.ids {
				p.events[i].ID = *p.ids[i].Load()
			}
			known := all(t, p.store, 0, 0, engine.ReadOptions{})
			mustBeSound(t, known, true)
			for i := range known {
				if !p.planned(&known[i]) || known[i].ID != p.events[i].ID {
					t.Fatalf("sequence %d: %s, planned was %s", i+1, known[i], p.events[i])
				}
			}
			answersOf(known).mustBeGivenBy(t, p.store)
			mustClose(t, p.store)
		})
	}
}

// write appends all that is planned.
func (p *planned) write() {
	defer p.done.Store(true)
	for i := range p.events {
		if i%16 == 0 { // so that neither is done long before the others
			until(func() bool { return p.asked.Load() >= int64(i/8) })
		}
		ev := &p.events[i]
		p.micros.Store(ev.Timestamp)
		r, err := p.store.AppendBytesWith(ev.Coordinate, ev.Kind, ev.Codec, ev.Payload, engine.AppendOptions{Tags: ev.Tags})
		if err != nil || r.Sequence != ev.Sequence || r.Position.Clock != ev.Position.Clock {
			p.t.Fatalf("append %d: %+v, %v", i, r, err)
			return
		}
		p.ids[i].Store(&r.ID)
	}
}

// read asks until the writer is done, and once more.
func (p *planned) read(random *rand.Rand) {
	list := questions(p.events)
	for last := false; !last; {
		last = p.done.Load()
		p.asked.Add(1)
		p.ask(list[random.IntN(len(list))], engine.ReadOptions{
			Direction: engine.Direction(random.IntN(2)), Limit: []int{0, 0, 1, 5}[random.IntN(4)], SkipChecks: random.IntN(2) == 0,
		})
		p.askNames(sownPrefixes[random.IntN(len(sownPrefixes))])
		p.askNames("new:")
		p.askClock(sownEntities[random.IntN(len(sownEntities))])
		p.askID(random.IntN(len(p.ids)))
	}
}

// between calls read and returns how many events were visible before and after.
func (p *planned) between(read func()) (before, after uint64) {
	before = p.store.Stats().Visible
	read()
	return before, p.store.Stats().Visible
}

// planned reports whether an event is the planned one of its sequence.
func (p *planned) planned(ev *event.Event) bool {
	if ev.Sequence == 0 || ev.Sequence > uint64(len(p.events)) {
		return false
	}
	want := &p.events[ev.Sequence-1]
	return ev.Timestamp == want.Timestamp && ev.Kind == want.Kind && ev.Position.Clock == want.Position.Clock &&
		ev.Coordinate == want.Coordinate && slices.Equal(ev.Tags, want.Tags) && slices.Equal(ev.Payload, want.Payload)
}

// ask fails the test unless the answer is the one of some moment between the call and
// its return.
func (p *planned) ask(q selection, o engine.ReadOptions) {
	var got []uint64
	what := fmt.Sprintf("seed %d: query %s %+v", p.seed, q.region, o)
	before, after := p.between(func() {
		for ev, err := range p.store.Query(q.region, o) {
			if err != nil || !p.planned(&ev) {
				p.t.Fatalf("%s: %s, %v", what, ev, err)
			}
			got = append(got, ev.Sequence)
		}
	})
	// The answer changes only with events that are selected.
	var selected []uint64
	least := 0
	for i := range p.events[:after] {
		if q.selects(&p.events[i]) {
			selected = append(selected, p.events[i].Sequence)
			if p.events[i].Sequence <= before {
				least++
			}
		}
	}
	for visible := least; visible <= len(selected); visible++ {
		want := slices.Clone(selected[:visible])
		if o.Direction == engine.Backward {
			slices.Reverse(want)
		}
		if o.Limit > 0 && o.Limit < len(want) {
			want = want[:o.Limit]
		}
		if slices.Equal(got, want) {
			return
		}
	}
	p.t.Fatalf("%s: sequences %d; selected are %d, the first %d of them visible before, %d to %d visible", what, got, selected, least, before, after)
}

// askNames does the same for names of entities.
func (p *planned) askNames(prefix string) {
	var got []string
	before, after := p.between(func() { got = collect(p.t, "entities", p.store.Entities(prefix)) })
	least, most := p.events[:before].entities(prefix), p.events[:after].entities(prefix)
	if !slices.IsSorted(got) || !contains(got, least) || !contains(most, got) {
		p.t.Fatalf("seed %d: entities with prefix %q: %.80q between %.80q and %.80q", p.seed, prefix, got, least, most)
	}
	before, after = p.between(func() { got = collect(p.t, "scopes", p.store.Scopes()) })
	least, most = p.events[:before].scopes(), p.events[:after].scopes()
	if !slices.IsSorted(got) || !contains(got, least) || !contains(most, got) {
		p.t.Fatalf("seed %d: scopes: %.80q between %.80q and %.80q", p.seed, got, least, most)
	}
}

// contains reports whether all of the names are in list, which names none twice.
func contains(list, names []string) bool {
	seen := make(map[string]bool)
	for _, name := range list {
		seen[name] = true
	}
	return len(seen) == len(list) && !slices.ContainsFunc(names, func(name string) bool { return !seen[name] })
}

func (p *planned) askClock(entity string) {
	var got uint64
	var err error
	before, after := p.between(func() { got, err = p.store.Clock(entity) })
	least, most := p.events[:before].clock(entity), p.events[:after].clock(entity)
	if err != nil || got < least || got > most {
		p.t.Fatalf("seed %d: clock of %.60q: %d, %v, want %d to %d", p.seed, entity, got, err, least, most)
	}
}

// askID looks for an event whose receipt arrived.
func (p *planned) askID(i int) {
	id := p.ids[i].Load()
	if id == nil {
		return
	}
	ev, err := p.store.Get(*id)
	if err != nil || ev.Sequence != uint64(i)+1 || !p.planned(&ev) {
		p.t.Fatalf("seed %d: id %s of sequence %d: %s, %v", p.seed, id, i+1, ev, err)
	}
}

// pulled is an iteration that goes on step by step.
type pulled struct {
	q    selection
	o    engine.ReadOptions
	want history
	next func() (event.Event, error, bool)
	stop func()
}

func TestALoopYieldsWhatWasVisibleWhenItBeganHoweverMuchIsStoredAndSealedMeanwhile(t *testing.T) {
	t.Parallel()
	for i, policy := range policies {
		w := newSower(uint64(i) + 7)
		s := mustOpen(t, quickDir(t), w.options(policy))
		known := w.sow(t, s, nil, 500) // some sealed, some not
		var loops []pulled
		for n, q := range questions(known) {
			l := pulled{q: q, o: engine.ReadOptions{Direction: engine.Direction(n % 2)}}
			l.want = known.selected(l.q, l.o)
			l.next, l.stop = iter.Pull2(s.Query(q.region, l.o))
			loops = append(loops, l)
			if len(l.want) > 0 { // the loop begins here
				mustStep(t, policy, &loops[len(loops)-1], 0)
			}
		}
		for step := 1; len(loops) > 0; step++ {
			known = w.sow(t, s, known, max(0, 60-step))
			if step%4 == 0 {
				settle(s)
			}
			loops = slices.DeleteFunc(loops, func(l pulled) bool {
				if step < len(l.want) {
					mustStep(t, policy, &l, step)
					return false
				}
				if ev, err, ok := l.next(); len(l.want) > 0 && ok {
					t.Fatalf("%s: query %s %+v goes on behind %d events: %s, %v", policy, l.q.region, l.o, step, ev, err)
				}
				l.stop()
				return true
			})
		}
		mustClose(t, s)
	}
}

func mustStep(t *testing.T, policy engine.SyncPolicy, l *pulled, n int) {
	t.Helper()
	if ev, err, ok := l.next(); !ok || err != nil || !sameEvent(&ev, &l.want[n]) {
		t.Fatalf("%s: query %s %+v: step %d of %d: %s, %v, %v, want %s", policy, l.q.region, l.o, n+1, len(l.want), ev, err, ok, l.want[n])
	}
}

func TestALoopThatIsRunAgainBeginsAgainWithWhatIsVisibleThen(t *testing.T) {
	t.Parallel()
	w := newSower(3)
	s := quickStore(t, w.options(engine.SyncManual()))
	q := everything().prefix("a")
	loop, names, scopes := s.Query(q.region, engine.ReadOptions{}), s.Entities(""), s.Scopes()
	var known history
	for range 4 {
		n := 0
		want := known.selected(q, engine.ReadOptions{})
		for ev, err := range loop {
			if err != nil || n >= len(want) || !sameEvent(&ev, &want[n]) {
				t.Fatalf("%s, %v, step %d of %d", ev, err, n, len(want))
			}
			n++
		}
		if n != len(want) {
			t.Errorf("%d events, want %d", n, len(want))
		}
		if got := collect(t, "entities", names); !slices.Equal(got, known.entities("")) {
			t.Errorf("entities %.60q", got)
		}
		if got := collect(t, "scopes", scopes); !slices.Equal(got, known.scopes()) {
			t.Errorf("scopes %.60q", got)
		}
		known = w.sow(t, s, known, 200)
	}
}
