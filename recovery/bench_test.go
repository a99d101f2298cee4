// This file holds the benchmark of loading.

package recovery_test

import (
	"fmt"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

func BenchmarkLoad(b *testing.B) {
	const count = 40_000
	for _, batch := range []int{0, 100} {
		dir := vfs.NewMemory()
		r := resumption()
		r.SegmentSize = 16 << 20
		out, err := load(b, dir, recovery.Options{}).state.Resume(dir, r)
		if err != nil {
			b.Fatal(err)
		}
		// The first segment is of 4 MiB; the next one is the large one.
		w := &writer{t: b, dir: dir, out: out, at: out.Segments[0], tail: out.Tail, next: 1, mark: out.Mark, wall: 1_700_000_000_000, hashing: true}
		w.rotateTo(r.SegmentSize)
		for w.next <= count {
			if batch == 0 {
				w.event("sixty-four bytes of payload, as of a small event that was encoded")
			} else {
				w.batch(batch)
			}
		}
		w.release()
		for _, with := range []string{"frames", "decoding"} {
			b.Run(fmt.Sprintf("batch=%d/%s", batch, with), func(b *testing.B) {
				var ev event.Event
				o := recovery.Options{}
				if with == "decoding" {
					o.Event = func(s *recovery.Segment, f *mmapseg.Frame) error { return decoder.Event(f, s.Header.Name(), &ev) }
				}
				for b.Loop() {
					state, err := recovery.Load(dir, o)
					if err != nil || state.Report.Events < count {
						b.Fatal(err)
					}
				}
				b.ReportMetric(count*float64(b.N)/b.Elapsed().Seconds()/1e6, "M-events/s")
			})
		}
	}
}
