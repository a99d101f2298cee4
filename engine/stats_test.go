// The counters beside appends.

package engine_test

import (
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

func TestWatermarksAreInOrderWheneverTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	for _, policy := range everyPolicy {
		s := mustOpenDir(t, vfs.NewMemory(), small(policy))
		var appending sync.WaitGroup
		for range 4 {
			appending.Go(func() {
				for range 500 {
					if _, err := s.Append(here, event.Data, "x"); err != nil {
						t.Errorf("append: %v", err)
						return
					}
				}
			})
		}
		done := make(chan struct{})
		go func() {
			appending.Wait()
			close(done)
		}()
		var last engine.Stats
		for running := true; running; {
			select {
			case <-done:
				running = false
			default:
			}
			got := s.Stats()
			if got.Durable > got.Visible || got.Visible > got.Staged || got.Durable < last.Durable || got.Visible < last.Visible || got.Staged < last.Staged {
				t.Fatalf("%s: durable %d, visible %d, staged %d; before that %d, %d, %d", policy,
					got.Durable, got.Visible, got.Staged, last.Durable, last.Visible, last.Staged)
			}
			last = got
		}
		if last.Events != 2000 || last.Staged != 2000 {
			t.Errorf("%s: %d events up to sequence %d, want 2000", policy, last.Events, last.Staged)
		}
		mustClose(t, s)
	}
}
