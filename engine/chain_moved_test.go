// Attacks: events, hashes and nodes of a regular store are exchanged, moved, taken out and replayed.

package engine_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// regular returns a store whose events are all as long, in several segments.
func regular(t *testing.T) image {
	t.Helper()
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncManual()))
	for i := range 1500 {
		at := event.MustAt(fmt.Sprint("entity-", i%7), "scope")
		if _, err := s.AppendBytes(at, event.Data, event.CodecRaw, fmt.Appendf(nil, "payload-%08d", i)); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, s)
	return imageOf(t, path)
}

func TestAHashThatWasChangedIsNamedAndMakesTheNextEventOfTheEntityWrongToo(t *testing.T) {
	t.Parallel()
	f := newForger(t, regular(t))
	f.change(700, func(ev *event.Event) { ev.Hash[7] ^= 1 })
	s := f.attacked()
	mustName(t, "hash", s, event.Everything(), 700, engine.ChainHash)
	mustName(t, "hash", s, event.Everything().Sequences(707, 0), 707, engine.ChainHash) // seven entities take turns
	newest := f.at(1498).event
	var wrong []uint64
	held := 0
	for _, err := range s.WalkChain(newest.ID, 0) {
		var fault *engine.ChainError
		switch {
		case errors.As(err, &fault):
			wrong = append(wrong, fault.Sequence)
		case err != nil:
			t.Fatal(err)
		default:
			held++
		}
	}
	if len(wrong) != 2 || wrong[0] != 707 || wrong[1] != 700 || held != 1498/7-2 {
		t.Errorf("%v do not hold, %d do", wrong, held)
	}
}

func TestEventsThatChangedPlacesAreNamed(t *testing.T) {
	t.Parallel()
	honest := newForger(t, regular(t))
	for distance := uint64(1); distance < 200; distance += 66 {
		for _, renumbered := range []bool{false, true} {
			f := honest.clone()
			a, b := f.at(700), f.at(700+distance)
			first, second := b.event, a.event
			if renumbered { // so that each says that it belongs where it stands
				first.Sequence, second.Sequence = second.Sequence, first.Sequence
			}
			f.put(&a, &first)
			f.put(&b, &second)
			what := fmt.Sprintf("700 and %d, renumbered %v", 700+distance, renumbered)
			mustName(t, what, f.attacked(), event.Everything(), 700, engine.ChainOrder, engine.ChainMissing, engine.ChainClock, engine.ChainHash, engine.ChainDamaged)
		}
	}
}

func TestAnEventThatWasTakenOutIsNamed(t *testing.T) {
	t.Parallel()
	honest := newForger(t, regular(t))
	f := honest.clone()
	e := f.at(700)
	clear(f.files[e.name][e.frame.Offset:e.frame.End()])
	s := f.attacked()
	mustName(t, "zeroed", s, event.Everything(), 700, engine.ChainDamaged)
	if fault := verdictOf(t, s, event.Everything(), engine.VerifyOptions{}); !errors.Is(fault, engine.ErrCorrupt) {
		t.Errorf("damage is not ErrCorrupt: %v", fault)
	}
	// Those behind it move up, with their numbers, until the end of the segment.
	f = honest.clone()
	events := f.events(e.name)
	for i := range events[:len(events)-1] {
		if events[i].event.Sequence >= 700 {
			moved := events[i+1].event
			moved.Sequence--
			f.put(&events[i], &moved)
		}
	}
	mustName(t, "closed up", f.attacked(), event.Everything(), 700, engine.ChainClock, engine.ChainHash)
}

func TestASegmentThatIsReplayedInPlaceOfAnotherIsNamed(t *testing.T) {
	t.Parallel()
	f := newForger(t, regular(t))
	names := f.files.sealed()
	source, target := f.events(names[1]), f.events(names[2])
	for i := range min(len(source), len(target)) {
		replayed := source[i].event
		replayed.Sequence = target[i].event.Sequence
		f.put(&target[i], &replayed)
	}
	mustName(t, "replayed", f.attacked(), event.Everything(), target[0].event.Sequence, engine.ChainOrder, engine.ChainClock, engine.ChainHash)
}

func TestANodeThatWasChangedIsNamedAndADamagedOneIsDoneWithout(t *testing.T) {
	t.Parallel()
	honest := newForger(t, regular(t))
	changed := 0
	for _, name := range honest.files.sealed() {
		f := honest.clone()
		number, ok := f.changeNode(name, false)
		if !ok {
			continue
		}
		changed++
		mustName(t, "node", f.attacked(), event.Everything(), number*256+1, engine.ChainNode)

		f = honest.clone()
		f.changeNode(name, true)
		s := f.attacked()
		mustVerify(t, s, all(t, s, 0, 0, engine.ReadOptions{}), engine.VerifyOptions{})
	}
	if changed < 2 {
		t.Errorf("%d footers with nodes", changed)
	}
}

func TestAnEventWhosePayloadWasDroppedHoldsByTheHashOfIt(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, engine.Options{Sync: engine.SyncManual()})
	const as = "as long as the hash of it and a size" // 36 bytes, which a tombstone takes
	for range 20 {
		if _, err := s.AppendBytes(here, event.Data, event.CodecRaw, []byte(as)); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, s)
	f := newForger(t, imageOf(t, path))
	f.change(7, func(ev *event.Event) { ev.Tombstone = true })
	s = f.attacked()
	ev, err := s.At(7)
	if err != nil || !ev.Tombstone {
		t.Fatalf("%+v, %v", ev, err)
	}
	for _, region := range []event.Region{event.Everything(), event.Entity(here.Entity())} {
		if report, err := s.VerifyChain(t.Context(), region, engine.VerifyOptions{}); err != nil || report.Events != 20 || report.Bytes != 19*36 {
			t.Errorf("%s: %s, %v", region, report, err)
		}
	}
	if got := walked(t, s, ev.ID, 0); len(got) != 7 {
		t.Errorf("walked over %d events", len(got))
	}
	head, err := s.Head()
	if err != nil {
		t.Fatal(err)
	}
	proof, err := s.Prove(ev.ID, head)
	if err == nil {
		err = event.VerifyInclusion(proof, ev.Hash, head)
	}
	if err != nil {
		t.Error(err)
	}
	f.change(7, func(ev *event.Event) { ev.Tombstone, ev.Payload = true, []byte("another one of thirty-six characters") })
	mustName(t, "another payload's hash", f.attacked(), event.Everything(), 7, engine.ChainHash)
}

func TestEventsOfAMissingSegmentAreNamed(t *testing.T) {
	t.Parallel()
	f := newForger(t, regular(t))
	names := f.files.segments()
	missing := f.events(names[2])[0].event
	delete(f.files, names[2])
	s := f.attacked()
	mustName(t, "missing", s, event.Everything(), missing.Sequence, engine.ChainDamaged)
	mustName(t, "missing", s, event.EntityPrefix("entity"), missing.Sequence, engine.ChainDamaged)
	report, err := s.VerifyChain(t.Context(), event.Everything(), engine.VerifyOptions{})
	if !errors.Is(err, engine.ErrCorrupt) || report.Events != missing.Sequence-1 {
		t.Errorf("%s, %v", report, err)
	}
}
