// Tests of states that encoding does not copy: they are right, not kept, told and counted.

package engine_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// ledger has each bill in an index and in a list.
type (
	bill   struct{ Paid int }
	ledger struct {
		ByID map[int]*bill
		List []*bill
	}
)

// take adds a bill for every third event, and finds the last one by the index for the others.
func (l *ledger) take(ev *event.Event) {
	if ev.Kind.Type() == 0 {
		if l.ByID == nil {
			l.ByID = make(map[int]*bill)
		}
		b := new(bill)
		l.ByID[len(l.List)], l.List = b, append(l.List, b)
		return
	}
	l.ByID[len(l.List)-1].Paid++
}

func (l ledger) clone() ledger {
	copied := ledger{ByID: make(map[int]*bill)}
	for i, b := range l.List {
		c := *b
		copied.ByID[i], copied.List = &c, append(copied.List, &c)
	}
	return copied
}

// mustBePaid fails the test unless so many events of a store of turns paid, by the index and by the list.
func (l ledger) mustBePaid(t *testing.T, what string, events int) {
	t.Helper()
	bills, listed, indexed := (events+2)/3, 0, 0
	for i, b := range l.List {
		listed, indexed = listed+b.Paid, indexed+l.ByID[i].Paid
	}
	if want := events - bills; len(l.List) != bills || len(l.ByID) != bills || listed != want || indexed != want {
		t.Fatalf("%s, %d events: %d bills, paid %d by the list and %d by the index, want %d, %d and %d", what, events, len(l.List), listed, indexed, bills, want, want)
	}
}

func ledgers(clone func(ledger) ledger, applied *int) *engine.Projection[ledger] {
	return engine.MustProjection(engine.Fold[ledger]{
		Name: "ledger", Clone: clone,
		Apply: func(l *ledger, ev event.Event) error { *applied++; l.take(&ev); return nil },
	})
}

// logTo has a log written to a buffer.
func logTo(o engine.Options, log *bytes.Buffer) engine.Options {
	o.Logger = slog.New(slog.NewTextHandler(log, nil))
	return o
}

func TestAStateDoesNotDependOnWhetherItWasKept(t *testing.T) {
	t.Parallel()
	off := engine.Options{Sync: engine.SyncManual(), Cache: engine.CacheOptions{Off: true}}
	for what, o := range map[string]engine.Options{"not kept": off, "in memory": manual, "in files": filed(1)} {
		for with, clone := range map[string]func(ledger) ledger{"without a Clone": nil, "with a Clone": ledger.clone} {
			dir, log, applied := vfs.NewMemory(), new(bytes.Buffer), 0
			p, what := ledgers(clone, &applied), what+", "+with
			s := mustOpenDir(t, dir, logTo(o, log))
			for events := 1; events <= 8; events++ {
				if events == 6 { // what is in files now is all that is kept
					mustClose(t, s)
					s, p = mustOpenDir(t, imageOfDir(t, dir).memory(t), logTo(o, log)), ledgers(clone, &applied)
				}
				if _, err := s.AppendBytes(event.MustAt("a", "scope"), event.MustKind(1, uint16((events-1)%3)), event.CodecRaw, nil); err != nil {
					t.Fatal(err)
				}
				state, err := engine.Project(t.Context(), s, p, event.Entity("a"), engine.Consistent())
				if err != nil {
					t.Fatal(err)
				}
				state.Value.mustBePaid(t, what, events)
				each, err := engine.ProjectEach(t.Context(), s, p, event.Everything(), engine.Consistent())
				if err != nil {
					t.Fatal(err)
				}
				each["a"].Value.mustBePaid(t, what+", of each", events)
			}
			// Once for the projection of each opening.
			warnings, told := 0, strings.Count(log.String(), "level=WARN")
			if o.Cache.FileBytes != 0 || clone == nil && !o.Cache.Off {
				warnings = 2
			}
			if told != warnings || warnings != 0 && !strings.Contains(log.String(), "projection=ledger") {
				t.Errorf("%s: logged %d warnings, want %d: %s", what, told, warnings, log)
			}
			if got := s.Stats().Cache.Unkept; (got != 0) != (clone == nil && !o.Cache.Off) {
				t.Errorf("%s: %d counted", what, got)
			}
			mustClose(t, s)
		}
	}
}

func TestAWatchedStateWithSharedPartsStaysWhole(t *testing.T) {
	t.Parallel()
	s, applied, events := quickStore(t, manual), 0, 0
	p := ledgers(nil, &applied)
	for state, err := range engine.WatchProjection(t.Context(), s, p, event.Everything(), engine.WatchOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		state.Value.mustBePaid(t, "watched", events)
		if events++; events > 7 {
			break
		}
		if _, err := s.AppendBytes(event.MustAt("a", "scope"), event.MustKind(1, uint16((events-1)%3)), event.CodecRaw, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// nested, stubborn and panicky are states that can't be encoded, but for their types.
type (
	nested   struct{ Inner []nested }
	chained  struct{ Next *chained }
	stubborn struct{ N int }
	panicky  struct{ N int }
	dated    map[time.Time]int // refused
)

func (stubborn) MarshalBinary() ([]byte, error)       { return nil, errors.New("on purpose") }
func (s *stubborn) UnmarshalBinary(data []byte) error { s.N = len(data); return nil }
func (panicky) MarshalBinary() ([]byte, error)        { panic("on purpose") }
func (p *panicky) UnmarshalBinary(data []byte) error  { p.N = len(data); return nil }

// mustNotKeep fails the test unless the states of a fold are made anew each time, which is told and counted.
func mustNotKeep[S any](t *testing.T, words string, apply func(*S)) {
	t.Helper()
	log, applied := new(bytes.Buffer), 0
	s := quickStore(t, logTo(manual, log))
	storeTurns(t, s, 6)
	p := engine.MustProjection(engine.Fold[S]{Name: "unkept", Apply: func(state *S, _ event.Event) error {
		applied++
		apply(state)
		return nil
	}})
	const asked = 3
	for n := range asked {
		state, err := engine.Project(context.Background(), s, p, event.Entity("a"), engine.Consistent())
		if err != nil || state.Cached || applied != 3*(n+1) {
			t.Errorf("%s: %+v, %v; %d events were folded", words, state.Cached, err, applied)
		}
	}
	if got := s.Stats().Cache; got.Unkept != asked || got.Entries != 0 {
		t.Errorf("%s: %+v", words, got)
	}
	line := log.String()
	if strings.Count(line, "level=WARN") != 1 || !strings.Contains(line, "projection=unkept") || !strings.Contains(line, "Fold.Clone") || !strings.Contains(line, words) {
		t.Errorf("%s: logged is %s", words, line)
	}
}

func TestStatesThatCanNotBeEncodedAreToldOnceAndCounted(t *testing.T) {
	t.Parallel()
	mustNotKeep(t, "nested deeper than 100", func(n *nested) {
		for range 100 {
			*n = nested{[]nested{*n}}
		}
	})
	mustNotKeep(t, "cyclic", func(c *chained) { c.Next = &chained{}; c.Next.Next = c.Next })
	mustNotKeep(t, "MarshalBinary failed: on purpose", func(s *struct{ S *stubborn }) { s.S = new(stubborn) })
	mustNotKeep(t, "MarshalBinary failed: panic: on purpose", func(s *struct{ P *panicky }) { s.P = new(panicky) })
	mustNotKeep(t, "lead to the same memory", func(s *struct{ A, B []int }) { s.A = make([]int, 1, 2); s.B = s.A[1:2] })
	mustNotKeep(t, "lead to the same memory", func(s *struct {
		N       [2]int
		Current *int
	}) {
		s.Current = &s.N[1]
	})
}

func TestOneEntityWithSharedPartsDoesNotKeepTheOthersFromBeingKept(t *testing.T) {
	t.Parallel()
	s, applied := quickStore(t, manual), 0
	storeTurns(t, s, 6)
	p := engine.MustProjection(engine.Fold[[][]int]{Name: "some", Apply: func(state *[][]int, ev event.Event) error {
		applied++
		if *state = append(*state, []int{applied}); ev.Entity() == "a" {
			*state = append(*state, (*state)[0])
		}
		return nil
	}})
	for range 2 {
		states, err := engine.ProjectEach(t.Context(), s, p, event.Everything(), engine.Consistent())
		if err != nil || len(states["a"].Value) != 6 || len(states["b"].Value) != 3 {
			t.Fatalf("%+v, %v", states, err)
		}
	}
	if got := s.Stats().Cache.Unkept; got != 2 || applied != 12 {
		t.Errorf("%d counted, %d folded", got, applied)
	}
	if state, err := engine.Project(t.Context(), s, p, event.Entity("b"), engine.Consistent()); err != nil || !state.Cached || applied != 12 {
		t.Errorf("%+v, %v, %d folded", state, err, applied)
	}
}

func TestAKeyThatIsATimeNeedsAClone(t *testing.T) {
	t.Parallel()
	fold := engine.Fold[dated]{Name: "dated", Apply: func(*dated, event.Event) error { return nil }}
	if _, err := engine.NewProjection(fold); !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), "Fold.Clone") {
		t.Errorf("got %v", err)
	}
	fold.Clone = func(d dated) dated { return d }
	if _, err := engine.NewProjection(fold); err != nil {
		t.Error(err)
	}
}
