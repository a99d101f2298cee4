// Tests of folds that fail, panic, end their goroutine, take long or can't be read, and of what can't be asked.

package engine_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// troubled counts events and does something else at one of them.
func troubled(at uint64, trouble func() error) *engine.Projection[int] {
	return engine.MustProjection(engine.Fold[int]{Name: "troubled", Version: 7, Apply: func(n *int, ev event.Event) error {
		*n++
		if ev.Sequence == at && trouble != nil {
			return trouble()
		}
		return nil
	}})
}

func TestAFoldThatFailsIsAnErrorWithTheEventAndNothingIsKept(t *testing.T) {
	t.Parallel()
	s := quickStore(t, manual)
	storeTurns(t, s, 10)
	sound, err := engine.Project(t.Context(), s, troubled(0, nil), event.Entity("a"), engine.Consistent())
	if err != nil || sound.Value != 5 {
		t.Fatalf("got %+v, %v", sound, err)
	}
	storeTurns(t, s, 10)
	bad, _ := s.At(13)
	var none []error
	for what, c := range map[string]struct {
		trouble func() error
		cause   error
		panics  bool
	}{
		"an error":          {func() error { return io.ErrUnexpectedEOF }, io.ErrUnexpectedEOF, false},
		"a panic":           {func() error { panic(io.ErrUnexpectedEOF) }, io.ErrUnexpectedEOF, true},
		"a panic with text": {func() error { panic("some reason") }, nil, true},
		"a run-time error":  {func() error { return none[len(none)] }, nil, true},
	} {
		p := troubled(13, c.trouble)
		for range 2 {
			_, err := engine.Project(t.Context(), s, p, event.Entity("a"), engine.Consistent())
			failed := mustBeFoldError(t, err, 13, "troubled", "version 7", bad.ID.String())
			if failed.Event != bad.ID || failed.Entity != "a" || failed.Projection != "troubled" || failed.Version != 7 {
				t.Errorf("%s: %+v", what, failed)
			}
			if c.cause != nil && !errors.Is(err, c.cause) {
				t.Errorf("%s: %v does not wrap the cause", what, err)
			}
			if c.panics != strings.Contains(string(failed.Stack), "project_failing_test.go") {
				t.Errorf("%s: stack %q", what, failed.Stack)
			}
		}
		states, err := engine.ProjectEach(t.Context(), s, p, event.Everything(), engine.Consistent())
		if mustBeFoldError(t, err, 13); states != nil {
			t.Errorf("%s: of each: %v", what, states)
		}
	}
	// What was kept before is what the next one goes on from.
	state, err := engine.Project(t.Context(), s, troubled(0, nil), event.Entity("a"), engine.Consistent())
	if err != nil || state.Value != 10 || state.Last != 19 {
		t.Errorf("after the failures: %+v, %v", state, err)
	}
}

func TestOtherFunctionsOfAFoldMayPanicToo(t *testing.T) {
	t.Parallel()
	s := quickStore(t, manual)
	storeTurns(t, s, 4)
	apply := func(*hidden, event.Event) error { return nil }
	clone := func(s hidden) hidden { return s }
	clones := 0
	for what, fold := range map[string]engine.Fold[hidden]{
		"initial": {Initial: func() hidden { panic("initial") }, Clone: clone},
		"clone":   {Clone: func(hidden) hidden { panic("clone") }},
		"size":    {Size: func(hidden) int { panic("size") }, Clone: clone},
		"clone, of what is kept": {Clone: func(s hidden) hidden {
			if clones++; clones > 1 {
				panic("clone")
			}
			return s
		}},
	} {
		fold.Name, fold.Apply = what, apply
		p := engine.MustProjection(fold)
		_, err := engine.Project(t.Context(), s, p, event.Everything(), engine.Consistent())
		if strings.HasSuffix(what, "is kept") {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			_, err = engine.Project(t.Context(), s, p, event.Everything(), engine.Consistent())
		}
		failed := mustBeFoldError(t, err, 0)
		if len(failed.Stack) == 0 || !strings.Contains(err.Error(), strings.Split(what, ",")[0]) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAFoldThatEndsItsGoroutineKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	s := quickStore(t, manual)
	storeTurns(t, s, 10)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, err := engine.Project(context.Background(), s, troubled(5, func() error { runtime.Goexit(); return nil }), event.Entity("a"), engine.Consistent())
		t.Errorf("it went on: %v", err)
	}()
	<-ended
	state, err := engine.Project(t.Context(), s, troubled(0, nil), event.Entity("a"), engine.Consistent())
	if err != nil || state.Value != 5 || state.Cached {
		t.Errorf("got %+v, %v", state, err)
	}
}

func TestALongFoldEndsWithItsContextAndWithTheStore(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, quickDir(t), manual)
	defer func() { _ = s.Close() }()
	storeTurns(t, s, 4000)
	ctx, cancel := context.WithCancel(t.Context())
	state, err := engine.Project(ctx, s, troubled(100, func() error { cancel(); return nil }), event.Everything(), engine.Consistent())
	if !errors.Is(err, context.Canceled) || state.Value != 0 {
		t.Errorf("cancelled by its fold: %+v, %v", state, err)
	}
	if _, err := engine.Project(ctx, s, troubled(0, nil), event.Everything(), engine.Consistent()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
	if _, err = engine.Project(t.Context(), s, troubled(100, s.Close), event.Everything(), engine.Consistent()); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("closed by its fold: %v", err)
	}
	for _, fresh := range []engine.Freshness{engine.Consistent(), engine.MayBeStale(time.Hour), engine.AtLeast(1)} {
		if _, err := engine.Project(t.Context(), s, troubled(0, nil), event.Everything(), fresh); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("of a closed store: %v", err)
		}
		if _, err := engine.ProjectEach(t.Context(), s, troubled(0, nil), event.Everything(), fresh); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("of a closed store, each: %v", err)
		}
	}
}

func TestWhatCanNotBeAskedIsRefusedByName(t *testing.T) {
	t.Parallel()
	s, p := quickStore(t, manual), troubled(0, nil)
	ctx := t.Context()
	var none context.Context
	for what, c := range map[string]struct {
		ctx   context.Context
		s     *engine.Store
		p     *engine.Projection[int]
		fresh engine.Freshness
	}{
		"context is nil":     {none, s, p, engine.Consistent()},
		"store is nil":       {ctx, nil, p, engine.Consistent()},
		"NewProjection":      {ctx, s, nil, engine.Consistent()},
		"by NewProjection":   {ctx, s, new(engine.Projection[int]), engine.Consistent()},
		"MayBeStale is -1ns": {ctx, s, p, engine.MayBeStale(-1)},
	} {
		_, err := engine.Project(c.ctx, c.s, c.p, event.Everything(), c.fresh)
		_, each := engine.ProjectEach(c.ctx, c.s, c.p, event.Everything(), c.fresh)
		for _, err := range []error{err, each} {
			if !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), what) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if c.fresh != engine.Consistent() {
			continue
		}
		for _, err := range engine.WatchProjection(c.ctx, c.s, c.p, event.Everything(), engine.WatchOptions{}) {
			if !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), what) {
				t.Errorf("watch: %s: %v", what, err)
			}
		}
	}
	for _, err := range engine.WatchProjection(ctx, s, p, event.Everything(), engine.WatchOptions{Every: -1}) {
		if !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), "Every is -1ns") {
			t.Errorf("watch: %v", err)
		}
	}
}

func TestDamageInTheRegionIsAnErrorAndNothingIsKept(t *testing.T) {
	t.Parallel()
	dir := vfs.NewMemory()
	s := mustOpenDir(t, dir, manual)
	storeTurns(t, s, 6)
	mark := []byte("these bytes are damaged")
	if _, err := s.AppendBytes(event.MustAt("a", "scope"), event.Data, event.CodecRaw, mark); err != nil {
		t.Fatal(err)
	}
	storeTurns(t, s, 6)
	mustClose(t, s)
	m := imageOfDir(t, dir)
	segment := m[m.segments()[0]]
	segment[bytes.Index(segment, mark)] ^= 1
	s = openFor(t, m.memory(t), engine.Options{ReadOnly: true})
	f := newFolds()
	for range 2 {
		for _, way := range ways {
			if got, err := f.ask(t.Context(), way, s, event.Entity("a"), engine.Consistent()); !errors.Is(err, engine.ErrCorrupt) || got.Events != 0 {
				t.Errorf("%s: %+v, %v", way, got, err)
			}
		}
		if states, err := engine.ProjectEach(t.Context(), s, f.tally, event.Everything(), engine.Consistent()); !errors.Is(err, engine.ErrCorrupt) {
			t.Errorf("of each: %v, %v", states, err)
		}
	}
	before, behind := event.Entity("a").Sequences(0, 6), event.Entity("a").Sequences(8, 0)
	for _, region := range []event.Region{before, behind} {
		if got := f.must(t, s, region, engine.Consistent()); got.Events != 3 {
			t.Errorf("beside the damage: %+v", got)
		}
	}
}
