//go:build dangerous_test_hooks

// What comes between the judging of an append and its place: it is seen, wherever it stands by then.

package engine_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
)

// door and room are two entities: what is asked is mostly about the door, while the room is appended to.
var door, room = event.MustAt("door", "house"), event.MustAt("room", "house")

// shut appends an event that stands against everything that is asked in these tests.
func shut(s *engine.Store, wait engine.Wait) (engine.Receipt, error) {
	return s.AppendBytesWith(door, event.Data, event.CodecRaw, []byte("shut"), engine.AppendOptions{Tags: []string{"shut"}, Key: "shut", Wait: wait})
}

// asking returns appends to the room that hold only while the door has one event, by what they ask.
func asking(first engine.Receipt) map[string]engine.AppendOptions {
	of := func(conditions ...engine.Condition) engine.AppendOptions {
		return engine.AppendOptions{Conditions: conditions}
	}
	none := func(region event.Region) engine.AppendOptions { return of(engine.NoneAfter(region, first.Sequence)) }
	return map[string]engine.AppendOptions{
		"nothing of an entity":         none(event.Entity("door")),
		"nothing of a prefix":          none(event.EntityPrefix("do")),
		"nothing of a kind":            none(event.OfKind(event.Data)),
		"nothing of a tag":             none(event.Tagged("shut")),
		"nothing of a scope":           none(event.Scope("house").Clocks(2, 0)),
		"nothing of a union":           none(event.Union(event.Entity("nobody"), event.Entity("door").Tags("shut"))),
		"nothing at all":               none(event.Everything()),
		"a clock":                      of(engine.EntityIs("door", engine.ExpectClock(1))),
		"a last id":                    of(engine.EntityIs("door", engine.ExpectLastID(first.ID))),
		"several, of which one is not": of(engine.EntityIs("room", engine.ExpectClock(0)), engine.EntityIs("door", engine.ExpectClock(1))),
	}
}

// between are what else happens behind the event that stands against an append.
var between = map[string]func(*engine.Store) error{
	"nothing": func(*engine.Store) error { return nil },
	"a new segment": func(s *engine.Store) error {
		for rotations := s.Stats().Rotations; s.Stats().Rotations == rotations; {
			if _, err := s.AppendBytes(event.MustAt("other", "elsewhere"), event.Data+1, event.CodecRaw, make([]byte, 30_000)); err != nil {
				return err
			}
		}
		return nil
	},
	"many events": func(s *engine.Store) error {
		for range 300 {
			o := engine.AppendOptions{Wait: engine.WaitStaged}
			if _, err := s.AppendBytesWith(event.MustAt("other", "elsewhere"), event.Data+1, event.CodecRaw, nil, o); err != nil {
				return err
			}
		}
		return nil
	},
}

// judged is a store at whose next judging of an append something happens.
type judged struct {
	set   *hooks.Set
	store *engine.Store
	first engine.Receipt // of the door's first event
	came  engine.Receipt // of what came behind
}

// newJudged opens a store with one event, and adds the event that stands against appends between the judging of the next one and its
// place.
func newJudged(t *testing.T, policy engine.SyncPolicy, wait engine.Wait, more func(*engine.Store) error) *judged {
	t.Helper()
	j := &judged{set: hooks.New(1)}
	o := small(policy)
	o.Hooks = j.set
	j.store = quickStore(t, o)
	var err error
	if j.first, err = j.store.AppendBytes(door, event.Data, event.CodecRaw, []byte("open")); err != nil {
		t.Fatal(err)
	}
	var begun atomic.Bool // what is appended in between is judged, too
	mustInject(t, j.set, hooks.Rule{Point: hooks.AppendJudged, Action: hooks.Do(func(hooks.Reached) error {
		if !begun.CompareAndSwap(false, true) {
			return nil
		}
		if j.came, err = shut(j.store, wait); err != nil {
			return nil
		}
		err = more(j.store)
		return nil
	})})
	t.Cleanup(func() {
		if err != nil {
			t.Errorf("in between: %v", err)
		}
	})
	return j
}

// forEveryBetween runs a test for every policy, and for everything that can happen in between.
func forEveryBetween(t *testing.T, test func(t *testing.T, begin func() *judged)) {
	for _, policy := range policies {
		for _, wait := range []engine.Wait{engine.WaitPolicy, engine.WaitStaged} {
			for name, more := range between {
				t.Run(fmt.Sprintf("%s, waiting %d, %s", policy, wait, name), func(t *testing.T) {
					t.Parallel()
					test(t, func() *judged { return newJudged(t, policy, wait, more) })
				})
			}
		}
	}
}

func TestWhatComesBetweenJudgingAndPlacingStandsAgainstAnAppend(t *testing.T) {
	t.Parallel()
	forEveryBetween(t, func(t *testing.T, begin func() *judged) {
		for name := range asking(engine.Receipt{}) {
			j := begin()
			_, err := j.store.AppendBytesWith(room, event.Data, event.CodecRaw, nil, asking(j.first)[name])
			var conflict *engine.ConflictError
			if !errors.As(err, &conflict) || conflict.Event.ID != j.came.ID {
				t.Errorf("%s: got %v, want a conflict with %s", name, err, j.came.ID)
			}
			if n, err := j.store.Clock("room"); n != 0 || err != nil {
				t.Errorf("%s: the room has %d events, %v", name, n, err)
			}
			if j.set.Count(hooks.AppendAgain) == 0 || j.set.Count(hooks.AppendAnswer) == 0 {
				t.Errorf("%s: it was not judged again", name)
			}
		}
	})
}

func TestAKeyThatIsTakenBetweenJudgingAndPlacingIsFound(t *testing.T) {
	t.Parallel()
	forEveryBetween(t, func(t *testing.T, begin func() *judged) {
		j := begin()
		r, err := shut(j.store, engine.WaitPolicy)
		if err != nil || !r.Duplicate || r.ID != j.came.ID {
			t.Errorf("got %+v, %v, want a duplicate of %s", r, err, j.came.ID)
		}
		j = begin()
		_, err = j.store.AppendBytesWith(room, event.Data, event.CodecRaw, nil, engine.AppendOptions{Key: "shut"})
		var key *engine.KeyError
		if !errors.As(err, &key) || !errors.Is(err, engine.ErrIdempotencyConflict) || key.Sequence != j.came.Sequence {
			t.Errorf("got %v, want a key that sequence %d has", err, j.came.Sequence)
		}
	})
}

func TestAnExpectationThatAStagedEventFulfilsIsNotRefused(t *testing.T) {
	t.Parallel()
	for name, asking := range map[string]func(engine.Receipt) (event.Coordinate, engine.AppendOptions){
		"the last id of its own entity": func(r engine.Receipt) (event.Coordinate, engine.AppendOptions) {
			return door, engine.AppendOptions{Expect: engine.ExpectLastID(r.ID)}
		},
		"another entity's last id": func(r engine.Receipt) (event.Coordinate, engine.AppendOptions) {
			return room, engine.AppendOptions{Conditions: []engine.Condition{engine.EntityIs("door", engine.ExpectLastID(r.ID))}}
		},
		"another entity's clock": func(engine.Receipt) (event.Coordinate, engine.AppendOptions) {
			return room, engine.AppendOptions{Conditions: []engine.Condition{engine.EntityIs("door", engine.ExpectClock(2))}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := hooks.New(1)
			o := small(engine.SyncEveryAppend())
			o.Hooks = set
			s := quickStore(t, o)
			if _, err := s.AppendBytes(door, event.Data, event.CodecRaw, nil); err != nil {
				t.Fatal(err)
			}
			// What comes now is not visible before the append that rests on it is answered, or waits.
			mustInject(t, set, hooks.Rule{Point: hooks.GroupSnapshot, Times: 1, Action: hooks.Do(func(hooks.Reached) error {
				until(func() bool { return set.Count(hooks.AppendAnswer)+set.Count(hooks.AppendAgain) > 0 })
				return nil
			})})
			staged, err := shut(s, engine.WaitStaged)
			if err != nil {
				t.Fatal(err)
			}
			at, options := asking(staged)
			r, err := s.AppendBytesWith(at, event.Data, event.CodecRaw, nil, options)
			if err != nil || r.Sequence != staged.Sequence+1 {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func TestABatchIsJudgedAgainAsAWhole(t *testing.T) {
	t.Parallel()
	forEveryBetween(t, func(t *testing.T, begin func() *judged) {
		j := begin()
		batch := &engine.Batch{Key: "a batch"}
		batch.AddBytes(room, event.Data, event.CodecRaw, nil)
		batch.AddBytes(door, event.Data, event.CodecRaw, nil).Expect(engine.ExpectClock(1))
		_, err := j.store.AppendBatch(batch)
		var where *engine.BatchError
		if !errors.As(err, &where) || !errors.Is(err, engine.ErrConflict) || where.Item != 1 || where.Stage != engine.StageCondition {
			t.Errorf("got %v, want a conflict of item 1", err)
		}
		if n, err := j.store.Clock("room"); n != 0 || err != nil {
			t.Errorf("the room has %d events, %v", n, err)
		}
	})
}

func TestWhatComesBetweenJudgingAndPlacingDoesNotMatterIfItIsSomethingElse(t *testing.T) {
	t.Parallel()
	forEveryBetween(t, func(t *testing.T, begin func() *judged) {
		for i, c := range []engine.Condition{
			engine.NoneAfter(event.Entity("window"), 0), engine.NoneAfter(event.Tagged("open"), 0), engine.EntityIs("window", engine.ExpectClock(0)),
		} {
			j := begin()
			r, err := j.store.AppendBytesWith(room, event.Data, event.CodecRaw, nil, engine.AppendOptions{Key: "mine", Conditions: []engine.Condition{c}})
			if err != nil || r.Duplicate || r.Sequence <= j.came.Sequence {
				t.Errorf("condition %d: %+v, %v", i, r, err)
			}
		}
	})
}
