// Causes: found by id over all segments, or not at all.

package engine_test

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// caused appends an event with a cause.
func caused(s *engine.Store, cause event.ID) (engine.Receipt, error) {
	return s.AppendBytesWith(here, event.Data, event.CodecRaw, nil, engine.AppendOptions{Cause: cause})
}

func TestACauseIsFoundInAnySegmentAndSetsTheDepth(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		events := mustAppend(t, s, 400)
		for i := 0; i < len(events); i += 7 {
			child, err := caused(s, events[i].ID)
			if err != nil {
				t.Fatalf("%s: cause at %d: %v", policy, events[i].Sequence, err)
			}
			grandchild, err := caused(s, child.ID)
			if err != nil {
				t.Fatal(err)
			}
			if child.Position.Depth != 1 || grandchild.Position.Depth != 2 {
				t.Errorf("%s: depths %d and %d, want 1 and 2", policy, child.Position.Depth, grandchild.Position.Depth)
			}
			if ev, err := s.At(child.Sequence); err != nil || ev.CauseSequence != events[i].Sequence || ev.Cause != events[i].ID {
				t.Errorf("%s: %+v, %v", policy, ev.Header, err)
			}
		}
		mustBeSound(t, all(t, s, 0, 0, engine.ReadOptions{}), true)
	}
}

func TestACauseThatNoVisibleEventHasIsErrNotFound(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	if _, err := caused(s, event.MakeID(1, 2, 3)); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("in an empty store: got %v, want ErrNotFound", err)
	}
	events := mustAppend(t, s, 200)
	for _, at := range []int{0, 1, 50, 100, 150, 199} {
		near := events[at].ID
		near[15] ^= 1 // the same moment, another id
		if _, err := caused(s, near); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("beside event %d: got %v, want ErrNotFound", at, err)
		}
	}
	for _, id := range []event.ID{event.MakeID(0, 0, 1), event.MakeID(1<<48-1, 1<<32-1, 1)} {
		if _, err := caused(s, id); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", id, err)
		}
	}
	if got := s.Stats().Staged; got != 200 {
		t.Errorf("staged up to %d, want 200", got)
	}
}
