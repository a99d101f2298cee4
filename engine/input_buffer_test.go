//go:build !race

// Changing the caller's memory while it is appended: a race by definition, so that
// the race detector is not asked.

package engine_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestAnEventOfABufferThatChangesMeanwhileBelongsToItsHash(t *testing.T) {
	t.Parallel()
	for _, policy := range []engine.SyncPolicy{engine.SyncEveryAppend(), engine.SyncManual()} {
		path := quickDir(t)
		s := mustOpen(t, path, engine.Options{Sync: policy, SegmentSize: 16 * engine.MinSegmentSize})
		payload, metadata := make([]byte, 20_000), make([]byte, 500)
		tags := []string{"aaaa", "aaaa"} // all of one length, whichever is seen
		var done atomic.Bool
		var changing sync.WaitGroup
		changing.Go(func() {
			for n := byte(0); !done.Load(); n++ {
				for i := range payload {
					payload[i] = n
				}
				for i := range metadata {
					metadata[i] = n
				}
				tags[n&1] = []string{"aaaa", "bbbb"}[n>>1&1]
			}
		})
		for range 500 {
			if _, err := s.AppendBytesWith(here, event.Data, event.CodecRaw, payload, engine.AppendOptions{Tags: tags, Metadata: metadata}); err != nil {
				t.Error(err)
				break
			}
		}
		done.Store(true)
		changing.Wait()
		events := all(t, s, 0, 0, engine.ReadOptions{})
		if len(events) != 500 {
			t.Fatalf("%d events, want 500", len(events))
		}
		mustBeSound(t, events, true)
		mustClose(t, s)
		s = mustOpen(t, path, engine.Options{})
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		mustClose(t, s)
	}
}
