// Damaged, cut, renamed and foreign run files: none of them changes an answer.

package engine_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// askAbove is everything that a run is looked up for, and no more: streams, clocks, and
// entities that are not there.
func (m *miniature) askAbove(t failer, s *engine.Store) {
	t.Helper()
	mustTellClocks(t, s, m.known, append(numbered("nobody", 20), sownEntities...)...)
	for i, entity := range sownEntities {
		q, o := everything().entity(entity), engine.ReadOptions{Direction: engine.Direction(i % 2)}
		mustAnswer(t, s, q, o, m.known.selected(q, o))
	}
}

// mustAnswerWithRun opens the store with a file in the place of its run.
func (m *miniature) mustAnswerWithRun(t *testing.T, what string, name string, run []byte) {
	t.Helper()
	files := m.files.clone().withoutRuns()
	files[name] = run
	f := prefixed{t, what}
	dir := files.memory(t)
	s, err := engine.OpenDir(dir, engine.Options{ReadOnly: true})
	if err != nil {
		t.Fatalf("%s: open: %v", what, err)
	}
	m.askAbove(f, s)
	mustClose(t, s)
	if got := imageOfDir(t, dir); !bytes.Equal(got[name], run) {
		t.Fatalf("%s: opening for reading changed it", what)
	}
}

// mustGoOnWithRun opens it for writing: what can't be used is removed or replaced.
func (m *miniature) mustGoOnWithRun(t *testing.T, what string, name string, run []byte) {
	t.Helper()
	files := m.files.clone().withoutRuns()
	files[name] = run
	m.mustGoOnIn(t, what, files)
}

func TestEveryFlippedByteOfARunChangesNoAnswer(t *testing.T) {
	t.Parallel()
	m := newMiniature(t, 61)
	name := m.files.runs()[0]
	run := m.files[name]
	random := rand.New(rand.NewPCG(61, 0))
	zeros := 0
	for at := range run {
		if run[at] == 0 { // most of it is room up to the next page
			if zeros++; zeros%97 != 0 {
				continue
			}
		}
		if raceBuild && at%8 != 0 {
			continue
		}
		changed := bytes.Clone(run)
		changed[at] ^= byte(1 + random.IntN(255))
		what := fmt.Sprintf("%s: byte %d of %d", name, at, len(run))
		m.mustAnswerWithRun(t, what, name, changed)
		if at%128 == 0 {
			m.mustGoOnWithRun(t, what, name, changed)
		}
	}
}

func TestACutExtendedOrEmptyRunChangesNoAnswer(t *testing.T) {
	t.Parallel()
	m := newMiniature(t, 62)
	name := m.files.runs()[0]
	run := m.files[name]
	cuts := 60
	if raceBuild {
		cuts = 8
	}
	for at := 0; at < len(run); at += 1 + len(run)/cuts {
		m.mustAnswerWithRun(t, fmt.Sprintf("%s: cut to %d bytes", name, at), name, run[:at:at])
		zeroed := bytes.Clone(run)
		clear(zeroed[at:])
		m.mustAnswerWithRun(t, fmt.Sprintf("%s: zeros from byte %d", name, at), name, zeroed)
	}
	for what, changed := range map[string][]byte{
		"empty": {}, "one byte": {7}, "a page of zeros": make([]byte, 4096), "its header only": run[:4096:4096], "twice": slices.Concat(run, run),
		"a page more": slices.Concat(run, make([]byte, 4096)), "noise": randomBytes(1, len(run)), "a text": []byte(strings.Repeat("no run at all\n", 1000)),
	} {
		m.mustAnswerWithRun(t, what, name, changed)
		m.mustGoOnWithRun(t, what, name, changed)
	}
}

func TestARunUnderAnotherNameChangesNoAnswer(t *testing.T) {
	t.Parallel()
	m := newMiniature(t, 63)
	run := m.files[m.files.runs()[0]]
	for _, name := range []string{
		fmt.Sprintf("%020d-%020d.run", 1, 1), fmt.Sprintf("%020d-%020d.run", 2, 2), fmt.Sprintf("%020d-%020d.run", 1, 3),
		fmt.Sprintf("%020d-%020d.run", 2, 3), fmt.Sprintf("%020d-%020d.run", 0, 2), fmt.Sprintf("%020d-%020d.run", 2, 1),
		fmt.Sprintf("%020d-%020d.run", 7, 9), "1-2.run", ".run", "notes.run", fmt.Sprintf("%020d-%020d.run.tmp", 1, 2),
	} {
		m.mustAnswerWithRun(t, name, name, run)
		m.mustGoOnWithRun(t, name, name, run)
	}
}

func TestTheRunOfAnotherStoreIsNotBelieved(t *testing.T) {
	t.Parallel()
	m, other := newMiniature(t, 64), newMiniature(t, 64+1)
	name := m.files.runs()[0]
	if other.files.runs()[0] != name {
		t.Fatalf("runs %s and %s", name, other.files.runs()[0])
	}
	m.mustAnswerWithRun(t, "run of another store", name, other.files[name])
	m.mustGoOnWithRun(t, "run of another store", name, other.files[name])

	others, _ := life(t, other.files, other.known, 60)
	for _, name := range others.runs() {
		if name == m.files.runs()[0] {
			t.Fatalf("%s was not merged on", name)
		}
		files := m.files.clone()
		files[name] = others[name]
		dir := files.memory(t)
		s := mustOpenDir(t, dir, small(engine.SyncManual()))
		m.askAbove(t, s)
		mustClose(t, s)
		if got := imageOfDir(t, dir)[name]; !bytes.Equal(got, others[name]) {
			t.Errorf("%s, of another store, is %d bytes now", name, len(got))
		}
	}
}

// life goes on from files, with events of its own until there is a run that the files
// don't have, and returns what it leaves and all its events.
func life(t *testing.T, files image, known history, seed uint64) (image, history) {
	t.Helper()
	w := newSower(seed)
	dir := files.memory(t)
	s := mustOpenDir(t, dir, w.options(engine.SyncManual()))
	known = w.sow(t, s, slices.Clip(known), 900)
	settle(s)
	until(func() bool {
		names, err := dir.List()
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(names, func(name string) bool { _, old := files[name]; return filepath.Ext(name) == ".run" && !old })
	})
	mustClose(t, s)
	return imageOfDir(t, dir), known
}

func TestTheRunsAndFootersOfAnotherLifeOfTheSameStoreAreNotBelieved(t *testing.T) {
	t.Parallel()
	w := newSower(66)
	dir := vfs.NewMemory()
	s := mustOpenDir(t, dir, w.options(engine.SyncManual()))
	known := w.sow(t, s, nil, 400)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	killed := imageOfDir(t, dir)
	mustClose(t, s)
	one, ones := life(t, killed, known, 67)
	two, _ := life(t, killed, known, 68)

	mixed := one.clone().withoutRuns()
	for _, name := range two.runs() {
		mixed[name] = two[name]
	}
	for _, name := range mixed.sealed() {
		other, ok := two[name]
		end, sealed := framesEnd(other)
		if own, _ := framesEnd(mixed[name]); ok && sealed {
			mixed[name] = slices.Concat(mixed[name][:own], other[end:])
		}
	}
	a := answersOf(ones)
	for what, files := range map[string]image{"its own": one, "another life's": mixed} {
		dir := files.memory(t)
		for n, o := range []engine.Options{{ReadOnly: true}, small(engine.SyncManual()), {ReadOnly: true}} {
			s := mustOpenDir(t, dir, o)
			if !raceBuild || n > 0 {
				a.mustBeGivenBy(prefixed{t, what}, s)
			}
			mustClose(t, s)
			if raceBuild && n > 0 {
				break
			}
		}
	}
}

func TestAnOlderSetOfRunsIsCompletedAndMergedOn(t *testing.T) {
	t.Parallel()
	m := newMiniature(t, 69)
	files, known := life(t, m.files, m.known, 70)
	older := files.clone().withoutRuns()
	for _, name := range m.files.runs() {
		older[name] = m.files[name] // as if later ones had never been written
	}
	a := answersOf(known)
	dir := older.memory(t)
	for _, o := range []engine.Options{{ReadOnly: true}, small(engine.SyncManual())} {
		s := mustOpenDir(t, dir, o)
		a.mustBeGivenBy(t, s)
		if !o.ReadOnly {
			known = append(slices.Clip(known), mustStore(t, s, &event.Draft{Coordinate: here, Kind: event.Data}, nil))
		}
		mustClose(t, s)
	}
	s := mustOpenDir(t, dir, engine.Options{ReadOnly: true})
	answersOf(known).mustBeGivenBy(t, s)
	mustClose(t, s)
}
