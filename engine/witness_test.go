// The witness, who remembers what was told of a store over its lives.

package engine_test

import (
	"maps"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// witness remembers what anybody was told, in one line of history: what happened
// behind a cut did not.
type witness struct {
	mu      sync.Mutex
	told    map[uint64]event.ID // by sequence: receipts, and what an opening found
	lost    map[uint64]bool     // of them, those that an opening did not find
	durable uint64              // all told up to it must be there, but for the lost ones
}

// fork returns a copy.
func (w *witness) fork() *witness {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &witness{told: maps.Clone(w.told), lost: maps.Clone(w.lost), durable: w.durable}
}

// mustHold returns the events of a store, and fails the test unless they are all that
// was promised and nothing that differs from what was told, and the store goes on
// behind every sequence that was told.
func (w *witness) mustHold(t *testing.T, what string, s *engine.Store) map[uint64]event.ID {
	t.Helper()
	events := all(t, s, 0, 0, engine.ReadOptions{})
	mustBeSound(t, events, true)
	held := make(map[uint64]event.ID)
	for _, ev := range events {
		held[ev.Sequence] = ev.ID
	}
	staged := s.Stats().Staged
	for sequence, id := range w.told {
		got, found := held[sequence]
		switch {
		case found && got != id:
			t.Fatalf("%s: sequence %d is %s, told was %s", what, sequence, got, id)
		case !found && sequence <= w.durable && !w.lost[sequence]:
			t.Fatalf("%s: sequence %d is gone, %d was durable\n%s", what, sequence, w.durable, s.Report())
		case sequence > staged:
			t.Fatalf("%s: goes on behind sequence %d, told was %d", what, staged, sequence)
		}
	}
	return held
}
