// This file holds the tests of Open, OpenIn and Clock.

package batpaktest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/batpaktest"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestAStoreThatIsClosedFailsNoTest(t *testing.T) {
	w := watch(t, func(t testing.TB) {
		s := batpaktest.Open(t)
		if _, err := s.Append(place, event.Data, "x"); err != nil {
			t.Errorf("append: %v", err)
		}
		t.Cleanup(func() { // which comes before the look at the store
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	})
	if w.Failed() {
		t.Errorf("failures: %q", w.failures)
	}
}

func TestAStoreThatIsNotClosedFailsTheTestAndIsNamed(t *testing.T) {
	var s *engine.Store
	w := watch(t, func(t testing.TB) { s = batpaktest.Open(t) })
	w.mustFail(t, "open_test.go:", "was not closed")
	if _, err := s.At(1); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("it is still open: %v", err)
	}
	dir := t.TempDir()
	watch(t, func(t testing.TB) { batpaktest.OpenIn(t, dir) }).mustFail(t, "open_test.go:", "was not closed")
	watch(t, func(t testing.TB) { mustEnd(t, batpaktest.OpenIn(t, dir, engine.Options{ReadOnly: true})) }).mustNotFail(t)
}

func TestAStoreThatCannotBeOpenedEndsTheTest(t *testing.T) {
	reached := false
	w := watch(t, func(t testing.TB) {
		batpaktest.Open(t, engine.Options{SegmentSize: 1})
		reached = true
	})
	w.mustFail(t, "SegmentSize")
	w = watch(t, func(t testing.TB) {
		batpaktest.Open(t, engine.Options{}, engine.Options{})
		reached = true
	})
	w.mustFail(t, "2 options")
	if reached {
		t.Error("the test went on")
	}
}

// story is what a store says of appends and its own identity.
func story(t testing.TB, s *engine.Store) (receipts []engine.Receipt, identity event.ID) {
	t.Helper()
	for n := range 400 { // over some segments
		r, err := s.Append(place, event.Data, strings.Repeat("x", n))
		if err != nil {
			t.Fatalf("append: %v", err)
		}
		receipts = append(receipts, r)
	}
	var batch engine.Batch
	batch.Add(place, event.Data, 1)
	batch.Add(place, event.Data, 2)
	two, err := s.AppendBatch(&batch)
	if err != nil {
		t.Fatalf("append a batch: %v", err)
	}
	return append(receipts, two...), s.Stats().Identity
}

func TestReceiptsIdsAndHashesRepeatFromRunToRun(t *testing.T) {
	run := func() (all []engine.Receipt, identities []event.ID) {
		t.Run("run", func(t *testing.T) { // whose temporary directories are counted from the first
			for range 2 {
				s := batpaktest.Open(t, small(engine.SyncManual()))
				receipts, identity := story(t, s)
				all, identities = append(all, receipts...), append(identities, identity)
				mustClose(t, s)
			}
		})
		return all, identities
	}
	first, identities := run()
	if identities[0] == identities[1] {
		t.Errorf("two stores of a test have the identity %s", identities[0])
	}
	for range 3 {
		again, others := run()
		for i := range first {
			if again[i] != first[i] {
				t.Fatalf("receipt %d: %+v, and %+v", i, first[i], again[i])
			}
		}
		if others[0] != identities[0] || others[1] != identities[1] {
			t.Errorf("identities %s, and %s", identities, others)
		}
	}
	if step := first[1].Timestamp - first[0].Timestamp; step != 1000 {
		t.Errorf("%d µs between two appends, want 1000", step)
	}
}

func TestWhatTheTestChoosesIsNotFilledUp(t *testing.T) {
	clock := batpaktest.NewClock()
	clock.Set(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))
	dir := t.TempDir()
	s := batpaktest.OpenIn(t, dir, engine.Options{Clock: clock.Now, Random: batpaktest.NewRandom(77)})
	identity := s.Stats().Identity
	clock.Advance(time.Hour)
	r, err := s.Append(place, event.Data, "x")
	if err != nil {
		t.Fatal(err)
	}
	if at := time.UnixMicro(r.Timestamp).UTC().Truncate(time.Hour); at != time.Date(2030, 1, 2, 4, 0, 0, 0, time.UTC) {
		t.Errorf("the time is %v", at)
	}
	mustClose(t, s)
	s = batpaktest.OpenIn(t, dir)
	if ev, err := s.At(1); err != nil || ev.ID != r.ID {
		t.Errorf("%s, %v", ev, err)
	}
	mustClose(t, s)
	other := batpaktest.OpenIn(t, t.TempDir(), engine.Options{Random: batpaktest.NewRandom(77)})
	if other.Stats().Identity != identity {
		t.Error("equal seeds, other identities")
	}
	mustClose(t, other)
}

func TestAClockStepsAMillisecondAndGoesWhereItIsSet(t *testing.T) {
	c := batpaktest.NewClock()
	begin := c.Now()
	if want := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); begin != want {
		t.Errorf("it begins at %v, want %v", begin, want)
	}
	if next := c.Now(); next != begin.Add(time.Millisecond) {
		t.Errorf("then %v", next)
	}
	c.Advance(-time.Second)
	if next := c.Now(); next != begin.Add(2*time.Millisecond-time.Second) {
		t.Errorf("set back, %v", next)
	}
	c.Set(begin)
	if next := c.Now(); next != begin {
		t.Errorf("set, %v", next)
	}
}

func TestTheStoresLogIsTheTests(t *testing.T) {
	w := watch(t, func(t testing.TB) {
		dir := t.TempDir()
		mustEnd(t, batpaktest.OpenIn(t, dir))
		s := batpaktest.OpenIn(t, dir, engine.Options{Rebuild: true})
		mustEnd(t, s)
	})
	w.mustNotFail(t)
	if text := w.log.String(); strings.Contains(text, "time=") {
		t.Errorf("times are told: %s", text)
	}
}
