// Damaged, cut and foreign footers: they are found out and done without, and nothing
// that a store says changes.

package engine_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/vfs"
)

// miniature is the image of a closed store with two small sealed segments, a run over
// them, and a tail; its events, and some questions about them.
type miniature struct {
	files image
	*answers
}

func newMiniature(t failer, seed uint64) *miniature {
	t.Helper()
	w := newSower(seed)
	dir := vfs.NewMemory()
	s := mustOpenDir(t, dir, w.options(engine.SyncManual()))
	var known history
	for range 3 {
		for range 12 {
			d := w.draft(nil)
			d.Payload = d.Payload[:min(len(d.Payload), 40)]
			known = append(known, mustStore(t, s, &d, nil))
		}
		d := w.draft(nil)
		d.Payload = randomBytes(seed, 40_000) // the next such one begins a segment
		known = append(known, mustStore(t, s, &d, nil))
	}
	awaitRun(t, dir)
	mustClose(t, s)
	m := &miniature{files: imageOfDir(t, dir), answers: answersTo(known, briefly(known))}
	if len(m.files.sealed()) != 2 || len(m.files.segments()) != 3 || len(m.files.runs()) != 1 {
		t.Fatalf("segments %v, sealed %v, runs %v", m.files.segments(), m.files.sealed(), m.files.runs())
	}
	return m
}

// awaitRun waits until a run was written.
func awaitRun(t failer, dir vfs.Dir) {
	t.Helper()
	until(func() bool {
		names, err := dir.List()
		if err != nil {
			t.Fatalf("%v", err)
		}
		return slices.ContainsFunc(names, func(name string) bool { return filepath.Ext(name) == ".run" })
	})
}

// briefly is at least one question that each part of a footer answers.
func briefly(h history) []selection {
	all := everything()
	list := append(ranges(h), unions()...)
	for _, scope := range sownScopes {
		list = append(list, all.scope(scope))
	}
	for _, kind := range sownKinds {
		list = append(list, all.kinds(kind), all.category(kind.Category()))
	}
	for _, tag := range sownTags {
		list = append(list, all.tags(tag))
	}
	return append(list, all, all.entity("nobody"), all.tags("none"), all.prefix("user:").tags("red"), all.gate(1))
}

// mustAnswerIn opens the files for reading and fails the test unless all answers are
// right. It returns whether the store says that something derived was not believed.
func (m *miniature) mustAnswerIn(t *testing.T, what string, files image) (told bool) {
	t.Helper()
	s, err := engine.OpenDir(files.memory(t), engine.Options{ReadOnly: true})
	if err != nil {
		t.Fatalf("%s: open: %v", what, err)
	}
	m.mustBeGivenBy(prefixed{t, what}, s)
	told = tellsOfRebuilding(s)
	mustClose(t, s)
	return told
}

// mustAnswerSomeIn is mustAnswerIn with a few of the questions, at random.
func (m *miniature) mustAnswerSomeIn(t *testing.T, what string, files image, seed int) (told bool) {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(seed), 3))
	s, err := engine.OpenDir(files.memory(t), engine.Options{ReadOnly: true})
	if err != nil {
		t.Fatalf("%s: open: %v", what, err)
	}
	f := prefixed{t, what}
	for range 10 {
		i, entity := random.IntN(len(m.questions)), sownEntities[random.IntN(len(sownEntities))]
		mustAnswer(f, s, m.questions[i], m.options[i], m.want[i])
		mustAnswer(f, s, everything().entity(entity), engine.ReadOptions{}, m.known.selected(everything().entity(entity), engine.ReadOptions{}))
		mustTellClocks(f, s, m.known, entity)
		mustGet(f, s, m.known[random.IntN(len(m.known)):][:1])
	}
	mustListNames(f, s, m.known, sownPrefixes[random.IntN(len(sownPrefixes))], "")
	told = tellsOfRebuilding(s)
	mustClose(t, s)
	return told
}

// tellsOfRebuilding reports whether the store says that a footer was not believed.
func tellsOfRebuilding(s *engine.Store) bool {
	return len(s.Report().Footers) > 0 || s.Stats().Rebuilt > 0
}

// mustGoOnIn opens the files for writing, appends to every entity, and opens them
// again; all answers must be right.
func (m *miniature) mustGoOnIn(t *testing.T, what string, files image) {
	t.Helper()
	f := prefixed{t, what}
	dir := files.memory(t)
	s := mustOpenDir(f, dir, small(engine.SyncManual()))
	m.mustBeGivenBy(f, s)
	known := mustAppendToEvery(f, s, m.known)
	mustClose(f, s)
	s = mustOpenDir(f, dir, small(engine.SyncManual()))
	answersTo(known, briefly(known)).mustBeGivenBy(f, s)
	mustClose(f, s)
}

// prefixed fails a test with what was done before.
type prefixed struct {
	*testing.T
	what string
}

func (p prefixed) Fatalf(format string, args ...any) {
	p.Helper()
	p.T.Fatalf("%s: %s", p.what, fmt.Sprintf(format, args...))
}

func TestEveryFlippedByteOfAFooterIsFoundOutAndChangesNoAnswer(t *testing.T) {
	t.Parallel()
	m := newMiniature(t, 51)
	if m.mustAnswerIn(t, "no damage", m.files) {
		t.Error("without damage something is said to be rebuilt")
	}
	random := rand.New(rand.NewPCG(51, 0))
	for n, name := range m.files.sealed() {
		end, _ := framesEnd(m.files[name])
		size := len(m.files[name])
		step := 1
		if n > 0 {
			step = 8 // it is made as the first one is
		}
		if raceBuild {
			step = 128
		}
		var untold []int
		for at := int(end); at < size; at++ {
			if at%step != 0 && at < size-trailerSize {
				continue
			}
			files := m.files.clone()
			files[name][at] ^= byte(1 + random.IntN(255))
			what := fmt.Sprintf("%s: byte %d of a footer from %d to %d", name, at, end, size)
			// What is behind the last byte of a section, and what says that there is a footer at
			// all, nobody can tell.
			filler := m.files[name][at] == 0 || at >= size-trailerSize && at < size-trailerSize+len(trailerMagic)
			if !m.mustAnswerSomeIn(t, what, files, at) && !filler {
				untold = append(untold, at-int(end))
			}
			if at%64 == 0 {
				m.mustGoOnIn(t, what, files)
			}
		}
		if len(untold) > 0 {
			t.Errorf("%s: nobody was told of these bytes of %d: %d", name, size-int(end), untold)
		}
	}
}

func TestACutOrExtendedFooterIsDoneWithout(t *testing.T) {
	t.Parallel()
	m := newMiniature(t, 52)
	for _, name := range m.files.sealed() {
		whole := m.files[name]
		end, _ := framesEnd(whole)
		cuts := 40
		if raceBuild {
			cuts = 6
		}
		for at := int(end); at < len(whole); at += 1 + (len(whole)-int(end))/cuts {
			files := m.files.clone()
			files[name] = whole[:at:at]
			what := fmt.Sprintf("%s: cut to %d bytes, frames end at %d", name, at, end)
			m.mustAnswerIn(t, what, files)
			if at%8 == 0 {
				m.mustGoOnIn(t, what, files)
			}
			files[name] = append(bytes.Clone(whole[:at]), make([]byte, len(whole)-at)...)
			m.mustAnswerIn(t, what+" and zeros", files)
		}
		for _, more := range [][]byte{{0}, make([]byte, 8), make([]byte, 4096), whole[end:], randomBytes(1, 100)} {
			files := m.files.clone()
			files[name] = slices.Concat(whole, more)
			what := fmt.Sprintf("%s: %d bytes more", name, len(more))
			m.mustAnswerIn(t, what, files)
			m.mustGoOnIn(t, what, files)
		}
	}
}

func TestTheFooterOfAnotherStoreOrSegmentIsNotBelieved(t *testing.T) {
	t.Parallel()
	m, other := newMiniature(t, 53), newMiniature(t, 53) // the same sizes, other ids
	names := m.files.sealed()
	for i, name := range names {
		for from, footer := range map[string][]byte{
			"another store": other.files[name], "another segment": m.files[names[1-i]], "another segment of another store": other.files[names[1-i]],
		} {
			own, _ := framesEnd(m.files[name])
			end, _ := framesEnd(footer)
			if from == "another store" && end != own {
				t.Fatalf("frames end at %d and at %d", own, end)
			}
			files := m.files.clone()
			files[name] = slices.Concat(files[name][:own], footer[end:])
			what := fmt.Sprintf("%s: footer of %s", name, from)
			if !m.mustAnswerIn(t, what, files) {
				t.Errorf("%s: nobody was told", what)
			}
			m.mustGoOnIn(t, what, files)
		}
	}
}

func TestAFooterThatDisappearsIsWrittenAgainAsItWas(t *testing.T) {
	t.Parallel()
	m := newMiniature(t, 54)
	dir := m.files.clone().withoutFooters(every).memory(t)
	s := mustOpenDir(t, dir, small(engine.SyncManual()))
	settle(s)
	mustClose(t, s)
	files := imageOfDir(t, dir)
	for _, name := range m.files.sealed() {
		if !bytes.Equal(files[name], m.files[name]) {
			t.Errorf("%s: %d bytes, and were %d, or others", name, len(files[name]), len(m.files[name]))
		}
	}
	m.mustAnswerIn(t, "sealed again", files)
}
