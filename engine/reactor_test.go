// Reactors: what they append, how far they are, and what is refused.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// What the reactors of the tests react to, and with what.
var (
	questionKind = event.MustKind(0x1, 0x101)
	answerKind   = event.MustKind(0x1, 0x102)
	remarkKind   = event.MustKind(0x1, 0x103)
)

// answer reacts with one event, which holds the sequence of what it answers.
func answer(_ context.Context, ev event.Event, reactions *engine.Batch) error {
	reactions.Add(event.MustAt("answers", ev.Scope()), answerKind, ev.Sequence)
	return nil
}

// mustAsk appends so many events to react to, and returns the sequence of the last.
func mustAsk(t failer, s *engine.Store, events int) (last uint64) {
	t.Helper()
	for i := range events {
		r, err := s.AppendWith(event.MustAt(fmt.Sprint("question-", i%3), "scope"), questionKind, i, engine.AppendOptions{Wait: engine.WaitStaged})
		if err != nil {
			t.Fatalf("ask: %v", err)
		}
		last = r.Sequence
	}
	return last
}

// mustStart starts a reactor that answers what was asked.
func mustStart(t failer, s *engine.Store, o engine.ReactorOptions, react engine.React) *engine.Reactor {
	t.Helper()
	if o.Name == "" {
		o.Name = "answering"
	}
	o.Region = event.OfKind(questionKind)
	r, err := s.StartReactor(o, react)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	return r
}

// mustReach waits until the reactor is so far.
func mustReach(t failer, r *engine.Reactor, sequence uint64) {
	t.Helper()
	if err := r.WaitFor(context.Background(), sequence); err != nil {
		t.Fatalf("wait for %d: %v", sequence, err)
	}
}

func mustStop(t failer, r *engine.Reactor) {
	t.Helper()
	if err := r.Stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
}

// mustBeAnswered fails the test unless each event that was asked has one answer, in the same order.
func mustBeAnswered(t failer, s *engine.Store) {
	t.Helper()
	questions, answers := selected(t, s, event.OfKind(questionKind)), selected(t, s, event.OfKind(answerKind))
	for i, a := range answers {
		var of uint64
		if err := a.Decode(&of); err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		if i >= len(questions) {
			break
		}
		if q := questions[i]; a.Cause != q.ID || a.CauseSequence != q.Sequence || of != q.Sequence || a.Correlation != q.Correlation || a.Position.Depth != q.Position.Depth+1 {
			t.Fatalf("answer %d at %d is to %d, want %d", i, a.Sequence, a.CauseSequence, q.Sequence)
		}
	}
	if len(questions) != len(answers) {
		t.Fatalf("%d answers to %d questions", len(answers), len(questions))
	}
}

// selected returns the visible events of a region.
func selected(t failer, s *engine.Store, region event.Region) history {
	t.Helper()
	var events history
	for ev, err := range s.Query(region, engine.ReadOptions{}) {
		if err != nil {
			t.Fatalf("query %s: %v", region, err)
		}
		events = append(events, ev.Clone())
	}
	return events
}

func TestAReactorAnswersEveryEventOnceAndItsAnswersAreDurable(t *testing.T) {
	t.Parallel()
	for _, policy := range everyPolicy {
		for _, pipelined := range []bool{false, true} {
			s := mustOpenDir(t, vfs.NewMemory(), small(policy))
			mustAsk(t, s, 20) // before it begins
			r := mustStart(t, s, engine.ReactorOptions{Pipelined: pipelined, AckEvery: 7}, answer)
			last := mustAsk(t, s, 20)
			mustReach(t, r, last)
			mustBeAnswered(t, s)
			newest := selected(t, s, event.OfKind(answerKind))[39]
			if durable := s.Stats().Durable; durable < newest.Sequence {
				t.Errorf("%s: durable up to %d, the last answer is %d", policy, durable, newest.Sequence)
			}
			if got := r.Stats(); got.Events != 40 || got.Reactions != 40 || got.Acked < last || got.Duplicates+got.Retries+got.Parked+got.Losses != 0 {
				t.Errorf("%s: %+v", policy, got)
			}
			mustStop(t, r)
			mustBeSound(t, all(t, s, 0, 0, engine.ReadOptions{}), true)
			mustClose(t, s)
		}
	}
}

func TestTheAnswersToAnEventAreOneBatch(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	receipt, err := s.AppendWith(here, questionKind, "?", engine.AppendOptions{Correlation: event.MakeID(1, 2, 3)})
	if err != nil {
		t.Fatal(err)
	}
	r := mustStart(t, s, engine.ReactorOptions{}, func(_ context.Context, ev event.Event, reactions *engine.Batch) error {
		first := reactions.Add(event.MustAt("a", "scope"), answerKind, "first")
		reactions.Add(event.MustAt("b", "scope"), remarkKind, "second").CausedBy(first)
		reactions.Add(event.MustAt("c", "scope"), remarkKind, "third").With(engine.AppendOptions{Correlation: event.MakeID(4, 5, 6)})
		return nil
	})
	mustReach(t, r, receipt.Sequence)
	events := all(t, s, 2, 0, engine.ReadOptions{})
	if len(events) != 3 || r.Stats().Reactions != 3 {
		t.Fatalf("%d events, %+v", len(events), r.Stats())
	}
	for i, want := range []struct{ cause, correlation event.ID }{
		{receipt.ID, event.MakeID(1, 2, 3)}, {events[0].ID, event.MakeID(1, 2, 3)}, {receipt.ID, event.MakeID(4, 5, 6)},
	} {
		if got := events[i]; got.Cause != want.cause || got.Correlation != want.correlation {
			t.Errorf("answer %d: cause %s, correlation %s, want %s, %s", i, got.Cause, got.Correlation, want.cause, want.correlation)
		}
	}
}

func TestNothingIsAppendedForAnEventThatLeadsToNothing(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	last := mustAsk(t, s, 10)
	r := mustStart(t, s, engine.ReactorOptions{}, func(_ context.Context, _ event.Event, reactions *engine.Batch) error {
		reactions.Conditions = []engine.Condition{engine.NoneAfter(event.Everything(), 0)} // of an empty batch
		return nil
	})
	mustReach(t, r, last)
	if got := s.Stats().Staged; got != last {
		t.Errorf("%d events, want %d", got, last)
	}
	if got := r.Stats(); got.Events != 10 || got.Reactions != 0 || got.Acked != last || got.Lag != 0 {
		t.Errorf("%+v", got)
	}
}

func TestAReactorIsWaitedForBeyondTheEventsOfItsRegion(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	r := mustStart(t, s, engine.ReactorOptions{}, answer)
	for range 20 {
		receipt, err := s.Append(here, remarkKind, "x")
		if err != nil {
			t.Fatal(err)
		}
		mustReach(t, r, receipt.Sequence)
	}
	mustAsk(t, s, 1)
	mustReach(t, r, 22) // its answer
	mustBeAnswered(t, s)
	future := call(func() error { return r.WaitFor(context.Background(), 24) })
	mustAsk(t, s, 1)
	if err := <-future; err != nil {
		t.Error(err)
	}
}

func TestWaitingForAReactorEnds(t *testing.T) {
	t.Parallel()
	s := mustOpenDir(t, vfs.NewMemory(), engine.Options{})
	r := mustStart(t, s, engine.ReactorOptions{}, answer)
	if err := r.WaitFor(context.Background(), 0); err != nil {
		t.Errorf("for nothing: %v", err)
	}
	var none context.Context
	if err := r.WaitFor(none, 1); !errors.Is(err, engine.ErrInvalid) {
		t.Errorf("without a context: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancelled := call(func() error { return r.WaitFor(ctx, 5) })
	cancel()
	if err := <-cancelled; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	stopped := call(func() error { return r.WaitFor(context.Background(), 5) })
	mustStop(t, r)
	if err := <-stopped; !errors.Is(err, engine.ErrReactorStopped) || errors.Is(err, engine.ErrClosed) {
		t.Errorf("stopped: %v", err)
	}
	last := mustAsk(t, s, 1)
	failure := errors.New("no")
	r = mustStart(t, s, engine.ReactorOptions{}, func(context.Context, event.Event, *engine.Batch) error { return failure })
	if err := r.WaitFor(context.Background(), last); !errors.Is(err, engine.ErrReactorStopped) || !errors.Is(err, failure) {
		t.Errorf("failed: %v", err)
	}
	r = mustStart(t, s, engine.ReactorOptions{}, answer)
	mustReach(t, r, last+1)
	closed := call(func() error { return r.WaitFor(context.Background(), 50) })
	mustClose(t, s)
	if err := <-closed; !errors.Is(err, engine.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if err := r.WaitFor(context.Background(), last+1); err != nil {
		t.Errorf("for what was reached before the end: %v", err)
	}
	<-r.Done()
	if err := r.Err(); err != nil {
		t.Errorf("ended by closing: %v", err)
	}
}

func TestReactorsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	named := func(change func(*engine.ReactorOptions)) engine.ReactorOptions {
		o := engine.ReactorOptions{Name: "name"}
		change(&o)
		return o
	}
	for _, c := range []struct {
		options engine.ReactorOptions
		text    string
	}{
		{engine.ReactorOptions{}, `batpak: option Name is "", must be 1 to 255 bytes`},
		{named(func(o *engine.ReactorOptions) { o.OnError.Attempts = -1 }), "batpak: option OnError.Attempts is -1, must be 0 or more"},
		{named(func(o *engine.ReactorOptions) { o.OnError.Backoff = -1 }), "batpak: option OnError.Backoff is -1ns, must be 0 or more"},
		{named(func(o *engine.ReactorOptions) { o.OnError.MaxBackoff = -1 }), "batpak: option OnError.MaxBackoff is -1ns, must be Backoff or more, or 0"},
		{named(func(o *engine.ReactorOptions) {
			o.OnError.Backoff, o.OnError.MaxBackoff = time.Second, time.Millisecond
		}), "batpak: option OnError.MaxBackoff is 1ms, must be Backoff or more, or 0"},
		{named(func(o *engine.ReactorOptions) { o.AckEvery = -1 }), "batpak: option AckEvery is -1, must be from 1 to 4096 events, or 0"},
		{named(func(o *engine.ReactorOptions) { o.AckEvery = 4097 }), "batpak: option AckEvery is 4097, must be from 1 to 4096 events, or 0"},
	} {
		if _, err := s.StartReactor(c.options, answer); !errors.Is(err, engine.ErrInvalid) || err.Error() != c.text {
			t.Errorf("%+v: got %v, want %s", c.options, err, c.text)
		}
	}
	if _, err := s.StartReactor(engine.ReactorOptions{Name: "name"}, nil); !errors.Is(err, engine.ErrInvalid) {
		t.Errorf("without a function: %v", err)
	}
	for _, name := range []string{strings.Repeat("x", 256), "\xff"} {
		if _, err := s.StartReactor(engine.ReactorOptions{Name: name}, answer); !errors.Is(err, engine.ErrInvalid) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	r := mustStart(t, s, engine.ReactorOptions{Name: "twice"}, answer)
	if _, err := s.StartReactor(engine.ReactorOptions{Name: "twice"}, answer); !errors.Is(err, engine.ErrCursorInUse) {
		t.Errorf("a second one: %v", err)
	}
	mustStop(t, r)
	mustStop(t, mustStart(t, s, engine.ReactorOptions{Name: "twice"}, answer))
}

func TestReactorsNeedAStoreThatIsOpenForWriting(t *testing.T) {
	t.Parallel()
	memory := vfs.NewMemory()
	s := mustOpenDir(t, memory, engine.Options{})
	mustClose(t, s)
	if _, err := s.StartReactor(engine.ReactorOptions{Name: "name"}, answer); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	s = mustOpenDir(t, memory, engine.Options{ReadOnly: true})
	if _, err := s.StartReactor(engine.ReactorOptions{Name: "name"}, answer); !errors.Is(err, engine.ErrReadOnly) {
		t.Errorf("read-only: %v", err)
	}
	mustClose(t, s)
}

func TestTheKeyAndTheCauseOfABatchOfReactionsAreTheReactors(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	mustAsk(t, s, 1)
	for what, react := range map[string]engine.React{
		"key": func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
			reactions.Key = "mine"
			return answer(ctx, ev, reactions)
		},
		"cause": func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
			reactions.ReactTo(event.MakeID(1, 2, 3))
			return answer(ctx, ev, reactions)
		},
	} {
		r := mustStart(t, s, engine.ReactorOptions{}, react)
		<-r.Done()
		if err := r.Err(); !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), "invalid "+what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	r := mustStart(t, s, engine.ReactorOptions{}, func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
		reactions.Key = "thrown away"
		reactions.Reset()
		return answer(ctx, ev, reactions)
	})
	mustReach(t, r, 1)
	mustBeAnswered(t, s)
}
