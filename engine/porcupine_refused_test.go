// The specification itself is tested: right histories are accepted, and each kind of wrong one is refused.

package engine_test

import (
	"slices"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/batpak/batpak/engine"
)

// The calls of the histories that are written by hand. Entities are 0 to 2; events with a number that three divides are hot.

func appending(events ...specEvent) specCall { return specCall{events: events} }

func plain(number, entity int) specEvent { return specEvent{number: number, entity: entity} }

func expectingClock(number, entity, clock int) specEvent {
	return specEvent{number: number, entity: entity, expects: true, clock: clock}
}

func withKey(key int, other bool) specCall {
	return specCall{events: keyedEvents(key, other), key: key + 1, other: other}
}

// stored is the answer that an append of the only event, or batch, got.
func stored(a, b, c int) specAnswer {
	return specAnswer{outcome: outcomeStored, clocks: [specEntities]int{a, b, c}}
}

func conflicting(entity, got int) specAnswer {
	return specAnswer{outcome: outcomeConflict, entity: entity, got: got}
}

func clocksRead(a, b, c int) specAnswer { return specAnswer{clocks: [specEntities]int{a, b, c}} }

// allOf is the answer of reading everything.
func allOf(numbers ...int) (a specAnswer) {
	for _, number := range numbers {
		a.hash, a.events = addNumber(a.hash, number), a.events+1
	}
	return a
}

var (
	readingClocks = specCall{kind: callClocks}
	readingAll    = specCall{kind: callAllRead}
	noneHotSince  = func(number, newest int) specCall {
		return specCall{events: []specEvent{plain(number, 1)}, conditions: []specCondition{{regionHot, newest}}}
	}
	unknown = specAnswer{}
)

func TestRightHistoriesAreAcceptedAndWrongOnesRefused(t *testing.T) {
	t.Parallel()
	var none operations
	one := none.then(appending(plain(1, 0)), stored(1, 0, 0))
	first := keyedEvents(0, false)[0].number
	duplicate := specAnswer{outcome: outcomeDuplicate, first: first}
	for what, test := range map[string]struct {
		history operations
		want    porcupine.CheckResult
	}{
		"an append and its read":              {one.then(readingAll, allOf(1)), porcupine.Ok},
		"an event that is lost":               {one.then(readingAll, allOf()), porcupine.Illegal},
		"an event of nobody":                  {one.then(readingAll, allOf(1, 2)), porcupine.Illegal},
		"another order":                       {one.then(appending(plain(2, 0)), stored(2, 0, 0)).then(readingAll, allOf(2, 1)), porcupine.Illegal},
		"another order of concurrent calls":   {one.beside(appending(plain(2, 1)), stored(0, 1, 0)).then(readingAll, allOf(2, 1)), porcupine.Ok},
		"a clock that is given twice":         {one.then(appending(plain(2, 0)), stored(1, 0, 0)), porcupine.Illegal},
		"a clock that is left out":            {one.then(appending(plain(2, 0)), stored(3, 0, 0)), porcupine.Illegal},
		"a read that is too old":              {one.then(readingClocks, clocksRead(0, 0, 0)), porcupine.Illegal},
		"a read beside the append":            {one.beside(readingClocks, clocksRead(0, 0, 0)), porcupine.Ok},
		"a read that goes back":               {one.beside(readingClocks, clocksRead(1, 0, 0)).then(readingClocks, clocksRead(0, 0, 0)), porcupine.Illegal},
		"a batch":                             {none.then(appending(plain(1, 0), plain(2, 1)), stored(1, 1, 0)).beside(readingClocks, clocksRead(0, 0, 0)), porcupine.Ok},
		"half a batch":                        {none.then(appending(plain(1, 0), plain(2, 1)), stored(1, 1, 0)).beside(readingClocks, clocksRead(1, 0, 0)), porcupine.Illegal},
		"a batch with one between":            {none.then(appending(plain(1, 0), plain(2, 1)), stored(1, 1, 0)).beside(appending(plain(4, 2)), stored(0, 0, 1)).then(readingAll, allOf(1, 4, 2)), porcupine.Illegal},
		"an expectation that holds":           {one.then(appending(expectingClock(2, 0, 1)), stored(2, 0, 0)), porcupine.Ok},
		"an expectation that does not":        {one.then(appending(expectingClock(2, 0, 0)), stored(2, 0, 0)), porcupine.Illegal},
		"two that expect the same":            {one.then(appending(expectingClock(2, 0, 1)), stored(2, 0, 0)).beside(appending(expectingClock(4, 0, 1)), stored(3, 0, 0)), porcupine.Illegal},
		"a conflict":                          {one.then(appending(expectingClock(2, 0, 0)), conflicting(0, 1)), porcupine.Ok},
		"a conflict where there is none":      {one.then(appending(expectingClock(2, 0, 1)), conflicting(0, 1)), porcupine.Illegal},
		"a conflict with another clock":       {one.then(appending(expectingClock(2, 0, 0)), conflicting(0, 2)), porcupine.Illegal},
		"a conflict of what did not expect":   {one.then(appending(plain(2, 0)), conflicting(0, 1)), porcupine.Illegal},
		"a conflict that rests on a lost one": {none.then(appending(expectingClock(2, 0, 0)), conflicting(0, 1)).then(readingAll, allOf()), porcupine.Illegal},
		"a region that is as it was":          {one.then(noneHotSince(2, 0), stored(0, 1, 0)), porcupine.Ok},
		"a region that is not":                {none.then(appending(plain(3, 0)), stored(1, 0, 0)).then(noneHotSince(2, 0), stored(0, 1, 0)), porcupine.Illegal},
		"two decisions on the same state":     {none.then(noneHotSince(3, 0), stored(0, 1, 0)).beside(noneHotSince(6, 0), stored(0, 2, 0)), porcupine.Illegal},
		"a region that is said not to be":     {one.then(noneHotSince(2, 0), conflicting(-1, 0)), porcupine.Illegal},
		"a duplicate":                         {none.then(withKey(0, false), stored(1, 0, 0)).then(withKey(0, false), duplicate).then(readingAll, allOf(first)), porcupine.Ok},
		"a key that is stored twice":          {none.then(withKey(0, false), stored(1, 0, 0)).then(withKey(0, false), stored(2, 0, 0)), porcupine.Illegal},
		"a duplicate of nothing":              {none.then(withKey(0, false), duplicate), porcupine.Illegal},
		"a duplicate of another event":        {none.then(withKey(0, false), stored(1, 0, 0)).then(withKey(0, false), specAnswer{outcome: outcomeDuplicate, first: 7}), porcupine.Illegal},
		"another request for the key":         {none.then(withKey(0, false), stored(1, 0, 0)).then(withKey(0, true), specAnswer{outcome: outcomeKeyTaken}), porcupine.Ok},
		"another request told a duplicate":    {none.then(withKey(0, false), stored(1, 0, 0)).then(withKey(0, true), duplicate), porcupine.Illegal},
		"another request stored":              {none.then(withKey(0, false), stored(1, 0, 0)).then(withKey(0, true), stored(2, 0, 0)), porcupine.Illegal},
		"a taken key that is free":            {none.then(withKey(0, false), specAnswer{outcome: outcomeKeyTaken}), porcupine.Illegal},
		"unknown, and there":                  {none.then(appending(plain(1, 0)), unknown).then(readingAll, allOf(1)), porcupine.Ok},
		"unknown, and half there":             {none.then(appending(plain(1, 0), plain(2, 1)), unknown).then(readingAll, allOf(1)), porcupine.Illegal},
		"unknown, and in the wrong place":     {one.then(appending(expectingClock(2, 0, 0)), unknown).then(readingAll, allOf(1, 2)), porcupine.Illegal},
	} {
		if got := porcupine.CheckOperationsTimeout(specification, test.history, patience); got != test.want {
			t.Errorf("%s: %s, want %s", what, got, test.want)
		}
	}
}

func TestARealHistoryIsRefusedOnceAnAnswerIsChangedOrACallLeftOut(t *testing.T) {
	t.Parallel()
	l := &lives{t: t, seed: 7, policy: engine.SyncEveryAppend()}
	history := l.live(false)
	if !porcupine.CheckOperations(specification, history) {
		t.Fatal("it is not accepted as it is")
	}
	changed := 0
	for i, o := range history {
		call, answer := o.Input.(specCall), o.Output.(specAnswer)
		wrong := slices.Clone(history)
		switch {
		case answer.outcome == outcomeStored && i%3 == 0:
			wrong = slices.Delete(wrong, i, i+1)
		case answer.outcome == outcomeStored:
			answer.clocks[call.events[0].entity]++
			wrong[i].Output = answer
		case answer.outcome == outcomeConflict && answer.entity >= 0:
			answer.got += 1000
			wrong[i].Output = answer
		case answer.outcome == outcomeDuplicate:
			answer.first++
			wrong[i].Output = answer
		case call.kind == callAllRead:
			answer.events++
			wrong[i].Output = answer
		default:
			continue
		}
		changed++
		if got := porcupine.CheckOperationsTimeout(specification, wrong, patience); got != porcupine.Illegal {
			t.Errorf("call %d changed, %s: %s", i, specification.DescribeOperation(call, answer), got)
		}
	}
	if changed < 30 {
		t.Errorf("only %d changes", changed)
	}
}
