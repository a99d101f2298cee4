// This file holds the tests of footers whose checksums are right and that do not say what the frames say.

package recovery_test

import (
	"encoding/binary"
	"testing"

	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

func TestAFooterThatTheFramesContradictIsIgnoredAndBuiltAgain(t *testing.T) {
	le := binary.LittleEndian
	add := func(n int64, at ...int) func(footerImage) { // to fields of the range, with as many points as events
		return func(b footerImage) {
			for _, at := range at {
				field := b.section(rangeSection)[at:]
				le.PutUint64(field, le.Uint64(field)+uint64(n))
				if points := b.entry(pointsSection)[16:]; at == 16 && n < 2 {
					le.PutUint64(points, le.Uint64(points)+uint64(4*n))
				}
			}
		}
	}
	control := func(i int, at int64) func(footerImage) {
		return func(b footerImage) { le.PutUint32(b.section(controlSection)[4*i:], uint32(at/8)) }
	}
	w := reopenedStore(t)
	files := imageOf(t, w.dir)
	sound := load(t, w.dir, recovery.Options{})
	want := essence(sound)
	first := sound.state.Segments[0].Contents.Footer
	if len(first.Control()) != 3 { // open, close, open
		t.Fatalf("control frames at %v", first.Control())
	}
	behind, closing := first.Control()[0]+int64(mmapseg.OpenSize(0)), first.Control()[1]
	commit := first.FramesEnd - mmapseg.EndSize - 48 // the last frame before the end frame commits a batch
	if kind, at := frameAt(t, files[name(0)], commit); kind != mmapseg.FrameBatchCommit || at != commit {
		t.Fatalf("%s frame at %d", kind, at)
	}
	// The fields of the range: 0 first, 8 last sequence, 16 events, 24 events before.
	for what, lie := range map[string]func(footerImage){
		"one event more, behind":       add(1, 8, 16),
		"one event more, before":       func(b footerImage) { add(-1, 0)(b); add(1, 16)(b) },
		"one event less":               add(-1, 8, 16),
		"the first event less":         func(b footerImage) { add(1, 0)(b); add(-1, 16)(b) },
		"later sequences":              add(1, 0, 8),
		"an event less than sequences": add(-1, 16),
		"no end of events":             add(1<<62, 8, 16),
		"no events": func(b footerImage) {
			clear(b.section(rangeSection)[:24])
			clear(b.section(rangeSection)[32:104])
			le.PutUint64(b.entry(pointsSection)[16:], 0)
		},
		"another number of events before": add(3, 24),
		"an event for a control frame":    control(1, behind),
		"a place inside a frame":          control(1, closing-8),
		"the second open frame missing":   func(b footerImage) { le.PutUint64(b.entry(controlSection)[16:], 8) },
		"another frame for the end frame": func(b footerImage) { le.PutUint64(b.trailer()[40:], uint64(commit+mmapseg.EndSize)) },
	} {
		changed := files.clone()
		b := footerImage(changed[name(0)])
		lie(b)
		b.resum(t)
		dir := changed.memory(t)
		l := load(t, dir, recovery.Options{})
		if got := essence(l); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
		}
		if f := l.state.Report.Footers; len(f) != 1 || f[0].Segment != name(0) || f[0].Reason == "" || l.state.Segments[0].Sealed {
			t.Errorf("%s: sealed %t, ignored %v", what, l.state.Segments[0].Sealed, f)
			continue
		}
		again := write(t, dir)
		if u := again.out.Unsealed; len(u) != 1 || u[0].Segment.Number != 1 {
			t.Fatalf("%s: to be sealed %+v", what, u)
		}
		again.seal(again.out.Unsealed[0].Segment, again.out.Unsealed[0].FramesEnd)
		again.close()
		l = load(t, dir, recovery.Options{})
		sameEvents(t, l.events, w.written)
		if len(l.state.Report.Footers) != 0 || !l.state.Segments[0].Sealed {
			t.Errorf("%s: sealed again: %v", what, l.state.Report)
		}
	}
}
