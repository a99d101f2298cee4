// Projections of the tests: of each way in which states are copied, with their calls counted.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// reckoning is what all of the states say in the end: which events were folded, in which order.
type reckoning struct {
	Events uint64
	Last   uint64
	Order  uint64            // of the sequences
	Kinds  map[string]uint64 // events of each
}

// take folds one event; it is all that the folds do.
func (t *reckoning) take(ev *event.Event) {
	t.Events++
	t.Last = ev.Sequence
	t.Order = t.Order*31 + ev.Sequence
	if t.Kinds == nil {
		t.Kinds = make(map[string]uint64)
	}
	t.Kinds[ev.Kind.String()]++
}

// flat is a state that is copied as it is.
type flat struct{ Events, Last, Order uint64 }

// hidden is a state that only a Clone can copy.
type hidden struct{ t *reckoning }

// folds counts what is asked of the three projections of a test.
type folds struct {
	applied, cloned atomic.Int64
	flat            *engine.Projection[flat]
	hidden          *engine.Projection[hidden]
	tally           *engine.Projection[reckoning]
}

func newFolds(kinds ...event.Kind) *folds {
	f := new(folds)
	f.flat = engine.MustProjection(engine.Fold[flat]{Name: "flat", Kinds: kinds, Apply: func(s *flat, ev event.Event) error {
		f.applied.Add(1)
		s.Events, s.Last, s.Order = s.Events+1, ev.Sequence, s.Order*31+ev.Sequence
		return nil
	}})
	f.hidden = engine.MustProjection(engine.Fold[hidden]{
		Name: "hidden", Kinds: kinds, Initial: func() hidden { return hidden{new(reckoning)} },
		Apply: func(s *hidden, ev event.Event) error { f.applied.Add(1); s.t.take(&ev); return nil },
		Clone: func(s hidden) hidden { f.cloned.Add(1); return hidden{s.t.clone()} },
	})
	f.tally = engine.MustProjection(engine.Fold[reckoning]{Name: "tally", Kinds: kinds, Apply: func(s *reckoning, ev event.Event) error {
		f.applied.Add(1)
		s.take(&ev)
		return nil
	}})
	return f
}

func (t *reckoning) clone() *reckoning {
	copied := *t
	copied.Kinds = nil
	for kind, n := range t.Kinds {
		if copied.Kinds == nil {
			copied.Kinds = make(map[string]uint64)
		}
		copied.Kinds[kind] = n
	}
	return &copied
}

// said is what one of the three projections said.
type said struct {
	reckoning
	sequence, last uint64
	cached         bool
}

func saidOf[S any](state engine.State[S], t reckoning) said {
	return said{reckoning: t, sequence: state.Sequence, last: state.Last, cached: state.Cached}
}

// ways are the names of the projections.
var ways = []string{"flat", "hidden", "tally"}

// ask asks one of them.
func (f *folds) ask(ctx context.Context, way string, s *engine.Store, region event.Region, fresh engine.Freshness) (said, error) {
	switch way {
	case "flat":
		state, err := engine.Project(ctx, s, f.flat, region, fresh)
		return saidOf(state, reckoning{Events: state.Value.Events, Last: state.Value.Last, Order: state.Value.Order}), err
	case "hidden":
		state, err := engine.Project(ctx, s, f.hidden, region, fresh)
		if state.Value.t == nil {
			state.Value.t = new(reckoning)
		}
		return saidOf(state, *state.Value.t), err
	}
	state, err := engine.Project(ctx, s, f.tally, region, fresh)
	return saidOf(state, state.Value), err
}

// must asks all three, which must agree, and returns the last answer.
func (f *folds) must(t failer, s *engine.Store, region event.Region, fresh engine.Freshness) said {
	t.Helper()
	var first, a said
	for i, way := range ways {
		var err error
		if a, err = f.ask(context.Background(), way, s, region, fresh); err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		if i == 0 {
			first = a
		}
		if a.Events != first.Events || a.Order != first.Order || a.last != first.last || a.last != a.Last {
			t.Fatalf("%s: %+v, and %s: %+v", way, a, ways[0], first)
		}
	}
	return a
}

// naive is what a projection must say: all events of the region, read again.
func naive(t failer, s *engine.Store, region event.Region, upTo uint64) reckoning {
	t.Helper()
	var want reckoning
	for ev, err := range s.Events(1, upTo, engine.ReadOptions{}) {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		if upTo != 0 && region.Matches(&ev) {
			want.take(&ev)
		}
	}
	return want
}

// mustFold fails the test unless every projection's answer is that of the naive fold up to what it says it goes to.
func (f *folds) mustFold(t failer, s *engine.Store, region event.Region, fresh engine.Freshness) said {
	t.Helper()
	got := f.must(t, s, region, fresh)
	if want := naive(t, s, region, got.sequence); !reflect.DeepEqual(got.reckoning, want) {
		t.Fatalf("%v up to %d: %+v, want %+v", region, got.sequence, got.reckoning, want)
	}
	return got
}

// mustApply fails the test unless so many events were folded since the last call.
func (f *folds) mustApply(t failer, what string, events int64) {
	t.Helper()
	if got := f.applied.Swap(0); got != events {
		t.Fatalf("%s: %d events were folded, want %d", what, got, events)
	}
}

// storeTurns appends events of entities a and b in turn and returns the last sequence.
func storeTurns(t failer, s *engine.Store, events int) (last uint64) {
	t.Helper()
	for i := range events {
		r, err := s.AppendBytes(event.MustAt([]string{"a", "b"}[i%2], "scope"), event.MustKind(1, uint16(i%3)), event.CodecRaw, nil)
		if err != nil {
			t.Fatalf("append: %v", err)
		}
		last = r.Sequence
	}
	return last
}

// mustBeFoldError fails the test unless err is a FoldError about this sequence whose text has words.
func mustBeFoldError(t *testing.T, err error, sequence uint64, words ...string) *engine.FoldError {
	t.Helper()
	failed, ok := errors.AsType[*engine.FoldError](err)
	if !ok || failed.Sequence != sequence {
		t.Fatalf("got %v, want a FoldError of sequence %d", err, sequence)
	}
	for _, word := range append(words, fmt.Sprint(sequence)) {
		if sequence != 0 && !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	return failed
}
