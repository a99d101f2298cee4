// Conditions on regions: no event that they select has come after a sequence.

package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// mustJudge fails the test unless an append on the condition that the selection has none after a sequence is decided as
// the history says, for an append, a batch and an item. What it stores is not selected.
func mustJudge(t failer, s *engine.Store, known history, q selection, after uint64) {
	t.Helper()
	condition := engine.NoneAfter(q.region, after)
	var first *event.Event
	for i := range known {
		if known[i].Sequence > after && q.selects(&known[i]) {
			first = &known[i]
			break
		}
	}
	what := fmt.Sprintf("none in %s after %d", q.region, after)
	for i, call := range []func() error{
		func() error { _, err := note("judge", "x").given(condition).append(s); return err },
		func() error { _, err := s.AppendBatch(batchIf(notesOf("judge", 2), condition)); return err },
		func() error {
			intents := notesOf("judge", 2)
			intents[1].conditions = []engine.Condition{{}, condition}
			_, err := s.AppendBatch(batchOf(intents...))
			return err
		},
	} {
		err := call()
		if first == nil && err != nil {
			t.Fatalf("%s holds, got %v", what, err)
		}
		if first == nil {
			continue
		}
		got := mustConflict(t, what, err)
		item := []int{-1, -1, 1}[i]
		if got.Item != item || got.Entity != "" || got.After != after || got.Region.String() != q.region.String() {
			t.Fatalf("%s, way %d: %+v", what, i, got)
		}
		if got.Event.Sequence != first.Sequence || got.Event.ID != first.ID || got.Event.Clock != first.Position.Clock {
			t.Fatalf("%s, way %d: stands against it %+v, the first is %s", what, i, got.Event, first)
		}
	}
}

// notesOf returns intents for one entity, of a kind and scope of its own.
func notesOf(entity string, n int) []intent {
	list := make([]intent, n)
	for i := range list {
		list[i] = note(entity, fmt.Sprint(i))
		list[i].Kind = 0x2222
	}
	return list
}

func TestARegionWithoutEventsAfterASequenceIsJudgedLikeALinearScan(t *testing.T) {
	t.Parallel()
	for i, policy := range policies {
		w := newSower(uint64(i) + 70)
		s := mustOpen(t, quickDir(t), w.options(policy))
		var known history
		for round := range 3 {
			known = w.sow(t, s, known, 200)
			if round == 1 {
				settle(s)
			}
			random := rand.New(rand.NewPCG(uint64(round), 7))
			last := known[len(known)-1].Sequence
			for n, q := range questions(known) {
				if !raceBuild || n%5 == round {
					q = q.sequences(0, last) // what judging stores comes behind it
					mustJudge(t, s, known, q, random.Uint64N(last+1))
					mustJudge(t, s, known, q, last-random.Uint64N(4))
				}
			}
			known = all(t, s, 0, 0, engine.ReadOptions{})
		}
		mustBeSound(t, known, true)
		mustClose(t, s)
	}
}

func TestARegionOverEverythingHoldsOnlyWhileNothingComes(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		everywhere := func(after uint64) intent {
			return note("entity", "x").given(engine.NoneAfter(event.Everything(), after))
		}
		mustStoreNote(t, s, everywhere(0))
		for n := uint64(1); n < 300; n++ {
			for _, old := range []uint64{0, n - 1, n / 2} {
				_, err := everywhere(old).append(s)
				if got := mustConflict(t, policy.String(), err); got.Event.Sequence != old+1 {
					t.Fatalf("%s: after %d stands %+v", policy, old, got.Event)
				}
			}
			o := everywhere(n)
			o.Payload = randomBytes(n, 700)
			mustStoreNote(t, s, o)
		}
	}
}

func TestWhatSelectsNothingHoldsAlways(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	mustAppend(t, s, 50)
	for _, region := range []event.Region{
		event.Nothing(), event.Union(), event.Entity(""), event.Scope(""), event.OfKind(), event.Tagged(""), event.Entity("a").Entity("b"),
		event.Everything().Sequences(9, 5), event.Union(event.Nothing(), event.Entity("nobody")),
	} {
		mustStoreNote(t, s, note("entity", "x").given(engine.NoneAfter(region, 0)))
		mustAppendBatch(t, s, batchIf(notes(3), engine.NoneAfter(region, 0)))
	}
}

func TestTheOwnEventsOfABatchAreNotInTheRegionThatItAsksAbout(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	region := event.Union(event.Tagged("seat-7"), event.Entity("entity-0"))
	batch := batchIf([]intent{note("entity-0", "1").tagged("seat-7"), note("entity-0", "2").tagged("seat-7").given(engine.NoneAfter(region, 0))},
		engine.NoneAfter(region, 0), engine.NoneAfter(event.Everything(), 0))
	mustAppendBatch(t, s, batch)
	_, err := s.AppendBatch(batch)
	mustFail(t, "the same again", err, -1, engine.StageCondition, engine.ErrConflict)
	if got := mustConflict(t, "the same again", err); got.Event.Sequence != 1 {
		t.Errorf("stands against it: %+v", got.Event)
	}
}

func TestAllOfManyConditionsMustHold(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	mustAppend(t, s, 20)
	visible := s.Stats().Visible
	many := make([]engine.Condition, 200)
	for i := range many {
		many[i] = engine.NoneAfter(event.Tagged(fmt.Sprint("tag-", i)), 0)
		if i%3 == 0 {
			many[i] = engine.EntityIs(fmt.Sprint("nobody-", i), engine.ExpectClock(0))
		}
	}
	r, _ := mustStoreNote(t, s, note("judge", "x").tagged("tag-100").given(many...))
	for at := range many {
		wrong := append([]engine.Condition(nil), many...)
		wrong[100] = engine.NoneAfter(event.Tagged("tag-100"), r.Sequence)
		if at%2 == 0 {
			wrong[at] = engine.NoneAfter(event.Everything(), visible)
		} else {
			wrong[at] = engine.EntityIs("entity-0", engine.ExpectClock(100))
		}
		_, err := note("judge", "y").given(wrong...).append(s)
		mustConflict(t, fmt.Sprint("condition ", at), err)
	}
	if got := s.Stats().Staged; got != r.Sequence {
		t.Errorf("staged %d, want %d", got, r.Sequence)
	}
}

func TestARegionIsJudgedOverSegmentsReopeningsAndLostRanges(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDevice(nothing())
		s := mustOpenDir(t, d, small(engine.SyncManual()))
		q := everything().tags("hot")
		var known history
		for round := range 6 {
			for range 150 {
				o := note("entity", "x")
				o.Payload = randomBytes(1, 300)
				if len(known)%97 == 5 {
					o.Tags = []string{"hot"}
				}
				_, ev := mustStoreNote(t, s, o)
				known = append(known, ev)
			}
			last := known[len(known)-1].Sequence
			for _, after := range []uint64{0, last / 3, last / 2, last - 1, last} {
				mustJudge(t, s, known, q, after)
			}
			known = all(t, s, 0, 0, engine.ReadOptions{})
			switch round % 3 {
			case 0:
				mustClose(t, s)
				d = newDevice(d.kill())
			case 1:
				left := d.kill()
				_ = s.Close() // what it says is not asked
				d = newDevice(left)
			case 2:
				settle(s)
				continue
			}
			o := small(engine.SyncManual())
			o.Rebuild = round == 3
			s = mustOpenDir(t, d, o)
		}
		mustClose(t, s)
	})
}

// A condition is about events that are exactly in the region. What came since it was judged outside the commit section is
// looked at more coarsely there, and must not be taken for an answer.
func TestEventsThatARegionAlmostSelectsAreNoConflict(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		mustStoreNote(t, s, note("entity", "1").tagged("red"))
		r, ev := mustStoreNote(t, s, note("entity", "2").tagged("red", "green"))
		for what, test := range map[string]struct {
			region event.Region
			holds  bool
		}{
			"later clocks":        {event.Entity("entity").Clocks(3, 0), true},
			"the clock":           {event.Entity("entity").Clocks(2, 2), false},
			"later sequences":     {event.Tagged("red").Sequences(r.Sequence+1, 0), true},
			"the sequence":        {event.Tagged("red").Sequences(r.Sequence, r.Sequence), false},
			"later times":         {event.Tagged("red").Between(ev.Time().Add(1<<40), ev.Time().Add(1<<41)), true},
			"the time":            {event.Tagged("red").Between(ev.Time(), ev.Time()), false},
			"a longer name":       {event.Entity("entity2"), true},
			"a prefix":            {event.EntityPrefix("ent"), false},
			"a longer prefix":     {event.EntityPrefix("entity2"), true},
			"another tag too":     {event.Tagged("red", "blue"), true},
			"both tags":           {event.Tagged("green", "red"), false},
			"another scope":       {event.Entity("entity").Scope("scope2"), true},
			"another kind":        {event.Entity("entity").Kind(0x1001), true},
			"the category":        {event.Tagged("green").Category(1), false},
			"another category":    {event.Tagged("green").Category(2), true},
			"from a gate":         {event.Entity("entity").FromGate(event.GatePassed), true},
			"a union with it":     {event.Union(event.Tagged("blue"), event.Entity("entity").Clocks(2, 2)), false},
			"a union without it":  {event.Union(event.Tagged("blue"), event.Entity("entity").Clocks(3, 0)), true},
			"a union of prefixes": {event.Union(event.EntityPrefix("f"), event.EntityPrefix("entity:")), true},
		} {
			_, err := note("judge", "x").given(engine.NoneAfter(test.region, r.Sequence-1)).append(s)
			if (err == nil) != test.holds {
				t.Errorf("%s: %s: got %v, it holds: %v", policy, what, err, test.holds)
			}
		}
	}
}
