// This file holds the tests of React.

package batpaktest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/batpak/batpak/batpaktest"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

var (
	placed  = event.MustKind(2, 1)
	shipped = event.MustKind(2, 2)
	billed  = event.MustKind(2, 3)
	order   = event.MustAt("order:1", "shop")
	parcel  = event.MustAt("parcel:1", "shop")
	bill    = event.MustAt("bill:1", "shop")
)

// Order is what somebody wants.
type Order struct {
	Item  string
	Price int
}

// Parcel is what is sent.
type Parcel struct{ Item string }

var errNoItem = errors.New("no item")

// ship answers orders with a parcel and a bill.
func ship(_ context.Context, ev event.Event, reactions *engine.Batch) error {
	if ev.Kind != placed {
		return nil
	}
	var o Order
	if err := ev.Decode(&o); err != nil {
		return err
	}
	if o.Item == "" {
		return errNoItem
	}
	sent := reactions.Add(parcel, shipped, Parcel{o.Item}).Tags("fragile")
	reactions.Add(bill, billed, o.Price).CausedBy(sent)
	return nil
}

var (
	book    = batpaktest.NewEvent(order, placed, Order{"book", 20})
	theBook = batpaktest.NewEvent(parcel, shipped, Parcel{"book"}).Tagged("fragile")
	theBill = batpaktest.NewEvent(bill, billed, 20)
	itsBill = theBill.CausedBy(2) // by theBook, where one event came before it
)

func TestAReactorThatAnswersAsWantedFailsNoTest(t *testing.T) {
	watch(t, func(t testing.TB) {
		batpaktest.React(t, ship).Given(batpaktest.NewEvent(order, placed, Order{"of history", 1})).When(book).Then(theBook, theBill.CausedBy(3))
		batpaktest.React(t, ship).When(book, batpaktest.NewEvent(alice, opened, nil), book).Then(theBook, theBill.CausedBy(4), theBook, theBill.CausedBy(6))
		batpaktest.React(t, ship).In(event.OfKind(placed)).When(batpaktest.NewEvent(alice, opened, 1)).Then()
		batpaktest.React(t, ship).In(event.OfKind(opened)).When(book).Then()
		batpaktest.React(t, ship).When(batpaktest.NewEvent(order, placed, Order{})).ThenError(errNoItem)
		batpaktest.React(t, ship).When(batpaktest.NewEvent(order, placed, "no order")).ThenError(event.ErrUndecodable)
	}).mustNotFail(t)
}

func TestAFunctionMayReadTheStoreOfItsCase(t *testing.T) {
	counting := func(s *engine.Store) engine.React {
		return func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
			n := 0
			for _, err := range s.Query(event.Entity(ev.Entity()).Sequences(0, ev.Sequence), engine.ReadOptions{}) {
				if err != nil {
					return err
				}
				n++
			}
			reactions.Add(bill, billed, n)
			return nil
		}
	}
	watch(t, func(t testing.TB) {
		batpaktest.ReactWith(t, counting).Given(book, book).When(book).Then(batpaktest.NewEvent(bill, billed, 3))
	}).mustNotFail(t)
}

func TestTypedEventsAreComparedAsTheirType(t *testing.T) {
	registry := engine.NewRegistry()
	typed := engine.MustRegister[Order](registry, placed, "order.placed", 1)
	sent := engine.MustRegister[Parcel](registry, shipped, "parcel.shipped", 1)
	react := func(_ context.Context, ev event.Event, reactions *engine.Batch) error {
		o, err := typed.Decode(ev)
		sent.AddTo(reactions, parcel, Parcel{o.Item})
		return err
	}
	options := engine.Options{Registry: registry}
	watch(t, func(t testing.TB) {
		batpaktest.React(t, react).Options(options).When(batpaktest.Typed(typed, order, Order{"cup", 3})).Then(batpaktest.Typed(sent, parcel, Parcel{"cup"}))
	}).mustNotFail(t)
	watch(t, func(t testing.TB) {
		batpaktest.React(t, react).Options(options).When(batpaktest.Typed(typed, order, Order{"cup", 3})).Then(batpaktest.Typed(sent, parcel, Parcel{"saucer"}))
	}).mustFail(t, `-     Item: "saucer"`, `+     Item: "cup"`)
	watch(t, func(t testing.TB) {
		batpaktest.React(t, react).When(batpaktest.Typed(typed, order, Order{"cup", 3})).Then()
	}).mustFail(t, "order.placed")
}

func TestOtherReactionsThanWantedFailWithWhatDiffers(t *testing.T) {
	for _, c := range []struct {
		want  []batpaktest.Event
		words []string
	}{
		{nil, []string{"+ 0x2002 at parcel:1@shop", `"Item": "book"`}}, // decoded without a type, as a map
		{[]batpaktest.Event{theBook}, []string{"  0x2002 at parcel:1@shop", "+ 0x2003 at bill:1@shop", "+   20"}},
		{[]batpaktest.Event{theBook, itsBill, theBill}, []string{"- 0x2003 at bill:1@shop"}},
		{[]batpaktest.Event{theBill, theBook}, []string{"- 0x2003", "+ 0x2003"}},
		{[]batpaktest.Event{theBook.Tagged(), itsBill}, []string{`+   tags ["fragile"]`}},
		{[]batpaktest.Event{theBook, batpaktest.NewEvent(bill, billed, 21).CausedBy(2)}, []string{"-   21\n+   20"}},
		{[]batpaktest.Event{theBook, batpaktest.NewEvent(bill, billed, "20").CausedBy(2)}, []string{`-   "20"`, "not decoded"}},
		{[]batpaktest.Event{theBook, batpaktest.NewEvent(alice, billed, 20).CausedBy(2)}, []string{"- 0x2003 at account:alice@bank\n", "+ 0x2003 at bill:1@shop"}},
	} {
		watch(t, func(t testing.TB) { batpaktest.React(t, ship).When(book).Then(c.want...) }).mustFail(t, append(c.words, "the reactions differ")...)
	}
}

func TestAFunctionThatFailsOrDoesNotAgainstTheWordFailsTheTest(t *testing.T) {
	nothing := batpaktest.NewEvent(order, placed, Order{})
	watch(t, func(t testing.TB) { batpaktest.React(t, ship).When(nothing).Then() }).mustFail(t, "the reactor ended", "no item")
	watch(t, func(t testing.TB) { batpaktest.React(t, ship).When(nothing).ThenError(errOverdrawn) }).mustFail(t, "another error", "- overdrawn", "no item")
	watch(t, func(t testing.TB) { batpaktest.React(t, ship).When(book).ThenError(nil) }).mustFail(t, "did not fail", "parcel:1")
	watch(t, func(t testing.TB) { batpaktest.React(t, ship).Given(book).Then() }).mustFail(t, "call When")
}

func TestAFunctionThatDependsOnMoreThanTheEventIsFound(t *testing.T) {
	calls := 0
	remembering := func(_ context.Context, _ event.Event, reactions *engine.Batch) error {
		calls++
		reactions.Add(bill, billed, calls)
		return nil
	}
	watch(t, func(t testing.TB) {
		batpaktest.React(t, remembering).When(book).Then(batpaktest.NewEvent(bill, billed, 1))
	}).mustFail(t, "second, equal store", "-   1\n+   2")
}

func TestAFunctionThatStoresByItselfIsFoundWhenTheEventIsDeliveredAgain(t *testing.T) {
	storing := func(s *engine.Store) engine.React {
		return func(_ context.Context, ev event.Event, _ *engine.Batch) error {
			_, err := s.AppendReaction(ev.ID, bill, billed, 20, engine.AppendOptions{})
			return err
		}
	}
	watch(t, func(t testing.TB) { batpaktest.ReactWith(t, storing).When(book).Then(theBill) }).mustFail(t, "answered again", "+ 0x2003 at bill:1@shop")
}
