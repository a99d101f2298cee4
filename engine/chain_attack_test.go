// Attacks: events are changed, with checksums that are right, with hashes that are right, with all hashes that are right. The first event that
// does not hold is named, or the head that was kept elsewhere tells.

package engine_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// attacked opens the store for reading.
func (f *forger) attacked() *engine.Store {
	f.t.Helper()
	path := quickDir(f.t)
	f.files.write(f.t, path)
	s := mustOpen(f.t, path, engine.Options{ReadOnly: true})
	f.t.Cleanup(func() { mustClose(f.t, s) })
	return s
}

// verdictOf verifies a region.
func verdictOf(t *testing.T, s *engine.Store, region event.Region, o engine.VerifyOptions) *engine.ChainError {
	t.Helper()
	_, err := s.VerifyChain(t.Context(), region, o)
	if err == nil {
		return nil
	}
	var fault *engine.ChainError
	if !errors.Is(err, engine.ErrChain) || !errors.As(err, &fault) {
		t.Fatalf("%s: %v", region, err)
	}
	return fault
}

// mustName fails the test unless verifying names an event and a reason.
func mustName(t *testing.T, what string, s *engine.Store, region event.Region, sequence uint64, reasons ...engine.ChainReason) {
	t.Helper()
	for _, workers := range []int{1, 3} {
		fault := verdictOf(t, s, region, engine.VerifyOptions{Workers: workers})
		right := fault != nil && fault.Sequence == sequence
		for i, reason := range reasons {
			if right && fault.Reason == reason {
				break
			}
			right = right && i < len(reasons)-1
		}
		if !right {
			t.Fatalf("%s: %s with %d workers: got %v, want event %d with reason %v", what, region, workers, fault, sequence, reasons)
		}
	}
}

// sealedEvents returns the events of the store that stand in segments with footers, but for those of the first one.
func sealedEvents(f *forger) []event.Event {
	var events []event.Event
	for _, name := range f.files.sealed()[1:] {
		for _, e := range f.events(name) {
			events = append(events, e.event)
		}
	}
	return events
}

// edits are what somebody may change of an event without changing how long it is.
var edits = map[string]func(ev *event.Event, random *rand.Rand) (changed bool){
	"payload": func(ev *event.Event, random *rand.Rand) bool {
		if len(ev.Payload) > 0 {
			ev.Payload[random.IntN(len(ev.Payload))] ^= 1 << random.IntN(8)
		}
		return len(ev.Payload) > 0
	},
	"time":  func(ev *event.Event, _ *rand.Rand) bool { ev.Timestamp -= 1; return true },
	"kind":  func(ev *event.Event, _ *rand.Rand) bool { ev.Kind ^= 1; return true },
	"flags": func(ev *event.Event, _ *rand.Rand) bool { ev.Flags ^= event.Replay; return true },
	"codec": func(ev *event.Event, _ *rand.Rand) bool { ev.Codec = (ev.Codec + 1) % 3; return true },
	"scope": func(ev *event.Event, _ *rand.Rand) bool {
		ev.Coordinate = event.MustAt(ev.Entity(), "scope-X")
		return true
	},
	"lane":    func(ev *event.Event, _ *rand.Rand) bool { ev.Position.Lane ^= 4; return ev.Position.Lane > 4 },
	"version": func(ev *event.Event, _ *rand.Rand) bool { ev.Version ^= 4; return ev.Version > 4 },
	"id": func(ev *event.Event, _ *rand.Rand) bool {
		own := ev.Correlation == ev.ID
		ev.ID[15] ^= 1
		return !own || moveCorrelation(ev)
	},
	"correlation": func(ev *event.Event, _ *rand.Rand) bool {
		own := ev.Correlation == ev.ID
		ev.Correlation[3] ^= 1
		return !own
	},
	"cause": func(ev *event.Event, _ *rand.Rand) bool {
		ev.Cause[3] ^= 1
		return ev.CauseSequence != 0 && ev.CauseInBatch == 0
	},
	"place in the batch": func(ev *event.Event, _ *rand.Rand) bool {
		ev.CauseInBatch ^= 64
		return ev.CauseInBatch > 64
	},
	"metadata": func(ev *event.Event, _ *rand.Rand) bool {
		if len(ev.Metadata) > 0 {
			ev.Metadata[0] ^= 1
		}
		return len(ev.Metadata) > 0
	},
	"tag": func(ev *event.Event, _ *rand.Rand) bool {
		if len(ev.Tags) > 0 {
			ev.Tags[0] = "tig"
		}
		return len(ev.Tags) > 0
	},
	"gate": func(ev *event.Event, _ *rand.Rand) bool {
		if ev.Gate != nil {
			ev.Gate.Gates[0] = "timit"
		}
		return ev.Gate != nil
	},
	"depth": func(ev *event.Event, _ *rand.Rand) bool {
		ev.Position.Depth ^= 1 << 20
		return ev.Position.Depth != 1<<20
	},
}

func moveCorrelation(ev *event.Event) bool { ev.Correlation = ev.ID; return true }

func TestAnEventThatWasChangedIsNamed(t *testing.T) {
	t.Parallel()
	files, _ := bound(t, 21, 700)
	random := rand.New(rand.NewPCG(1, 2))
	honest := newForger(t, files)
	events := sealedEvents(honest)
	for what, edit := range edits {
		for tries, done := 0, 0; done < thorough(3); tries++ {
			if tries == 2000 {
				t.Fatalf("%s: no event has one", what)
			}
			ev := events[random.IntN(len(events))].Clone()
			if !edit(&ev, random) {
				continue
			}
			done++
			f := honest.clone()
			f.change(ev.Sequence, func(e *event.Event) { *e = ev })
			s := f.attacked()
			mustName(t, what, s, event.Everything(), ev.Sequence, engine.ChainHash, engine.ChainRequest)
			mustName(t, what, s, event.Entity(ev.Entity()), ev.Sequence, engine.ChainHash, engine.ChainRequest)
			mustName(t, what, s, event.Everything().Sequences(ev.Sequence, ev.Sequence), ev.Sequence, engine.ChainHash, engine.ChainRequest)
			mustWalkUpTo(t, what, s, ev.Entity(), ev.Sequence)
		}
	}
}

// mustWalkUpTo walks from the newest event of an entity and fails the test unless one event does not hold, and all others do.
func mustWalkUpTo(t *testing.T, what string, s *engine.Store, entity string, wrong uint64) {
	t.Helper()
	var newest event.Event
	for ev, err := range s.Stream(entity, engine.ReadOptions{Direction: engine.Backward, Limit: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		newest = ev.Clone()
	}
	due, faults := newest.Position.Clock, 0
	for ev, err := range s.WalkChain(newest.ID, 0) {
		var fault *engine.ChainError
		switch {
		case errors.As(err, &fault) && fault.Sequence == wrong && fault.Entity == entity:
			faults++
		case err != nil:
			t.Fatalf("%s: %v", what, err)
		case ev.Position.Clock != due || ev.Sequence == wrong:
			t.Fatalf("%s: walked to %s, clock %d is due", what, ev, due)
		}
		due--
	}
	if due != 0 || faults != 1 {
		t.Fatalf("%s: the walk ended before clock %d, with %d faults", what, due, faults)
	}
}

// TestWhatNoHashCoversIsComparedAllTheSame: where the cause stands, and the digest of the request.
func TestWhatNoHashCoversIsComparedAllTheSame(t *testing.T) {
	t.Parallel()
	files, events := bound(t, 22, 700)
	honest := newForger(t, files)
	done := make(map[string]int)
	for _, ev := range sealedEvents(honest) {
		change := map[string]func(e *event.Event){}
		if ev.CauseSequence > 1 {
			change["where the cause stands"] = func(e *event.Event) { e.CauseSequence-- }
			change["a cause of the future"] = func(e *event.Event) { e.CauseSequence = e.Sequence + 1 }
			change["no place of the cause"] = func(e *event.Event) { e.CauseSequence = 0 }
		}
		if ev.CauseInBatch > 0 {
			other := events[ev.CauseSequence-2] // of the batch, or before it
			change["another cause"] = func(e *event.Event) { e.Cause, e.CauseSequence = other.ID, other.Sequence }
		}
		for what, how := range change {
			if done[what] == thorough(4) {
				continue
			}
			done[what]++
			f := honest.clone()
			f.change(ev.Sequence, how)
			s := f.attacked()
			mustName(t, what, s, event.Everything(), ev.Sequence, engine.ChainCause)
			mustName(t, what, s, event.Entity(ev.Entity()), ev.Sequence, engine.ChainCause)
		}
		if ev.Key != "" && done["request"] < thorough(4) {
			done["request"]++
			f := honest.clone()
			e := f.at(ev.Sequence)
			_, request, _ := e.frame.Key()
			request[0] ^= 1
			f.putRequest(&e, request)
			s := f.attacked()
			mustName(t, "request", s, event.Everything(), ev.Sequence, engine.ChainRequest)
			mustName(t, "request", s, event.Entity(ev.Entity()), ev.Sequence, engine.ChainRequest)
		}
	}
	if len(done) != 5 {
		t.Errorf("tried %v", done)
	}
}

// TestAnEventWhoseHashWasComputedAnewIsFoundByTheNextOneOrTheTree changes an event and its hash.
func TestAnEventWhoseHashWasComputedAnewIsFoundByTheNextOneOrTheTree(t *testing.T) {
	t.Parallel()
	files, events := bound(t, 23, 2000)
	honest := newForger(t, files)
	behind := uint64(len(events)) + 1
	next := make(map[string]uint64) // of an entity, from the end
	done := make(map[engine.ChainReason]int)
	victims := sealedEvents(honest)
	for i := len(events) - 1; i >= 0; i-- {
		victim, due := events[i], behind
		if sequence, ok := next[victim.Entity()]; ok {
			due = sequence
		}
		next[victim.Entity()] = victim.Sequence
		inside := victim.Sequence >= victims[0].Sequence && victim.Sequence <= victims[len(victims)-1].Sequence
		switch last := due == behind; {
		case !inside || victim.Key != "": // a request would tell
			continue
		case last && (done[engine.ChainNode] == thorough(10) || !inFooter(honest, victim.Sequence)), !last && i%(900/thorough(9)) != 0:
			continue
		}
		f := honest.clone()
		f.change(victim.Sequence, func(ev *event.Event) { ev.Kind ^= 1 })
		f.relink(victim.Entity(), victim.Sequence, victim.Sequence)
		fault := verdictOf(t, f.attacked(), event.Everything(), engine.VerifyOptions{})
		switch {
		case fault == nil:
			t.Fatalf("event %d was changed with its hash, and all holds", victim.Sequence)
		case fault.Reason == engine.ChainHash && fault.Sequence == due:
		case fault.Reason == engine.ChainNode && fault.Sequence <= victim.Sequence && victim.Sequence < fault.Sequence+256:
		default:
			t.Fatalf("event %d was changed with its hash, the next is %d: %v", victim.Sequence, due, fault)
		}
		done[fault.Reason]++
	}
	if done[engine.ChainHash] == 0 || done[engine.ChainNode] == 0 {
		t.Errorf("found by %v, want both", done)
	}
}

// inFooter reports whether an event is in a run of which a footer keeps the node. No event of the store was lost.
func inFooter(f *forger, sequence uint64) bool {
	run := (sequence - 1) / 256
	for _, name := range f.files.sealed() {
		events := f.events(name)
		if events[0].event.Sequence <= run*256+1 && events[len(events)-1].event.Sequence >= run*256+256 {
			return true
		}
	}
	return false
}

// TestAHistoryThatWasWrittenAnewIsFoundByTheFootersOrByAKeptHead changes an event and every hash that follows from it.
func TestAHistoryThatWasWrittenAnewIsFoundByTheFootersOrByAKeptHead(t *testing.T) {
	t.Parallel()
	files, events := bound(t, 24, 2000)
	honest := newForger(t, files)
	s := honest.attacked()
	head, err := s.Head()
	if err != nil {
		t.Fatal(err)
	}
	var victim event.Event
	for _, ev := range sealedEvents(honest) {
		if ev.Key == "" && inFooter(honest, ev.Sequence) {
			victim = ev
			break
		}
	}
	proof, err := s.Prove(victim.ID, head)
	if err != nil {
		t.Fatal(err)
	}
	f := honest.clone()
	f.change(victim.Sequence, func(ev *event.Event) { ev.Kind ^= 1 })
	f.relink(victim.Entity(), victim.Sequence, uint64(len(events)))
	s = f.attacked()
	fault := verdictOf(t, s, event.Everything(), engine.VerifyOptions{})
	if fault == nil || fault.Reason != engine.ChainNode || fault.Sequence > victim.Sequence || victim.Sequence >= fault.Sequence+256 {
		t.Fatalf("event %d was changed with all hashes: %v", victim.Sequence, fault)
	}
	if _, err := s.Prove(victim.ID, head); !errors.Is(err, engine.ErrChain) {
		t.Errorf("the changed event is proved: %v", err)
	}

	f.files.withoutFooters(every).withoutRuns()
	s = f.attacked()
	if fault := verdictOf(t, s, event.Everything(), engine.VerifyOptions{}); fault != nil {
		t.Fatalf("nothing is left that contradicts, but: %v", fault)
	}
	fault = verdictOf(t, s, event.Everything(), engine.VerifyOptions{Heads: []event.TreeHead{head}})
	if fault == nil || fault.Reason != engine.ChainHead || fault.Sequence != 0 {
		t.Errorf("the kept head: %v", fault)
	}
	if err := s.CheckHead(head); !errors.Is(err, engine.ErrChain) {
		t.Errorf("the kept head: %v", err)
	}
	if _, err := s.Prove(victim.ID, head); !errors.Is(err, engine.ErrChain) {
		t.Errorf("the changed event is proved: %v", err)
	}
	changed, err := s.Get(victim.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := event.VerifyEvent(&changed, proof, head); !errors.Is(err, event.ErrProof) {
		t.Errorf("the changed event holds with the proof of the old one: %v", err)
	}
}

func TestAnEarlierStateThatWasPutBackIsFoundByAKeptHead(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncManual()))
	w := newBinder(25)
	w.bind(t, s, 200)
	mustClose(t, s)
	earlier := imageOf(t, path)
	s = mustOpen(t, path, small(engine.SyncManual()))
	before, err := s.Head()
	if err != nil {
		t.Fatal(err)
	}
	w.bind(t, s, 20)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	kept, err := s.Head()
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	old := newForger(t, earlier).attacked()
	if err := old.CheckHead(before); err != nil {
		t.Errorf("the head of that state: %v", err)
	}
	if err := old.CheckHead(kept); !errors.Is(err, engine.ErrChain) {
		t.Errorf("the later head: %v", err)
	}
	fault := verdictOf(t, old, event.Everything(), engine.VerifyOptions{Heads: []event.TreeHead{before, kept}})
	if fault == nil || fault.Reason != engine.ChainHead {
		t.Errorf("the later head: %v", fault)
	}
	other := quickStore(t, engine.Options{})
	if err := other.CheckHead(before); !errors.Is(err, engine.ErrChain) {
		t.Errorf("another store: %v", err)
	}
}
