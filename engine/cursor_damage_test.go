// Cursors over damaged events: they are told of, once each, and what is behind is read.

package engine_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// damagedAt returns a directory whose first segment, which is sealed, has a byte changed in the payload of an event.
func damagedAt(t *testing.T, events int, damaged uint64) vfs.Dir {
	t.Helper()
	return damagedAfter(t, events, damaged, func(*engine.Store) {})
}

// damagedAfter is damagedAt where something is done to the store first.
func damagedAfter(t *testing.T, events int, damaged uint64, use func(*engine.Store)) vfs.Dir {
	t.Helper()
	dir := vfs.NewMemory()
	s := openFor(t, dir, small(engine.SyncEveryAppend()))
	payload := []byte("what will be damaged")
	for n := range uint64(events) {
		b := bytes.Repeat([]byte{'x'}, 1000)
		if n+1 == damaged {
			copy(b, payload)
		}
		if _, err := s.AppendBytes(here, event.Data, event.CodecRaw, b); err != nil {
			t.Fatal(err)
		}
	}
	use(s)
	mustClose(t, s)
	image := imageOfDir(t, dir)
	for _, name := range image.segments() {
		if at := bytes.Index(image[name], payload); at >= 0 {
			overwrite(t, dir, name, []byte{'W'}, int64(at))
			return dir
		}
	}
	t.Fatal("the event is in no segment")
	return nil
}

func TestACursorTellsOfDamageAndReadsWhatIsBehind(t *testing.T) {
	t.Parallel()
	const events, damaged = 200, 20
	for _, region := range []event.Region{event.Everything(), event.Entity(here.Entity())} {
		for _, pull := range []int{0, 1, 50} {
			s := openFor(t, damagedAt(t, events, damaged), small(engine.SyncEveryAppend()))
			c := mustCursorOf(t, s, region, engine.CursorOptions{Name: "reader"})
			var got []uint64
			told, into := 0, make([]event.Event, max(pull, 1))
			for len(got) < events-1 {
				var err error
				if pull == 0 {
					var ev event.Event
					if ev, err = c.Next(t.Context()); err == nil {
						got = append(got, ev.Sequence)
					}
				} else {
					var n int
					n, err = c.PullInto(t.Context(), into)
					for _, ev := range into[:n] {
						got = append(got, ev.Sequence)
					}
				}
				var corrupt *engine.CorruptError
				switch {
				case errors.As(err, &corrupt):
					if told++; corrupt.First > damaged || corrupt.Last < damaged || len(got) != damaged-1 {
						t.Fatalf("behind %d events: %v", len(got), err)
					}
				case err != nil:
					t.Fatal(err)
				}
			}
			want := slices.DeleteFunc(upTo(1, events), func(n uint64) bool { return n == damaged })
			if told != 1 || !slices.Equal(got, want) {
				t.Errorf("%s, pull %d: told %d times, got %v", region, pull, told, got)
			}
			mustAck(t, c, events)
		}
	}
}
