// Events that are larger than a segment: each gets one of its own.

package engine_test

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestAPayloadOf64MiBGetsASegmentOfItsOwn(t *testing.T) {
	t.Parallel()
	most := event.MaxPayload
	if raceBuild {
		most = 4 << 20 // the detector looks at each of the bytes
	}
	path := quickDir(t)
	o := engine.Options{SegmentSize: engine.MinSegmentSize, MaxPayload: most, Sync: engine.SyncManual()}
	s := mustOpen(t, path, o)
	large := make([]byte, most+1)
	copy(large[most-8:], "the end")
	if _, err := s.AppendBytes(here, event.Data, event.CodecRaw, large); !errors.Is(err, engine.ErrInvalid) {
		t.Errorf("one byte over the limit: got %v, want ErrInvalid", err)
	}
	large = large[:most]
	small := []byte("small")
	for i, payload := range [][]byte{small, large, small, large, small} {
		r, err := s.AppendBytes(here, event.Data, event.CodecRaw, payload)
		if err != nil || r.Sequence != uint64(i)+1 {
			t.Fatalf("append %d: sequence %d, %v", i, r.Sequence, err)
		}
	}
	if got := s.Stats(); got.Segments != 3 || got.Rotations != 2 {
		t.Errorf("%d segments, want the first and one for each large event", got.Segments)
	}
	before := all(t, s, 0, 0, engine.ReadOptions{})
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{Direction: engine.Backward}), before.reversed())
	mustClose(t, s)
	s = mustOpen(t, path, engine.Options{})
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), before)
	mustBeSound(t, before, true)
	if got := s.Stats(); got.DiskBytes > 2*(int64(most)+int64(most)/16)+1<<20 {
		t.Errorf("%d bytes on disk", got.DiskBytes)
	}
	mustClose(t, s)
}
