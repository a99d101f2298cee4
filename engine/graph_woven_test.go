// What the tests of the causal graph append: single events, reactions and batches that cause each other; and the graph as a
// look at every event finds it.

package engine_test

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// weaver appends events that only its seed determines.
type weaver struct {
	random *rand.Rand
	made   []event.ID // correlations that are no event's id
}

func newWeaver(seed uint64) *weaver {
	w := &weaver{random: rand.New(rand.NewPCG(seed, 7))}
	for i := range uint64(3) {
		w.made = append(w.made, event.MakeID(1+i, 0, 9))
	}
	return w
}

// weave appends at least so many events and returns the ids of those before and these.
func (w *weaver) weave(t failer, s *engine.Store, ids []event.ID, events int) []event.ID {
	t.Helper()
	for end := len(ids) + events; len(ids) < end; {
		var receipts []engine.Receipt
		var err error
		switch w.random.IntN(4) {
		case 0:
			receipts, err = s.AppendBatch(w.batch(ids))
		case 1:
			if len(ids) == 0 {
				continue
			}
			var r engine.Receipt
			r, err = s.AppendReaction(w.cause(ids), w.at(), event.Data, "reaction", engine.AppendOptions{})
			receipts = append(receipts, r)
		default:
			var r engine.Receipt
			r, err = s.AppendBytesWith(w.at(), event.Data, event.CodecRaw, randomBytes(w.random.Uint64(), w.random.IntN(300)), w.options(ids))
			receipts = append(receipts, r)
		}
		if err != nil {
			t.Fatalf("append: %v", err)
		}
		for _, r := range receipts {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func (w *weaver) at() event.Coordinate {
	return event.MustAt(fmt.Sprint("entity-", w.random.IntN(5)), fmt.Sprint("scope-", w.random.IntN(2)))
}

// cause returns one of the last ids, or an early one.
func (w *weaver) cause(ids []event.ID) event.ID {
	if w.random.IntN(3) == 0 {
		return ids[w.random.IntN(1+w.random.IntN(len(ids)))]
	}
	return ids[len(ids)-1-w.random.IntN(min(len(ids), 15))]
}

// options have a cause or not, and a correlation or not.
func (w *weaver) options(ids []event.ID) (o engine.AppendOptions) {
	if len(ids) > 0 && w.random.IntN(3) != 0 {
		o.Cause = w.cause(ids)
	}
	switch w.random.IntN(6) {
	case 0:
		o.Correlation = w.made[w.random.IntN(len(w.made))]
	case 1:
		if len(ids) > 0 {
			o.Correlation = w.cause(ids)
		}
	}
	return o
}

// batch returns some events, many of which earlier ones of them caused.
func (w *weaver) batch(ids []event.ID) *engine.Batch {
	b := new(engine.Batch)
	if len(ids) > 0 && w.random.IntN(2) == 0 {
		b.ReactTo(w.cause(ids))
	}
	var items []*engine.Item
	for i := range 1 + w.random.IntN(12) {
		item := b.AddBytes(w.at(), event.Data, event.CodecRaw, randomBytes(w.random.Uint64(), w.random.IntN(200)))
		o := w.options(ids)
		if i > 0 && w.random.IntN(3) != 0 {
			o.Cause = event.ID{}
			item.CausedBy(items[w.random.IntN(i)])
		}
		items = append(items, item.With(o))
	}
	return b
}

// causes are the events from an event's cause to the root.
func (h history) causes(of event.Event) (found history) {
	for !of.Cause.IsZero() {
		i := slices.IndexFunc(h, func(e event.Event) bool { return e.ID == of.Cause })
		of = h[i]
		found = append(found, of)
	}
	return found
}

// effects are what came of an event, level by level.
func (h history) effects(of event.ID, depth int) (found history) {
	level := map[event.ID]bool{of: true}
	for at := 1; len(level) > 0 && (depth == 0 || at <= depth); at++ {
		next := map[event.ID]bool{}
		for _, e := range h {
			if level[e.Cause] {
				next[e.ID] = true
				found = append(found, e)
			}
		}
		level = next
	}
	return found
}

// correlated are the events of a correlation.
func (h history) correlated(correlation event.ID) (found history) {
	for _, e := range h {
		if e.Correlation == correlation {
			found = append(found, e)
		}
	}
	return found
}

// mustYield fails the test unless a loop yields exactly these events.
func mustYield(t failer, what string, loop iter.Seq2[event.Event, error], want history) {
	t.Helper()
	n := 0
	for ev, err := range loop {
		switch {
		case err != nil:
			t.Fatalf("%s: step %d of %d: %v", what, n+1, len(want), err)
		case n == len(want):
			t.Fatalf("%s: an event too much behind %d: %s", what, n, ev)
		case !sameEvent(&ev, &want[n]):
			t.Fatalf("%s: event %d of %d: %s", what, n+1, len(want), difference(ev, want[n]))
		}
		n++
	}
	if n != len(want) {
		t.Fatalf("%s: %d events, want %d; missing is %s", what, n, len(want), want[n])
	}
}

// mustBeWoven fails the test unless the store tells the causal graph of some of the events as a look at all of them does.
func (w *weaver) mustBeWoven(t failer, s *engine.Store, known history, questions int) {
	t.Helper()
	for range questions {
		of := known[w.random.IntN(len(known))]
		if w.random.IntN(3) == 0 {
			of = known[w.random.IntN(1+w.random.IntN(len(known)))] // early ones have more effects
		}
		o := engine.GraphOptions{Depth: w.random.IntN(5) * w.random.IntN(2), Limit: w.random.IntN(20) * w.random.IntN(2)}
		what := fmt.Sprintf("of sequence %d, %+v", of.Sequence, o)
		mustYield(t, "causes "+what, s.Causes(of.ID, o), known.causes(of).first(o.Depth).first(o.Limit))
		mustYield(t, "effects "+what, s.Effects(of.ID, o), known.effects(of.ID, o.Depth).first(o.Limit))
		w.mustConverse(t, s, known, of.ID, of.Correlation)
	}
	for _, id := range w.made {
		if len(known.correlated(id)) > 0 {
			w.mustConverse(t, s, known, id, id)
		}
	}
	for _, loop := range []iter.Seq2[event.Event, error]{
		s.Causes(event.MakeID(77, 0, 0), engine.GraphOptions{}), s.Effects(event.MakeID(77, 0, 0), engine.GraphOptions{}),
		s.Correlated(event.MakeID(77, 0, 0), engine.ReadOptions{}),
	} {
		for ev, err := range loop {
			if !errors.Is(err, engine.ErrNotFound) {
				t.Fatalf("an id that nothing has: %s, %v", ev, err)
			}
		}
	}
}

func (w *weaver) mustConverse(t failer, s *engine.Store, known history, id, correlation event.ID) {
	t.Helper()
	o := engine.ReadOptions{Direction: engine.Direction(w.random.IntN(2)), Limit: w.random.IntN(20) * w.random.IntN(2), SkipChecks: w.random.IntN(2) == 0}
	want := known.correlated(correlation)
	if o.Direction == engine.Backward {
		want = want.reversed()
	}
	mustYield(t, fmt.Sprintf("conversation of %s, %+v", id, o), s.Correlated(id, o), want.first(o.Limit))
}
