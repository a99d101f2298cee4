// This file holds the tests of what a reaction must have, and must not have, beside its value.

package batpaktest_test

import (
	"context"
	"testing"

	"github.com/batpak/batpak/batpaktest"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// told is an order of a conversation, with an id that a test can write down.
var (
	conversation = event.ID{7}
	told         = book.With(engine.AppendOptions{Correlation: conversation, Metadata: []byte("of alice")})
)

// billing answers an event with a bill that has these options.
func billing(options engine.AppendOptions) engine.React {
	return func(_ context.Context, _ event.Event, reactions *engine.Batch) error {
		reactions.Add(bill, billed, 20).With(options)
		return nil
	}
}

func TestWhatAReactionHasBesideItsValueMustBeExpected(t *testing.T) {
	for _, c := range []struct {
		options engine.AppendOptions
		line    string // that the comparison has for it
	}{
		{engine.AppendOptions{Metadata: []byte("secret")}, `metadata []byte("secret")`},
		{engine.AppendOptions{Version: 9}, "version 9"},
		{engine.AppendOptions{Key: "k"}, `key "k"`},
		{engine.AppendOptions{Tags: []string{"a", "b"}}, `tags ["a" "b"]`},
		{engine.AppendOptions{Flags: event.RequiresAck}, "flags requires-ack"},
		{engine.AppendOptions{Lane: 3}, "lane 3"},
		{engine.AppendOptions{Correlation: event.ID{9}}, "correlation " + event.ID{9}.String()},
	} {
		check := func(does, expected engine.AppendOptions) *watched {
			return watch(t, func(t testing.TB) { batpaktest.React(t, billing(does)).When(told).Then(theBill.With(expected)) })
		}
		check(c.options, c.options).mustNotFail(t)
		check(c.options, engine.AppendOptions{}).mustFail(t, "the reactions differ", "+   "+c.line+"\n")
		check(engine.AppendOptions{}, c.options).mustFail(t, "the reactions differ", "-   "+c.line+"\n")
	}
	watch(t, func(t testing.TB) {
		batpaktest.React(t, billing(engine.AppendOptions{Correlation: event.ID{9}})).When(told).Then(theBill.With(engine.AppendOptions{Correlation: conversation}))
	}).mustFail(t, "-   correlation "+conversation.String(), "+   correlation "+event.ID{9}.String())
}

func TestAReactionIsCausedByTheEventThatItAnswersUnlessItIsSaid(t *testing.T) {
	firstAsCause := func() engine.React { // answers the second with a bill that the first caused
		var first event.ID
		return func(_ context.Context, ev event.Event, reactions *engine.Batch) error {
			if first.IsZero() || ev.Position.Clock == 1 {
				first = ev.ID
				return nil
			}
			reactions.Add(bill, billed, 20).With(engine.AppendOptions{Cause: first})
			return nil
		}
	}
	check := func(want batpaktest.Event) *watched {
		return watch(t, func(t testing.TB) { batpaktest.React(t, firstAsCause()).When(book, book).Then(want) })
	}
	check(theBill).mustFail(t, "the reactions differ", "+   caused by event 1, in answer to event 2")
	check(theBill.CausedBy(2)).mustFail(t, "-   caused by event 2\n+   caused by event 1")
	check(theBill.With(engine.AppendOptions{Cause: event.ID{9}})).mustFail(t, "-   caused by "+event.ID{9}.String())
	check(theBill.CausedBy(1)).mustNotFail(t)

	uncaused := func(s *engine.Store) engine.React {
		return func(context.Context, event.Event, *engine.Batch) error {
			_, err := s.AppendWith(bill, billed, 20, engine.AppendOptions{Key: "once"})
			return err
		}
	}
	watch(t, func(t testing.TB) {
		batpaktest.ReactWith(t, uncaused).When(book).Then(theBill.With(engine.AppendOptions{Key: "once"}))
	}).mustFail(t, "+   caused by no event, in answer to event 1")
}

func TestAPayloadWithMoreOrLessThanTheExpectedValueFails(t *testing.T) {
	type part struct{ A int }
	type more struct {
		A     int
		Extra string
	}
	type other struct { // as more, in another order and with other widths
		Extra string
		A     uint8
	}
	check := func(does, expected any) *watched {
		return watch(t, func(t testing.TB) {
			batpaktest.React(t, func(_ context.Context, _ event.Event, reactions *engine.Batch) error {
				reactions.Add(bill, billed, does)
				return nil
			}).When(book).Then(batpaktest.NewEvent(bill, billed, expected))
		})
	}
	check(map[string]any{"A": 1, "Extra": "unexpected"}, part{1}).mustFail(t, "the reactions differ", `+     "Extra": "unexpected"`)
	check(part{1}, more{A: 1}).mustFail(t, "the reactions differ", `-     "Extra": ""`)
	check([]any{more{1, "x"}}, []part{{1}}).mustFail(t, `"Extra": "x"`)
	check(nil, part{}).mustFail(t, "the reactions differ")
	check(more{1, "x"}, other{"x", 1}).mustNotFail(t)
	check(more{1, "x"}, map[string]any{"Extra": "x", "A": 1}).mustNotFail(t)
	check(nil, nil).mustNotFail(t)
}

func TestHistoryHasWhatItsEventsSay(t *testing.T) {
	seen := func(s *engine.Store) engine.React {
		return func(_ context.Context, ev event.Event, reactions *engine.Batch) error {
			cause, err := s.At(ev.CauseSequence)
			if err != nil {
				return err
			}
			reactions.Add(bill, billed, string(cause.Metadata)+", "+ev.Key)
			return nil
		}
	}
	second := book.With(engine.AppendOptions{Key: "second"}).CausedBy(1)
	watch(t, func(t testing.TB) {
		batpaktest.ReactWith(t, seen).Given(told).When(second).Then(batpaktest.NewEvent(bill, billed, "of alice, second"))
	}).mustNotFail(t)
	watch(t, func(t testing.TB) { batpaktest.ReactWith(t, seen).Given(told, second).When(second).Then() }).mustFail(t, "event 3", "there already", `"second"`)
	watch(t, func(t testing.TB) { batpaktest.ReactWith(t, seen).When(second).Then() }).mustFail(t, "cause of event 1")
}

func TestAnExpectationThatCannotBeStoredEndsTheTest(t *testing.T) {
	for word, e := range map[string]batpaktest.Event{"0xD001": batpaktest.NewEvent(alice, event.EffectError, 1), "zero Event": {}} {
		watch(t, func(t testing.TB) { batpaktest.React(t, ship).When(book).Then(theBook, e) }).mustFail(t, "what is expected", "event 2", word)
	}
}
