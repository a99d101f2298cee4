// Expectations of entities: their clock, their last id; what fails, and what the error says.

package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// mustConflict fails the test unless the error is a ConflictError, which it returns.
func mustConflict(t failer, what string, err error) *engine.ConflictError {
	t.Helper()
	var conflict *engine.ConflictError
	if !errors.Is(err, engine.ErrConflict) || !errors.As(err, &conflict) {
		t.Fatalf("%s: got %v, want a ConflictError", what, err)
	}
	return conflict
}

func TestAnExpectedClockMustBeTheEntitys(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		var newest event.Event
		for clock := range uint64(300) { // over some segments
			for _, wrong := range []uint64{clock + 1, clock + 2, 1 << 40, 1<<64 - 1, clock - 1} {
				if clock == 0 && wrong == clock-1 {
					continue
				}
				r, err := note("entity", "x").expecting(engine.ExpectClock(wrong)).append(s)
				got := mustConflict(t, fmt.Sprintf("%s: clock %d where %d is", policy, wrong, clock), err)
				if got.Item != -1 || got.Entity != "entity" || got.ByID || got.WantClock != wrong || got.GotClock != clock ||
					got.Event.Sequence != newest.Sequence || got.Event.ID != newest.ID || got.Event.Clock != clock || r != (engine.Receipt{}) {
					t.Fatalf("%s: clock %d: %+v, receipt %+v; the newest is %s", policy, wrong, got, r, newest)
				}
			}
			o := note("entity", "x").expecting(engine.ExpectClock(clock))
			o.Payload = randomBytes(clock, 600)
			if _, newest = mustStoreNote(t, s, o); newest.Position.Clock != clock+1 {
				t.Fatalf("%s: clock %d behind %d", policy, newest.Position.Clock, clock)
			}
			mustStoreNote(t, s, note("another", "y"))
		}
		mustBeSound(t, all(t, s, 0, 0, engine.ReadOptions{}), true)
	}
}

func TestAnExpectedLastIDMustBeTheEntitys(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		var last, before event.ID
		other, _ := mustStoreNote(t, s, note("another", "y"))
		for n := range uint64(300) {
			near := last
			near[15] ^= 1
			for _, wrong := range []event.ID{before, other.ID, near} {
				if wrong == last || wrong.IsZero() {
					continue
				}
				_, err := note("entity", "x").expecting(engine.ExpectLastID(wrong)).append(s)
				got := mustConflict(t, policy.String(), err)
				if got.Item != -1 || got.Entity != "entity" || !got.ByID || got.WantID != wrong || got.GotID != last || got.Event.ID != last || got.Event.Clock != n {
					t.Fatalf("%s: %s where %s is the last: %+v", policy, wrong, last, got)
				}
			}
			o := note("entity", "x").expecting(engine.ExpectLastID(last))
			o.Payload = randomBytes(n, 600)
			r, _ := mustStoreNote(t, s, o)
			before, last = last, r.ID
		}
	}
}

func TestExpectingNothingOfAnEntityThatHasEventsFails(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	if engine.ExpectLastID(event.ID{}) != engine.ExpectClock(0) {
		t.Error("the zero id and the clock 0 are two expectations")
	}
	for _, none := range []engine.Expectation{engine.ExpectClock(0), engine.ExpectLastID(event.ID{})} {
		entity := none.String() + fmt.Sprint(s.Stats().Staged)
		mustStoreNote(t, s, note(entity, "first").expecting(none))
		_, err := note(entity, "second").expecting(none).append(s)
		if got := mustConflict(t, entity, err); got.WantClock != 0 || got.GotClock != 1 {
			t.Errorf("got %+v", got)
		}
	}
	// An entity of which one event is there is not one that has none.
	if got := s.Stats().Events; got != 2 {
		t.Errorf("%d events, want 2", got)
	}
}

func TestTheZeroExpectationHoldsAlways(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	for range 3 {
		mustStoreNote(t, s, note("entity", "x").expecting(engine.Expectation{}).given(engine.Condition{}, engine.EntityIs("entity", engine.Expectation{})))
	}
	batch := batchOf(notes(3)...)
	batch.Conditions = make([]engine.Condition, 3)
	mustAppendBatch(t, s, batch)
}

func TestConditionsMayBeAboutEntitiesThatAreNotWritten(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		stock, _ := mustStoreNote(t, s, note("stock", "1"))
		stock, _ = mustStoreNote(t, s, note("stock", "2"))
		for what, test := range map[string]struct {
			condition engine.Condition
			holds     bool
		}{
			"clock":                 {engine.EntityIs("stock", engine.ExpectClock(2)), true},
			"last id":               {engine.EntityIs("stock", engine.ExpectLastID(stock.ID)), true},
			"no event":              {engine.EntityIs("nobody", engine.ExpectClock(0)), true},
			"no last id":            {engine.EntityIs("nobody", engine.ExpectLastID(event.ID{})), true},
			"an older clock":        {engine.EntityIs("stock", engine.ExpectClock(1)), false},
			"a clock to come":       {engine.EntityIs("stock", engine.ExpectClock(3)), false},
			"none where some are":   {engine.EntityIs("stock", engine.ExpectClock(0)), false},
			"some where none are":   {engine.EntityIs("nobody", engine.ExpectClock(1)), false},
			"the id of nothing":     {engine.EntityIs("nobody", engine.ExpectLastID(stock.ID)), false},
			"the id of another one": {engine.EntityIs("stock", engine.ExpectLastID(event.MakeID(1, 1, 1))), false},
		} {
			before := s.Stats().Staged
			for way, call := range map[string]func() error{
				"alone": func() error { _, err := note("order", "x").given(test.condition).append(s); return err },
				"item": func() error {
					_, err := s.AppendBatch(batchOf(note("order", "x"), note("order", "y").given(test.condition)))
					return err
				},
				"of the batch": func() error { _, err := s.AppendBatch(batchIf(notes(2), test.condition)); return err },
				"one of two": func() error {
					_, err := note("order", "x").given(engine.EntityIs("stock", engine.ExpectClock(2)), test.condition).append(s)
					return err
				},
				"after another": func() error {
					_, err := note("order", "x").given(test.condition, engine.EntityIs("stock", engine.ExpectClock(2))).append(s)
					return err
				},
			} {
				err := call()
				if (err == nil) != test.holds || err != nil && !errors.Is(err, engine.ErrConflict) {
					t.Errorf("%s: %s, %s: got %v, it holds: %v", policy, what, way, err, test.holds)
				}
			}
			if after := s.Stats().Staged; !test.holds && after != before {
				t.Errorf("%s: %s: %d events were stored", policy, what, after-before)
			}
		}
	}
}

func TestAConditionThatCanNotBeJudgedIsRefused(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	mustAppend(t, s, 3)
	for what, condition := range map[string]engine.Condition{
		"an entity without a name":     engine.EntityIs("", engine.ExpectClock(0)),
		"an entity with a long name":   engine.EntityIs(strings.Repeat("a", event.MaxName+1), engine.ExpectClock(0)),
		"a sequence that is not given": engine.NoneAfter(event.Entity("entity"), 4),
		"the highest sequence":         engine.NoneAfter(event.Everything(), 1<<64-1),
	} {
		_, err := note("entity", "x").given(condition).append(s)
		mustBe(t, what, err, engine.ErrInvalid)
		_, err = s.AppendBatch(batchIf(notes(2), condition))
		mustFail(t, what, err, -1, engine.StageValidate, engine.ErrInvalid)
		_, err = s.AppendBatch(batchOf(notes(1)[0], note("entity", "x").given(condition)))
		mustFail(t, what, err, 1, engine.StageValidate, engine.ErrInvalid)
	}
	if got := s.Stats().Staged; got != 3 {
		t.Errorf("staged %d, want 3", got)
	}
}

func TestAnItemExpectsItsEntityAsTheItemsBeforeLeftIt(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		mustStoreNote(t, s, note("old", "1"))
		intents := []intent{
			note("old", "2").expecting(engine.ExpectClock(1)), note("new", "1").expecting(engine.ExpectClock(0)),
			note("new", "2").expecting(engine.ExpectClock(1)), note("old", "3").expecting(engine.ExpectClock(2)),
			note("new", "3"), note("new", "4").expecting(engine.ExpectClock(3)),
		}
		for at := range intents {
			wrong := append([]intent(nil), intents...)
			if wrong[at].expect == (engine.Expectation{}) {
				continue
			}
			wrong[at].expect = engine.ExpectClock(9)
			_, err := s.AppendBatch(batchOf(wrong...))
			mustFail(t, policy.String(), err, at, engine.StageCondition, engine.ErrConflict)
			got := mustConflict(t, policy.String(), err)
			if want := map[int]uint64{0: 1, 1: 0, 2: 1, 3: 2, 5: 3}[at]; got.Item != at || got.WantClock != 9 || got.GotClock != want {
				t.Errorf("%s: item %d: %+v, the clock is %d", policy, at, got, want)
			}
		}
		if got := s.Stats().Staged; got != 1 {
			t.Fatalf("%s: staged %d, want 1", policy, got)
		}
		mustAppendBatch(t, s, batchOf(intents...))
		mustTellClocks(t, s, all(t, s, 0, 0, engine.ReadOptions{}), "old", "new")
		_, err := s.AppendBatch(batchOf(intents...))
		mustFail(t, "the same again", err, 0, engine.StageCondition, engine.ErrConflict)
	}
}

func TestALastIDBehindAnItemOfTheSameEntityCanNotBeExpected(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	r, _ := mustStoreNote(t, s, note("entity", "1"))
	_, err := s.AppendBatch(batchOf(note("entity", "2"), note("other", "1"), note("entity", "3").expecting(engine.ExpectLastID(r.ID))))
	mustFail(t, "an id that is not known yet", err, 2, engine.StageValidate, engine.ErrInvalid)
	if s.Stats().Staged != 1 {
		t.Error("it was stored")
	}
	mustAppendBatch(t, s, batchOf(note("entity", "2").expecting(engine.ExpectLastID(r.ID)), note("entity", "3").expecting(engine.ExpectClock(2))))
}

func TestConditionsOfABatchAreJudgedBeforeIt(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	mustStoreNote(t, s, note("entity", "1"))
	before := engine.EntityIs("entity", engine.ExpectClock(1))
	mustAppendBatch(t, s, batchIf([]intent{
		note("entity", "2"), note("entity", "3").given(before, engine.NoneAfter(event.Entity("entity"), 1)),
	}, before, engine.NoneAfter(event.Everything(), 1)))
	_, err := s.AppendBatch(batchIf([]intent{note("entity", "4"), note("entity", "5").given(engine.EntityIs("entity", engine.ExpectClock(4)))}))
	mustFail(t, "a condition that would hold behind the item before", err, 1, engine.StageCondition, engine.ErrConflict)
}

func TestExpectationsSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	id := event.MakeID(1, 2, 3)
	for want, e := range map[string]engine.Expectation{
		"anything": {}, "no event": engine.ExpectClock(0), "clock 7": engine.ExpectClock(7), "last id " + id.String(): engine.ExpectLastID(id),
	} {
		if got := e.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	s := quickStore(t, small(engine.SyncManual()))
	_, err := note("entity", "x").expecting(engine.ExpectClock(7)).append(s)
	if text := fmt.Sprint(err); !strings.Contains(text, "entity") || !strings.Contains(text, "7") {
		t.Errorf("%q says neither who nor what", text)
	}
}
