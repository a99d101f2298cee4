//go:build dangerous_test_hooks

// What a witness finds when history goes on.

package engine_test

import (
	"testing"

	"github.com/batpak/batpak/engine"
)

// find is mustHold for an opening with which history goes on: what it holds is told
// and durable from now on, what it does not is lost for good.
func (w *witness) find(t *testing.T, what string, s *engine.Store) {
	t.Helper()
	held := w.mustHold(t, what, s)
	for sequence := range w.told {
		if _, found := held[sequence]; !found {
			w.lost[sequence] = true
		}
	}
	for sequence, id := range held {
		w.told[sequence] = id
		w.durable = max(w.durable, sequence)
	}
}
