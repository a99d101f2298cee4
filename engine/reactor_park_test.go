// Parked events: their records, and that an event is parked or reacted to, never both and never twice.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

var parking = engine.ErrorPolicy{Attempts: 2, Backoff: 1, Park: true}

// parked returns what a reactor put aside.
func parked(t failer, s *engine.Store, reactor string) []engine.Parked {
	t.Helper()
	var found []engine.Parked
	for p, err := range s.Parked(reactor) {
		if err != nil {
			t.Fatalf("parked: %v", err)
		}
		p.Record = p.Record.Clone()
		found = append(found, p)
	}
	return found
}

// odd fails at every second event.
func odd(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
	if ev.Sequence%2 == 1 {
		return fmt.Errorf("%d is odd", ev.Sequence)
	}
	return answer(ctx, ev, reactions)
}

func TestAnEventThatCanNotBeDealtWithIsPutAsideWithARecord(t *testing.T) {
	t.Parallel()
	for _, policy := range everyPolicy {
		o := small(policy)
		o.MaxPayload = 8 // of the application's
		s := mustOpenDir(t, vfs.NewMemory(), o)
		last := mustAsk(t, s, 6)
		name := "name with / and \n" + strings.Repeat("x", 238)
		r := mustStart(t, s, engine.ReactorOptions{Name: name, OnError: parking}, odd)
		mustReach(t, r, last)
		if got := r.Stats(); got.Parked != 3 || got.Events != 6 || got.Reactions != 3 || got.Retries != 3 {
			t.Errorf("%s: %+v", policy, got)
		}
		found := parked(t, s, name)
		if len(found) != 3 {
			t.Fatalf("%s: %d parked", policy, len(found))
		}
		for i, p := range found {
			of, err := s.At(uint64(2*i + 1))
			if err != nil {
				t.Fatal(err)
			}
			if p.Event != of.ID || p.Sequence != of.Sequence || p.Attempts != 2 || p.Problem != fmt.Sprintf("%d is odd", of.Sequence) {
				t.Errorf("%s: parked %+v", policy, p)
			}
			record := p.Record
			if record.Kind != event.EffectError || record.Entity() != "parked:"+name || record.Scope() != of.Scope() || record.Cause != of.ID || record.Correlation != of.Correlation {
				t.Errorf("%s: record %s caused by %s", policy, record, record.Cause)
			}
			if record.Sequence > s.Stats().Durable {
				t.Errorf("%s: the record is not durable", policy)
			}
		}
		mustBeSound(t, all(t, s, 0, 0, engine.ReadOptions{}), true)
		mustClose(t, s)
	}
}

func TestAnEventIsParkedOnceAndNeverAnsweredAfterwards(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		memory := vfs.NewMemory()
		s := mustOpenDir(t, memory, small(policy))
		last := mustAsk(t, s, 6)
		r := mustStart(t, s, engine.ReactorOptions{OnError: parking}, odd)
		mustReach(t, r, last)
		mustStop(t, r)
		if err := s.ResetCursor("answering", engine.FromBeginning()); err != nil {
			t.Fatal(err)
		}
		mustClose(t, s)
		s = mustOpenDir(t, memory, small(policy))
		r = mustStart(t, s, engine.ReactorOptions{OnError: parking}, func(context.Context, event.Event, *engine.Batch) error {
			t.Error("it was given an event again")
			return nil
		})
		mustReach(t, r, last)
		if got := r.Stats(); got.Duplicates != 6 || got.Events+got.Parked+got.Reactions != 0 {
			t.Errorf("%s: %+v", policy, got)
		}
		if found := parked(t, s, "answering"); len(found) != 3 {
			t.Errorf("%s: %d parked", policy, len(found))
		}
		mustClose(t, s)
	}
}

func TestReactorsDoNotReactToTheirOwnRecords(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	last := mustAsk(t, s, 3)
	var seen []event.Kind
	r, err := s.StartReactor(engine.ReactorOptions{Name: "all", OnError: parking}, func(_ context.Context, ev event.Event, _ *engine.Batch) error {
		seen = append(seen, ev.Kind)
		return errReaction
	})
	if err != nil {
		t.Fatal(err)
	}
	mustReach(t, r, last)
	mustReach(t, r, last+3)
	mustStop(t, r)
	if got := len(parked(t, s, "all")); got != 3 || s.Stats().Staged != 6 || len(seen) != 6 {
		t.Errorf("%d parked, %d events, the function was given %v", got, s.Stats().Staged, seen)
	}
}

func TestARecordOfAnotherReactorIsNotParkedButStopsAReactor(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	last := mustAsk(t, s, 1)
	first := mustStart(t, s, engine.ReactorOptions{Name: "first", OnError: parking}, odd)
	mustReach(t, first, last)
	watcher, err := s.StartReactor(engine.ReactorOptions{Name: "watcher", Region: event.OfKind(event.EffectError), OnError: parking}, func(context.Context, event.Event, *engine.Batch) error {
		return errReaction
	})
	if err != nil {
		t.Fatal(err)
	}
	<-watcher.Done()
	var failure *engine.ReactorError
	if err := watcher.Err(); !errors.As(err, &failure) || failure.Sequence != 2 || len(parked(t, s, "watcher")) != 0 {
		t.Errorf("%v, parked: %v", err, parked(t, s, "watcher"))
	}
	watcher, err = s.StartReactor(engine.ReactorOptions{Name: "watcher", Region: event.OfKind(event.EffectError)}, answer)
	if err != nil {
		t.Fatal(err)
	}
	mustReach(t, watcher, 2)
	if got := selected(t, s, event.OfKind(answerKind)); len(got) != 1 || got[0].CauseSequence != 2 {
		t.Errorf("the record was not reacted to: %v", got)
	}
}

func TestTheTextOfARecordIsBoundedAndValid(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{MaxBatchBytes: engine.MinBatchBytes})
	at := event.MustAt("entity", strings.Repeat("s", event.MaxName))
	if _, err := s.Append(at, questionKind, "?"); err != nil {
		t.Fatal(err)
	}
	for name, problem := range map[string]string{
		strings.Repeat("n", engine.MaxCursorName): strings.Repeat("€", 10_000),
		"short": "\xff and more",
	} {
		r := mustStart(t, s, engine.ReactorOptions{Name: name, OnError: parking}, func(context.Context, event.Event, *engine.Batch) error {
			return errors.New(problem)
		})
		mustReach(t, r, 1)
		found := parked(t, s, name)
		if len(found) != 1 || len(found[0].Problem) > 1024 || !utf8.ValidString(found[0].Problem) || len(found[0].Problem) < min(len(problem), 1000) {
			t.Fatalf("%.10s: %d parked: %+v", name, len(found), found)
		}
	}
}

func TestTheKindOfRecordsIsNoOneElses(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	mustAsk(t, s, 1)
	r := mustStart(t, s, engine.ReactorOptions{}, func(_ context.Context, _ event.Event, reactions *engine.Batch) error {
		reactions.Add(event.MustAt("parked:answering", "scope"), event.EffectError, "forged")
		return nil
	})
	<-r.Done()
	if err := r.Err(); !errors.Is(err, engine.ErrReservedKind) {
		t.Errorf("%v", err)
	}
	if _, err := s.Append(event.MustAt("parked:answering", "scope"), questionKind, "allowed, and none of them"); err != nil {
		t.Error(err)
	}
	if found := parked(t, s, "answering"); len(found) != 0 {
		t.Errorf("%+v", found)
	}
}

func TestParkedEventsAreReadAsAQueryIs(t *testing.T) {
	t.Parallel()
	memory := vfs.NewMemory()
	s := mustOpenDir(t, memory, engine.Options{})
	last := mustAsk(t, s, 5)
	mustReach(t, mustStart(t, s, engine.ReactorOptions{OnError: parking}, odd), last)
	for p, err := range s.Parked("answering") {
		if err != nil || p.Sequence != 1 {
			t.Errorf("%+v, %v", p, err)
		}
		break
	}
	for _, name := range []string{"", strings.Repeat("x", 256)} {
		for _, err := range s.Parked(name) {
			if !errors.Is(err, engine.ErrInvalid) {
				t.Errorf("name of %d bytes: %v", len(name), err)
			}
		}
	}
	mustClose(t, s)
	for _, err := range s.Parked("answering") {
		if !errors.Is(err, engine.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	}
	s = mustOpenDir(t, memory, engine.Options{ReadOnly: true})
	if found := parked(t, s, "answering"); len(found) != 3 {
		t.Errorf("read-only: %d parked", len(found))
	}
	mustClose(t, s)
}
