// What comes while the state before is still being looked at.

package engine_test

import (
	"context"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestAWatchYieldsWhatCameWhileTheStateBeforeWasLookedAt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := small(engine.SyncManual())
		o.Cache.Off = true // whose ticker would go on where nothing else does
		s := mustOpenDir(t, newDevice(nothing()), o)
		mustAppend(t, s, 1)
		count := engine.MustProjection(engine.Fold[int]{Name: "count", Apply: func(n *int, _ event.Event) error {
			*n++
			return nil
		}})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		want := 1
		for state, err := range engine.WatchProjection(ctx, s, count, event.Everything(), engine.WatchOptions{}) {
			if err != nil || state.Value != want {
				t.Fatalf("got %d, %v; want %d", state.Value, err, want)
			}
			if want == 4 {
				break
			}
			mustAppend(t, s, 1)
			want++
		}
		mustClose(t, s)
	})
}
