// This file holds the tests of Fold.

package batpaktest_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/batpak/batpak/batpaktest"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

var (
	opened    = event.MustKind(1, 1)
	deposited = event.MustKind(1, 2)
	withdrawn = event.MustKind(1, 3)
	alice     = event.MustAt("account:alice", "bank")
	bob       = event.MustAt("account:bob", "bank")
)

// Balance is what an account holds.
type Balance struct {
	Amount int
	Events int
}

var errOverdrawn = errors.New("overdrawn")

// balance folds accounts.
var balance = engine.MustProjection(engine.Fold[Balance]{
	Name: "balance", Version: 1, Kinds: []event.Kind{opened, deposited, withdrawn},
	Apply: func(b *Balance, ev event.Event) error {
		var amount int
		if err := ev.Decode(&amount); err != nil {
			return err
		}
		if ev.Kind == withdrawn {
			amount = -amount
		}
		b.Amount, b.Events = b.Amount+amount, b.Events+1
		if b.Amount < 0 {
			return errOverdrawn
		}
		return nil
	},
})

// amounts is a fold into a map of amounts by entity.
func amounts(clone func(map[string]int) map[string]int) *engine.Projection[map[string]int] {
	return engine.MustProjection(engine.Fold[map[string]int]{
		Name: "amounts", Version: 1, Initial: func() map[string]int { return map[string]int{} }, Clone: clone,
		Apply: func(m *map[string]int, ev event.Event) error {
			var amount int
			err := ev.Decode(&amount)
			(*m)[ev.Entity()] += amount
			return err
		},
	})
}

func TestAFoldThatDoesWhatIsWantedFailsNoTest(t *testing.T) {
	w := watch(t, func(t testing.TB) {
		batpaktest.Fold(t, balance).
			Given(batpaktest.NewEvent(alice, opened, 100), batpaktest.NewEvent(bob, opened, 1000)).
			When(batpaktest.NewEvent(alice, deposited, 20), batpaktest.NewEvent(alice, event.Data, "of another kind")).
			In(event.Entity("account:alice")).
			Then(Balance{Amount: 120, Events: 2}).
			When(batpaktest.NewEvent(alice, withdrawn, 50)).
			Then(Balance{Amount: 70, Events: 3})
		batpaktest.Fold(t, balance).Then(Balance{})
		batpaktest.Fold(t, amounts(maps.Clone)).Then(map[string]int{}).When(batpaktest.NewEvent(bob, deposited, 3)).Then(map[string]int{"account:bob": 3})
		batpaktest.Fold(t, balance).Given(batpaktest.NewEvent(alice, opened, 100)).When(batpaktest.NewEvent(alice, withdrawn, 101)).ThenError(errOverdrawn)
		batpaktest.Fold(t, balance).When(batpaktest.NewEvent(alice, opened, "no number")).ThenError(event.ErrUndecodable)
	})
	w.mustNotFail(t)
}

func TestAnotherStateThanWantedFailsWithWhatDiffers(t *testing.T) {
	watch(t, func(t testing.TB) {
		batpaktest.Fold(t, balance).When(batpaktest.NewEvent(alice, opened, 100)).Then(Balance{Amount: 99, Events: 1})
	}).mustFail(t, "the state differs", "-   Amount: 99\n+   Amount: 100", "    Events: 1")
	watch(t, func(t testing.TB) {
		batpaktest.Fold(t, amounts(maps.Clone)).When(batpaktest.NewEvent(alice, opened, 100)).Then(map[string]int{"account:alice": 100, "account:bob": 0})
	}).mustFail(t, `-   "account:bob": 0`)
}

func TestAFoldThatFailsOrDoesNotAgainstTheWordFailsTheTest(t *testing.T) {
	overdraw := func(t testing.TB) *batpaktest.FoldCase[Balance] {
		return batpaktest.Fold(t, balance).Given(batpaktest.NewEvent(alice, opened, 100)).When(batpaktest.NewEvent(alice, withdrawn, 101))
	}
	watch(t, func(t testing.TB) { overdraw(t).Then(Balance{}) }).mustFail(t, "the fold failed", "overdrawn", "sequence 2")
	watch(t, func(t testing.TB) { overdraw(t).ThenError(errors.ErrUnsupported) }).mustFail(t, "another error", "- unsupported", "overdrawn")
	watch(t, func(t testing.TB) { overdraw(t).When(batpaktest.NewEvent(alice, deposited, 1)).ThenError(errOverdrawn) }).mustFail(t, "before the last events", "overdrawn")
	watch(t, func(t testing.TB) {
		batpaktest.Fold(t, balance).When(batpaktest.NewEvent(alice, opened, 7)).ThenError(nil)
	}).mustFail(t, "did not fail", "Amount: 7")
}

func TestAFoldThatDependsOnMoreThanTheEventsIsFound(t *testing.T) {
	calls := 0
	counting := engine.MustProjection(engine.Fold[int]{Name: "counting", Version: 1, Apply: func(n *int, ev event.Event) error {
		calls++
		*n = calls
		return nil
	}})
	watch(t, func(t testing.TB) {
		batpaktest.Fold(t, counting).Given(batpaktest.NewEvent(alice, opened, 1)).When(batpaktest.NewEvent(alice, opened, 1)).Then(2)
	}).mustFail(t, "from the beginning", "- 2", "+ 4")
}

func TestACloneThatSharesIsFound(t *testing.T) {
	sharing := amounts(func(m map[string]int) map[string]int { return m })
	w := watch(t, func(t testing.TB) {
		batpaktest.Fold(t, sharing).Given(batpaktest.NewEvent(alice, opened, 1)).When(batpaktest.NewEvent(alice, opened, 1)).Then(map[string]int{"account:alice": 2})
	})
	w.mustFail(t, "Clone shares")
	one := batpaktest.NewEvent(alice, opened, 1)
	for name, begin := range map[string]func(c *batpaktest.FoldCase[map[string]int]) *batpaktest.FoldCase[map[string]int]{
		"Given alone": func(c *batpaktest.FoldCase[map[string]int]) *batpaktest.FoldCase[map[string]int] {
			return c.Given(one, one, one)
		},
		"When alone": func(c *batpaktest.FoldCase[map[string]int]) *batpaktest.FoldCase[map[string]int] {
			return c.When(one, one, one)
		},
		"When of what is no": func(c *batpaktest.FoldCase[map[string]int]) *batpaktest.FoldCase[map[string]int] {
			return c.Given(one, one, one).When()
		},
	} {
		w := watch(t, func(t testing.TB) { begin(batpaktest.Fold(t, sharing)).Then(map[string]int{"account:alice": 3}) })
		if !w.Failed() {
			t.Errorf("%s: not found", name)
			continue
		}
		w.mustFail(t, "Clone shares")
	}
}

func TestACloneThatSharesWhatTheFirstEventMadeIsFoundWithoutWhen(t *testing.T) {
	counts := engine.MustProjection(engine.Fold[map[string]int]{
		Name: "counts", Version: 1, Clone: func(m map[string]int) map[string]int { return m },
		Apply: func(m *map[string]int, ev event.Event) error {
			if *m == nil {
				*m = make(map[string]int)
			}
			(*m)[ev.Entity()]++
			return nil
		},
	})
	one := batpaktest.NewEvent(alice, opened, 1)
	watch(t, func(t testing.TB) {
		batpaktest.Fold(t, counts).Given(one, one).Then(map[string]int{"account:alice": 2})
	}).mustFail(t, "Clone shares")
}

func TestTheLastEventsFailAlsoWhereTheyAreFoldedOneByOne(t *testing.T) {
	overdraw := batpaktest.NewEvent(alice, withdrawn, 101)
	watch(t, func(t testing.TB) {
		batpaktest.Fold(t, balance).When(overdraw, batpaktest.NewEvent(alice, opened, 100)).ThenError(errOverdrawn)
	}).mustNotFail(t)
	watch(t, func(t testing.TB) {
		batpaktest.Fold(t, balance).Given(batpaktest.NewEvent(alice, opened, 100), overdraw).When(overdraw).ThenError(errOverdrawn)
	}).mustFail(t, "before the last events")
}

func TestACaseThatIsNeverCheckedFailsTheTest(t *testing.T) {
	watch(t, func(t testing.TB) { batpaktest.Fold(t, balance).Given(batpaktest.NewEvent(alice, opened, 1)) }).mustFail(t, "Fold at fold_test.go:", "never checked")
	watch(t, func(t testing.TB) { batpaktest.React(t, ship) }).mustFail(t, "React at fold_test.go:", "never checked")
}

func TestWhatCannotBeStoredEndsTheTest(t *testing.T) {
	for word, e := range map[string]batpaktest.Event{
		"event 2, 0xD001": batpaktest.NewEvent(alice, event.EffectError, 1), "zero Event": {}, "chan int": batpaktest.NewEvent(alice, opened, make(chan int)),
	} {
		watch(t, func(t testing.TB) {
			batpaktest.Fold(t, balance).Given(batpaktest.NewEvent(alice, opened, 1), e).Then(Balance{})
			t.Errorf("it went on")
		}).mustFail(t, word)
		watch(t, func(t testing.TB) {
			batpaktest.React(t, ship).Given(batpaktest.NewEvent(alice, opened, 1), e).When(batpaktest.NewEvent(alice, opened, 1)).Then()
			t.Errorf("it went on")
		}).mustFail(t, word)
	}
	watch(t, func(t testing.TB) {
		batpaktest.Fold[int](t, nil).Then(1)
		t.Errorf("it went on")
	}).mustFail(t, "nil")
}
