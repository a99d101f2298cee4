// How long syncs took and what appends waited for, in bubbles with a time of their own.

package engine_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestTheLatencyOfSyncsIsThatOfTheDisk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := slowStore(t, small(engine.SyncEveryAppend()))
		before := s.Stats() // syncs of an opening, which took nothing
		if l := before.SyncLatency; l.Total != 0 || l.Longest != 0 || l.P99 != 0 || l.Count() != before.Syncs {
			t.Fatalf("before: %v of %d syncs", l, before.Syncs)
		}
		d.slow(8 * time.Millisecond)
		mustSyncEach(t, s, 97)
		d.slow(80 * time.Millisecond)
		mustSyncEach(t, s, 3)
		got := s.Stats()
		l := got.SyncLatency
		if got.Syncs != before.Syncs+100 || l.Count() != got.Syncs {
			t.Errorf("%d syncs, %d before, %d in the histogram", got.Syncs, before.Syncs, l.Count())
		}
		if want := 97*8*time.Millisecond + 3*80*time.Millisecond; l.Total != want || l.Longest != 80*time.Millisecond {
			t.Errorf("total %v, want %v; longest %v", l.Total, want, l.Longest)
		}
		if l.P50 < 8*time.Millisecond || l.P50 > 10*time.Millisecond || l.P50 != l.Quantile(0.5) {
			t.Errorf("half took at most %v", l.P50)
		}
		if l.P99 != 80*time.Millisecond || l.Quantile(1) != l.Longest { // never beyond the longest
			t.Errorf("99 of 100 took at most %v", l.P99)
		}
		if at := l.AtMost(16384 * time.Microsecond); at != l.Count()-3 {
			t.Errorf("%d of %d took at most 16 ms", at, l.Count())
		}
		if text := l.String(); !strings.Contains(text, "Longest:80ms") || strings.Contains(text, "[") {
			t.Errorf("as text: %s", text)
		}
	})
}

// mustSyncEach appends events, each with a sync of its own.
func mustSyncEach(t *testing.T, s *engine.Store, events int) {
	t.Helper()
	for range events {
		mustStage(t, s, 1)
		if err := s.Sync(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnAppendThatWaitsAtTheBoundIsCountedWithItsTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := slowStore(t, small(engine.SyncEvery(2, 0)))
		d.hold()
		mustStage(t, s, 4) // twice N
		waiting := call(func() error {
			_, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitStaged})
			return err
		})
		synctest.Wait()
		if got, want := s.Stats().Stalls, (engine.Stalls{Ahead: engine.Stall{Waiting: 1}}); got != want {
			t.Errorf("while it waits: %+v", got)
		}
		<-time.After(3 * time.Second)
		d.release(nil)
		if err := <-waiting; err != nil {
			t.Fatal(err)
		}
		ahead := engine.Stall{Count: 1, Total: 3 * time.Second, Longest: 3 * time.Second}
		if got, want := s.Stats().Stalls, (engine.Stalls{Ahead: ahead}); got != want {
			t.Errorf("afterwards: %+v, want %+v", got, want)
		}
	})
}
