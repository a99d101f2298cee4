// Everything derived deleted, in every combination: footers, runs, both; the answers
// to all questions stay the same, and the store goes on where it was.

package engine_test

import (
	"encoding/binary"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// The trailer of a footer, as docs/format has it.
const (
	trailerSize      = 96
	trailerFramesEnd = 40
	trailerMagic     = "BPKFOOT1"
)

// framesEnd returns where the frames of a sealed segment's file end; false for one
// without a footer.
func framesEnd(segment []byte) (int64, bool) {
	at := len(segment) - trailerSize
	if at < 0 || string(segment[at:at+len(trailerMagic)]) != trailerMagic {
		return 0, false
	}
	return int64(binary.LittleEndian.Uint64(segment[at+trailerFramesEnd:])), true
}

// sealed returns the names of the segments that have a footer.
func (m image) sealed() []string {
	return slices.DeleteFunc(m.segments(), func(name string) bool {
		_, sealed := framesEnd(m[name])
		return !sealed
	})
}

// withoutFooters cuts the footers off some of the sealed segments, counted from 0.
func (m image) withoutFooters(which func(n int) bool) image {
	for n, name := range m.sealed() {
		if end, _ := framesEnd(m[name]); which(n) {
			m[name] = m[name][:end:end]
		}
	}
	return m
}

// runs returns the names of the run files.
func (m image) runs() []string {
	var names []string
	for name := range m {
		if filepath.Ext(name) == ".run" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// withoutRuns removes the run files.
func (m image) withoutRuns() image {
	maps.DeleteFunc(m, func(name string, _ []byte) bool { return filepath.Ext(name) == ".run" })
	return m
}

func every(int) bool    { return true }
func second(n int) bool { return n%2 == 1 }

// losses are the ways to lose what is derived.
var losses = []struct {
	what    string
	from    func(m image) image
	rebuild bool
}{
	{"nothing", func(m image) image { return m }, false},
	{"all footers", func(m image) image { return m.withoutFooters(every) }, false},
	{"every second footer", func(m image) image { return m.withoutFooters(second) }, false},
	{"the newest footer", func(m image) image {
		newest := len(m.sealed()) - 1
		return m.withoutFooters(func(n int) bool { return n == newest })
	}, false},
	{"all runs", func(m image) image { return m.withoutRuns() }, false},
	{"a run", func(m image) image {
		for _, name := range m.runs()[:min(1, len(m.runs()))] {
			delete(m, name)
		}
		return m
	}, false},
	{"all footers and runs", func(m image) image { return m.withoutFooters(every).withoutRuns() }, false},
	{"every second footer and all runs", func(m image) image { return m.withoutFooters(second).withoutRuns() }, false},
	{"belief in what is derived", func(m image) image { return m }, true},
	{"all footers, and belief in runs", func(m image) image { return m.withoutFooters(every) }, true},
}

func TestEverythingDerivedDeletedGivesTheSameAnswersToEveryQuery(t *testing.T) {
	t.Parallel()
	for i, policy := range policies {
		w := newSower(uint64(i) + 1)
		path := quickDir(t)
		s := mustOpen(t, path, w.options(policy))
		known := w.sow(t, s, nil, 900)
		settle(s)
		a := answersOf(known)
		a.mustBeGivenBy(t, s)
		killed := imageOf(t, path)
		mustClose(t, s)
		closed := imageOf(t, path)
		if n := len(closed.sealed()); n < 4 {
			t.Fatalf("%s: %d sealed segments", policy, n)
		}
		mustBeGivenWithoutWhatIsLost(t, "closed, "+policy.String(), closed, a, func(n int) bool { return n%2 == i })
		if !raceBuild || policy == engine.SyncEveryAppend() { // else what was not synced is gone
			mustBeGivenWithoutWhatIsLost(t, "killed, "+policy.String(), killed, a, func(n int) bool { return n%4 == 2*i })
		}
	}
}

// mustBeGivenWithoutWhatIsLost opens the image with each of some losses: for reading,
// which changes nothing, then for writing, again as it is afterwards, and appends to
// every entity.
func mustBeGivenWithoutWhatIsLost(t *testing.T, from string, files image, a *answers, which func(n int) bool) {
	for n, loss := range losses {
		if !which(n) || raceBuild && n%3 != 0 {
			continue
		}
		t.Run(from+", lost "+loss.what, func(t *testing.T) {
			t.Parallel()
			left := loss.from(files.clone())
			path := quickDir(t)
			left.write(t, path)
			s := mustOpen(t, path, engine.Options{ReadOnly: true, Rebuild: loss.rebuild})
			a.mustBeGivenBy(t, s)
			mustClose(t, s)
			mustBeUnchanged(t, path, left)

			s = mustOpen(t, path, engine.Options{SegmentSize: engine.MinSegmentSize, Rebuild: loss.rebuild})
			a.mustBeGivenBy(t, s)
			settle(s)
			a.mustBeGivenBy(t, s)
			known := mustAppendToEvery(t, s, a.known)
			mustClose(t, s)
			if got := imageOf(t, path); len(got.sealed()) != len(got.segments())-1 {
				t.Errorf("%d of %d segments are sealed after closing", len(got.sealed()), len(got.segments()))
			}

			s = mustOpen(t, path, engine.Options{})
			if got := s.Report(); !got.Clean || len(got.Footers) != 0 || len(got.Damage) != 0 {
				t.Errorf("opened again: %s", got)
			}
			answersTo(known, briefly(known)).mustBeGivenBy(t, s)
			mustClose(t, s)
		})
	}
}

// mustAppendToEvery appends to every entity, which fails the test unless clocks and
// hash links go on from what is known, and returns the longer history.
func mustAppendToEvery(t failer, s *engine.Store, known history) history {
	t.Helper()
	known = slices.Clip(known) // others may go on from it too
	w := newSower(uint64(len(known)))
	for _, entity := range sownEntities {
		d := w.draft(known)
		d.Coordinate = event.MustAt(entity, d.Coordinate.Scope())
		ev := mustStore(t, s, &d, known)
		if want := known.clock(entity) + 1; ev.Position.Clock != want {
			t.Fatalf("append to %.60q: clock %d, want %d", entity, ev.Position.Clock, want)
		}
		known = append(known, ev)
	}
	mustBeSound(t, known, true)
	return known
}
