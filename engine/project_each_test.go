// Tests of the states of many entities.

package engine_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestEachEntityGetsTheStateThatItHasAlone(t *testing.T) {
	t.Parallel()
	s, f := quickStore(t, manual), newFolds()
	region := event.Union(event.EntityPrefix("order"), event.Entity("b")).Scope("scope")
	names := []string{"a", "b", "order-1", "order-2", "order-3"}
	for round := range 4 {
		f.applied.Store(0)
		states, err := engine.ProjectEach(t.Context(), s, f.tally, region, engine.Consistent())
		if err != nil || states == nil {
			t.Fatalf("round %d: %v, %v", round, states, err)
		}
		f.mustApply(t, "only what is new", int64(min(round, 1)*8)) // 10 events, 2 of which are of a
		for _, name := range names {
			if name == "a" || round == 0 {
				if _, there := states[name]; there {
					t.Errorf("round %d: there is a state of %s", round, name)
				}
				continue
			}
			alone, err := engine.Project(t.Context(), s, f.tally, region.Entity(name), engine.Consistent())
			if err != nil || !reflect.DeepEqual(alone.Value, states[name].Value) || alone.Sequence != states[name].Sequence || alone.Last != states[name].Last {
				t.Errorf("round %d: %s: alone %+v, %v, of each %+v", round, name, alone, err, states[name])
			}
			if !alone.Cached {
				t.Errorf("round %d: the state of %s was not kept", round, name)
			}
		}
		again, err := engine.ProjectEach(t.Context(), s, f.tally, region, engine.MayBeStale(time.Hour))
		if err != nil || len(again) != len(states) {
			t.Fatalf("again: %v, %v", again, err)
		}
		for name, state := range again {
			if !state.Cached || !reflect.DeepEqual(state.Value, states[name].Value) {
				t.Errorf("round %d: %s: again %+v, before %+v", round, name, state, states[name])
			}
		}
		for i := range 10 {
			mustAppendTo(t, s, names[(i+round)%len(names)], 0)
		}
	}
}

func TestEntitiesWithoutEventsOfTheKindsHaveNoState(t *testing.T) {
	t.Parallel()
	s := quickStore(t, manual)
	mustAppendTo(t, s, "plain", 3)
	if _, err := s.AppendBytes(event.MustAt("special", "scope"), event.MustKind(2, 2), event.CodecRaw, nil); err != nil {
		t.Fatal(err)
	}
	states, err := engine.ProjectEach(t.Context(), s, newFolds(event.MustKind(2, 2)).hidden, event.Everything(), engine.Consistent())
	if err != nil || len(states) != 1 || states["special"].Value.t.Events != 1 || states["special"].Sequence != 5 {
		t.Errorf("got %+v, %v", states, err)
	}
}

func TestStatesOfEachAreNoStateOfARegion(t *testing.T) {
	t.Parallel()
	s, f := quickStore(t, filed(1)), newFolds()
	storeTurns(t, s, 10)
	for range 3 {
		each, err := engine.ProjectEach(t.Context(), s, f.flat, event.Everything(), engine.Consistent())
		if err != nil || len(each) != 2 || each["a"].Value.Events != 5 {
			t.Errorf("of each: %+v, %v", each, err)
		}
		f.mustFold(t, s, event.Everything(), engine.Consistent())
	}
}
