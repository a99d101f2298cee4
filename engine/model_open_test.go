// The openings of the model: after a close, after a crash, for reading only; and
// what recovery says with and without footers.

package engine_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
	"pgregory.net/rapid"
)

// Reopen closes the store and opens it again, also for reading only in between.
func (m *machine) Reopen(t *rapid.T) {
	if err := m.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	m.durable = len(m.history)
	mustLoadTheSameWithoutFooters(t, m.path)
	if rapid.Bool().Draw(t, "for reading first") {
		m.readOnly(t)
	}
	m.open(t)
	if !m.store.Report().Clean {
		t.Fatalf("a closed store is not clean: %s", m.store.Report())
	}
	mustEqual(t, all(t, m.store, 0, 0, engine.ReadOptions{}), m.history)
}

func (m *machine) readOnly(t *rapid.T) {
	s, err := engine.Open(m.path, engine.Options{ReadOnly: true})
	if err != nil {
		t.Fatalf("open for reading: %v", err)
	}
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), m.history)
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{Direction: engine.Backward}), m.history.reversed())
	if got := s.Stats().Visible; got != m.last {
		t.Fatalf("visible up to %d when open for reading, want %d", got, m.last)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// Crash goes on in a copy of the directory that was made while the store was open,
// which is what a kill leaves.
func (m *machine) Crash(t *rapid.T) {
	files := imageOf(t, m.path)
	if err := m.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	if err := os.RemoveAll(m.path); err != nil {
		t.Fatalf("%v", err)
	}
	m.copies++
	m.path = filepath.Join(m.root, fmt.Sprint(m.copies))
	files.write(t, m.path)
	mustLoadTheSameWithoutFooters(t, m.path)
	manual := m.manual
	if rapid.Bool().Draw(t, "for reading first") {
		m.mustReadPrefix(t, manual)
	}
	m.open(t)

	got := all(t, m.store, 0, 0, engine.ReadOptions{})
	m.mustSurvive(t, got, manual)
	recovered := m.recovered(got)
	m.history, m.durable = got, len(got)
	m.last = recovered + ahead(manual)
	var lost *engine.LostSequenceError
	if _, err := m.store.At(recovered + 1); !errors.As(err, &lost) || lost.First != recovered+1 || lost.Last != m.last {
		t.Fatalf("lost range: %v, want %d to %d", err, recovered+1, m.last)
	}
}

// ahead is how many sequences an unclean end gives up.
func ahead(manual bool) uint64 {
	if manual {
		return 1 << 24
	}
	return 1 << 16
}

// recovered returns the highest sequence that a store with these events knows of:
// the one before the first event that is not there.
func (m *machine) recovered(got history) uint64 {
	if len(got) == len(m.history) {
		return m.last
	}
	return m.history[len(got)].Sequence - 1
}

// mustSurvive fails the test unless got is what a crash may leave: a prefix that
// holds all that was durable, and, where mappings are real, all that was staged.
func (m *machine) mustSurvive(t *rapid.T, got history, manual bool) {
	if len(got) < m.durable || len(got) > len(m.history) {
		t.Fatalf("%d events after a crash, %d were durable, %d staged", len(got), m.durable, len(m.history))
	}
	if lossy := raceBuild && manual; !lossy && len(got) != len(m.history) {
		t.Fatalf("%d events after a crash, %d were acknowledged", len(got), len(m.history))
	}
	mustEqual(t, got, m.history[:len(got)])
}

func (m *machine) mustReadPrefix(t *rapid.T, manual bool) {
	s, err := engine.Open(m.path, engine.Options{ReadOnly: true})
	if err != nil {
		t.Fatalf("open for reading: %v", err)
	}
	m.mustSurvive(t, all(t, s, 0, 0, engine.ReadOptions{}), manual)
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// mustLoadTheSameWithoutFooters fails the test unless recovery comes to the same
// state when it reads every frame as when it takes sealed segments from their footers,
// and gives out the same events of the others.
func mustLoadTheSameWithoutFooters(t failer, path string) {
	t.Helper()
	dir, err := vfs.OpenDir(path, false)
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer func() { _ = dir.Close() }() // it was only read
	with, frames := load(t, dir, false)
	without, same := load(t, dir, true)
	if !reflect.DeepEqual(with, without) {
		t.Fatalf("with footers %+v, without %+v", with, without)
	}
	for sequence, frame := range frames {
		if frame != same[sequence] {
			t.Fatalf("event %d differs with and without footers", sequence)
		}
	}
}

// load returns what does not depend on where the state came from, and the frames.
func load(t failer, dir vfs.Dir, ignoreFooters bool) (recovery.State, map[uint64]string) {
	t.Helper()
	frames := make(map[uint64]string)
	state, err := recovery.Load(dir, recovery.Options{
		IgnoreFooters: ignoreFooters,
		Event: func(s *recovery.Segment, f *mmapseg.Frame) error {
			frames[f.Sequence()] = s.Header.Name() + string(f.Bytes)
			return nil
		},
	})
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return recovery.State{
		Exists: state.Exists, Origin: state.Origin, Identity: state.Identity, Hashing: state.Hashing,
		Incarnation: state.Incarnation, Ancestors: state.Ancestors, LastSequence: state.LastSequence,
		TreeSize: state.TreeSize, Wall: state.Wall, Counter: state.Counter, Ahead: state.Ahead, Lost: state.Lost,
		Clean: state.Clean, Damage: state.Damage, Torn: state.Torn, Unused: state.Unused, Later: state.Later,
	}, frames
}
