// Iterators that are left: early, by a panic, or for good; kept over Close; run by many.

package engine_test

import (
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// looped is a way to loop over a store, with what all of them have in common.
type looped struct {
	what string
	loop func(s *engine.Store) iter.Seq[error]
}

// eventLoop and nameLoop leave out what is yielded beside the error.
func eventLoop(what string, loop func(*engine.Store) iter.Seq2[event.Event, error]) looped {
	return looped{what, func(s *engine.Store) iter.Seq[error] {
		return func(yield func(error) bool) {
			for _, err := range loop(s) {
				if !yield(err) {
					return
				}
			}
		}
	}}
}

func nameLoop(what string, loop func(*engine.Store) iter.Seq2[string, error]) looped {
	return looped{what, func(s *engine.Store) iter.Seq[error] {
		return func(yield func(error) bool) {
			for _, err := range loop(s) {
				if !yield(err) {
					return
				}
			}
		}
	}}
}

// loops are the ways; all yield several things in a store that was sown.
var loops = []looped{
	eventLoop("everything", func(s *engine.Store) iter.Seq2[event.Event, error] {
		return s.Query(event.Everything(), engine.ReadOptions{})
	}),
	eventLoop("a kind, backwards", func(s *engine.Store) iter.Seq2[event.Event, error] {
		return s.Query(event.OfKind(sownKinds[2]), engine.ReadOptions{Direction: engine.Backward})
	}),
	eventLoop("a union", func(s *engine.Store) iter.Seq2[event.Event, error] {
		return s.Query(event.Union(event.EntityPrefix("user:"), event.Tagged("red")), engine.ReadOptions{Limit: 500})
	}),
	eventLoop("a stream", func(s *engine.Store) iter.Seq2[event.Event, error] {
		return s.Stream("a", engine.ReadOptions{})
	}),
	eventLoop("a stream backwards", func(s *engine.Store) iter.Seq2[event.Event, error] {
		return s.Stream("a", engine.ReadOptions{Direction: engine.Backward, SkipChecks: true})
	}),
	nameLoop("entities", func(s *engine.Store) iter.Seq2[string, error] { return s.Entities("") }),
	nameLoop("scopes", func(s *engine.Store) iter.Seq2[string, error] { return s.Scopes() }),
}

func TestAnIteratorThatIsKeptOverCloseEndsWithErrClosedAndCloseDoesNotWaitForIt(t *testing.T) {
	t.Parallel()
	for _, steps := range []int{0, 1, 4} {
		w := newSower(41)
		s := mustOpen(t, quickDir(t), w.options(engine.SyncManual()))
		w.sow(t, s, nil, 500)
		var kept []func() (error, bool)
		for _, l := range loops {
			next, stop := iter.Pull(l.loop(s))
			defer stop()
			for range steps {
				if err, ok := next(); err != nil || !ok {
					t.Fatalf("%s: %v, %v", l.what, err, ok)
				}
			}
			kept = append(kept, next)
		}
		mustClose(t, s)
		for i, next := range kept {
			if err, ok := next(); !ok || !errors.Is(err, engine.ErrClosed) {
				t.Errorf("%s: after %d steps and Close: %v, %v, want ErrClosed", loops[i].what, steps, err, ok)
			}
			if err, ok := next(); ok {
				t.Errorf("%s: goes on behind ErrClosed with %v", loops[i].what, err)
			}
		}
	}
}

func TestAnIteratorWhoseStoreIsClosedInItsBodyEndsWithErrClosed(t *testing.T) {
	t.Parallel()
	for _, l := range loops {
		w := newSower(42)
		s := mustOpen(t, quickDir(t), w.options(engine.SyncManual()))
		w.sow(t, s, nil, 400)
		steps := 0
		var last error
		for err := range l.loop(s) {
			if last = err; steps == 1 {
				mustClose(t, s)
			}
			steps++
		}
		if steps != 3 || !errors.Is(last, engine.ErrClosed) {
			t.Errorf("%s: %d steps, the last %v, want two and ErrClosed", l.what, steps, last)
		}
	}
}

func TestAClosedStoreAnswersEveryQuestionWithErrClosed(t *testing.T) {
	t.Parallel()
	w := newSower(43)
	s := mustOpen(t, quickDir(t), w.options(engine.SyncManual()))
	known := w.sow(t, s, nil, 300)
	mustClose(t, s)
	calls := make(map[string]error)
	var into event.Event
	_, calls["Get"] = s.Get(known[0].ID)
	_, calls["Get of nothing"] = s.Get(event.ID{})
	calls["GetIDInto"] = s.GetIDInto(known[200].ID, &into)
	_, calls["Clock"] = s.Clock("a")
	_, calls["Clock of nobody"] = s.Clock("nobody")
	for _, l := range append(loops, eventLoop("nothing", func(s *engine.Store) iter.Seq2[event.Event, error] {
		return s.Query(event.Nothing(), engine.ReadOptions{})
	}), nameLoop("entities of no prefix", func(s *engine.Store) iter.Seq2[string, error] { return s.Entities("nobody") })) {
		steps := 0
		for err := range l.loop(s) {
			calls[l.what] = err
			steps++
		}
		if steps != 1 {
			t.Errorf("%s: %d steps, want one error", l.what, steps)
		}
	}
	for call, err := range calls {
		if !errors.Is(err, engine.ErrClosed) {
			t.Errorf("%s: got %v, want ErrClosed", call, err)
		}
	}
}

func TestALoopMayBeLeftAtAnyStepAndNothingIsHeld(t *testing.T) {
	t.Parallel()
	w := newSower(44)
	s := mustOpen(t, quickDir(t), w.options(engine.SyncManual()))
	known := w.sow(t, s, nil, 500)
	for _, l := range loops {
		for leave := 1; leave <= 130; leave += 1 + leave/8 {
			steps := 0
			for err := range l.loop(s) {
				if err != nil {
					t.Fatalf("%s: %v", l.what, err)
				}
				if steps++; steps == leave {
					break
				}
			}
			func() {
				defer func() {
					if got := recover(); got != "left" && got != nil {
						panic(got)
					}
				}()
				steps = 0
				for range l.loop(s) {
					if steps++; steps == leave {
						panic("left")
					}
				}
			}()
		}
		next, stop := iter.Pull(l.loop(s)) // never gone on with
		if err, ok := next(); err != nil || !ok {
			t.Errorf("%s: %v, %v", l.what, err, ok)
		}
		defer stop()
	}
	known = w.sow(t, s, known, 200)
	answersOf(known).mustBeGivenBy(t, s)
	mustClose(t, s) // would wait for what is held
}

func TestLoopsMayBeNestedAndAppendInTheirBodies(t *testing.T) {
	t.Parallel()
	w := newSower(45)
	s := quickStore(t, w.options(engine.SyncManual()))
	known := w.sow(t, s, nil, 400)
	want, seen := known.selected(everything().entity("a"), engine.ReadOptions{}), 0
	for ev, err := range s.Stream("a", engine.ReadOptions{}) {
		if err != nil || !sameEvent(&ev, &want[seen]) {
			t.Fatalf("step %d: %s, %v", seen, ev, err)
		}
		seen++
		known = w.sow(t, s, known, 2)
		q := everything().entity("a").clocks(0, ev.Position.Clock)
		mustAnswer(t, s, q, engine.ReadOptions{Direction: engine.Backward, Limit: 5}, known.selected(q, engine.ReadOptions{Direction: engine.Backward, Limit: 5}))
		if !sameEvent(&ev, &want[seen-1]) {
			t.Fatalf("step %d: the event at hand changed: %s", seen-1, ev)
		}
	}
	if seen != len(want) {
		t.Errorf("%d events, want %d", seen, len(want))
	}
}

func TestOneLoopMayBeRunByManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newSower(46)
	s := quickStore(t, w.options(engine.SyncManual()))
	known := w.sow(t, s, nil, 600)
	q := everything().prefix("user:").category(0x1)
	want := known.selected(q, engine.ReadOptions{})
	shared := s.Query(q.region, engine.ReadOptions{})
	var reading sync.WaitGroup
	for range 4 {
		reading.Go(func() {
			for range 20 {
				n := 0
				for ev, err := range shared {
					if err != nil || n >= len(want) || !sameEvent(&ev, &want[n]) {
						t.Errorf("step %d: %s, %v", n, ev, err)
						return
					}
					n++
				}
				if n != len(want) {
					t.Errorf("%d events, want %d", n, len(want))
				}
			}
		})
	}
	reading.Wait()
}

func TestClosingBesideQueriesEndsThemWithErrClosedOrRightly(t *testing.T) {
	t.Parallel()
	rounds := 12
	if raceBuild {
		rounds = 4
	}
	for round := range rounds {
		w := newSower(47)
		s := mustOpen(t, quickDir(t), w.options(engine.SyncManual()))
		known := w.sow(t, s, nil, 400)
		var reading sync.WaitGroup
		var begun atomic.Int64
		for reader := range 4 {
			reading.Go(func() { readUntilClosed(t, s, known, reader, &begun) })
		}
		until(func() bool { return begun.Load() >= int64(4+3*round) || t.Failed() })
		mustClose(t, s)
		reading.Wait()
	}
}

// readUntilClosed asks until ErrClosed; whatever came before it must be right.
func readUntilClosed(t *testing.T, s *engine.Store, known history, reader int, begun *atomic.Int64) {
	list := questions(known)
	for n := reader; ; n++ {
		begun.Add(1)
		q := list[n%len(list)]
		want, seen := known.selected(q, engine.ReadOptions{}), 0
		for ev, err := range s.Query(q.region, engine.ReadOptions{}) {
			if errors.Is(err, engine.ErrClosed) {
				return
			}
			if err != nil || seen == len(want) || !sameEvent(&ev, &want[seen]) {
				t.Errorf("query %s: step %d: %s, %v", q.region, seen, ev, err)
				return
			}
			seen++
		}
		if seen != len(want) {
			t.Errorf("query %s: %d events, want %d", q.region, seen, len(want))
		}
		for _, err := range s.Entities("user:") {
			if err != nil && !errors.Is(err, engine.ErrClosed) {
				t.Errorf("entities: %v", err)
			}
		}
		if _, err := s.Clock("a"); err != nil && !errors.Is(err, engine.ErrClosed) {
			t.Errorf("clock: %v", err)
		}
		if _, err := s.Get(known[n%len(known)].ID); err != nil && !errors.Is(err, engine.ErrClosed) {
			t.Errorf("get: %v", err)
		}
	}
}
