// Readers wait for nobody: every reading call, on sealed and on unsealed segments,
// while the commit section and every other lock of the store is held.

package engine_test

import (
	"errors"
	"iter"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestEveryReadingCallFinishesWhileTheCommitSectionAndAllOtherLocksAreHeld(t *testing.T) {
	t.Parallel()
	for i, policy := range policies {
		for _, sealed := range []bool{true, false} {
			if raceBuild && sealed != (i == 0) {
				continue
			}
			w := newSower(uint64(i) + 20)
			path := quickDir(t)
			o := w.options(policy)
			if !sealed {
				o.SegmentSize = 4 << 20 // all in the tail
			}
			s := mustOpen(t, path, o)
			known := w.sow(t, s, nil, 700)
			settle(s)
			mustReadWhileLocked(t, s, known)
			mustClose(t, s)

			s = mustOpen(t, path, o) // nothing was read yet, nothing is remembered
			mustReadWhileLocked(t, s, known)
			mustClose(t, s)
		}
	}
}

// mustReadWhileLocked makes every reading call. Were one to wait for a lock, or for a
// goroutine that does, it would wait for ever.
func mustReadWhileLocked(t *testing.T, s *engine.Store, known history) {
	t.Helper()
	a := answersOf(known)
	loops := startedLoops(s)
	release, held := engine.HoldLocks(s)
	if held < 4 { // commit section, syncs, mapping; list of segments
		t.Errorf("%d locks are held", held)
	}
	a.mustBeGivenBy(t, s)
	for _, loop := range append(loops, startedLoops(s)...) {
		for more := true; more; {
			more = loop.step()
		}
		loop.stop()
	}
	var into event.Event
	if _, err := s.Get(event.MakeID(1, 2, 3)); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("an id that no event has: %v", err)
	}
	if _, err := s.At(1 << 40); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("a sequence that no event has: %v", err)
	}
	if err := s.GetInto(known[0].Sequence, &into); err != nil || !sameEvent(&into, &known[0]) {
		t.Errorf("the first event: %v", err)
	}
	for ev, err := range s.Events(0, 0, engine.ReadOptions{Direction: engine.Backward, SkipChecks: true}) {
		if err != nil || !sameEvent(&ev, &known[ev.Sequence-1]) {
			t.Fatalf("sequence %d: %v", ev.Sequence, err)
		}
	}
	release()
}

// startedLoop is a loop that has made a step.
type startedLoop struct {
	step func() (more bool)
	stop func()
}

// startedLoops starts one of each kind.
func startedLoops(s *engine.Store) []startedLoop {
	var loops []startedLoop
	for _, events := range []iter.Seq2[event.Event, error]{
		s.Query(event.Everything(), engine.ReadOptions{}), s.Query(event.Tagged("red"), engine.ReadOptions{Direction: engine.Backward}),
		s.Stream("a", engine.ReadOptions{}), s.Events(0, 0, engine.ReadOptions{}),
	} {
		next, stop := iter.Pull2(events)
		step := func() bool { _, err, ok := next(); return ok && err == nil }
		step()
		loops = append(loops, startedLoop{step, stop})
	}
	for _, names := range []iter.Seq2[string, error]{s.Entities(""), s.Entities("user:"), s.Scopes()} {
		next, stop := iter.Pull2(names)
		step := func() bool { _, err, ok := next(); return ok && err == nil }
		step()
		loops = append(loops, startedLoop{step, stop})
	}
	return loops
}
