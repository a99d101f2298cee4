// Calls that fail while the next segment is made: the append that needs it says so,
// nothing is stored, nothing is left behind, and the next one tries again.

package engine_test

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
)

func TestASegmentThatCanNotBeMadeRefusesAppendsUntilItCan(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		for _, kind := range []vfs.OpKind{
			vfs.OpCreate, vfs.OpReserve, vfs.OpWriteAt, vfs.OpSyncAll, vfs.OpRename, vfs.OpSyncDir, vfs.OpMap,
		} {
			d := newUnreliable(vfs.NewMemory())
			s := mustOpenDir(t, d, small(policy))
			d.when(func(op vfs.Op) error {
				if op.Kind == kind && op.Name != firstSegment {
					return errInjected
				}
				return nil
			})
			events, err := appendUntil(t, s, nil)
			if !errors.Is(err, errInjected) {
				t.Fatalf("%s, %s: got %v, want the failure", policy, kind, err)
			}
			if names := imageOfDir(t, d.memory).segments(); len(names) != 1 {
				t.Errorf("%s, %s: segments %v, want only the first", policy, kind, names)
			}
			if got := s.Stats(); got.Staged != uint64(len(events)) || got.Poisoned != nil {
				t.Errorf("%s, %s: staged %d after %d events, poisoned: %v", policy, kind, got.Staged, len(events), got.Poisoned)
			}
			d.when(nil)
			events = append(events, mustAppend(t, s, 100)...)
			mustClose(t, s)
			mustReopen(t, d, events, len(events))
		}
	}
}

func TestASegmentThatCanNotBeMadeWhileAnotherIsStillFullDoesNotStopClose(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		d := newUnreliable(vfs.NewMemory())
		s := mustOpenDir(t, d, small(policy))
		d.fail(errInjected, vfs.OpRename)
		events, _ := appendUntil(t, s, nil)
		d.fail(errInjected, vfs.OpCreate, vfs.OpRename)
		mustClose(t, s)
		mustReopen(t, d, events, len(events))
	}
}
