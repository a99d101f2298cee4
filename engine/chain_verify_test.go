// Verifying stores that hold: whole, by region, beside a writer, after losses, with what is derived deleted.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestEverythingThatCanBeAppendedHolds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(thorough(2)) {
		files, events := bound(t, seed, 700)
		mustBeLinked(t, events)
		for _, loss := range losses {
			path := quickDir(t)
			loss.from(files.clone()).write(t, path)
			for _, o := range []engine.Options{{ReadOnly: true, Rebuild: loss.rebuild}, {Rebuild: loss.rebuild}} {
				s := mustOpen(t, path, o)
				for _, workers := range []int{1, 5} {
					mustVerify(t, s, events, engine.VerifyOptions{Workers: workers})
				}
				mustClose(t, s)
			}
		}
	}
}

func TestTheEventsOfARegionHoldBehindOthersThatAreNotInIt(t *testing.T) {
	t.Parallel()
	files, events := bound(t, 7, 800)
	path := quickDir(t)
	files.write(t, path)
	s := mustOpen(t, path, engine.Options{ReadOnly: true})
	defer func() { mustClose(t, s) }()
	nothing := 0
	for _, region := range []event.Region{
		event.Entity("entity-0"), event.Entity("entity-1").Clocks(3, 5), event.Entity("nobody"), event.Nothing(), event.Scope("scope-1"), event.Tagged("other"),
		event.Everything().FromGate(event.GateBypassed), event.EntityPrefix("entity-1"), event.EntityPrefix("once-"), event.Everything().Sequences(300, 310), event.Everything().Sequences(1, 0),
		event.Union(event.Entity("entity-2"), event.Scope("scope-0")),
	} {
		var selected history
		for _, ev := range events {
			if region.Matches(&ev) {
				selected = append(selected, ev)
			}
		}
		if len(selected) == 0 {
			nothing++
		}
		report, err := s.VerifyChain(t.Context(), region, engine.VerifyOptions{})
		if err != nil {
			t.Fatalf("%s: %v", region, err)
		}
		mustReport(t, report, selected)
		if report.Head != (event.TreeHead{}) || report.Nodes != 0 {
			t.Errorf("%s: %s", region, report)
		}
	}
	if nothing != 2 {
		t.Errorf("%d regions select nothing, want two", nothing)
	}
}

func TestAnEmptyStoreHolds(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	mustVerify(t, s, nil, engine.VerifyOptions{})
	if _, err := s.VerifyChain(t.Context(), event.Entity("nobody"), engine.VerifyOptions{}); err != nil {
		t.Error(err)
	}
}

// TestVerifyingGoesOnBesideAWriter verifies while segments are filled and sealed.
func TestVerifyingGoesOnBesideAWriter(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	done := make(chan struct{})
	var group sync.WaitGroup
	for verifier := range 3 {
		group.Go(func() {
			var heads []event.TreeHead
			for last := false; !last; {
				select {
				case <-done:
					last = true // once more
				default:
				}
				region := event.Everything()
				if verifier == 2 {
					region = event.EntityPrefix("entity-1")
				}
				o := engine.VerifyOptions{Workers: 1 + verifier}
				if verifier == 0 {
					o.Heads = heads
				}
				report, err := s.VerifyChain(context.Background(), region, o)
				if err != nil {
					t.Errorf("verifier %d: %v", verifier, err)
					return
				}
				head, err := s.Head()
				if err != nil || verifier < 2 && head.Size < report.Head.Size {
					t.Errorf("head %s, %v, before %s", head, err, report.Head)
					return
				}
				heads = append(heads, report.Head, head)[max(0, len(heads)-2):]
			}
		})
	}
	w := newBinder(11)
	for range 30 {
		w.bind(t, s, 40)
		if err := s.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	group.Wait()
}

// TestVerifyingWaitsForNobody verifies while every lock of the writer is held.
func TestVerifyingWaitsForNobody(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	newBinder(5).bind(t, s, 300)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	settle(s)
	events := all(t, s, 0, 0, engine.ReadOptions{})
	release, _ := engine.HoldLocks(s)
	defer release()
	report, err := s.VerifyChain(t.Context(), event.Everything(), engine.VerifyOptions{})
	if err != nil || report.Head.Root != treeRoot(events) {
		t.Errorf("%s, %v", report, err)
	}
	mustProve(t, s, events, len(events), 40)
	for _, err := range s.WalkChain(events[len(events)-1].ID, 0) {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestOptionsThatCannotBeKeptAreRefused(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	head, err := s.Head()
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		region event.Region
		o      engine.VerifyOptions
	}{
		"Workers": {event.Everything(), engine.VerifyOptions{Workers: -1}},
		"workers": {event.Entity("a"), engine.VerifyOptions{Workers: engine.MaxVerifyWorkers + 1}},
		"Heads":   {event.Entity("a"), engine.VerifyOptions{Heads: []event.TreeHead{head}}},
	} {
		_, err := s.VerifyChain(t.Context(), c.region, c.o)
		var refused *engine.OptionError
		if !errors.Is(err, engine.ErrInvalid) || !errors.As(err, &refused) {
			t.Errorf("%s: %v", what, err)
		}
	}
	var none context.Context
	if _, err := s.VerifyChain(none, event.Everything(), engine.VerifyOptions{}); !errors.Is(err, engine.ErrInvalid) {
		t.Errorf("no context: %v", err)
	}
	for _, err := range s.WalkChain(event.ID{}, -1) {
		if !errors.Is(err, engine.ErrInvalid) {
			t.Errorf("a negative limit: %v", err)
		}
	}
}

func TestVerifyingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{Sync: engine.SyncManual()})
	newBinder(3).bind(t, s, 600)
	ctx, cancel := context.WithCancel(t.Context())
	o := engine.VerifyOptions{Progress: func(uint64, uint64) { cancel() }, Workers: 1}
	if _, err := s.VerifyChain(ctx, event.Everything(), o); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled at the first step: %v", err)
	}
	for _, region := range []event.Region{event.Everything(), event.Everything().Sequences(1, 0)} {
		if report, err := s.VerifyChain(ctx, region, engine.VerifyOptions{}); !errors.Is(err, context.Canceled) || report.Events != 0 {
			t.Errorf("%s: %v, %s", region, err, report)
		}
	}
}

func TestProgressIsToldUpToTheEnd(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{Sync: engine.SyncManual()})
	newBinder(4).bind(t, s, 600)
	for _, region := range []event.Region{event.Everything(), event.Everything().Sequences(1, 0)} {
		var last, of uint64
		report, err := s.VerifyChain(t.Context(), region, engine.VerifyOptions{Workers: 2, Progress: func(verified, all uint64) {
			if verified < last || verified > all || of != 0 && of != all {
				t.Errorf("%s: %d of %d behind %d of %d", region, verified, all, last, of)
			}
			last, of = verified, all
		}})
		if err != nil || last != report.Events || of != s.Stats().Visible {
			t.Errorf("%s: %d of %d, %s, %v", region, last, of, report, err)
		}
	}
}

func TestAStoreWithoutHashesHasNothingToVerify(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{Hashing: engine.HashingOff})
	r, err := s.AppendBytes(here, event.Data, event.CodecRaw, nil)
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range chainCalls(t, s, r.ID) {
		if !errors.Is(err, engine.ErrNoHashes) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAClosedStoreVerifiesNothing(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, quickDir(t), engine.Options{})
	events := mustAppend(t, s, 3)
	mustClose(t, s)
	for what, err := range chainCalls(t, s, events[0].ID) {
		if !errors.Is(err, engine.ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// chainCalls calls everything about chains and returns the errors.
func chainCalls(t *testing.T, s *engine.Store, id event.ID) map[string]error {
	errs := make(map[string]error)
	_, errs["verify all"] = s.VerifyChain(t.Context(), event.Everything(), engine.VerifyOptions{})
	_, errs["verify a region"] = s.VerifyChain(t.Context(), event.Entity("a"), engine.VerifyOptions{})
	_, errs["head"] = s.Head()
	errs["check"] = s.CheckHead(event.TreeHead{})
	_, errs["prove"] = s.Prove(id, event.TreeHead{Size: 1})
	_, errs["prove consistency"] = s.ProveConsistency(event.TreeHead{}, event.TreeHead{})
	for _, err := range s.WalkChain(id, 0) {
		errs["walk"] = err
	}
	if len(errs) != 7 {
		t.Fatalf("%d calls", len(errs))
	}
	return errs
}

func TestClosingEndsVerifying(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, quickDir(t), engine.Options{Sync: engine.SyncManual()})
	for i := range 70_000 { // several chunks
		if _, err := s.AppendBytes(event.MustAt(fmt.Sprint("entity-", i%100), "scope"), event.Data, event.CodecRaw, nil); err != nil {
			t.Fatal(err)
		}
	}
	o := engine.VerifyOptions{Workers: 1, Progress: func(uint64, uint64) { mustClose(t, s) }}
	if _, err := s.VerifyChain(t.Context(), event.Everything(), o); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
