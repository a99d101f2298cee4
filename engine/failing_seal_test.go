// Sealing that fails: the segment stays complete without a footer, and a later opening
// seals it; a failed sync poisons as any other.

package engine_test

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/vfs"
)

func TestASegmentThatCanNotBeSealedStaysReadableAndIsSealedLater(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		for _, kind := range []vfs.OpKind{vfs.OpWriteAt, vfs.OpTruncate, vfs.OpReadAt} {
			d := newUnreliable(vfs.NewMemory())
			s := mustOpenDir(t, d, small(policy))
			d.when(func(op vfs.Op) error {
				if op.Kind == kind && op.Name == firstSegment {
					return errInjected
				}
				return nil
			})
			events := mustAppend(t, s, 300)
			until(func() bool { got := s.Stats(); return got.SealFails == 1 && got.Sealed+1 == got.Rotations })
			if got := s.Stats(); got.Poisoned != nil || got.SealedSegments != got.Segments-2 {
				t.Errorf("%s, %s: %d of %d segments sealed, poisoned: %v", policy, kind, got.SealedSegments, got.Segments, got.Poisoned)
			}
			if kind != vfs.OpReadAt { // looking closely at a segment is reading it
				mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
			}
			mustClose(t, s)
			d.when(nil)
			s = mustOpenDir(t, d, small(policy))
			mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
			until(func() bool { got := s.Stats(); return got.SealedSegments == got.Segments-1 })
			mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
			mustClose(t, s)
			mustReopen(t, d, events, len(events))
		}
	}
}

func TestAFailedSyncOfTheSealerPoisonsTheStore(t *testing.T) {
	t.Parallel()
	for nth := range 2 { // that of the frames, and that of the footer
		d := newUnreliable(vfs.NewMemory())
		s := mustOpenDir(t, d, small(engine.SyncManual()))
		syncs := 0
		d.when(func(op vfs.Op) error {
			if op.Kind == vfs.OpSyncData && op.Name == firstSegment {
				if syncs++; syncs == nth+1 {
					return errInjected
				}
			}
			return nil
		})
		events, err := appendUntil(t, s, nil)
		if !errors.Is(err, engine.ErrPoisoned) || !errors.Is(err, errInjected) {
			t.Fatalf("sync %d: got %v, want ErrPoisoned with its cause", nth, err)
		}
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		if err := s.Close(); !errors.Is(err, engine.ErrPoisoned) {
			t.Errorf("sync %d: close: got %v, want ErrPoisoned", nth, err)
		}
		mustHoldNoCloseFrame(t, d)
		mustReopen(t, d, events, 0)
	}
}
