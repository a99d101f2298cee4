// Walking the hash chain of an entity.

package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// walked returns what a walk yields; the test fails at an error.
func walked(t *testing.T, s *engine.Store, id event.ID, limit int) history {
	t.Helper()
	var events history
	for ev, err := range s.WalkChain(id, limit) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, ev.Clone())
	}
	return events
}

func TestAWalkGoesFromAnEventToTheFirstOneOfItsEntity(t *testing.T) {
	t.Parallel()
	files, events := bound(t, 31, 700)
	path := quickDir(t)
	files.write(t, path)
	for _, o := range []engine.Options{{ReadOnly: true}, {}, {Rebuild: true}} {
		s := mustOpen(t, path, o)
		streams := make(map[string]history)
		for i, ev := range events {
			stream := append(streams[ev.Entity()], ev)
			streams[ev.Entity()] = stream
			if i%7 == 0 {
				mustEqual(t, walked(t, s, ev.ID, 0), stream.reversed())
				for _, limit := range []int{1, 2, 5} {
					mustEqual(t, walked(t, s, ev.ID, limit), stream.reversed()[:min(limit, len(stream))])
				}
			}
		}
		mustClose(t, s)
	}
}

func TestAWalkThatIsLeftEarlyCanBeBegunAgain(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{Sync: engine.SyncManual()})
	var last event.ID
	for i := range 50 {
		r, err := s.AppendBytes(here, event.Data, event.CodecRaw, fmt.Append(nil, i))
		if err != nil {
			t.Fatal(err)
		}
		last = r.ID
	}
	walk := s.WalkChain(last, 0)
	for left := range 5 {
		steps := 0
		for ev, err := range walk {
			if err != nil || string(ev.Payload) != fmt.Sprint(49-steps) {
				t.Fatalf("step %d: %s, %v", steps, ev.Payload, err)
			}
			if steps++; steps > left {
				break
			}
		}
	}
}

func TestAWalkFromAnEventThatThereIsNotFindsNothing(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	mustAppend(t, s, 1)
	steps := 0
	for _, err := range s.WalkChain(event.MakeID(1, 2, 3), 0) {
		steps++
		if !errors.Is(err, engine.ErrNotFound) {
			t.Error(err)
		}
	}
	if steps != 1 {
		t.Errorf("%d steps", steps)
	}
}

// TestAWalkPassesOverDamageAndTellsWhichEventsItCannotVerify damages one event of an entity, and one beside it.
func TestAWalkPassesOverDamageAndTellsWhichEventsItCannotVerify(t *testing.T) {
	t.Parallel()
	f := newForger(t, regular(t)) // seven entities take turns
	for _, sequence := range []uint64{700, 702} {
		e := f.at(sequence)
		f.files[e.name][e.frame.Offset+100] ^= 1
	}
	s := f.attacked()
	newest := f.at(1491).event // 1491 = 7 * 213
	var wrong, held []uint64
	for ev, err := range s.WalkChain(newest.ID, 0) {
		var fault *engine.ChainError
		switch {
		case errors.As(err, &fault) && fault.Reason == engine.ChainDamaged && errors.Is(err, engine.ErrCorrupt):
			wrong = append(wrong, fault.Sequence)
		case err != nil:
			t.Fatal(err)
		default:
			held = append(held, ev.Sequence)
		}
	}
	if !slices.Equal(wrong, []uint64{707}) || len(held) != 213-2 || slices.Contains(held, 700) {
		t.Errorf("%v can't be verified, %d hold", wrong, len(held))
	}
	beside := f.at(1495).event // of another entity: 1495 = 4 + 7 * 213
	if got := walked(t, s, beside.ID, 0); len(got) != 214 {
		t.Errorf("%d events of an entity beside the damage", len(got))
	}
	for _, err := range s.WalkChain(f.at(693).event.ID, 1) {
		if err != nil {
			t.Error(err)
		}
	}
}
