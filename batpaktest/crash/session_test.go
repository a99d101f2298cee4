// Sessions and answers: an answer that is not the one that keeps what is promised is seen.

package crash

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/simdisk"
)

// newSession opens a new store and begins a session with it.
func newSession(t *testing.T, policy policy) *session {
	t.Helper()
	dir := simdisk.New().Mount()
	o := opening{Policy: policy, Seed: 3}
	store, err := o.open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	x := &trying{trial: new(trial), tally: new(tally)}
	s := x.session(new(history), nothing(), store, dir, o, 1, new(list))
	s.mixed = true
	return s
}

func TestEveryAnswerIsForetold(t *testing.T) {
	t.Parallel()
	for p := range policies {
		s := newSession(t, policy(p))
		if err := s.append(600); err != nil {
			t.Fatalf("%s: %v", policies[p], err)
		}
		if err := s.again(rememberedUnits); err != nil {
			t.Fatalf("%s: %v", policies[p], err)
		}
		for a := range s.count.answers {
			if n := s.count.answers[a].Load(); n == 0 && answer(a) != isCauseMissing {
				t.Errorf("%s: nothing was %s", policies[p], answer(a))
			}
		}
		found, err := nothing().examineAll(s)
		if err != nil {
			t.Fatalf("%s: %v", policies[p], err)
		}
		if err := same(found.held, s.held, "foretold"); err != nil {
			t.Errorf("%s: %v", policies[p], err)
		}
	}
}

func TestWhatHangsTogetherOtherwiseIsSeen(t *testing.T) {
	t.Parallel()
	s := newSession(t, 0)
	if err := s.append(60); err != nil {
		t.Fatal(err)
	}
	found, err := nothing().examineAll(s)
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.store.Head()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(found.linked(), found.chained([]event.TreeHead{head})); err != nil {
		t.Errorf("as it is: %v", err)
	}
	last := &found.facts[len(found.facts)-1]
	for name, change := range map[string]func(*fact){
		"with another conversation": func(f *fact) { f.correlation = found.held[0].ID },
		"with another cause":        func(f *fact) { f.cause = found.held[1].Sequence },
	} {
		was := *last
		if change(last); *last == was || found.linked() == nil {
			t.Errorf("an event %s is not seen", name)
		}
		*last = was
	}
	head.Root[0]++
	if found.chained([]event.TreeHead{head}) == nil {
		t.Error("a head of something else is believed")
	}
	found.held = found.held[1:]
	if found.chained(nil) == nil {
		t.Error("an event that is missing is not seen")
	}
}

// examineAll examines the store of a session in every way, as one that is known to hold anything.
func (v *view) examineAll(s *session) (*examination, error) {
	known := newRecord(v)
	known.take(0, &note{Kind: opened})
	return known.seen(0).examine(s.store, false, true, true)
}

func TestAnAnswerThatIsNotTheForetoldOneIsSeen(t *testing.T) {
	t.Parallel()
	single := alone(stamp{laneOf(9, small, 0) | keyedLane, 1}, event.ID{})
	single.Items[0].Key = true
	conditional := alone(stamp{laneOf(9, small, 1), 1}, event.ID{})
	conditional.Items[0].Claims = []claim{{Kind: noneAfter, What: uint8(len(areas) - 1)}}
	for name, c := range map[string]struct {
		unit   *unit
		forget func(s *session)
		want   string
	}{
		"a key that is said to be new":   {single, func(s *session) { clear(s.keys) }, "it is a duplicate, must be stored"},
		"a receipt of something else":    {single, func(s *session) { s.held[0].Sequence++ }, "appended again, at 1"},
		"a condition that is not true":   {conditional, func(s *session) { s.held, s.facts = nil, nil }, "refused, for a condition, must be stored"},
		"an entity that has more events": {alone(single.First, event.ID{}), func(s *session) { s.heads[single.First.entity()].Clock = 7 }, "has clock 2, behind 7"},
	} {
		s := newSession(t, 0)
		if err := s.one(single); err != nil {
			t.Fatal(err)
		}
		c.forget(s)
		if err := s.one(c.unit); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestAUnitThatIsStoredTwiceIsSeen(t *testing.T) {
	u := alone(stamp{laneOf(1, small, 0) | keyedLane, 1}, event.ID{})
	u.Items[0].Key = true
	first, second := []entry{known(1)}, []entry{known(2)}
	var k keyring
	if _, ok := k.taken(rand.New(rand.NewPCG(1, 1))); ok || k.again(rand.New(rand.NewPCG(1, 1))) != nil {
		t.Error("there is a unit, none was added")
	}
	added := k.add(u, nil)
	if k.known(added) {
		t.Error("it is said to be stored")
	}
	for _, step := range []struct {
		entries   []entry
		duplicate bool
		broken    bool
	}{{first, true, false}, {first, false, false}, {first, true, false}, {first, false, true}, {second, true, true}} {
		if text := k.settle(added, step.entries, step.duplicate); (text != "") != step.broken {
			t.Errorf("%+v: %q", step, text)
		}
	}
	if k.again(rand.New(rand.NewPCG(1, 1))) != added || !k.known(added) {
		t.Error("it can't be appended again")
	}
}

func TestReceiptsThatContradictEachOtherAreSeen(t *testing.T) {
	u := batchOf(3)
	receipts := func(change func([]engine.Receipt)) []engine.Receipt {
		all := make([]engine.Receipt, 3)
		for i := range all {
			all[i] = engine.Receipt{Sequence: 5 + uint64(i), Position: event.Position{Lane: u.First.Lane}}
		}
		change(all)
		return all
	}
	if text := u.wrong(receipts(func([]engine.Receipt) {})); text != "" {
		t.Error(text)
	}
	for name, change := range map[string]func(r []engine.Receipt){
		"one duplicate":    func(r []engine.Receipt) { r[1].Duplicate = true },
		"a gap":            func(r []engine.Receipt) { r[2].Sequence++ },
		"another's events": func(r []engine.Receipt) { r[0].Position.Lane++ },
	} {
		if text := u.wrong(receipts(change)); text == "" {
			t.Errorf("receipts with %s are taken", name)
		}
	}
	if u.wrong(nil) == "" || alone(stamp{}, event.ID{}).wrong([]engine.Receipt{{Duplicate: true}}) == "" {
		t.Error("no receipts for a batch, or a duplicate without a key, are taken")
	}
}

func TestAConflictThatDoesNotFollowFromItsEventIsSeen(t *testing.T) {
	u := alone(stamp{laneOf(1, small, 0), 1}, event.ID{})
	everything := len(areas) - 1
	clock := claim{Kind: entityClock, What: 2, Number: 5}
	none := claim{Kind: noneAfter, What: uint8(everything), Number: 9}
	u.Items[0].Claims = []claim{clock, none}
	of := func(change func(*engine.ConflictError)) *engine.ConflictError {
		e := &engine.ConflictError{Item: -1, Entity: coordinates[2].Entity(), WantClock: 5, GotClock: 6}
		change(e)
		return e
	}
	ev := eventOf(stamp{1, 1}, 20, 6)
	ev.Coordinate = coordinates[2]
	for name, c := range map[string]struct {
		err   *engine.ConflictError
		claim *claim
		ev    *event.Event
		want  bool // it follows
	}{
		"a newer event":        {of(func(*engine.ConflictError) {}), &clock, ev, true},
		"what was wanted":      {of(func(e *engine.ConflictError) { e.GotClock = 5 }), &clock, nil, false},
		"another clock":        {of(func(e *engine.ConflictError) { e.GotClock = 8 }), &clock, ev, false},
		"an event in a region": {of(func(e *engine.ConflictError) { e.Entity, e.After, e.Region = "", 9, areas[everything].region }), &none, ev, true},
		"no event in a region": {of(func(e *engine.ConflictError) { e.Entity, e.After, e.Region = "", 9, areas[everything].region }), &none, nil, false},
		"what was not claimed": {of(func(e *engine.ConflictError) { e.WantClock = 4 }), nil, nil, false},
	} {
		claim, before := claimOf(u, c.err)
		if (claim == nil) != (c.claim == nil) || claim != nil && *claim != *c.claim {
			t.Errorf("%s: it is about %v", name, claim)
			continue
		}
		if claim != nil && (claim.contradicts(c.err, c.ev, before) == "") != c.want {
			t.Errorf("%s: %q", name, claim.contradicts(c.err, c.ev, before))
		}
	}
}
